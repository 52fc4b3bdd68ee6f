/**
 * `Context` of the blocking API, as pyzmq's: it makes sockets, holds their
 * defaults, and waits for what they sent when it is terminated. An entry gives
 * it its platform and how its thread waits.
 */

import { type ContextOptionName, contextOptionById, setContextOption } from "../base/context-options.ts";
import { ZmqError } from "../base/errors.ts";
import { ContextCore } from "../core/context-core.ts";
import type { ContextHandle, Platform } from "../core/platform.ts";
import { noteContext } from "./context-parts.ts";
import type * as ids from "./option-numbers.ts";
import { Socket } from "./socket.ts";
import { SHORT_NAMES } from "./socket-options.ts";
import type { Waiter } from "./waiter.ts";

/** What an option may be set to. */
export type OptionInput = number | boolean | string | Uint8Array | null;

abstract class BlockingContext {
  readonly #core: ContextCore;
  readonly #waiter: Waiter;
  /** Options of sockets that are made later, by number. */
  readonly #defaults = new Map<number, OptionInput>();

  /** `platformOf`: with an engine in so many threads as it is told, when the engine is needed. */
  protected constructor(platformOf: (ioThreads: () => number) => Platform, waiter: Waiter, ioThreads: number) {
    // The default context, whose options all threads share, says 0: asynchronous sockets need none.
    this.#core = new ContextCore(platformOf(() => Math.max(1, this.#core.options.ioThreads)));
    setContextOption(this.#core.options, "ioThreads", ioThreads);
    this.#waiter = waiter;
    noteContext(this, { core: this.#core, waiter, defaults: this.#defaults });
  }

  /** For `Context.from` of another thread: sockets of both then meet at `inproc` names. Throws ENOTSUP where threads share no memory. */
  get handle(): ContextHandle {
    return this.#core.handle;
  }

  /** True after `term` or `destroy`. */
  get closed(): boolean {
    return this.#core.isClosed;
  }

  /** A socket of this context; `type` is a constant such as `zmq.REP`. Throws ENOTSUP after `term`, as pyzmq, else as the socket's constructor. */
  socket(type: number): Socket {
    if (this.closed) throw new ZmqError("ENOTSUP", { detail: "the context was terminated" });
    return new Socket(this, type);
  }

  /**
   * Ends the context: blocks until what its closed sockets had sent has left, within each one's `linger`. Throws EBUSY
   * while sockets of it are open, for which libzmq would wait: all are of this thread, and it would wait for ever.
   */
  term(): void {
    let open = 0;
    for (const { core } of this.#core.sockets) if (!core.isClosed) open++;
    if (open > 0) {
      const message = `Context has ${open} open ${open === 1 ? "socket" : "sockets"}`;
      throw new ZmqError("EBUSY", { message, detail: "close them first, or call destroy()" });
    }
    this.#end();
  }

  /** Closes all sockets, with `linger` milliseconds where it is given, and then does as `term`. */
  destroy(linger?: number): void {
    if (linger !== undefined) {
      for (const { core } of this.#core.sockets) if (!core.isClosed) core.assign("linger", linger);
    }
    this.#end();
  }

  [Symbol.dispose](): void {
    this.destroy();
  }

  /** An option of the context by number, such as `zmq.MAX_SOCKETS`. */
  set(option: number, value: number | boolean | string): void {
    const name = contextOption(option, "write");
    const isSwitch = typeof this.#core.options[name] === "boolean";
    setContextOption(this.#core.options, name, isSwitch ? Boolean(value) : value);
  }

  /** True and false are 1 and 0. */
  get(option: number): number | string {
    const value = this.#core.options[contextOption(option, "read")];
    return typeof value === "boolean" ? Number(value) : (value ?? "");
  }

  /** An option for sockets that are made later, such as `zmq.LINGER`. Those whose type does not have it go without. */
  setsockopt(option: number, value: OptionInput): void {
    if (typeof option !== "number") throw new TypeError("Option must be a number, such as zmq.LINGER");
    this.#defaults.set(option, value);
  }

  /** What `setsockopt` set; undefined when it did not. */
  getsockopt(option: number): OptionInput | undefined {
    return this.#defaults.get(option);
  }

  #end(): void {
    const core = this.#core;
    // Resolves when all has left, which is looked at here: a promise would not be heard of in a thread that sleeps.
    void core.close();
    this.#waiter.until(() => core.sockets.size === 0, -1);
  }
}
interface BlockingContext extends ContextDefaults {}

/** Defaults of sockets that are made later, by pyzmq's names; undefined where none was set. */
type ContextDefaults = { -readonly [N in keyof typeof ids as Lowercase<N> | N]?: OptionInput | undefined };

// `Context` is the asynchronous one: in a bundle one of two equal names would become another.
export { BlockingContext as Context };

for (const [name, id] of SHORT_NAMES) {
  Object.defineProperty(BlockingContext.prototype, name, {
    configurable: true,
    enumerable: false,
    get(this: BlockingContext) {
      return this.getsockopt(id);
    },
    set(this: BlockingContext, value: OptionInput) {
      this.setsockopt(id, value);
    },
  });
}

function contextOption(option: number, access: "read" | "write"): ContextOptionName {
  const name = typeof option === "number" ? contextOptionById(option, access) : undefined;
  if (name === undefined) throw new ZmqError("EINVAL", { detail: `${option} is not a context option` });
  return name;
}
