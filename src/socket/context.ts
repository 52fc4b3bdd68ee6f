/**
 * `Context`: what users hold of a context. Sockets of one context share its
 * inproc names and its limits. An entry gives it its platform.
 */

import { ContextCore } from "./context-core.ts";
import type { Platform } from "./platform.ts";

const cores = new WeakMap<Context, ContextCore>();

/** The working part of a context. */
export function contextCore(context: Context): ContextCore {
  const core = cores.get(context);
  if (core === undefined) throw new TypeError("Context must be a context object");
  return core;
}

export type ContextOptions = object;

export abstract class Context {
  protected constructor(platform: Platform, options: ContextOptions = {}) {
    if (typeof options !== "object" || options === null) throw new TypeError("Options must be an object");
    cores.set(this, new ContextCore(platform));
    Object.seal(this);
    Object.assign(this, options);
  }

  /** True after `close`. */
  get closed(): boolean {
    return contextCore(this).isClosed;
  }

  /**
   * Closes all sockets; opening new ones fails with EFAULT. Resolves when what
   * they had sent has left, within each socket's linger period.
   */
  close(): Promise<void> {
    return contextCore(this).close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
