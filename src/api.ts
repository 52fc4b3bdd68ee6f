/**
 * The one list of public names; what is not here is internal. Entries add
 * `Context` and `context`, which know their platform.
 */

export { type ErrorCode, ZmqError } from "./base/errors.ts";
export type { ContextOptions } from "./socket/context.ts";
export type { ConnectOptions } from "./socket/endpoints.ts";
export type { MessageLike } from "./socket/frames.ts";
export { type Event, type EventOfType, type EventType, Observer } from "./socket/observer.ts";
export type { PeerInfo } from "./socket/peers.ts";
export { type Received, Socket, type WaitOptions } from "./socket/socket.ts";
export {
  Dealer,
  type Message,
  Pair,
  Publisher,
  Pull,
  Push,
  type Readable,
  Reply,
  Request,
  Router,
  Stream,
  Subscriber,
  type Writable,
  XPublisher,
  XSubscriber,
} from "./socket/sockets.ts";
