/**
 * The draft socket types of libzmq. A message of theirs is one frame: one of more is refused with EINVAL, and dropped
 * when a peer sends it. Several threads may use such a socket in libzmq; here a socket belongs to its thread.
 */

import { ZmqError } from "../base/errors.ts";
import { ChannelPattern } from "../pattern/channel.ts";
import { DatagramPattern } from "../pattern/datagram.ts";
import { DishPattern, RadioPattern } from "../pattern/radio-dish.ts";
import { GatherPattern, ScatterPattern } from "../pattern/scatter-gather.ts";
import { ClientPattern, decodeRoutingId, ServerPattern } from "../pattern/server-client.ts";
import type { WaitOptions } from "./arguments.ts";
import { coreOf } from "./core-of.ts";
import {
  changeGroups,
  groupFrame,
  type RadioGroupOptions,
  type ServerRoutingOptions,
  sendsOneFrame,
  sendsToGroup,
  sendsToPeer,
} from "./draft-messages.ts";
import type { MessageLike } from "./frames.ts";
import { define, Socket } from "./socket.ts";
import type { SocketKind } from "./socket-kind.ts";
import type { Message, Options, Properties, Readable, Writable } from "./sockets.ts";

const SERVER: SocketKind = {
  type: "SERVER",
  socketClass: () => Server,
  patternClass: ServerPattern,
};

/**
 * Answers any number of CLIENTs. Each has a routing id, which comes with its messages and names it in `send`: a number
 * that holds until the connection is lost. `send` rejects with EHOSTUNREACH when no peer has the id, and waits while that
 * peer is at its high-water mark.
 */
export class Server extends Socket {
  constructor(options?: Options<"SERVER">) {
    super(SERVER, options);
  }
}
export interface Server
  extends Readable<[Message, ServerRoutingOptions]>,
    Writable<MessageLike, [ServerRoutingOptions & WaitOptions]>,
    Properties<"SERVER"> {}

const CLIENT: SocketKind = {
  type: "CLIENT",
  socketClass: () => Client,
  patternClass: ClientPattern,
};

/** Asks SERVERs, in turn where there are several. Sends and receives in any order. */
export class Client extends Socket {
  constructor(options?: Options<"CLIENT">) {
    super(CLIENT, options);
  }
}
export interface Client extends Readable<[Message]>, Writable<MessageLike>, Properties<"CLIENT"> {}

const RADIO: SocketKind = { type: "RADIO", socketClass: () => Radio, patternClass: RadioPattern };

/** Sends each message to all DISHes in its group. Slow ones miss messages, unless `noDrop` is set. */
export class Radio extends Socket {
  constructor(options?: Options<"RADIO">) {
    super(RADIO, options);
  }
  /** Resolves when a peer is in `group`, or gets every group, as by udp. */
  groupJoined(group: string | Uint8Array, options?: WaitOptions): Promise<void> {
    return this.untilSubscribed(groupFrame(group), options);
  }
}
export interface Radio extends Writable<MessageLike, [RadioGroupOptions & WaitOptions]>, Properties<"RADIO"> {}

/** What a DISH tells of a message. */
export interface DishGroupOptions {
  readonly group: Message;
}

const DISH: SocketKind = { type: "DISH", socketClass: () => Dish, patternClass: DishPattern };

/** Receives what RADIOs send to the groups that it joined. */
export class Dish extends Socket {
  constructor(options?: Options<"DISH">) {
    super(DISH, options);
  }
  /** Joins groups of at most 255 bytes, UTF-8 where they are text. Throws EINVAL for one that it is in already. */
  join(...groups: (Uint8Array | string)[]): void {
    changeGroups(this, "join", groups);
  }
  /** Throws EINVAL for a group that it is not in. */
  leave(...groups: (Uint8Array | string)[]): void {
    changeGroups(this, "leave", groups);
  }
}
export interface Dish extends Readable<[Message, DishGroupOptions]>, Properties<"DISH"> {}

const GATHER: SocketKind = {
  type: "GATHER",
  socketClass: () => Gather,
  patternClass: GatherPattern,
};

/** Receives from all SCATTERs in turn. */
export class Gather extends Socket {
  constructor(options?: Options<"GATHER">) {
    super(GATHER, options);
  }
}
export interface Gather extends Readable<[Message]>, Properties<"GATHER"> {}

const SCATTER: SocketKind = {
  type: "SCATTER",
  socketClass: () => Scatter,
  patternClass: ScatterPattern,
};

/** Spreads messages over GATHERs in turn. */
export class Scatter extends Socket {
  constructor(options?: Options<"SCATTER">) {
    super(SCATTER, options);
  }
}
export interface Scatter extends Writable<MessageLike>, Properties<"SCATTER"> {}

const DGRAM: SocketKind = {
  type: "DGRAM",
  socketClass: () => Datagram,
  patternClass: DatagramPattern,
};

/**
 * UDP datagrams as they are, for peers that speak no ZMTP; it binds, by `udp://` alone. Messages are the peer's address
 * and the payload. The address is text, `127.0.0.1:5555`, and ends with a NUL where it is received, as in libzmq;
 * `send` takes it with and without.
 */
export class Datagram extends Socket {
  constructor(options?: Options<"DGRAM">) {
    super(DGRAM, options);
  }
}
export interface Datagram
  extends Readable<[Message, Message]>,
    Writable<[MessageLike, MessageLike]>,
    Properties<"DGRAM"> {}

const PEER: SocketKind = { type: "PEER", socketClass: () => Peer, patternClass: ServerPattern };

/** A SERVER among its like: it talks to PEERs that connected to it, and to those that it connected to. Not in zeromq.js. */
export class Peer extends Socket {
  constructor(options?: Options<"PEER">) {
    super(PEER, options);
  }
  /**
   * As `connect`. Returns the routing id of the new peer, which may be sent to at once (zmq_connect_peer). It stays the same
   * when the connection is lost and made again. Throws EFAULT with `immediate`.
   */
  connectPeer(address: string): number {
    const core = coreOf(this);
    if (core.options.immediate) {
      throw new ZmqError("EFAULT", { message: "Bad address", detail: "connectPeer does not work with immediate" });
    }
    this.connect(address);
    return decodeRoutingId(core.pattern.newest?.routingId);
  }
}
export interface Peer
  extends Readable<[Message, ServerRoutingOptions]>,
    Writable<MessageLike, [ServerRoutingOptions & WaitOptions]>,
    Properties<"PEER"> {}

const CHANNEL: SocketKind = {
  type: "CHANNEL",
  socketClass: () => Channel,
  patternClass: ChannelPattern,
};

/** Exactly one peer, both ways, as PAIR. Not in zeromq.js. */
export class Channel extends Socket {
  constructor(options?: Options<"CHANNEL">) {
    super(CHANNEL, options);
  }
}
export interface Channel extends Readable<[Message]>, Writable<MessageLike>, Properties<"CHANNEL"> {}

for (const { prototype } of [Client, Scatter, Channel]) Object.assign(prototype, sendsOneFrame);
for (const { prototype } of [Server, Peer]) Object.assign(prototype, sendsToPeer);
Object.assign(Radio.prototype, sendsToGroup);

for (const kind of [SERVER, CLIENT, RADIO, DISH, GATHER, SCATTER, DGRAM, PEER, CHANNEL]) define(kind);
