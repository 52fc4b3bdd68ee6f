/** The inproc names of one context that are shared with other threads. They are found by `SharedNames`, see `thread/`. */

import { ZmqError } from "../base/errors.ts";
import type { FindNames, InprocBinder, InprocSide, LocalNames, SharedNames } from "../base/inproc.ts";
import type { InprocNames, Sharing } from "./inproc.ts";

/**
 * From now on `names` are shared with other threads, instead of those with which they were before. A name that another
 * thread has bound too stays this thread's own. `find` is called at the first name that is used.
 */
export function shareNames(names: InprocNames, find: FindNames): void {
  names.shared ??= new SharedInproc(names);
  names.shared.share(find);
}

class SharedInproc implements Sharing, LocalNames {
  readonly #local: InprocNames;
  #find: FindNames | undefined = undefined;
  #found: SharedNames | undefined = undefined;

  constructor(local: InprocNames) {
    this.#local = local;
  }

  share(find: FindNames): void {
    const before = this.#found;
    const { bound, waiting } = this.#local;
    this.#find = find;
    this.#found = undefined;
    if (bound.size + waiting.size === 0) return;
    for (const name of bound.keys()) {
      before?.unbind(name);
      try {
        this.bind(name);
      } catch (error) {
        if (!(error instanceof ZmqError) || error.code !== "EADDRINUSE") throw error;
      }
    }
    this.lookAgain();
  }

  get #others(): SharedNames | undefined {
    if (this.#find !== undefined) {
      this.#found = this.#find(this);
      this.#find = undefined;
    }
    return this.#found;
  }

  // --- This thread's, for others ---

  binderOf(name: string): InprocBinder | undefined {
    return this.#local.bound.get(name);
  }

  lookAgain(): void {
    for (const [name, sides] of [...this.#local.waiting]) {
      for (const side of [...sides]) {
        if (!this.connect(name, side)) break;
        this.#local.cancel(name, side);
      }
    }
  }

  // --- Those of others, as SharedNames ---

  bind(name: string): void {
    this.#others?.bind(name);
  }

  unbind(name: string): void {
    this.#others?.unbind(name);
  }

  isBound(name: string): boolean {
    return this.#others?.isBound(name) === true;
  }

  connect(name: string, side: InprocSide): boolean {
    return this.#others?.connect(name, side, () => this.#local.connect(name, side)) === true;
  }
}
