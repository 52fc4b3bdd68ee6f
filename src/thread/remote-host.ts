/** The engine of a context in I/O threads. */

import type { Endpoint } from "../base/endpoint-grammar.ts";
import { ZmqError } from "../base/errors.ts";
import type { OptionValues } from "../base/options.ts";
import type { EndpointOwner } from "../engine/endpoint-owner.ts";
import type { BoundEndpoint, ConnectedEndpoint, EngineEndpoint } from "../engine/engine-endpoint.ts";
import type { EngineHost } from "../engine/engine-host.ts";
import type { MovedProxy, MovedProxyOwner, MovingSocket } from "../engine/moving-proxy.ts";
import { postedOptions } from "./engine-mail.ts";
import { createCountsMemory, createEngineMemory } from "./engine-memory.ts";
import { RemoteBound, RemoteConnected, RemoteEndpoint } from "./remote-endpoint.ts";
import { moveProxy } from "./remote-proxy.ts";
import { EngineThread } from "./remote-thread.ts";

export class RemoteHost implements EngineHost {
  readonly #threads: readonly EngineThread[];
  readonly #local: EngineHost;
  readonly #end: () => void;
  readonly #sockets = new WeakMap<EndpointOwner, number>();
  /** Where sockets have moved to. */
  readonly #moved = new WeakMap<EndpointOwner, EngineThread>();
  #lastProxy = 0;
  #lastSocket = 0;
  #lastId = 0;

  /** `local`: the engine of this thread, by which mistakes are found at the call. `end` ends the threads. */
  constructor(threads: readonly EngineThread[], local: EngineHost, end: () => void) {
    this.#threads = threads;
    this.#local = local;
    this.#end = end;
  }

  checkConnect(target: Endpoint, options: OptionValues): void {
    this.#local.checkConnect(target, options);
  }

  connect(
    owner: EndpointOwner,
    target: Endpoint,
    options: OptionValues,
    routingId: Uint8Array | undefined,
  ): ConnectedEndpoint {
    this.#local.connect(owner, target, options, routingId); // Throws what is wrong; not started, it does nothing.
    const thread = this.#choose(owner, options);
    const create = owner.isMoved === true ? createCountsMemory : createEngineMemory;
    const memory = options.immediate ? undefined : create();
    const endpoint = new RemoteConnected(++this.#lastId, thread, owner, target.text, options, routingId, memory);
    thread.add(endpoint);
    thread.post({
      kind: "endpoint",
      id: endpoint.id,
      role: "connect",
      socket: this.#socketOf(owner),
      type: owner.socketType,
      target,
      options: postedOptions(options),
      routingId,
      memory,
    });
    return endpoint;
  }

  bind(owner: EndpointOwner, target: Endpoint, options: OptionValues): BoundEndpoint {
    const here = this.#local.bind(owner, target, options);
    // Endpoints that share a port by their paths must be in one thread, and so is an HTTP server of the program.
    if (target.scheme === "ws" || target.scheme === "wss") {
      if (owner.isMoved !== true) return here;
      throw new ZmqError("EBUSY", { detail: "a proxy in an I/O thread has the socket" });
    }
    const thread = this.#choose(owner, options, target.text);
    const endpoint = new RemoteBound(++this.#lastId, thread, owner, target.text, options);
    thread.add(endpoint);
    thread.post({
      kind: "endpoint",
      id: endpoint.id,
      role: "bind",
      socket: this.#socketOf(owner),
      type: owner.socketType,
      target,
      options: postedOptions(options),
      routingId: undefined,
      memory: undefined,
    });
    return endpoint;
  }

  move(front: MovingSocket, back: MovingSocket, owner: MovedProxyOwner): MovedProxy | undefined {
    const thread = threadOf([...front.endpoints, ...back.endpoints]);
    if (thread === undefined) return undefined;
    const side = (socket: MovingSocket) => ({ socket, number: this.#socketOf(socket.owner) });
    const moved = moveProxy(++this.#lastProxy, thread, side(front), side(back), owner);
    if (moved !== undefined) for (const socket of [front, back]) this.#moved.set(socket.owner, thread);
    return moved;
  }

  close(): void {
    for (const thread of this.#threads) thread.ended(undefined);
    this.#end();
  }

  finish(timeoutMs: number, flush: () => void): void {
    for (const thread of this.#threads) thread.finish(timeoutMs, flush);
  }

  /**
   * As libzmq: of the threads in the mask, the one with the fewest endpoints; 0: of all. `address`: to bind; one that is
   * about to be free is so only for requests that come behind to the same thread.
   */
  #choose(owner: EndpointOwner, { affinity }: OptionValues, address?: string): EngineThread {
    if (owner.isMoved === true) {
      const thread = this.#moved.get(owner);
      if (thread !== undefined) return thread;
    }
    let chosen: EngineThread | undefined;
    let freeing: EngineThread | undefined;
    let failure: ZmqError | undefined;
    this.#threads.forEach((thread, index) => {
      const isInMask = affinity === 0 || Math.floor(Number(affinity) / 2 ** index) % 2 === 1;
      if (!isInMask) return;
      if (thread.failure !== undefined) failure = thread.failure;
      else if (address !== undefined && thread.isClosingAt(address)) freeing = thread;
      else if (chosen === undefined || thread.load < chosen.load) chosen = thread;
    });
    if (freeing !== undefined) return freeing;
    if (chosen === undefined) {
      if (failure !== undefined) throw failure;
      throw new ZmqError("EMTHREAD", { detail: `affinity ${affinity} allows none of the I/O threads` });
    }
    return chosen;
  }

  #socketOf(owner: EndpointOwner): number {
    let socket = this.#sockets.get(owner);
    if (socket === undefined) {
      socket = ++this.#lastSocket;
      this.#sockets.set(owner, socket);
    }
    return socket;
  }
}

/** The one thread of all of them, while it runs. */
function threadOf(endpoints: readonly EngineEndpoint[]): EngineThread | undefined {
  const threads = new Set(
    endpoints.map((endpoint) => (endpoint instanceof RemoteEndpoint ? endpoint.thread : undefined)),
  );
  const [thread] = threads;
  return threads.size === 1 && thread instanceof EngineThread && !thread.isDead ? thread : undefined;
}
