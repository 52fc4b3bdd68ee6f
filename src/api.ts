/**
 * The one list of public names; what is not here is internal. Entries add
 * `Context` and `context`, which know their platform.
 */

export { type ErrorCode, ZmqError } from "./base/errors.ts";
export type { WebServer, WebSocketAccept, WebSocketRequest } from "./base/options/websocket.ts";
export { decodeZ85, encodeZ85 } from "./base/z85.ts";
export type {
  ConnectOptions,
  ConnectOptions as RouterConnectOptions,
  ConnectOptions as StreamConnectOptions,
} from "./core/endpoints.ts";
export type { ContextHandle } from "./core/platform.ts";
export { type PollEvents, Poller, type PollResult } from "./device/poller.ts";
export { Proxy, type ProxyOptions, type ProxyStatistics, type ProxyTraffic } from "./device/proxy.ts";
export type { CurveKeyPair } from "./security/keys.ts";
export type { BatchOptions, WaitOptions } from "./socket/arguments.ts";
export type { ContextOptions } from "./socket/context.ts";
export { curveKeyPair, curvePublicKey } from "./socket/curve-keys.ts";
export type {
  AuthError,
  DropEvent,
  ErrnoError,
  Event,
  EventAddress,
  EventError,
  EventFor,
  EventInterval,
  EventOfType,
  EventRemoteAddress,
  EventSubscriber,
  EventType,
  LossEvent,
  ProtoError,
} from "./socket/event-types.ts";
export type { MessageLike } from "./socket/frames.ts";
export type { RequestOptions } from "./socket/lazy-pirate.ts";
export type { Received } from "./socket/messages.ts";
export { Observer } from "./socket/observer.ts";
export type {
  Expand,
  IfEquals,
  Options,
  ReadableKeys,
  WritableKeys,
} from "./socket/option-types.ts";
export type { PeerInfo } from "./socket/peer-info.ts";
export { Socket, type SocketOptions } from "./socket/socket.ts";
export { SocketType } from "./socket/socket-type.ts";
export {
  Dealer,
  Dealer as XRequest,
  type Message,
  Pair,
  Publisher,
  Pull,
  Push,
  type Readable,
  Reply,
  Request,
  Router,
  Router as XReply,
  Subscriber,
  type Writable,
  XPublisher,
  XSubscriber,
} from "./socket/sockets.ts";
export { version } from "./version.ts";
