/** The bound endpoints of one HTTP port: which of them a request is for, and whether it may come in. */

import type { ListenHandler } from "../../base/link.ts";
import type { OptionValues } from "../../base/options.ts";
import { chooseProtocol, isLibzmqOffer, speakerOf } from "../../wire/subprotocols.ts";
import { UpgradeRefusal, type UpgradeRequest } from "../../wire/websocket-upgrade.ts";
import { originRefusal } from "./origin.ts";
import { acceptFilter } from "./tcp-sockets.ts";

const REFUSED = "wsAccept refused the peer";

/** One bound endpoint. */
export interface WebRoute {
  readonly path: string;
  readonly options: OptionValues;
  readonly handler: ListenHandler;
}

/** Where a request came in. */
export interface Arrival {
  readonly remoteAddress: string;
  /** The server can be reached from this machine alone. */
  readonly isLoopback: boolean;
}

/** A request that may come in. */
export interface Admission {
  readonly route: WebRoute;
  readonly protocol: string;
}

export class WebRoutes {
  readonly #routes = new Map<string, WebRoute>();

  get size(): number {
    return this.#routes.size;
  }

  get first(): WebRoute | undefined {
    return this.#routes.values().next().value;
  }

  has(path: string): boolean {
    return this.#routes.has(path);
  }

  add(route: WebRoute): void {
    this.#routes.set(route.path, route);
  }

  delete(route: WebRoute): void {
    this.#routes.delete(route.path);
  }

  failed(error: Error): void {
    for (const { handler } of [...this.#routes.values()]) handler.failed(error);
  }

  /**
   * The endpoint of a path: its own, with or without the query; else the one whose last segment it is, for libzmq sends
   * no more of a path than that; else the one that was bound without a path, for libzmq does not look at paths.
   */
  find(target: string): WebRoute | undefined {
    const path = target.replace(/\?.*$/, "");
    const exact = this.#routes.get(target) ?? this.#routes.get(path);
    if (exact !== undefined) return exact;
    const last = [...this.#routes.values()].filter((route) => path !== "/" && route.path.endsWith(path));
    return last.length === 1 && /^\/[^/]+$/.test(path) ? last[0] : this.#routes.get("/");
  }

  /** Whether the peer may come in. Throws an UpgradeRefusal, or rejects with one; `wsAccept` may take its time. */
  admit(request: UpgradeRequest, arrival: Arrival): Admission | Promise<Admission> {
    const { target, host, origin, protocols } = request;
    const route = this.find(target);
    if (route === undefined) throw forNow(404, `no ZeroMQ socket is bound at ${target}`, protocols);
    const { options } = route;
    if (!acceptFilter(options)(arrival.remoteAddress)) {
      throw forNow(403, `${arrival.remoteAddress} is not in tcpAcceptFilter`, protocols);
    }
    const refusal = originRefusal(origin, host, options.wsAllowedOrigins, arrival.isLoopback);
    if (refusal !== undefined) throw new UpgradeRefusal(403, refusal);
    const protocol = chooseProtocol(protocols, speakerOf(options));
    if (protocol === undefined) {
      const offered = protocols.length === 0 ? "no subprotocol" : protocols.join(", ");
      throw new UpgradeRefusal(400, `the peer offers ${offered}; expected ${speakerOf(options).mechanism} of ZWS2.0`);
    }
    const admission = { route, protocol };
    if (options.wsAccept === null) return admission;
    const question = {
      target,
      host,
      origin,
      protocols,
      headers: request.headers.toObject(),
      remoteAddress: arrival.remoteAddress,
    };
    return Promise.resolve(question)
      .then(options.wsAccept)
      .then(
        (isAccepted) => {
          if (isAccepted !== true) throw new UpgradeRefusal(403, REFUSED);
          return admission;
        },
        (error: unknown) => {
          const detail = `wsAccept threw ${error instanceof Error ? error.message : "no error"}`;
          throw forNow(403, detail, protocols, REFUSED);
        },
      );
  }
}

/**
 * A refusal that may not be the last word. libzmq gives an endpoint up for good when it gets an HTTP answer that is no yes, and
 * tries again after a connection that ended without one, as it does over tcp.
 */
export function forNow(status: number, detail: string, protocols: readonly string[], answer = detail): UpgradeRefusal {
  return new UpgradeRefusal(status, detail, isLibzmqOffer(protocols) ? null : answer);
}
