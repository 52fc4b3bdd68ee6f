/**
 * A `Link` over a connected `net.Socket`; tcp, ipc and whatever else speaks
 * through a Node stream share it. It makes no connection and knows no ZMTP.
 *
 * The socket is unref'ed: `Clock.ref` decides how long the process lives.
 * Only bytes that the kernel has not taken hold it too, as libuv will have it.
 *
 * Ten thousand idle links must be cheap, so that the listeners are shared
 * functions which find their link through a symbol on the socket. An idle
 * accepted tcp link takes 1.4 KB of heap (a bare socket 0.9 KB), an ipc link
 * 1.0 KB, and either some 2.8 KB resident in all.
 *
 * Bytes are read into the thread's shared buffer, see `shared-reads.ts`, and by
 * 'data' events where that cannot be. Larger reads, of 256 KiB, gain nothing:
 * 2.5-2.6 GB/s against 2.4 GB/s, which is within the spread.
 */

import type { Socket } from "node:net";
import type { Clock, Timer } from "../../base/clock.ts";
import { ZmqError } from "../../base/errors.ts";
import type { Link, LinkHandler } from "../../base/link.ts";
import { readNextInto, shareReads } from "./shared-reads.ts";

/** How long a closing link reads on after its last byte, for the peer to see the end; then it closes anyway. */
const FAREWELL_MS = 250;
/** How long a closing link waits for bytes that the kernel refused: a peer that reads no more must not hold the process. */
const LAST_BYTES_MS = 1000;

const LINK = Symbol("link");
const NOTHING = new Uint8Array(0);
/** Stands in until the session sets its handler; no data flows before that. */
const NOBODY: LinkHandler = { data() {}, drained() {}, closed() {} };

type LinkSocket = Socket & { [LINK]: StreamLink };

/** The object behind a socket of Node, documented nowhere. */
type HandledSocket = Socket & { readonly _handle?: { readonly writeQueueSize?: unknown } | null };

/** How a link names its two ends; see `Link`. */
export interface LinkAddresses {
  readonly localAddress: string;
  readonly remoteAddress: string;
  readonly peerAddress: string;
}

/** Takes over a connected socket that is paused: from now on its events, its errors and its end belong to the link. */
export class StreamLink implements Link {
  readonly localAddress: string;
  readonly remoteAddress: string;
  readonly peerAddress: string;
  readonly #clock: Clock;
  readonly #socket: Socket;
  readonly #stallMs: number;
  /** Reads come by `onRead`, not by 'data'. */
  readonly #sharesReads: boolean;
  /** Where they go; absent: into what all share. */
  readonly #reads: Uint8Array | undefined;
  readonly #isLate: boolean;
  #handler = NOBODY;
  #closing = false;
  #refused = false;
  #stallTimer: Timer | undefined;
  /** Made at the first refused write, so that an idle link does not carry it. */
  #onceWritten: ((error?: Error | null) => void) | undefined;

  /**
   * `stallMs` > 0: the link breaks with ETIMEDOUT when refused bytes have not left after so many milliseconds. `isFresh`:
   * nothing was read from the socket yet. `reads`: what it is read into, in place of the buffer that all share.
   */
  constructor(
    clock: Clock,
    connected: Socket,
    addresses: LinkAddresses,
    stallMs = 0,
    isFresh = true,
    reads?: Uint8Array,
  ) {
    const reader = isFresh ? shareReads(connected, onRead, reads) : undefined;
    const socket = reader ?? connected;
    this.#clock = clock;
    this.#socket = socket;
    this.#sharesReads = reader !== undefined;
    this.#reads = reads;
    this.#isLate = "encrypted" in socket;
    this.#stallMs = stallMs;
    this.localAddress = addresses.localAddress;
    this.remoteAddress = addresses.remoteAddress;
    this.peerAddress = addresses.peerAddress;
    (socket as LinkSocket)[LINK] = this;
    socket.unref();
    if (socket.listenerCount("error") === 0) socket.on("error", onError);
    socket.on("end", onEnd);
    socket.on("close", onClose);
  }

  get handler(): LinkHandler {
    return this.#handler;
  }

