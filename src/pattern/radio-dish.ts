/**
 * RADIO and DISH (48/RADIO-DISH): a message goes to everybody in its group. Groups match as a whole, not by prefix.
 *
 * Their messages are `[group, body]`, on the wire too; users see the body, and the group beside it. A DISH tells what it
 * joins by the commands JOIN and LEAVE; over udp it tells nothing, and everything that comes is filtered here.
 */

import { ownCopyOf, toKey } from "../base/bytes.ts";
import { ZmqError } from "../base/errors.ts";
import { type Control, type Message, shareable } from "../base/message.ts";
import type { NearEnd } from "../base/near-end.ts";
import { LONGEST_DATAGRAM, LONGEST_UDP_GROUP } from "../base/udp.ts";
import { FairQueue } from "./fair-queue.ts";
import { beforeNul, groupOf, LONGEST_GROUP } from "./group.ts";
import { GroupTable } from "./group-table.ts";
import { inTurns, TOPICS_AT_ONCE } from "./in-turns.ts";
import type { Pattern, PatternHost } from "./pattern.ts";
import { tooManyFrames } from "./single-frame.ts";

/** RADIO: sends only, to the members of a group and to peers that get everything (udp). A full one misses the message. */
export class RadioPattern implements Pattern {
  readonly canSend = true;
  readonly canReceive = false;
  readonly #host: PatternHost;
  readonly #groups = new GroupTable();
  /** Peers that get every message. The list never changes; a change makes a new one. */
  #everything: readonly NearEnd[] = [];

  constructor(host: PatternHost) {
    this.#host = host;
  }

  attach(pipe: NearEnd): void {
    this.readable(pipe);
  }

