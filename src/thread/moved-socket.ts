/** What an I/O thread makes of a proxy that moves there: sockets with patterns of their own, and the loop between them. */

import type { DepartedBacklog } from "../base/departed-backlog.ts";
import type { FarEnd } from "../base/far-end.ts";
import type { Control, Message } from "../base/message.ts";
import type { OptionValues } from "../base/options.ts";
import type { SocketTypeName } from "../base/socket-types.ts";
import type { MovedDrop } from "../engine/moving-proxy.ts";
import type { SeenPipe } from "./engine-mail.ts";

/** A pipe of a moved socket, as its connection sees it. */
export interface MovedPipe {
  readonly far: FarEnd;
  readonly routingId: Uint8Array | undefined;
  /** Sends a message that was taken from its user already, whatever the pattern says. */
  write(message: Message): void;
  writeControl(control: Control): void;
  /** What there is to see of it, without those messages that it had when the counts began. */
  see(): SeenPipe;
  /** The counts begin now. */
  beginCounts(): void;
}

export interface DropHearer {
  /** Somebody hears, and takes one more. */
  readonly isReady: boolean;
  add(drop: MovedDrop): void;
}

export interface MovedSocket {
  readonly departedBacklog: DepartedBacklog;
  createPipe(endpoint: string, dialed: boolean, options: OptionValues, routingId: Uint8Array | undefined): MovedPipe;
  /** Before it has pipes. */
  subscribe(topic: Uint8Array): void;
  /** What it has to tell of subscriptions was told before it moved. */
  forgetNotices(): void;
  assign(name: string, value: unknown): void;
  /** `hearer` is told of messages that are dropped from now on, while it is ready. */
  tellDrops(hearer: DropHearer): void;
  readonly topicsCount: number;
  topics(): readonly Uint8Array[];
  /** When nobody has: calls `changed` once that may be another. */
  hasSubscriber(topic: Uint8Array, changed: () => void): boolean;
  close(): void;
}

export interface MovedLoopParts<S extends MovedSocket> {
  readonly front: S;
  readonly back: S;
  /** What the two had unread. */
  readonly frontUnread: readonly Message[];
  readonly backUnread: readonly Message[];
  readonly statistics: Float64Array;
  /** Takes a copy of each message. */
  readonly capture: ((message: Message) => void) | undefined;
  ended(error: unknown): void;
}

export interface MovedLoop {
  pause(): void;
  resume(): void;
  stop(): void;
}

/** Handed to an I/O thread, which knows no patterns itself. */
export interface ProxyMaker<S extends MovedSocket = MovedSocket> {
  /** `drops`: counts what is dropped, by reason. */
  socket(type: SocketTypeName, options: OptionValues, drops: Float64Array): S;
  /** Begins to forward. */
  loop(parts: MovedLoopParts<S>): MovedLoop;
}
