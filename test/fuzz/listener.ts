/** A whole socket behind a listener, over fake links and a fake clock, for targets that play its peers. */

import { parseEndpoint } from "../../src/base/endpoint.ts";
import { defaultOptions, type OptionValues } from "../../src/base/options.ts";
import type { SocketTypeName } from "../../src/base/socket-types.ts";
import { PATTERNS } from "../../src/core/patterns.ts";
import { SocketCore } from "../../src/core/socket-core.ts";
import { Turn } from "../../src/core/turn.ts";
import type { EndpointOwner } from "../../src/engine/endpoint-owner.ts";
import { LocalHost } from "../../src/engine/local-host.ts";
import { crypto } from "../crypto.ts";
import { FakeClock } from "../fake-clock.ts";
import { type FakeLink, FakeTransport } from "../fake-link.ts";

export class Listener implements EndpointOwner {
  readonly clock = new FakeClock();
  readonly socketType: SocketTypeName;
  readonly core: SocketCore;
  readonly options: OptionValues;
  readonly #transport = new FakeTransport();

  /** Five messages a queue, so that inputs reach the marks. */
  constructor(type: SocketTypeName, more: Partial<OptionValues> = {}) {
    this.socketType = type;
    this.options = {
      ...defaultOptions(type, { ipv6: false, blocky: true }),
      receiveHighWaterMark: 5,
      sendHighWaterMark: 5,
      maxMessageSize: 100_000,
      maxMessageFrames: 50,
      ...more,
    };
    this.core = new SocketCore(type, this.options, new Turn(this.clock), PATTERNS[type]);
    const target = parseEndpoint("tcp://127.0.0.1:1", "bind", false);
    new LocalHost(this.clock, [this.#transport], crypto).bind(this, target, this.options).startSync();
  }

  /** A peer that has said nothing yet. */
  accept(): FakeLink {
    return this.#transport.connection();
  }

  readonly isClosed = false;

  get departedBacklog() {
    return this.core.departedBacklog;
  }
  createPipe(endpoint: string, dialed: boolean, options: OptionValues) {
    return this.core.createPipe(endpoint, dialed, options);
  }
  emit(): void {}
  authenticate(...[, , , , listener]: Parameters<EndpointOwner["authenticate"]>): void {
    listener.answered(undefined);
  }
  gone(): void {}
}
