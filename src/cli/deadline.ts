/**
 * A signal that fires with another one, or after a time. Not by
 * `AbortSignal.any` and `.timeout`: Node 20 may collect a combined signal as
 * garbage before it fires.
 */

/** Fires when `parent` does, or after `ms` milliseconds (undefined: never by itself). */
export function deadline(parent: AbortSignal, ms: number | undefined): AbortSignal {
  if (ms === undefined) return parent;
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), ms);
  const follow = () => {
    clearTimeout(timer);
    controller.abort(parent.reason);
  };
  if (parent.aborted) follow();
  else parent.addEventListener("abort", follow, { once: true });
  timer.unref();
  return controller.signal;
}
