/**
 * The NULL mechanism (37/ZMTP "The NULL Security Mechanism"): READY each way,
 * no security. With a ZAP domain the handler is asked first (27/ZAP), on both
 * sides of a connection, as libzmq does: 200 sends READY, 400 and 500 send
 * ERROR, 300 sends nothing; a refused peer is left when its READY arrives.
 */

import { NO_PROPERTIES, type Properties } from "../base/message.ts";
import { errorBody, readyBody } from "../wire/command.ts";
import { encodeMetadata, parseMetadata } from "../wire/metadata.ts";
import { expectCommand, noZapRequest, unexpectedCommand } from "./handshake-errors.ts";
import type { Mechanism, MechanismConfig, MechanismState, ZapReply, ZapRequest } from "./mechanism.ts";

const ZAP_REQUEST: ZapRequest = { mechanism: "NULL", credentials: [] };

export class NullMechanism implements Mechanism {
  readonly name = "NULL";
  readonly #config: MechanismConfig;
  #sending: "unanswered" | "ready" | "error" | "nothing" | "sent ready" | "refused";
  #status = 0;
  #received = false;
  #peer: Properties = NO_PROPERTIES;

  /** `zap`: ask the ZAP handler before READY is sent. */
  constructor(config: MechanismConfig, zap: boolean) {
    this.#config = config;
    this.#sending = zap ? "unanswered" : "ready";
  }

  get state(): MechanismState {
    switch (this.#sending) {
      case "unanswered":
        return "authorizing";
      case "sent ready":
        return this.#received ? "ready" : "handshaking";
      case "refused":
        return this.#received ? "failed" : "handshaking";
      default:
        return "handshaking";
    }
  }

  get peer(): Properties {
    return this.#peer;
  }

  get zap(): ZapRequest | undefined {
    return this.#sending === "unanswered" ? ZAP_REQUEST : undefined;
  }

  authorize(reply: ZapReply): void {
    if (this.#sending !== "unanswered") throw noZapRequest();
    this.#status = reply.status;
    if (reply.status === 200) {
      this.#sending = "ready";
    } else {
      this.#sending = reply.status === 300 ? "refused" : "error";
    }
  }

  produce(): Uint8Array | undefined {
    switch (this.#sending) {
      case "ready":
        this.#sending = "sent ready";
        return readyBody(encodeMetadata(this.#config));
      case "error":
        this.#sending = "refused";
        return errorBody(String(this.#status));
      default:
        return undefined;
    }
  }

  consume(body: Uint8Array): void {
    if (this.#received) throw unexpectedCommand(body, "nothing after READY");
    this.#peer = parseMetadata(expectCommand(body, "READY"));
    this.#received = true;
  }
}
