/**
 * The types of `zmq-ts/browser`: those of browser.ts, without what its sockets lack. No JavaScript comes of this file.
 * The classes are the same everywhere, and so are their types; here they are seen as a page has them.
 */

import type { GSSAPI_OPTIONS } from "./base/options/gssapi.ts";
import type { PROCESS_OPTIONS } from "./base/options/process.ts";
import type { SERVER_OPTIONS } from "./base/options/server.ts";
import type { TRANSPORT_OPTIONS } from "./base/options/transports.ts";
import type { WEBSOCKET_OPTIONS } from "./base/options/websocket.ts";
import type { SocketTypeName } from "./base/socket-types.ts";
import type * as page from "./browser.ts";
import type { ContextHandle } from "./core/platform.ts";
import type { ContextOptions } from "./socket/context.ts";
import type { Socket } from "./socket/socket.ts";
import type * as sockets from "./socket/sockets.ts";

/** Not in a page: options of tcp, ipc, multicast, servers and GSSAPI, messages by structured clone, and ports to bind. */
type Absent =
  | keyof typeof TRANSPORT_OPTIONS
  | keyof typeof WEBSOCKET_OPTIONS
  | keyof typeof GSSAPI_OPTIONS
  | keyof typeof SERVER_OPTIONS
  | "sendObject"
  | "receiveObject"
  | "bindRandomPort";

/** A socket as a page has it; what is absent is `never`. It may be passed to all that takes a `Socket`. */
type InPage<S extends Socket> = S & { readonly [Name in Absent]: never } & { readonly context: Context };

/** A class of such sockets. */
type ClassInPage<S extends Socket, T extends SocketTypeName> = new (
  options?: Omit<sockets.Options<T>, Absent>,
) => InPage<S>;

export * from "./browser.ts";
export * as default from "./browser-types.ts";

/** Sockets of one context share its inproc names and its limits. */
export declare const Context: {
  new (options?: Omit<ContextOptions, keyof typeof PROCESS_OPTIONS>): Context;
  /**
   * The context that another thread's `context.handle` is of: sockets of both meet at its inproc names, and its options
   * are shared. It is there once `zmq-ts/browser/threads` is imported. Throws EINVAL for what is no handle, ENOTSUP where
   * threads share no memory.
   */
  readonly from: (handle: ContextHandle) => Context;
};
export type Context = page.Context & { readonly [Name in keyof typeof PROCESS_OPTIONS]: never };

/** The global context, which sockets use when they are given none. */
export declare const context: Context;

/** Exactly one peer, both ways. */
export declare const Pair: ClassInPage<sockets.Pair, "PAIR">;
export type Pair = InPage<sockets.Pair>;

/** Sends each message to all subscribers of its topic. Slow subscribers miss messages. */
export declare const Publisher: ClassInPage<sockets.Publisher, "PUB">;
export type Publisher = InPage<sockets.Publisher>;

/** Receives published messages of the topics it subscribes to. */
export declare const Subscriber: ClassInPage<sockets.Subscriber, "SUB">;
export type Subscriber = InPage<sockets.Subscriber>;

/** Sends a request and receives its reply, in turn. */
export declare const Request: ClassInPage<sockets.Request, "REQ">;
export type Request = InPage<sockets.Request>;

/** Receives a request and sends its reply, in turn. */
export declare const Reply: ClassInPage<sockets.Reply, "REP">;
export type Reply = InPage<sockets.Reply>;

/** Distributes messages over its peers and receives from all of them; like REQ, but without taking turns. */
export declare const Dealer: ClassInPage<sockets.Dealer, "DEALER">;
export type Dealer = InPage<sockets.Dealer>;

/** Receives from all peers, with the peer's routing id as first frame, and sends to the peer named in the first frame. */
export declare const Router: ClassInPage<sockets.Router, "ROUTER">;
export type Router = InPage<sockets.Router>;

/** Receives from all its peers in turn. */
export declare const Pull: ClassInPage<sockets.Pull, "PULL">;
export type Pull = InPage<sockets.Pull>;

/** Distributes messages over its peers in turn. */
export declare const Push: ClassInPage<sockets.Push, "PUSH">;
export type Push = InPage<sockets.Push>;

/** A publisher that receives its subscribers' subscriptions: `01` or `00` and the topic. */
export declare const XPublisher: ClassInPage<sockets.XPublisher, "XPUB">;
export type XPublisher = InPage<sockets.XPublisher>;

/** A subscriber that subscribes by sending `01` or `00` and the topic. */
export declare const XSubscriber: ClassInPage<sockets.XSubscriber, "XSUB">;
export type XSubscriber = InPage<sockets.XSubscriber>;

export { Dealer as XRequest, Router as XReply };
