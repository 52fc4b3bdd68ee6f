/**
 * Entry for browsers: pages, dedicated and shared workers. The same classes over ws and wss, which connect, and inproc.
 */

import type { ContextHandle } from "./core/platform.ts";
import { expectArguments } from "./socket/arguments.ts";
import { type ContextOptions, Context as NeutralContext } from "./socket/context.ts";
import { setDefaultContext } from "./socket/default-context.ts";
import type { Capability } from "./version.ts";
import { webPlatform } from "./web/platform.ts";

export class Context extends NeutralContext {
  constructor(options?: ContextOptions) {
    expectArguments(1, arguments.length);
    super(webPlatform, options);
  }

  /**
   * The context that another thread's `context.handle` is of: sockets of both meet at its inproc names, and its options
   * are shared. It is there once `zmq-ts/browser/threads` is imported. Throws EINVAL for what is no handle, ENOTSUP where
   * threads share no memory.
   */
  declare static readonly from: (handle: ContextHandle) => Context;
}

/** The global context, which sockets use when they are given none. */
export const context = new Context();
setDefaultContext(context);

/** What zeromq.js says of the libzmq it was built with. `curve` asks for `zmq-ts/browser/curve`. */
export const capability: Capability = {
  ipc: false,
  pgm: false,
  tipc: false,
  norm: false,
  curve: true,
  gssapi: false,
  draft: false,
};

export * from "./api.ts";
export * as default from "./browser.ts";
