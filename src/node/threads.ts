/**
 * How the threads of a process find the memory that they share for inproc.
 *
 * Environment data hands it to every thread that is started after the library
 * was loaded, at once. A thread whose ancestors had not loaded it makes its own.
 * Such threads find each other by a BroadcastChannel, opened at the first inproc
 * name that is used; all then go to the oldest region. (In Deno a channel would
 * keep the process alive; there the library must be loaded first.)
 *
 * Test runners put files that know nothing of each other into threads of one
 * process. A thread with a runner's variable shares with the threads that it
 * starts, and with nobody else.
 */

import { BroadcastChannel, getEnvironmentData, isMainThread, setEnvironmentData, threadId } from "node:worker_threads";
import type { Clock } from "../base/clock.ts";
import type { Sharable, Threads } from "../core/platform.ts";
import { giveHandle } from "../core/thread-contexts.ts";
import { type PostedMemory, ThreadDirectory, type WatchThread } from "../thread/directory.ts";
import { type MemberId, Members } from "../thread/members.ts";
import { Region } from "../thread/region.ts";
import { watchThreads } from "./thread-watch.ts";

/** Of environment data and the channel; it changes with the layout of the region. */
const KEY = "zmq-ts inproc 1";
/** What vitest and Jest tell their workers; they are one for each file that runs at a time. */
const RUNNER_VARIABLES = ["VITEST_WORKER_ID", "VITEST_POOL_ID", "JEST_WORKER_ID"];

/** What a thread leaves for those that it starts. */
interface Inheritance {
  readonly region: SharedArrayBuffer;
  /** The member of the nearest ancestor that has joined; its thread. */
  readonly parent: MemberId | undefined;
  readonly threadId: number;
  readonly runner: string;
}

/** What threads say on the channel. */
type Said = Announcement | { readonly posted: PostedMemory };

interface Announcement {
  readonly region: SharedArrayBuffer;
}

export function nodeThreads(clock: Clock): Threads {
  return new NodeThreads(clock);
}

class NodeThreads implements Threads {
  readonly #clock: Clock;
  readonly #runner = runnerOf(process.env);
  readonly #watch: WatchThread | undefined;
  readonly #directories = new Map<number, ThreadDirectory>();
  readonly #moved = new Set<() => void>();
  #region: Region | undefined;
  #parent: MemberId | undefined;
  #channel: BroadcastChannel | undefined;
  /** One that is not closed keeps the process alive in Deno. */
  readonly #hasChannel = !("Deno" in globalThis);

  constructor(clock: Clock) {
    this.#clock = clock;
    const inherited = getEnvironmentData(KEY) as unknown as Inheritance | undefined;
    if (inherited !== undefined && this.#isMine(inherited)) {
      this.#region = Region.from(inherited.region);
      this.#parent = inherited.parent;
    } else this.#region = Region.create(newId(clock));
    this.#watch = this.#runner === "" ? watchThreads() : undefined;
    // A worker joins now: threads that it starts end with it, and must know that they are its own.
    if (this.#region !== undefined && !isMainThread) this.#directoryOf(this.#region);
    this.#bequeath();
    process.on("worker", (worker) => {
      const id = worker.threadId;
      worker.once("exit", () => this.#ended(id));
    });
  }

  get region(): Region | undefined {
    return this.#region;
  }

  directory(region?: Region): ThreadDirectory | undefined {
    if (region !== undefined) return this.#directoryOf(region);
    if (this.#region === undefined) return undefined;
    this.#openChannel();
    return this.#directoryOf(this.#region);
  }

  onMoved(moved: () => void): void {
    this.#moved.add(moved);
  }

  giveHandle(context: Sharable): void {
    giveHandle(context, this);
  }

  /** Whether what was inherited is for this thread: not if this is a file of a test runner's, and it is another's. */
  #isMine({ runner, threadId: from }: Inheritance): boolean {
    return this.#runner === "" ? runner === "" : runner === this.#runner && from !== threadId;
  }

  #directoryOf(region: Region): ThreadDirectory {
    let directory = this.#directories.get(region.id);
    if (directory === undefined) {
      const post = (posted: PostedMemory) => this.#channel?.postMessage({ posted });
      directory = new ThreadDirectory(
        region,
        this.#clock,
        threadId,
        this.#parent,
        this.#hasChannel ? post : undefined,
        this.#watch,
      );
      if (this.#directories.size === 0) process.on("exit", () => this.#leave());
      this.#directories.set(region.id, directory);
      this.#bequeath();
    }
    return directory;
  }

  /** Leaves the region to threads that are started from now on. */
  #bequeath(): void {
    if (this.#region === undefined) return;
    const { buffer, id } = this.#region;
    const parent = this.#directories.get(id)?.own ?? this.#parent;
    const inheritance: Inheritance = { region: buffer, parent, threadId, runner: this.#runner };
    setEnvironmentData(KEY, inheritance as never);
  }

  #ended(id: number): void {
    const region = this.#region;
    if (region !== undefined && new Members(region).ofThread(id).length > 0) this.#directoryOf(region);
    for (const directory of this.#directories.values()) directory.threadEnded(id);
  }

  #leave(): void {
    for (const directory of this.#directories.values()) directory.leave();
  }

  #openChannel(): void {
    if (this.#channel !== undefined || !this.#hasChannel) return;
    const channel = new BroadcastChannel(`${KEY}${this.#runner}`);
    this.#channel = channel;
    channel.unref();
    channel.onmessage = (event: unknown) => this.#received((event as { data: Said }).data);
    this.#announce();
  }

  #announce(): void {
    if (this.#region === undefined) return;
    const announcement: Announcement = { region: this.#region.buffer };
    this.#channel?.postMessage(announcement);
  }

  #received(said: Said): void {
    if ("posted" in said) this.#directories.get(said.posted.region)?.memoryCame(said.posted);
    else if (this.#runner === "") this.#heard(said);
  }

  /** Another thread has told its region: all go to the oldest. */
  #heard({ region }: Announcement): void {
    const own = this.#region;
    const other = Region.from(region);
    if (own === undefined || other === undefined || other.id === own.id) return;
    if (other.id > own.id) {
      this.#announce();
      return;
    }
    this.#region = other;
    this.#parent = undefined;
    this.#bequeath();
    for (const moved of this.#moved) moved();
  }
}

/** A later region has a larger one. */
function newId(clock: Clock): number {
  return Number(process.hrtime.bigint() / 1000n) * 1024 + (clock.random32() % 1024);
}

/** Empty outside of test runners. */
function runnerOf(environment: NodeJS.ProcessEnv): string {
  return RUNNER_VARIABLES.map((name) => environment[name] ?? "").join("");
}
