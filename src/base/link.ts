/**
 * What a transport must offer: a `Link` is one established connection that
 * carries bytes, a `Listener` is one bound endpoint, a `Transport` makes both.
 * A session never learns which transport it runs on.
 */

import type { Endpoint } from "./endpoint-grammar.ts";
import { ZmqError } from "./errors.ts";
import type { OptionValues } from "./options.ts";
import type { Protocol } from "./protocol.ts";

/** One connection. Its handler is set by the session, in the same turn in which the link appears. */
export interface Link {
  /** For events and peers: `tcp://127.0.0.1:5555`, `ipc:///tmp/x`. */
  readonly localAddress: string;
  readonly remoteAddress: string;
  /** What ZAP and the `Peer-Address` property call this peer: the IP as text without port, or empty. */
  readonly peerAddress: string;
  /** What is spoken over it; absent: ZMTP, over a stream of bytes. */
  readonly protocol?: Protocol;
  handler: LinkHandler;
  /**
   * Hands over bytes in order. Returns true when all of them have left, so that
   * their memory may be used again at once; false when the link keeps them: then
   * `drained` follows, and until it does the caller should write no more.
   */
  write(chunks: readonly Uint8Array[]): boolean;
  /** `write` copies: memory is the caller's again also when it returned false. */
  readonly copies?: boolean;
  /** What is written first in a turn had better leave at once, for the end of the turn is far; what follows is gathered. */
  readonly isPrompt?: boolean;
  /** Bytes that `write` kept and that have not left; as they leave it falls, as often as the platform tells. */
  readonly unsentBytes: number;
  /** Stops and restarts `data`. A chunk or two may still arrive after `pause`. */
  pause(): void;
  resume(): void;
  /** Closes once what was written has left, or a moment later when the peer does not take it. `closed` follows. */
  close(): void;
  /** Closes now and drops what has not left. `closed` follows. */
  destroy(): void;
}

export interface LinkHandler {
  /** Bytes from the peer, valid during the call only: the link uses their memory again, unless it is that of `room`. */
  data(chunk: Uint8Array): void;
  /**
   * Where the next bytes belong, as far as that is known: the rest of a large frame. The link may ask after each `data`,
   * and read right into this memory; the next `data` then brings a view of its beginning.
   */
  readonly room?: Uint8Array | undefined;
  /** All that was written has left. */
  drained(): void;
  /** The connection is over, once and last. `error` when it broke. */
  closed(error?: Error): void;
}

/** The peer was reached, but a handshake of the transport itself failed: that of WebSocket, or TLS. */
export class LinkHandshakeError extends ZmqError {}

export interface Listener {
  /** The resolved endpoint, for LAST_ENDPOINT: ephemeral ports and wildcards filled in. */
  readonly address: string;
  /** Frees the address at once. Links that were accepted live on. */
  close(): void;
}

export interface ListenHandler {
  accepted(link: Link): void;
  /** Accepting failed (for example EMFILE); the listener stays. */
  failed(error: Error): void;
}

/** A transport as far as a side that connects needs it. */
export type DialedTransport = Omit<Transport, "listen" | "listenSync">;

/** A transport that carries bytes. inproc is not one: it crosses two pipes. */
export interface Transport {
  readonly scheme: string;
  /** Throws a ZmqError for what no attempt to connect can overcome: a name or an option that this platform does not have. */
  checkConnect?(to: Endpoint, options: OptionValues): void;
  /** Rejects with a ZmqError, a LinkHandshakeError among them, or a platform error that has a `code`; when `signal` fires, with its reason. */
  connect(to: Endpoint, options: OptionValues, signal: AbortSignal): Promise<Link>;
  /** Rejects with a ZmqError: EADDRINUSE, EADDRNOTAVAIL, ENODEV, ENAMETOOLONG, EACCES, … */
  listen(on: Endpoint, options: OptionValues, handler: ListenHandler): Promise<Listener>;
  /** As `listen`, without waiting; throws. Absent where the platform cannot. */
  listenSync?(on: Endpoint, options: OptionValues, handler: ListenHandler): Listener;
}
