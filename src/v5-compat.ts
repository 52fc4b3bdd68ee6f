/**
 * Entry for programs written for zeromq.js 5: its API over today's sockets, as
 * zeromq.js 6 offers it under the same name. In Node, Bun and Deno.
 */

import { context, curveKeyPair, version as libzmqVersion, type MessageLike } from "./index.ts";
import { shortOptions } from "./v5-compat/options.ts";
import { Socket, type SocketType } from "./v5-compat/socket.ts";

/** Limits of the global context. */
export class Context {
  /** Throws: there is one context. */
  constructor() {
    throw new Error("Context cannot be instantiated in compatibility mode");
  }
  static setMaxThreads(value: number): void {
    context.ioThreads = value;
  }
  /** 1 by default, as in version 5: the program's own thread then does the work of that one. */
  static getMaxThreads(): number {
    return context.ioThreads || 1;
  }
  static setMaxSockets(value: number): void {
    context.maxSockets = value;
  }
  static getMaxSockets(): number {
    return context.maxSockets;
  }
}

/** Opens a socket and assigns `options` to its properties. */
export function createSocket(type: SocketType, options: Readonly<Record<string, unknown>> = {}): Socket {
  return Object.assign(new Socket(type), options);
}

/** A new random key pair for CURVE, each key in Z85. */
export function curveKeypair(): { public: string; secret: string } {
  const { publicKey, secretKey } = curveKeyPair();
  return { public: publicKey, secret: secretKey };
}

/**
 * Forwards all messages between two sockets, and what comes from the back end
 * also to `capture`, without the envelope if there is one. Throws for types that
 * cannot be joined.
 */
export function proxy(frontend: Socket, backend: Socket, capture?: Socket): void {
  const types = `${frontend.type}/${backend.type}`;
  const envelope = ENVELOPES[types];
  if (envelope === undefined) throw new Error("This socket type order is not supported in compatibility mode");
  frontend.on("message", (...frames: MessageLike[]) => backend.send(frames));
  backend.on("message", (...frames: MessageLike[]) => {
    frontend.send(frames);
    capture?.send(frames.slice(envelope));
  });
}

/** What `proxy` joins, and how many frames of a reply are its envelope. */
const ENVELOPES: Readonly<Record<string, number>> = {
  "push/pull": 0,
  "pull/push": 0,
  "xpub/xsub": 0,
  "router/dealer": 2,
  "xrep/xreq": 2,
};

/** The libzmq whose behaviour this library has. */
export const version: string = libzmqVersion;

export * from "./v5-compat/constants.ts";
export * as default from "./v5-compat.ts";
export { createSocket as socket, Socket, type SocketType, shortOptions as options };