  /** Until here a dialed peer keeps its groups, however often its link is lost. */
  detach(pipe: NearEnd): void {
    inTurns(this.#host, () => this.#groups.removeSome(pipe, TOPICS_AT_ONCE));
    if (this.#everything.includes(pipe)) this.#everything = this.#everything.filter((other) => other !== pipe);
  }

  connected(pipe: NearEnd): void {
    this.#groups.renew(pipe);
  }

  /** What a peer sends beside its commands is discarded. */
  readable(pipe: NearEnd): void {
    while (pipe.read() !== undefined);
  }

  /** Full pipes are found at the next send. */
  writable(): void {}

  /** A peer that subscribes, instead of joining, gets everything: the far side of a transport without groups says so. */
  control(pipe: NearEnd, { kind, topic }: Control): void {
    switch (kind) {
      case "join":
        this.#join(pipe, topic);
        break;
      case "leave":
        this.#groups.leave(pipe, beforeNul(topic));
        break;
      case "subscribe":
        if (!this.#everything.includes(pipe)) this.#everything = [...this.#everything, pipe];
        break;
      case "cancel":
    }
  }

  /** With `noDrop` false, and nothing was sent, when a peer of the group is full. Throws EMSGSIZE: see `expectDatagram`. */
  send(message: Message): boolean {
    if (message.length !== 2) throw tooManyFrames(message.length - 1);
    const members = this.#groups.membersOf(message[0] as Uint8Array);
    const everything = this.#everything;
    if (members.length + everything.length === 0) {
      this.#host.dropped("noSubscriber", undefined, message);
      return true;
    }
    if (everything.length > 0) expectDatagram(message);
    if (this.#host.options.noDrop && (isAnyFull(members) || isAnyFull(everything))) return false;
    this.#write(members, message);
    if (everything.length > 0) this.#write(everything, message);
    return true;
  }

  topicsOf(pipe: NearEnd, most: number): Uint8Array[] {
    return this.#groups.groupsOf(pipe, most);
  }

  hasSubscriber(group: Uint8Array): boolean {
    return this.#groups.membersOf(group).length + this.#everything.length > 0;
  }

  #join(pipe: NearEnd, topic: Uint8Array): void {
    const group = beforeNul(topic);
    if (group.length > LONGEST_GROUP) {
      pipe.refuse(
        new ZmqError("EPROTO", { detail: `JOIN: a group of ${group.length} bytes, at most 255 are allowed` }),
      );
      return;
    }
    const count = this.#groups.join(pipe, group);
    const { maxSubscriptionsPerPeer } = this.#host.options;
    if (maxSubscriptionsPerPeer > 0 && count > maxSubscriptionsPerPeer) {
      pipe.refuse(new ZmqError("EMSGSIZE", { detail: `${count} groups, allowed are ${maxSubscriptionsPerPeer}` }));
    }
  }

  #write(pipes: readonly NearEnd[], message: Message): void {
    const count = pipes.length;
    const shared = shareable(message, count);
    for (let i = 0; i < count; i++) {
      const pipe = pipes[i] as NearEnd;
      if (!pipe.writeShared(shared) && !pipe.isClosed) this.#host.dropped("highWaterMark", pipe, message);
    }
  }
}

/** Those that get everything are reached by udp. Throws EMSGSIZE for what fits into no datagram. */
function expectDatagram([group, body]: Message): void {
  const size = 1 + (group?.length ?? 0) + (body?.length ?? 0);
  if (size <= LONGEST_DATAGRAM && (group?.length ?? 0) <= LONGEST_UDP_GROUP) return;
  throw new ZmqError("EMSGSIZE", {
    detail: `udp: group and body have ${LONGEST_DATAGRAM - 1} bytes at most, of which ${LONGEST_UDP_GROUP} may be the group`,
  });
}

function isAnyFull(pipes: readonly NearEnd[]): boolean {
  for (const pipe of pipes) if (!pipe.canWrite && !pipe.isClosed) return true;
  return false;
}

/** DISH: receives only. Tells every RADIO its groups, and all of them again after each reconnection. */
export class DishPattern implements Pattern {
  readonly canSend = true;
  readonly #host: PatternHost;
  readonly #incoming = new FairQueue();
  readonly #groups = new Map<string, Uint8Array>();
  readonly #pipes = new Set<NearEnd>();
  /** A message of a joined group that `canReceive` had to take out to know. */
  #ready: Message | undefined;
  #readySource: NearEnd | undefined;
  source: NearEnd | undefined;

  constructor(host: PatternHost) {
    this.#host = host;
  }

  attach(pipe: NearEnd): void {
    this.#pipes.add(pipe);
    this.#incoming.attach(pipe);
  }

  connected(pipe: NearEnd): void {
    for (const topic of this.#groups.values()) pipe.writeControl({ kind: "join", topic });
  }

  /** Unread messages stay in the fair queue. */
  detach(pipe: NearEnd): void {
    this.#pipes.delete(pipe);
    this.#incoming.ended(pipe);
  }

  readable(pipe: NearEnd): void {
    this.#incoming.add(pipe);
  }

  writable(_pipe: NearEnd): void {}

  /** Throws EINVAL for a group that was joined already, and for a name that is too long. */
  join(given: Uint8Array): void {
    const topic = ownCopyOf(groupOf(given));
    const key = toKey(topic);
    if (this.#groups.has(key)) throw new ZmqError("EINVAL", { detail: "group: expected one that was not joined yet" });
    this.#groups.set(key, topic);
    for (const pipe of this.#pipes) pipe.writeControl({ kind: "join", topic });
  }

  /** Throws EINVAL for a group that was not joined. */
  leave(given: Uint8Array): void {
    const key = toKey(groupOf(given));
    const topic = this.#groups.get(key);
    if (topic === undefined) throw new ZmqError("EINVAL", { detail: "group: expected one that was joined" });
    this.#groups.delete(key);
    for (const pipe of this.#pipes) pipe.writeControl({ kind: "leave", topic });
  }

  receive(): Message | undefined {
    const ready = this.#ready;
    if (ready !== undefined) {
      this.source = this.#readySource;
      this.#ready = undefined;
      this.#readySource = undefined;
      return ready;
    }
    const message = this.#nextMatch();
    this.source = this.#incoming.source;
    return message;
  }

  get canReceive(): boolean {
    if (this.#ready === undefined) {
      this.#ready = this.#nextMatch();
      this.#readySource = this.#incoming.source;
    }
    return this.#ready !== undefined;
  }

  present(message: object[]): void {
    const group = message[0];
    const body = message[1];
    if (body === undefined || group === undefined) return;
    message[0] = body;
    message[1] = { group };
  }

  #nextMatch(): Message | undefined {
    for (;;) {
      const message = this.#incoming.receive();
      if (message === undefined) return undefined;
      const pipe = this.#incoming.source;
      if (message.length !== 2 || (message[0] as Uint8Array).length > LONGEST_GROUP) this.#refuse(pipe, message);
      else if (this.#isWanted(message)) return message;
      pipe?.wasted();
    }
  }

  /** A name with a NUL in it is cut there. */
  #isWanted(message: Message): boolean {
    const group = message[0] as Uint8Array;
    if (this.#groups.has(toKey(group))) return true;
    const cut = beforeNul(group);
    if (cut.length === group.length) return false;
    message[0] = cut;
    return this.#groups.has(toKey(cut));
  }

  /** As in libzmq the connection of a peer that sends anything else ends, and is not made again. */
  #refuse(pipe: NearEnd | undefined, message: Message): void {
    this.#host.dropped("invalid", pipe, message);
    const [group] = message;
    const came = message.length === 2 ? `a group of ${group?.length} bytes` : `${message.length} frames`;
    pipe?.refuse(new ZmqError("EPROTO", { detail: `expected a group of at most 255 bytes and a body, ${came} came` }));
  }
}
