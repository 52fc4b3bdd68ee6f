/**
 * Entry for browsers: pages, dedicated and shared workers. The same classes over ws and wss, which connect, and inproc.
 */

import { expectArguments } from "./socket/arguments.ts";
import { type ContextOptions, Context as NeutralContext } from "./socket/context.ts";
import { setDefaultContext } from "./socket/default-context.ts";
import { webPlatform } from "./web/platform.ts";

export class Context extends NeutralContext {
  constructor(options?: ContextOptions) {
    expectArguments(1, arguments.length);
    super(webPlatform, options);
  }
}

/** The global context, which sockets use when they are given none. */
export const context = new Context();
setDefaultContext(context);

export * from "./api.ts";
export * as default from "./browser.ts";
