/** The engine of a blocking context: I/O threads, which start when it is first asked for something. inproc needs none. */

import type { Endpoint } from "../base/endpoint-grammar.ts";
import { ZmqError } from "../base/errors.ts";
import type { OptionValues } from "../base/options.ts";
import type { EndpointOwner } from "../engine/endpoint-owner.ts";
import type { BoundEndpoint, ConnectedEndpoint } from "../engine/engine-endpoint.ts";
import type { EngineHost } from "../engine/engine-host.ts";

export class LazyHost implements EngineHost {
  readonly #start: () => EngineHost;
  #host: EngineHost | undefined = undefined;

  /** Errors of `start` reach the call that needs the engine. */
  constructor(start: () => EngineHost) {
    this.#start = start;
  }

  checkConnect(target: Endpoint, options: OptionValues): void {
    this.#started.checkConnect(target, options);
  }

  connect(
    owner: EndpointOwner,
    target: Endpoint,
    options: OptionValues,
    routingId: Uint8Array | undefined,
  ): ConnectedEndpoint {
    return this.#started.connect(owner, target, options, routingId);
  }

  bind(owner: EndpointOwner, target: Endpoint, options: OptionValues): BoundEndpoint {
    if (target.scheme === "ws" || target.scheme === "wss") {
      // Their server runs in the thread of the sockets, which sleeps.
      const detail = "a blocking socket connects to ws and wss; a socket of zmq-ts itself binds them";
      throw new ZmqError("EPROTONOSUPPORT", { address: target.text, detail });
    }
    return this.#started.bind(owner, target, options);
  }

  finish(timeoutMs: number, flush: () => void): void {
    this.#host?.finish?.(timeoutMs, flush);
  }

  close(): void {
    this.#host?.close?.();
  }

  get #started(): EngineHost {
    this.#host ??= this.#start();
    return this.#host;
  }
}
