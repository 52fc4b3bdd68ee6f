/**
 * A thread among the others of its region: its inbox, the names that it and they
 * have bound, and its connections to them.
 */

import type { Clock } from "../base/clock.ts";
import { ZmqError } from "../base/errors.ts";
import type { InprocSide, LocalNames, SharedNames } from "../base/inproc.ts";
import { RingReader } from "../base/ring-reader.ts";
import { RingWriter } from "../base/ring-writer.ts";
import { ring } from "./bell.ts";
import { newContextId } from "./context-words.ts";
import { decodeGreeting } from "./greeting.ts";
import { Inbox, type InboxSource } from "./inbox.ts";
import { type MemberId, Members } from "./members.ts";
import { NameTable } from "./name-table.ts";
import { type PairSide, Pairs } from "./pairs.ts";
import { CHANGES, type Region } from "./region.ts";
import type { PeerThread } from "./ring-end-parts.ts";
import { HELLO, REFUSED, ThreadCrossing } from "./thread-crossing.ts";

/** Memory on its way to one side of a pair, by whatever reaches all threads. */
export interface PostedMemory {
  readonly region: number;
  readonly to: MemberId;
  readonly pair: number;
  readonly serial: number;
  readonly memory: SharedArrayBuffer;
}

/** How a thread that ends without a word is noticed, where the one that started it does not know of the library. */
export type WatchThread = (threadId: number, ended: () => void) => void;

/** What comes for a pair that is not accepted yet waits; so much of it at most. */
const MOST_EARLY = 64;

export class ThreadDirectory implements InboxSource {
  readonly region: Region;
  readonly inbox: Inbox;
  readonly own: MemberId;
  readonly #clock: Clock;
  readonly #members: Members;
  readonly #names: NameTable;
  readonly #pairs: Pairs;
  /** Contexts of this thread by what all threads know them by; there may be several with the same. */
  readonly #contexts = new Map<number, Set<LocalNames>>();
  /** By the number of their pairs. */
  readonly #crossings = new Map<number, ThreadCrossing>();
  readonly #post: ((posted: PostedMemory) => void) | undefined;
  readonly #watch: WatchThread | undefined;
  /** Members that are watched, by `watched`. */
  readonly #watched = new Set<string>();
  readonly #early: PostedMemory[] = [];
  #changes: number;
  #isOver = false;

