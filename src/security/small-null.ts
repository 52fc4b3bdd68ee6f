/**
 * `NullMechanism` of null.ts for pages: the build for browsers puts it in the place of that one. Nobody is asked about the
 * other side, so that READY leaves at once.
 */

import { NO_PROPERTIES, type Properties } from "../base/message.ts";
import { commandBody } from "../wire/command.ts";
import { encodeMetadata, parseMetadata } from "../wire/metadata.ts";
import { expectCommand, unexpectedCommand } from "./handshake-errors.ts";
import type { Mechanism, MechanismConfig, MechanismState } from "./mechanism.ts";

export class NullMechanism implements Mechanism {
  readonly name = "NULL";
  readonly #config: MechanismConfig;
  #isSent = false;
  #isReceived = false;
  peer: Properties = NO_PROPERTIES;

  constructor(config: MechanismConfig) {
    this.#config = config;
  }

  get state(): MechanismState {
    return this.#isSent && this.#isReceived ? "ready" : "handshaking";
  }

  produce(): Uint8Array | undefined {
    if (this.#isSent) return undefined;
    this.#isSent = true;
    return commandBody("READY", encodeMetadata(this.#config));
  }

  consume(body: Uint8Array): void {
    if (this.#isReceived) throw unexpectedCommand(body, "nothing after READY");
    this.peer = parseMetadata(expectCommand(body, "READY"));
    this.#isReceived = true;
  }
}
