/**
 * Entry for browsers that joins a page and its dedicated workers by inproc. Import it for its effect, in each of them. The
 * page must be cross-origin isolated, for only then threads share memory.
 */

import { Context } from "./browser.ts";
import { bringInproc } from "./core/inproc.ts";
import { INPROC_ENDPOINTS } from "./core/inproc-endpoint.ts";
import type { ContextHandle } from "./core/platform.ts";
import { joinContext } from "./core/thread-contexts.ts";
import { expectArguments } from "./socket/arguments.ts";
import { contextCore } from "./socket/context.ts";
import { webPlatform } from "./web/platform.ts";
import { webThreads } from "./web/threads.ts";

const threads = webThreads(webPlatform.turn.clock);
webPlatform.threads = threads;
// A socket may meet those of other threads.
bringInproc(INPROC_ENDPOINTS);

function from(handle: ContextHandle): Context {
  expectArguments(1, arguments.length);
  const context = new Context();
  joinContext(contextCore(context), threads, handle);
  return context;
}

Object.defineProperty(Context, "from", { value: from });
