/**
 * AbortSignals, each with one listener however many operations wait on it:
 * Node warns of a leak at the eleventh listener of a signal.
 */

/** Something that ends when a signal fires. */
export interface Abortable {
  aborted(reason: unknown): void;
}

interface Followed {
  readonly all: Set<Abortable>;
  readonly fire: () => void;
}

const followed = new WeakMap<AbortSignal, Followed>();

/** `aborted` is called once, with the signal's reason, when it fires. It must not have fired yet. */
export function follow(signal: AbortSignal, abortable: Abortable): void {
  let entry = followed.get(signal);
  if (entry === undefined) {
    const all = new Set<Abortable>();
    const fire = () => {
      followed.delete(signal);
      for (const each of all) each.aborted(signal.reason);
    };
    entry = { all, fire };
    followed.set(signal, entry);
    signal.addEventListener("abort", fire, { once: true });
  }
  entry.all.add(abortable);
}

/** The last one to leave takes the listener along. */
export function unfollow(signal: AbortSignal, abortable: Abortable): void {
  const entry = followed.get(signal);
  if (entry === undefined) return;
  entry.all.delete(abortable);
  if (entry.all.size > 0) return;
  followed.delete(signal);
  signal.removeEventListener("abort", entry.fire);
}