  /** Joins this thread. `parent`: the member of the thread that started it. `post` reaches `memoryCame` of another thread. Throws EMFILE. */
  constructor(
    region: Region,
    clock: Clock,
    threadId: number,
    parent: MemberId | undefined,
    post?: (posted: PostedMemory) => void,
    watch?: WatchThread,
  ) {
    this.#post = post;
    this.#watch = watch;
    this.region = region;
    this.#clock = clock;
    this.#members = new Members(region);
    this.#names = new NameTable(region);
    this.#pairs = new Pairs(region, this.#members);
    this.own = this.#members.join(threadId, parent, watch !== undefined);
    this.inbox = new Inbox(clock, this.#members.bell(this.own.index));
    this.#changes = Atomics.load(region.words, CHANGES);
  }

  /** The names of context `id`; `local` are those of this thread. */
  namesOf(id: number, local: LocalNames): SharedNames {
    const contexts = this.#contexts.get(id) ?? new Set();
    contexts.add(local);
    this.#contexts.set(id, contexts);
    this.inbox.add(this);
    return {
      bind: (name) => this.#bind(id, name),
      unbind: (name) => this.#unbind(id, name),
      isBound: (name) => this.#find(id, name) !== undefined,
      connect: (name, side, again) => this.#connect(id, name, side, again),
    };
  }

  /** What all threads shall know a context by. */
  newContext(): number {
    return this.#locked(() => newContextId(this.region));
  }

  /** Looks at what others have done: new connections, names, threads that ended. */
  poll(): boolean {
    if (this.#isOver) return false;
    let isDone = false;
    const newest: number[] = [];
    for (let at = this.#members.takeMail(this.own.index); at !== 0; at = this.#pairs.older(at * 8)) newest.push(at * 8);
    for (const offset of newest.reverse()) {
      this.#accept(offset);
      isDone = true;
    }
    const changes = Atomics.load(this.region.words, CHANGES);
    if (changes === this.#changes) return isDone;
    this.#changes = changes;
    for (const contexts of this.#contexts.values()) for (const local of contexts) local.lookAgain();
    return true;
  }

  /** A thread ended, perhaps without a word: its names are free, its peers see that it left. */
  threadEnded(threadId: number): void {
    for (const member of this.#members.ofThread(threadId)) this.#ended(this.#members.end(member));
  }

  /** Publishes what is written. */
  flushNow(): void {
    for (const crossing of this.#crossings.values()) crossing.flushNow();
  }

  /** This thread ends. */
  leave(): void {
    if (this.#isOver) return;
    for (const crossing of [...this.#crossings.values()]) crossing.abandon();
    this.#isOver = true;
    this.inbox.remove(this);
    this.#ended(this.#members.end(this.own));
  }

  /** Another thread has posted memory. */
  memoryCame(posted: PostedMemory): void {
    const { to, pair, serial, memory } = posted;
    if (to.index !== this.own.index || to.epoch !== this.own.epoch) return;
    const crossing = this.#crossings.get(pair);
    if (crossing !== undefined) crossing.memoryCame(serial, memory);
    else if (this.#early.push(posted) > MOST_EARLY) this.#early.shift();
  }

  // --- Names ---

  #bind(context: number, name: string): void {
    this.#locked(() => {
      const holder = this.#names.find(context, name);
      if (holder !== undefined) {
        this.#watchOver(holder);
        if (this.#members.isAlive(holder)) throw new ZmqError("EADDRINUSE", { address: `inproc://${name}` });
        this.#names.remove(context, name);
      }
      this.#names.add(context, name, this.own);
    });
    this.#members.ringAll();
  }

  #unbind(context: number, name: string): void {
    if (this.#isOver) return;
    this.#locked(() => this.#names.remove(context, name));
  }

  /** Another thread that has bound the name. */
  #find(context: number, name: string): MemberId | undefined {
    const found = this.#locked(() => this.#names.find(context, name));
    return found !== undefined && found.index !== this.own.index && this.#members.isAlive(found) ? found : undefined;
  }

  // --- Connections ---

  #connect(context: number, name: string, side: InprocSide, again: () => void): boolean {
    const bound = this.#find(context, name);
    if (bound === undefined) return false;
    const offset = this.#locked(() => this.#pairs.create(context, this.own, bound));
    this.#cross(offset, 0, side, bound, again).connect(name);
    this.#members.leaveMail(bound.index, offset, (older) => this.#pairs.setOlder(offset, older));
    return true;
  }

  /** A pair of rings that was left here: its first record says what for. */
  #accept(offset: number): void {
    if (!this.#pairs.isFor(offset, this.own)) return; // left for the thread that had this number before
    const connecting = this.#pairs.connecting(offset);
    const [, read] = this.#pairs.rings(offset, 1);
    const reader = new RingReader(read);
    if (!reader.next() || reader.kind !== HELLO) {
      this.#release(offset, 1);
      return;
    }
    const hello = reader.take();
    const { name } = decodeGreeting(hello);
    for (const local of this.#contexts.get(this.#pairs.contextOf(offset)) ?? []) {
      const binder = local.binderOf(name);
      if (binder === undefined) continue;
      this.#cross(offset, 1, binder.createPeer(), connecting, undefined, reader).accept(hello);
      return;
    }
    const writer = new RingWriter(this.#pairs.rings(offset, 1)[0]);
    writer.write(REFUSED, new Uint8Array(0));
    writer.close();
    ring(this.#members.bell(connecting.index));
    this.#release(offset, 1);
  }

  #cross(
    offset: number,
    pairSide: PairSide,
    side: InprocSide,
    peer: MemberId,
    again: (() => void) | undefined,
    accepted?: RingReader,
  ): ThreadCrossing {
    const [write, read] = this.#pairs.rings(offset, pairSide);
    this.#watchOver(peer);
    const pair = this.#pairs.numberOf(offset);
    const post = this.#post;
    const region = this.region.id;
    const crossing = new ThreadCrossing({
      side,
      writer: new RingWriter(write),
      reader: accepted ?? new RingReader(read),
      peer: this.#peer(peer),
      inbox: this.inbox,
      clock: this.#clock,
      ...(again !== undefined && { again }),
      ...(post && { postMemory: (serial, memory) => post({ region, to: peer, pair, serial, memory }) }),
      released: () => {
        this.#crossings.delete(pair);
        this.#release(offset, pairSide);
      },
    });
    this.#crossings.set(pair, crossing);
    for (const early of this.#early.filter((each) => each.pair === pair)) {
      this.#early.splice(this.#early.indexOf(early), 1);
      crossing.memoryCame(early.serial, early.memory);
    }
    return crossing;
  }

  /** From now on it is noticed when the thread of `member` ends, however it does. */
  #watchOver(member: MemberId): void {
    const key = `${member.index} ${member.epoch}`;
    const threadId = this.#members.watchableThread(member);
    if (this.#watch === undefined || threadId === undefined || this.#watched.has(key)) return;
    this.#watched.add(key);
    this.#watch(threadId, () => {
      this.#watched.delete(key);
      if (!this.#isOver) this.#ended(this.#members.end(member));
    });
  }

  #peer(member: MemberId): PeerThread {
    const members = this.#members;
    return {
      bell: members.bell(member.index),
      get isDead() {
        return !members.isAlive(member);
      },
    };
  }

  #release(offset: number, side: PairSide): void {
    this.#locked(() => this.#pairs.release(offset, side));
  }

  #ended(members: readonly MemberId[]): void {
    if (members.length === 0) return;
    this.#locked(() => {
      for (const member of members) this.#names.removeAll(member);
      this.#pairs.sweep();
    });
    this.#members.ringAll();
  }

  #locked<T>(task: () => T): T {
    return this.region.locked(this.own.index, (member) => this.#members.isTaken(member), task);
  }
}
