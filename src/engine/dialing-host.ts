/** The engine of a platform that cannot bind: it dials, as the client of every mechanism. */

import type { Clock } from "../base/clock.ts";
import type { Endpoint } from "../base/endpoint-grammar.ts";
import { ZmqError } from "../base/errors.ts";
import type { DialedTransport } from "../base/link.ts";
import type { OptionValues } from "../base/options.ts";
import { type CurveMaker, clientMechanism } from "../security/client-mechanism.ts";
import { zmtpProtocol } from "../wire/zmtp.ts";
import { Dialer } from "./dialer.ts";
import type { EndpointOwner } from "./endpoint-owner.ts";
import type { ConnectedEndpoint } from "./engine-endpoint.ts";
import type { EngineHost } from "./engine-host.ts";
import { EngineLoop } from "./engine-loop.ts";
import { sessionMaker } from "./session-maker.ts";
import type { WakeUps } from "./wake-ups.ts";

/** Of version 3 alone: what is spoken over WebSocket is no older. */
const zmtp = zmtpProtocol();

export class DialingHost implements EngineHost {
  readonly #loop: EngineLoop;
  readonly #transport: DialedTransport;
  readonly #curve: CurveMaker;

  /** `transport`: for all schemes of the platform's grammar but inproc. */
  constructor(clock: Clock, transport: DialedTransport, curve: CurveMaker, wakeUps?: WakeUps) {
    this.#loop = new EngineLoop(clock, wakeUps);
    this.#transport = transport;
    this.#curve = curve;
  }

  checkConnect(target: Endpoint, options: OptionValues): void {
    this.#transport.checkConnect?.(target, options);
  }

  connect(
    owner: EndpointOwner,
    target: Endpoint,
    options: OptionValues,
    routingId: Uint8Array | undefined,
  ): ConnectedEndpoint {
    const { socketType } = owner;
    const makeMechanism = clientMechanism(socketType, options, this.#curve);
    const makeConnection = sessionMaker(socketType, options, makeMechanism, zmtp);
    return new Dialer(owner, this.#loop, target, this.#transport, options, makeConnection, routingId);
  }

  bind(_owner: EndpointOwner, { text }: Endpoint): never {
    throw new ZmqError("EPROTONOSUPPORT", {
      address: text,
      detail: "a page binds inproc:// alone: bind the other side, and connect to it here",
    });
  }
}
