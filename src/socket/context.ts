/**
 * `Context`: what users hold of a context. Sockets of one context share its
 * inproc names and its limits. An entry gives it its platform.
 */

import {
  CONTEXT_OPTIONS,
  type ContextOptionName,
  type ContextProperties,
  setContextOption,
} from "../base/context-options.ts";
import { IN_PAGE } from "../base/target.ts";
import { ContextCore } from "../core/context-core.ts";
import { contextOptionOf } from "../core/option-numbers.ts";
import type { ContextHandle, Platform } from "../core/platform.ts";
import { CONTEXT_KINDS, defineNumbered } from "./numbered-options.ts";
import { contextOptionError } from "./option-errors.ts";

const cores = new WeakMap<NeutralContext, ContextCore>();

/** The working part of a context. */
export function contextCore(context: NeutralContext): ContextCore {
  const core = cores.get(context);
  if (core === undefined) throw new TypeError("Context must be a context object");
  return core;
}

/** Any option of a context. */
export type ContextOptions = Partial<ContextProperties>;

/** Its own name, as the entry's class is called `Context`: in a bundle one of two equal names would become another. */
abstract class NeutralContext {
  protected constructor(platform: Platform, options: ContextOptions = {}) {
    if (typeof options !== "object" || options === null) throw new TypeError("Options must be an object");
    cores.set(this, new ContextCore(platform));
    Object.seal(this);
    try {
      Object.assign(this, options);
    } catch (error) {
      throw contextOptionError(error, options, this, Object.keys(CONTEXT_OPTIONS));
    }
  }

  /** True after `close`. */
  get closed(): boolean {
    return contextCore(this).isClosed;
  }

  /**
   * Closes all sockets; opening new ones fails with EFAULT. Resolves when all sent messages have left, within each
   * socket's linger period.
   */
  close(): Promise<void> {
    return contextCore(this).close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /**
   * What names this context in all threads of the process: it can be posted to a worker, which makes a context of it by
   * `Context.from`. The default context needs none, for it is the same in all threads. Throws ENOTSUP where threads
   * share no memory.
   */
  get handle(): ContextHandle {
    return contextCore(this).handle;
  }

  /** By libzmq's number, as zeromq.js's own class uses them. Throws EINVAL for an unknown one. Pages have none of them. */
  declare protected getBoolOption: (option: number) => boolean;
  declare protected setBoolOption: (option: number, value: boolean) => void;
  declare protected getInt32Option: (option: number) => number;
  declare protected setInt32Option: (option: number, value: number) => void;
}
interface NeutralContext extends ContextProperties {}

export { NeutralContext as Context };

for (const name of Object.keys(CONTEXT_OPTIONS) as ContextOptionName[]) {
  Object.defineProperty(NeutralContext.prototype, name, {
    configurable: true,
    get(this: NeutralContext) {
      return contextCore(this).options[name];
    },
    ...(CONTEXT_OPTIONS[name].access === "rw" && {
      set(this: NeutralContext, value: unknown) {
        setContextOption(contextCore(this).options, name, value);
      },
    }),
  });
}

if (!IN_PAGE) {
  defineNumbered(
    NeutralContext.prototype,
    CONTEXT_KINDS,
    (context, id) => contextCore(context).options[contextOptionOf(id, "read")],
    (context, id, value) => setContextOption(contextCore(context).options, contextOptionOf(id, "write"), value),
  );
}
