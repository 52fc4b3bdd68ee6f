/** How contexts are shared by threads: the default one of all, and others by their handles. */

import { ZmqError } from "../base/errors.ts";
import { DEFAULT_CONTEXT_ID, defaultOptionWords, optionWords, sharedOptions } from "../thread/context-words.ts";
import { Region } from "../thread/region.ts";
import { shareNames } from "../transport/shared-inproc.ts";
import type { ContextHandle, Sharable, Threads } from "./platform.ts";

/** Makes `context` the default context of all threads: names and options are shared. */
export function shareAsDefault(context: Sharable, threads: Threads | undefined): void {
  if (threads === undefined) return;
  const share = () => {
    const { region } = threads;
    if (region === undefined) return;
    const handle = { region: region.buffer, id: DEFAULT_CONTEXT_ID };
    context.share(handle, sharedOptions(context.options, defaultOptionWords(region)));
    shareNames(context.inproc, (local) => threads.directory()?.namesOf(DEFAULT_CONTEXT_ID, local));
  };
  share();
  threads.onMoved(share);
}

/** Has `context` shared by a handle of its own, where there is memory for that. */
export function giveHandle(context: Sharable, threads: Threads): void {
  const directory = threads.directory();
  if (directory === undefined) return;
  const values = { ...context.options };
  joinContext(context, threads, { region: directory.region.buffer, id: directory.newContext() });
  Object.assign(context.options, values);
}

/** `context` becomes the context that `handle` is of: names and options are shared with it. Throws EINVAL, and ENOTSUP. */
export function joinContext(context: Sharable, threads: Threads | undefined, handle: ContextHandle): void {
  const region = Region.from(handle?.region);
  if (region === undefined || !Number.isInteger(handle.id)) {
    throw new ZmqError("EINVAL", { detail: "expected the `context.handle` of another thread" });
  }
  const words = optionWords(region, handle.id);
  const directory = threads?.directory(region);
  if (directory === undefined) throw new ZmqError("ENOTSUP", { detail: "there is no memory that threads share" });
  const shared = { region: region.buffer, id: handle.id };
  context.share(shared, sharedOptions(context.options, words));
  shareNames(context.inproc, (local) => directory.namesOf(handle.id, local));
}
