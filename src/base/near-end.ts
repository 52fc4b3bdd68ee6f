/**
 * The near end of a pipe: what a socket holds of one peer, and all that a
 * pattern knows of it. What happens to a pipe is told to its owner, the socket.
 *
 * | call           | what it does                                                | what the owner hears of it                 |
 * |----------------|-------------------------------------------------------------|--------------------------------------------|
 * | `write`        | passes the message to the outlet, or queues it              | false: `writable`, when there is room      |
 * | `writeControl` | as `write`, whatever the high-water mark                    | nothing; without a link it is dropped      |
 * | `read`         | returns the oldest unread message                           | undefined: `readable`, when there is one   |
 * | `readRun`      | as `read`, for several, which may meet no queue             | the same, when nothing came                |
 * | `pauseReading` | counts the inbound queue as full while paused               | nothing                                    |
 * | `close`        | takes no further message; queued ones leave while it lingers | `ended`                                    |
 * | `refuse`       | as `close` without a linger period, for the peer's mistake  | `ended`                                    |
 * | `renew`        | withdraws what is queued; the connection ends               | `disconnected` and `connected`, or `ended` |
 * | `dropQueued`   | drops what is queued                                        | `discarded`, for each message              |
 *
 * The owner hears `opened` once and first, then `connected` and `disconnected`
 * in turn, `ended` once and last. Any of them, and `readable`, `writable` and
 * `control`, may come within a call to this pipe or another.
 */

import type { DepartedBacklog } from "./departed-backlog.ts";
import type { ZmqError } from "./errors.ts";
import type { Control, Message, Properties, SharedMessage } from "./message.ts";

/** The state of a pipe, as its socket sees it. */
export interface PipeState {
  /** The endpoint this pipe came from, as the user wrote it or as it was bound. */
  readonly endpoint: string;
  /** True when this side connected, false when it accepted. */
  readonly dialed: boolean;
  /** The peer's own address, from its link: `tcp://127.0.0.1:40312`; empty without one. */
  readonly remoteAddress: string;
  /** Handshake metadata, `Peer-Address`, `User-Id`; empty until connected. A map of its own for each connection. */
  readonly peer: Properties;
  /** The id by which a ROUTER, STREAM, SERVER or PEER addresses this peer. Users get copies of it. */
  readonly routingId: Uint8Array | undefined;
  /** True from `connected` until the link is lost; a dialed pipe then waits for the next link. */
  readonly isConnected: boolean;
  /** No further writes: the far side is gone or this side closed. */
  readonly isClosed: boolean;
  /** The peer is a socket of this process, with no wire between: inproc. */
  readonly isCrossed: boolean;
  /** Something waits to leave. */
  readonly hasQueued: boolean;
  /** Messages waiting to leave, and to be read. */
  readonly outboundLength: number;
  /** As `outboundLength`, with what is on its way through another thread. */
  readonly unsentLength: number;
  readonly inboundLength: number;
  /** Messages written and read; bytes on the wire, those of the handshake apart. */
  readonly messagesSent: number;
  readonly messagesReceived: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
}

/** The end that a pattern has. */
export interface NearEnd extends PipeState {
  /** False when at the high-water mark (nothing was taken; the owner hears `writable` later) or closed. */
  write(message: Message): boolean;
  /**
   * As `write`, for an array that goes to other pipes too: an inproc peer, which
   * gets the array itself, gets a copy of it. The frames are shared.
   */
  writeShared(message: SharedMessage): boolean;
  /** Puts the first messages of a connection ahead of all queued ones, whatever the mark says. */
  writeFirst(messages: readonly Message[]): void;
  /**
   * Sends a subscription change, in order with the messages; no high-water mark
   * refuses it. Without a link it is dropped: a pattern sends all of its
   * subscriptions again in `connected`.
   */
  writeControl(control: Control): void;
  /** Somebody waits for what was written: it leaves now, and not at the end of the turn, unless there is more to read that may be answered with it. */
  expedite(): void;
  /** Whether `write` would take a message now. When at the mark, `writable` follows as after a refused `write`. */
  readonly canWrite: boolean;

  /** The next message, or undefined: empty for now. */
  read(): Message | undefined;
  /** Adds to `into` what follows in the pipe, `max` at most; it may be less though more is there, but nothing only when `read` returns nothing. */
  readRun(into: Message[], max: number): void;
  /** As `read`, but further messages come in only within `endRead`, which must follow: behind the caller's work on this one. */
  beginRead(): Message | undefined;
  endRead(): void;
  readonly canRead: boolean;
  /** What was read last was for nobody. */
  wasted(): void;
  /** Puts a message made by this side behind the unread ones, whatever the mark says. */
  inject(message: Message): void;
  /** Pauses the far side, as if the inbound queue were full, or lets it continue. */
  pauseReading(isPaused: boolean): void;

  /** Closes this side; queued messages leave within the linger period, -1 for no limit, or are dropped. Idempotent. */
  close(lingerMs?: number): void;
  /** The peer went beyond a limit that the pattern knows: its connection ends now, as after a broken protocol. */
  refuse(error: ZmqError): void;
  /**
   * Withdraws what is queued and ends the connection, so that nothing that was asked on it is answered any more. A
   * dialed pipe gets another connection at once; an accepted one ends, and its peer may come again.
   */
  renew(): void;
  /** Drops queued messages: they were for the lost connection, and are of no use on the next one. The owner counts them. */
  dropQueued(): void;

  /** Gives the peer the id by which this socket addresses it. For `pattern/`, which keeps ids apart. */
  assignRoutingId(id: Uint8Array): void;
  /** The pattern holds this pipe, to read it empty, also when the peer is gone. */
  readonly isQueued: boolean;
  /** For the queues of `pattern/`. A flag and not a set of theirs: it is asked for each message that is read at once. */
  setQueued(isQueued: boolean): void;
}

/** The near end with the calls of the socket that made the pipe. */
export interface OwnedPipe extends NearEnd {
  /** Changes the limits of both queues at once. */
  resize(sendHighWaterMark: number, receiveHighWaterMark: number): void;
  /** The peer is gone: unread messages are counted there until they are read. */
  leaveTo(backlog: DepartedBacklog): void;
}

/** The socket, or a stand-in: it is told of the events of its pipes. */
export interface PipeOwner {
  /** The far side is about to begin: the pattern gets the pipe now. Throws EINVAL when another peer has its routing id. */
  opened?(pipe: OwnedPipe): void;
  /** The inbound queue was empty and is not any more. */
  readable(pipe: OwnedPipe): void;
  /** The outbound queue was full and has room again. */
  writable(pipe: OwnedPipe): void;
  /** The far side is there; called again after each reconnection. */
  connected(pipe: OwnedPipe): void;
  /** A dialed pipe lost its link; its queues stay for the next one. */
  disconnected(pipe: OwnedPipe): void;
  /** The peer changed its subscriptions. */
  control(pipe: OwnedPipe, control: Control): void;
  /** The far side is gone for good. Unread messages stay readable. */
  ended(pipe: OwnedPipe): void;
  /** A message that was queued for a peer that is gone for good was dropped. */
  discarded?(pipe: OwnedPipe, message: Message, reason?: "tooLong"): void;
  /** All that was written has left for the kernel or the inproc peer. */
  idle?(pipe: OwnedPipe): void;
}
