/** The engine in this thread: its transports, its crypto library, and what their connections share. */

import type { Clock } from "../base/clock.ts";
import type { Endpoint } from "../base/endpoint.ts";
import { ZmqError } from "../base/errors.ts";
import type { Transport } from "../base/link.ts";
import type { OptionValues } from "../base/options.ts";
import type { Crypto } from "../security/crypto.ts";
import { Acceptor } from "./acceptor.ts";
import { connectionMaker } from "./connection-maker.ts";
import { Dialer } from "./dialer.ts";
import type { EndpointOwner } from "./endpoint-owner.ts";
import type { EngineHost } from "./engine-host.ts";
import { EngineLoop } from "./engine-loop.ts";

export class LocalHost implements EngineHost {
  readonly #loop: EngineLoop;
  readonly #crypto: Crypto;
  readonly #transports = new Map<string, Transport>();

  constructor(clock: Clock, transports: readonly Transport[], crypto: Crypto) {
    this.#crypto = crypto;
    this.#loop = new EngineLoop(clock);
    for (const transport of transports) this.#transports.set(transport.scheme, transport);
  }

  checkConnect(target: Endpoint, options: OptionValues): void {
    this.#transport(target).checkConnect?.(target, options);
  }

  connect(owner: EndpointOwner, target: Endpoint, options: OptionValues, routingId: Uint8Array | undefined): Dialer {
    const makeConnection = connectionMaker(owner.socketType, options, this.#crypto);
    return new Dialer(owner, this.#loop, target, this.#transport(target), options, makeConnection, routingId);
  }

  bind(owner: EndpointOwner, target: Endpoint, options: OptionValues): Acceptor {
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
