/**
 * The threads of a region. Each has a number, and a new epoch for each thread
 * that has it: so who refers to a member by both sees when it is gone.
 */

import { ZmqError } from "../base/errors.ts";
import type { Bell } from "./bell.ts";
import { ring } from "./bell.ts";
import { CHANGES, MEMBER_WORDS, MEMBERS, MEMBERS_USED, type Region } from "./region.ts";

/** Words of a member. */
const STATE = 0;
const EPOCH = 1;
const THREAD = 2;
/** The member whose thread started this one's, and its epoch; -1: none. */
const PARENT = 3;
const PARENT_EPOCH = 4;
const BELL = 5;
/** Offset / 8 of the newest pair of rings that was left for this member. */
const MAIL = 6;
/** 1: others can watch its thread. */
const WATCHABLE = 7;

const ALIVE = 1;
const DEAD = 2;
/** Taken, and not ready. */
const JOINING = 3;

const FIRST = 1024; // words ahead of the members

export interface MemberId {
  readonly index: number;
  readonly epoch: number;
}

export class Members {
  readonly #region: Region;

  constructor(region: Region) {
    this.#region = region;
  }

  /** A member for this thread. Under no lock. Throws EMFILE when there are 1024 threads. */
  join(threadId: number, parent: MemberId | undefined, isWatchable = false): MemberId {
    const { words } = this.#region;
    for (let index = 0; index < MEMBERS; index++) {
      const at = wordsOf(index);
      const state = Atomics.load(words, at + STATE);
      if (state === ALIVE || state === JOINING || Atomics.compareExchange(words, at + STATE, state, JOINING) !== state)
        continue;
      const epoch = ((words[at + EPOCH] as number) + 1) | 0;
      Atomics.store(words, at + EPOCH, epoch);
      words[at + THREAD] = threadId;
      words[at + PARENT] = parent === undefined ? -1 : parent.index;
      words[at + PARENT_EPOCH] = parent === undefined ? 0 : parent.epoch;
      words[at + BELL] = 0;
      words[at + MAIL] = 0;
      words[at + WATCHABLE] = isWatchable ? 1 : 0;
      for (let used = words[MEMBERS_USED] as number; used <= index; used = words[MEMBERS_USED] as number) {
        Atomics.compareExchange(words, MEMBERS_USED, used, index + 1);
      }
      Atomics.store(words, at + STATE, ALIVE);
      return { index, epoch };
    }
    throw new ZmqError("EMFILE", { detail: `${MEMBERS} threads of this process use inproc` });
  }

  isAlive({ index, epoch }: MemberId): boolean {
    const { words } = this.#region;
    const at = wordsOf(index);
    return Atomics.load(words, at + EPOCH) === epoch && Atomics.load(words, at + STATE) === ALIVE;
  }

  /** Whether some thread has this number now. */
  isTaken(index: number): boolean {
    return Atomics.load(this.#region.words, wordsOf(index) + STATE) === ALIVE;
  }

  bell(index: number): Bell {
    return { words: this.#region.words, index: wordsOf(index) + BELL };
  }

  /** Marks it and all that its thread had started as dead. Returns those that were alive. */
  end(member: MemberId): MemberId[] {
    const ended: MemberId[] = [];
    if (!this.isAlive(member)) return ended;
    Atomics.store(this.#region.words, wordsOf(member.index) + STATE, DEAD);
    ended.push(member);
    for (const child of this.#alive()) {
      const at = wordsOf(child.index);
      const { words } = this.#region;
      if (words[at + PARENT] === member.index && words[at + PARENT_EPOCH] === member.epoch)
        ended.push(...this.end(child));
    }
    return ended;
  }

  /** The thread of a member, for a `WatchThread`; undefined when it cannot be watched. */
  watchableThread({ index }: MemberId): number | undefined {
    const { words } = this.#region;
    const at = wordsOf(index);
    return words[at + WATCHABLE] === 1 ? words[at + THREAD] : undefined;
  }

  /** The members of a thread: one for each copy of the library that it loaded. */
  ofThread(threadId: number): MemberId[] {
    const { words } = this.#region;
    return this.#alive().filter(({ index }) => words[wordsOf(index) + THREAD] === threadId);
  }

  /** Tells all that names or threads have changed. */
  ringAll(): void {
    Atomics.add(this.#region.words, CHANGES, 1);
    for (const { index } of this.#alive()) ring(this.bell(index));
  }

  /** Leaves a pair of rings for `to`: `link` is called with what it must remember as the next older one. */
  leaveMail(to: number, offset: number, link: (older: number) => void): void {
    const { words } = this.#region;
    const at = wordsOf(to) + MAIL;
    for (;;) {
      const older = Atomics.load(words, at);
      link(older);
      if (Atomics.compareExchange(words, at, older, offset / 8) === older) break;
    }
    ring(this.bell(to));
  }

  /** The newest of the pairs that were left, offset / 8; 0: none. */
  takeMail(own: number): number {
    const at = wordsOf(own) + MAIL;
    if (Atomics.load(this.#region.words, at) === 0) return 0;
    return Atomics.exchange(this.#region.words, at, 0);
  }

  #alive(): MemberId[] {
    const { words } = this.#region;
    const alive: MemberId[] = [];
    for (let index = 0; index < (words[MEMBERS_USED] as number); index++) {
      const at = wordsOf(index);
      if (Atomics.load(words, at + STATE) === ALIVE) alive.push({ index, epoch: Atomics.load(words, at + EPOCH) });
    }
    return alive;
  }
}

function wordsOf(index: number): number {
  return FIRST + index * MEMBER_WORDS;
}
