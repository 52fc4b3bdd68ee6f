/** An inproc name that a socket bound, or one that it connected to, as an endpoint beside those of the engine. */

import { INPROC, type InprocBinder, type InprocSide } from "../base/inproc.ts";
import type { Pipe } from "../base/pipe.ts";
import type { BoundEndpoint } from "../engine/engine-endpoint.ts";
import { InprocNames } from "../transport/inproc.ts";
import type { SocketCore } from "./socket-core.ts";

/** One side of a connection, with its whole pipe. */
interface OwnInprocSide extends InprocSide {
  readonly pipe: Pipe;
}

/** Where the endpoint is kept. */
interface InprocOwner {
  gone(endpoint: BoundEndpoint): void;
}

class InprocEndpoint implements BoundEndpoint, InprocBinder {
  readonly endpoint: string;
  readonly isIdle = true;
  readonly #names: InprocNames;
  readonly #owner: InprocOwner;
  readonly #core: SocketCore;
  readonly #side: OwnInprocSide | undefined;

  /** `side`: when it connects; without one it binds. */
  constructor(endpoint: string, names: InprocNames, owner: InprocOwner, core: SocketCore, side?: OwnInprocSide) {
    this.endpoint = endpoint;
    this.#names = names;
    this.#owner = owner;
    this.#core = core;
    this.#side = side;
  }

  get #name(): string {
    return this.endpoint.slice(INPROC.length);
  }

  /** The peer ended by itself. */
  get isClosing(): boolean {
    return this.#side?.pipe.isClosed === true;
  }

  isAt(text: string): boolean {
    return text === this.endpoint;
  }

  startSync(): void {
    if (this.#side === undefined) this.#names.bind(this.#name, this);
    else this.#names.connect(this.#name, this.#side);
  }

  async start(): Promise<void> {
    this.startSync();
  }

  createPeer(): InprocSide {
    return openSide(this.#core, this.endpoint, false);
  }

  close(lingerMs: number): void {
    const side = this.#side;
    if (side === undefined) this.#names.unbind(this.#name);
    else if (this.#names.cancel(this.#name, side)) side.pipe.end();
    else side.pipe.close(lingerMs);
    this.#owner.gone(this);
  }

  flushNow(): void {}
}

function openSide(core: SocketCore, text: string, dialed: boolean, routingId?: Uint8Array): OwnInprocSide {
  const { sendHighWaterMark, receiveHighWaterMark } = core.options;
  const pipe = core.createPipe(text, dialed, core.options, routingId);
  pipe.open();
  return { pipe, sendHighWaterMark, receiveHighWaterMark, properties: core.properties };
}

/** What makes them, and the names of a context. The endpoints are started by their owner. */
export const INPROC_ENDPOINTS = {
  newNames: () => new InprocNames(),
  bind: (text: string, names: InprocNames, owner: InprocOwner, core: SocketCore): BoundEndpoint =>
    new InprocEndpoint(text, names, owner, core),
  connect: (
    text: string,
    names: InprocNames,
    owner: InprocOwner,
    core: SocketCore,
    routingId: Uint8Array | undefined,
  ): BoundEndpoint => new InprocEndpoint(text, names, owner, core, openSide(core, text, true, routingId)),
};