  /** The first handler opens the flow: bytes and an end that came earlier have waited for it. */
  set handler(handler: LinkHandler) {
    const first = this.#handler === NOBODY;
    this.#handler = handler;
    if (!first) return;
    if (this.#socket.closed) process.nextTick(StreamLink.ended, this);
    else {
      if (!this.#sharesReads) this.#socket.on("data", onData);
      this.#socket.resume();
    }
  }

  /*
   * How to learn that a refused write has left: by 'drain', by a callback with
   * every write, or by an empty write with a callback behind a refused one.
   * 64 KiB writes to a reader process, medians of ten: 2.5, 2.6 and 2.5 GB/s;
   * 100-byte writes 756, 704 and 739 a millisecond: no difference beyond the
   * spread. The last needs no high-water mark, which only the creator of a
   * socket can set, and no closure in an idle link. A 100-byte ping-pong takes
   * 21.0 us through links and 20.6-21.4 us through bare sockets.
   */
  write(chunks: readonly Uint8Array[]): boolean {
    const socket = this.#socket;
    if (this.#closing || socket.destroyed) return false;
    if (this.#isLate) return this.#writeLate(chunks);
    if (chunks.length === 1) {
      socket.write(chunks[0]!);
    } else {
      socket.cork();
      for (let i = 0; i < chunks.length; i++) socket.write(chunks[i]!);
      socket.uncork();
    }
    // libuv tries each write at once; what the kernel took has left writableLength when write returns.
    if (socket.writableLength === 0) return true;
    if (!this.#refused) {
      this.#refused = true;
      this.#awaitWritten();
    }
    return false;
  }

  /** libuv counts its part as the kernel takes it; Node's own number falls only when a whole write has left. */
  get unsentBytes(): number {
    const queued = (this.#socket as HandledSocket)._handle?.writeQueueSize;
    return typeof queued === "number" ? queued : this.#socket.writableLength;
  }

  pause(): void {
    if (!this.#closing) this.#socket.pause();
  }

  resume(): void {
    if (!this.#closing) this.#socket.resume();
  }

  /**
   * Ends the connection behind the last byte, or after a moment when that one does not leave. The kernel answers unread bytes
   * with a reset, and a reset drops what the peer has not read yet; so the
   * link reads on, and drops the bytes, until the peer has closed too or a moment has
   * passed.
   */
  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    const socket = this.#socket;
    if (this.#handler === NOBODY && !this.#sharesReads) socket.on("data", onData);
    socket.resume();
    socket.end(StreamLink.#farewell.bind(undefined, this.#clock, socket));
    if (this.#refused) this.#clock.setTimer(() => socket.destroy(), LAST_BYTES_MS);
  }

  destroy(): void {
    this.#closing = true;
    this.#socket.destroy();
  }

  /** For the shared listeners. */
  static received(link: StreamLink, chunk: Uint8Array): void {
    if (!link.#closing) link.#handler.data(chunk);
  }

  /** For `onRead`, which brought `length` bytes. */
  static readNext(link: StreamLink, length: number): void {
    readNextInto(link.#closing ? undefined : link.#handler.room, link.#reads, length);
  }

  /** For the shared listeners. */
  static ended(link: StreamLink): void {
    link.#closing = true;
    const error = link.#socket.errored;
    if (error === null) link.#handler.closed();
    else link.#handler.closed(error);
  }

  static #farewell(clock: Clock, socket: Socket): void {
    if (!socket.destroyed) clock.setTimer(() => socket.destroy(), FAREWELL_MS);
  }

  /** TLS passes each write on in a later turn, and in Deno an empty write ends the connection: the last chunk has the callback. */
  #writeLate(chunks: readonly Uint8Array[]): boolean {
    const socket = this.#socket;
    const full = chunks.filter((chunk) => chunk.length > 0);
    const last = full.pop();
    if (last === undefined) return !this.#refused;
    socket.cork();
    for (const chunk of full) socket.write(chunk);
    socket.write(last, this.#whenWritten());
    socket.uncork();
    if (socket.writableLength === 0) return true;
    if (!this.#refused) {
      this.#refused = true;
      this.#awaitWritten();
    }
    return false;
  }

  #awaitWritten(): void {
    if (this.#stallMs > 0) this.#stallTimer = this.#clock.setTimer(() => this.#stalled(), this.#stallMs);
    if (!this.#isLate) this.#socket.write(NOTHING, this.#whenWritten());
  }

  #whenWritten(): (error?: Error | null) => void {
    this.#onceWritten ??= (error) => {
      if (this.#stallTimer !== undefined) this.#clock.clearTimer(this.#stallTimer);
      if (error || this.#closing || !this.#refused) return;
      if (this.#socket.writableLength > 0) {
        this.#awaitWritten();
        return;
      }
      this.#refused = false;
      this.#handler.drained();
    };
    return this.#onceWritten;
  }

  #stalled(): void {
    this.#socket.destroy(new ZmqError("ETIMEDOUT", { detail: `sent bytes have not left within ${this.#stallMs} ms` }));
  }
}

function onRead(this: Socket, length: number, buffer: Uint8Array): boolean {
  const link = (this as LinkSocket)[LINK];
  StreamLink.received(link, buffer.subarray(0, length));
  StreamLink.readNext(link, length);
  // A resume takes effect a tick later, and would undo a pause that came between.
  return !this.isPaused();
}

function onData(this: Socket, chunk: Uint8Array): void {
  StreamLink.received((this as LinkSocket)[LINK], chunk);
}

/** ZeroMQ has no half-close: a peer that ends its side is gone, and bytes that wait for it are not sent. */
function onEnd(this: Socket): void {
  this.destroy();
}

/** The error waits in `socket.errored` for 'close', which always follows. */
function onError(): void {}

function onClose(this: Socket): void {
  StreamLink.ended((this as LinkSocket)[LINK]);
}
