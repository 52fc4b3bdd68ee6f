/**
 * The far end of a pipe: what brings messages from a peer and takes them to it
 * holds this, and hands the pipe an `Outlet` in return. A session over a link
 * does, and the other half of an inproc pair. None of them knows what the
 * pattern does with a message.
 *
 * The life of a far end, in the order of calls:
 *
 * | call                    | when                                                     | what follows                              |
 * |-------------------------|----------------------------------------------------------|-------------------------------------------|
 * | `open`                  | once, before all others                                  | the pattern may write; it queues          |
 * | `attach(outlet)`        | the peer is ready; again after each `detach`             | what is written is offered to the outlet  |
 * | `connect(peer)`         | straight after it                                        | the pattern's first messages              |
 * | `pull`                  | until it returns undefined, when the peer takes messages | `write` of the outlet is asked again      |
 * | `deliver`               | while not `inboundFull`; then wait for `resume`          | the pattern may read within the call      |
 * | `signalRoom`            | the outlet, which does not queue, has room again         | a refused `write` is tried again          |
 * | `signalIdle`            | the last byte, or message, has left                      | the socket may be `drained`               |
 * | `closeWrites`           | the endpoint is closed                                   | what is queued may still be pulled        |
 * | `detach`                | the link is lost and another may follow                  | queues stay, subscription changes do not  |
 * | `end`                   | once; nothing may follow                                 | unread messages stay readable             |
 *
 * What the pipe asks of an outlet:
 *
 * | call                    | meaning                                                  | answer                                    |
 * |-------------------------|----------------------------------------------------------|-------------------------------------------|
 * | `write`, `writeControl` | take this now                                            | false: it waits in the pipe for `pull`    |
 * | `resume`                | the inbound queue was full and has room                  | `deliver`, at once or later               |
 * | `supply`                | the inbound queue was read empty while `isBehind`        | `append`, within the call                 |
 * | `supplyRun`             | many are read while the queue is empty and `isBehind`    | they are added to an array, in the call   |
 * | `close`                 | no more is written; pull the rest within the linger period | `end`, at once or later                 |
 * | `refuse`                | the peer broke a limit                                   | `end` or `detach`                         |
 * | `renew`                 | no answer is awaited on this connection any more         | `end`, or `detach` and another `attach`   |
 */

import type { ZmqError } from "./errors.ts";
import type { Control, Message, Properties, SharedMessage } from "./message.ts";

export interface FarEnd {
  /** Hands the pipe to its socket. Throws what the pattern throws: EINVAL for a routing id that another peer has. */
  open(): void;
  /** Joins an outlet. It pulls the queued messages by itself. */
  attach(outlet: Outlet): void;
  /** Tells the owner that the peer is there. `peer`: the properties from the handshake, a map of this connection's own. */
  connect(peer: Properties, remoteAddress?: string): void;
  /** The id by which the socket addresses the peer, where its pattern is on the far side. */
  assignRoutingId?(id: Uint8Array): void;
  /** The link is lost, another may follow: queues stay, controls do not, for they are sent again. */
  detach(): void;
  /** The far side is gone for good. Unsent messages are dropped, unread ones stay readable. */
  end(): void;
  /** The endpoint was closed: nothing more may be written. */
  closeWrites(): void;
  readonly isConnected: boolean;
  readonly isClosed: boolean;

  /** The next queued item for the wire, or undefined. */
  pull(): Message | Control | undefined;
  readonly hasQueued: boolean;
  /** Messages and controls that wait to leave. */
  readonly outboundLength: number;
  /** The high-water mark of the outbound queue, 0 for none. */
  readonly sendHighWaterMark: number;
  /** That of the inbound queue, 0 for none. */
  readonly receiveHighWaterMark: number;
  /** Tells the owner, if a `write` was refused, that there is room again. */
  signalRoom(): void;
  /** Tells the owner that all that was written has left. */
  signalIdle(): void;

  /** A message that was pulled, or taken by the outlet, will not be sent: the owner counts it, as `disconnected` when nothing else is said. */
  discard(message: Message, reason?: "tooLong"): void;

  /** Hands a message to the near side. Ask `inboundFull` first. */
  deliver(message: Message): void;
  /** As `deliver`, from within `supply`: the reader sees it by itself. */
  append(message: Message): void;
  deliverControl(control: Control): void;
  readonly inboundFull: boolean;
  /** There is something to read. */
  readonly canRead: boolean;
  /** So many were read: a far side that supplies sees by it whether somebody reads. */
  readonly messagesReceived: number;
  /** Only the newest message counts: all that arrives must be delivered at once. */
  readonly conflates: boolean;
  /** The far side holds more for the inbound queue, and supplies it as they are read. */
  readonly isBehind: boolean;
  setBehind(isBehind: boolean): void;

  /** Sets the limits of the two queues as they are. */
  limit(sendHighWaterMark: number, receiveHighWaterMark: number): void;
  /** Bytes that went, and came, over the wire, and messages that the pattern wrote and read on the far side: for users to see. */
  countSent(bytes: number, messages?: number): void;
  countReceived(bytes: number, messages?: number): void;
}

/** What an outlet to a connection in another thread knows beside. */
export interface RemoteOutlet {
  /** Messages that were taken and have not left. */
  readonly unsent: number;
  /** Messages that wait to be read there. */
  readonly unread?: number;
  /** Before somebody looks at the octets that went over the wire: counts them now. */
  countBytes(): void;
}

/** The far side, as the pipe sees it. */
export interface Outlet {
  /**
   * True: what `write` refuses may wait in the pipe, and what it takes is encoded within the call. False for inproc, whose
   * two queues are one, and which hands the array on; and while a ring and the pipe hold as much together as they may.
   */
  readonly queues: boolean;
  /** The peer is a socket of this process, with no wire between: inproc. */
  readonly isCrossing?: boolean;
  /**
   * Takes the message, or returns false: then the pipe queues it and the outlet calls `pull` when it can. Throws EMSGSIZE
   * for one that cannot be sent over its connection.
   */
  write(message: Message): boolean;
  /** As `write`, for a message that goes to other peers too, where something made of it may serve them all. Discards what cannot be sent. */
  writeShared?(message: SharedMessage): boolean;
  /** As `write`, for a subscription change. */
  writeControl(control: Control): boolean;
  /** What it took should leave now. Absent where it does so anyway, or cannot. */
  expedite?(): void;
  /** Whether `write` would take a message now. */
  readonly canWrite: boolean;
  /** The connection is in another thread. */
  readonly remote?: RemoteOutlet | undefined;
  /** Limits that are not those of this pipe's own queues alone: the outlet sets them. */
  resize?(sendHighWaterMark: number, receiveHighWaterMark: number): void;
  /** The inbound queue was full and has room again. */
  resume(): void;
  /** While the pipe is `isBehind`: its last message was read; the next ones, if there are any, should be supplied. */
  supply?(): void;
  /** As `supply`, with up to `max` messages, which go into `into` behind those that were there, and not through `append`. */
  supplyRun?(into: Message[], max: number): void;
  /** What was read last was for nobody: whoever counts what peers ask for without being heard counts it. */
  wasted?(): void;
  /** The near side gave up its request to this peer: the connection ends now, and another may follow at once. */
  renew?(): void;
  /** The near side found that the peer breaks a limit. Absent: as `close`. */
  refuse?(error: ZmqError): void;
  /** The near side closed the pipe. Queued messages may still be pulled for so many milliseconds; -1: without limit. */
  close(lingerMs: number): void;
}
