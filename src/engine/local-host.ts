/** The engine in this thread: its transports, its crypto library, and what their connections share. */

import type { Clock } from "../base/clock.ts";
import type { Endpoint } from "../base/endpoint-grammar.ts";
import { ZmqError } from "../base/errors.ts";
import type { Transport } from "../base/link.ts";
import type { OptionValues } from "../base/options.ts";
import type { Crypto } from "../security/crypto.ts";
import { Acceptor } from "./acceptor.ts";
import { connectionMaker } from "./connection-maker.ts";
import { DatagramEndpoint } from "./datagram-endpoint.ts";
import type { DatagramProtocol } from "./datagram-session.ts";
import { Dialer } from "./dialer.ts";
import type { EndpointOwner } from "./endpoint-owner.ts";
import type { BoundEndpoint, ConnectedEndpoint } from "./engine-endpoint.ts";
import type { EngineHost } from "./engine-host.ts";
import { EngineLoop } from "./engine-loop.ts";
import type { WakeUps } from "./wake-ups.ts";

export class LocalHost implements EngineHost {
  readonly #loop: EngineLoop;
  readonly #crypto: Crypto;
  readonly #transports = new Map<string, Transport>();
  readonly #datagrams = new Map<string, DatagramProtocol>();

  constructor(
    clock: Clock,
    transports: readonly Transport[],
    crypto: Crypto,
    datagrams: readonly DatagramProtocol[] = [],
    wakeUps?: WakeUps,
  ) {
    this.#crypto = crypto;
    this.#loop = new EngineLoop(clock, wakeUps);
    for (const transport of transports) this.#transports.set(transport.scheme, transport);
    for (const protocol of datagrams) this.#datagrams.set(protocol.scheme, protocol);
  }

  checkConnect(target: Endpoint, options: OptionValues): void {
    const datagrams = this.#datagrams.get(target.scheme);
    if (datagrams !== undefined) datagrams.check?.(target, options);
    else this.#transport(target).checkConnect?.(target, options);
  }

  connect(
    owner: EndpointOwner,
    target: Endpoint,
    options: OptionValues,
    routingId: Uint8Array | undefined,
  ): ConnectedEndpoint {
    const datagrams = this.#datagrams.get(target.scheme);
    if (datagrams !== undefined) {
      return new DatagramEndpoint(owner, this.#loop, "connect", target, datagrams, options, routingId);
    }
    const makeConnection = connectionMaker(owner.socketType, options, this.#crypto);
    return new Dialer(owner, this.#loop, target, this.#transport(target), options, makeConnection, routingId);
  }

  bind(owner: EndpointOwner, target: Endpoint, options: OptionValues): BoundEndpoint {
    const datagrams = this.#datagrams.get(target.scheme);
    if (datagrams !== undefined) return new DatagramEndpoint(owner, this.#loop, "bind", target, datagrams, options);
    const transport = this.#transport(target);
    return new Acceptor(
      owner,
      this.#loop,
      target,
      transport,
      options,
      connectionMaker(owner.socketType, options, this.#crypto),
    );
  }

  #transport(endpoint: Endpoint): Transport {
    const transport = this.#transports.get(endpoint.scheme);
    if (transport === undefined) {
      throw new ZmqError("EPROTONOSUPPORT", {
        address: endpoint.text,
        detail: `no ${endpoint.scheme}:// transport in this runtime`,
      });
    }
    return transport;
  }
}
