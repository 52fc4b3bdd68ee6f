/**
 * The threads of a page: the page and its dedicated workers, which share memory where the page is cross-origin isolated. A
 * context is shared by its handle, which is posted to a worker; there is no default that all share, for a worker has
 * nothing by which it could find it.
 *
 * Each thread holds a Web Lock as long as it lives. Who watches it asks for the same lock, and has it when the thread has
 * ended, in whatever way.
 */

import type { Clock } from "../base/clock.ts";
import type { Sharable, Threads } from "../core/platform.ts";
import { giveHandle } from "../core/thread-contexts.ts";
import { ThreadDirectory, type WatchThread } from "../thread/directory.ts";
import { Region } from "../thread/region.ts";

interface WebThread {
  readonly crossOriginIsolated?: boolean;
  readonly navigator?: {
    readonly locks?: {
      request(name: string, options: { readonly mode: string }, held: () => Promise<unknown>): Promise<unknown>;
    };
  };
}

/** A thread asks for its lock in the turn in which others hear of it; so much later they may ask for it too. */
const HELD_MS = 1000;
const HIGHEST_ID = 2 ** 31;

export function webThreads(clock: Clock): Threads {
  return new WebThreads(clock);
}

class WebThreads implements Threads {
  readonly #clock: Clock;
  readonly #page = globalThis as unknown as WebThread;
  /** The runtime gives threads no numbers. */
  readonly #threadId: number;
  readonly #directories = new Map<number, ThreadDirectory>();
  #region: Region | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#threadId = clock.random32() % HIGHEST_ID;
  }

  get region(): Region | undefined {
    return this.#region;
  }

  directory(region?: Region): ThreadDirectory | undefined {
    if (this.#page.crossOriginIsolated !== true || !("waitAsync" in Atomics)) return undefined;
    if (region !== undefined) return this.#directoryOf(region);
    this.#region ??= Region.create(this.#clock.random32() * HIGHEST_ID + this.#threadId);
    return this.#region && this.#directoryOf(this.#region);
  }

  onMoved(): void {}

  giveHandle(context: Sharable): void {
    giveHandle(context, this);
  }

  #directoryOf(region: Region): ThreadDirectory {
    let directory = this.#directories.get(region.id);
    if (directory === undefined) {
      const watch = this.#watches(region);
      directory = new ThreadDirectory(region, this.#clock, this.#threadId, undefined, undefined, watch);
      this.#directories.set(region.id, directory);
    }
    return directory;
  }

  /** Holds the lock of this thread. */
  #watches(region: Region): WatchThread | undefined {
    const { locks } = this.#page.navigator ?? {};
    if (locks === undefined) return undefined;
    const nameOf = (threadId: number): string => `zmq-ts ${region.id} ${threadId}`;
    // It is over when the thread is, and so is the wait for those of others.
    locks.request(nameOf(this.#threadId), { mode: "exclusive" }, () => new Promise(() => {})).catch(() => {});
    return (threadId, ended) => {
      const request = () => locks.request(nameOf(threadId), { mode: "shared" }, async () => ended());
      this.#clock.setTimer(() => void request().catch(() => {}), HELD_MS);
    };
  }
}
