/** An inproc name that a socket bound, or one that it connected to, as an endpoint beside those of the engine. */

import type { InprocBinder, InprocSide } from "../base/inproc.ts";
import type { Pipe } from "../base/pipe.ts";
import type { BoundEndpoint } from "../engine/engine-endpoint.ts";
import type { InprocNames } from "../transport/inproc.ts";

/** Endpoints of this kind, and the pipes of their peers, begin so. */
export const INPROC = "inproc://";

/** One side of a connection, with its whole pipe. */
export interface OwnInprocSide extends InprocSide {
  readonly pipe: Pipe;
}

/** The socket that has the endpoint. */
interface InprocOwner extends InprocBinder {
  gone(endpoint: BoundEndpoint): void;
}

export class InprocEndpoint implements BoundEndpoint {
  readonly endpoint: string;
  readonly isIdle = true;
  readonly #name: string;
  readonly #names: InprocNames;
  readonly #owner: InprocOwner;
  readonly #side: OwnInprocSide | undefined;

  /** `text`: as the user wrote it. `side`: when it connects; without one it binds. */
  constructor(text: string, name: string, names: InprocNames, owner: InprocOwner, side?: OwnInprocSide) {
    this.endpoint = text;
    this.#name = name;
    this.#names = names;
    this.#owner = owner;
    this.#side = side;
  }

  get isBound(): boolean {
    return this.#side === undefined;
  }

  /** The peer ended by itself. */
  get isClosing(): boolean {
    return this.#side?.pipe.isClosed === true;
  }

  isAt(text: string): boolean {
    return text === this.endpoint;
  }

  startSync(): void {
    if (this.#side === undefined) this.#names.bind(this.#name, this.#owner);
    else this.#names.connect(this.#name, this.#side);
  }

  async start(): Promise<void> {
    this.startSync();
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
