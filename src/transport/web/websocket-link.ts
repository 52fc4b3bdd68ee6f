/**
 * A `Link` over the open `WebSocket` of a browser. As a stream it carries ZMTP's bytes in messages whose borders mean
 * nothing: a batch is one message, because each message costs the browser some 30 us. Otherwise each chunk is one
 * message, and ZWS is spoken.
 *
 * A browser cannot be told to stop reading, and neither says when sent bytes have left. So bytes that nobody reads are
 * kept up to a bound, and `bufferedAmount` is looked at until it is small again.
 */

import type { Clock } from "../../base/clock.ts";
import { ZmqError } from "../../base/errors.ts";
import type { Link, LinkHandler } from "../../base/link.ts";
import type { Protocol } from "../../base/protocol.ts";
import { BARE, STREAM } from "../../wire/subprotocols.ts";
import { type MessageWire, zws } from "../../wire/zws.ts";

/**
 * Beyond so many bytes in the browser's hands a write is refused. Browsers look at nested timers each 4 ms only, and what is left
 * when writes are refused must last until then: with a quarter of it a page sent half as much (bench/browser.ts).
 */
const MOST_UNSENT_BYTES = 1_048_576;
/** One message of the stream holds so many bytes at most, unless one chunk has more: Chromium cuts at 131,000. */
const PACKED_BYTES = 122_880;
/** Beyond so many bytes that nobody reads the connection ends. */
const MOST_UNREAD_BYTES = 67_108_864;
/** libzmq stalls for good when a message comes in pieces, as Chromium sends longer ones. */
const MOST_BARE_BYTES = 65_536;
/** What a chunk takes beside its bytes, about: many empty ones count too. */
const UNREAD_CHUNK_BYTES = 200;
const POLL_MS = 1;
/** `WebSocket.OPEN`. */
const OPEN = 1;
const NORMAL_CLOSURE = 1000;
/** A page may close with 1000 or 3000 and above only; 4002 is our word for a broken protocol. */
const BROKEN = 4002;
const GOOD_CODES = [NORMAL_CLOSURE, 1001, 1005];

const NOBODY: LinkHandler = { data() {}, drained() {}, closed() {} };

export class WebSocketLink implements Link, MessageWire {
  readonly localAddress = "";
  readonly remoteAddress: string;
  readonly peerAddress = "";
  readonly protocol?: Protocol;
  /** `send` copies. */
  readonly copies = true;
  /** A task behind this one comes some 50 us later: a request that waits for it costs a round trip a fifth more. */
  readonly isPrompt = true;
  maxMessageBytes = Number.POSITIVE_INFINITY;
  readonly maxSentBytes?: number;
  readonly #socket: WebSocket;
  readonly #clock: Clock;
  readonly #isStream: boolean;
  #handler = NOBODY;
  /** What came while nobody listened or reading was paused. */
  #unread: Uint8Array[] = [];
  #unreadBytes = 0;
  #isPaused = true;
  /** `closing`: we ended it. `ended`: the socket is closed, and what is unread comes before `closed`. */
  #life: "open" | "closing" | "ended" | "over" = "open";
  #error: Error | undefined = undefined;
  #isPolling = false;

  constructor(socket: WebSocket, clock: Clock, address: string) {
    this.#socket = socket;
    this.#clock = clock;
    this.remoteAddress = address;
    this.#isStream = socket.protocol === STREAM;
    if (socket.protocol === BARE) this.maxSentBytes = MOST_BARE_BYTES;
    if (!this.#isStream) this.protocol = zws(socket.protocol, this, "client");
    socket.onmessage = ({ data }: { readonly data: unknown }) => this.#received(data);
    socket.onclose = ({ code, reason }) => this.#closed(code, reason);
  }

  get handler(): LinkHandler {
    return this.#handler;
  }

  set handler(handler: LinkHandler) {
    const isFirst = this.#handler === NOBODY;
    this.#handler = handler;
    if (isFirst) this.resume();
  }

  /** `send` copies, so that the memory is free again whatever the answer is. */
  write(chunks: readonly Uint8Array[]): boolean {
    if (this.#life !== "open") return false;
    if (this.#isStream) this.#sendPacked(chunks);
    else for (const chunk of chunks) this.#socket.send(asSent(chunk));
    if (this.#socket.bufferedAmount <= MOST_UNSENT_BYTES) return true;
    this.#poll();
    return false;
  }

  get unsentBytes(): number {
    return this.#socket.readyState === OPEN ? this.#socket.bufferedAmount : 0;
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    if (this.#unread.length > 0 || this.#life === "ended") this.#clock.defer(() => this.#deliver());
  }

  /** The browser sends what it has before it closes. */
  close(): void {
    this.#end(NORMAL_CLOSURE);
  }

  destroy(): void {
    this.#unread = [];
    this.#unreadBytes = 0;
    this.#end(NORMAL_CLOSURE);
    this.#clock.defer(() => this.#over());
  }

  /** A page has no PING of its own; the stream has that of ZMTP. */
  ping(): void {}

  #end(code: number): void {
    if (this.#life !== "open") return;
    this.#life = "closing";
    this.#socket.close(code);
  }

  #sendPacked(chunks: readonly Uint8Array[]): void {
    let from = 0;
    while (from < chunks.length) {
      let bytes = 0;
      let to = from;
      for (; to < chunks.length; to++) {
        const next = (chunks[to] as Uint8Array).length;
        if (to > from && bytes + next > PACKED_BYTES) break;
        bytes += next;
      }
      this.#socket.send(to - from === 1 ? asSent(chunks[from] as Uint8Array) : joined(chunks, from, to, bytes));
      from = to;
    }
  }

  #received(data: unknown): void {
    if (this.#life !== "open") return;
    if (!(data instanceof ArrayBuffer)) {
      this.#break(new ZmqError("EPROTO", { detail: "a WebSocket message of text, expected a binary one" }));
      return;
    }
    if (!this.#isStream && data.byteLength > this.maxMessageBytes) {
      const detail = `a WebSocket message of ${data.byteLength} octets, expected ${this.maxMessageBytes} at most`;
      this.#break(new ZmqError("EMSGSIZE", { detail }));
      return;
    }
    const chunk = new Uint8Array(data);
    if (!this.#isPaused && this.#unread.length === 0) {
      this.#handler.data(chunk);
      return;
    }
    this.#unread.push(chunk);
    this.#unreadBytes += chunk.length + UNREAD_CHUNK_BYTES;
    if (this.#unreadBytes > MOST_UNREAD_BYTES) {
      const detail = `more than ${MOST_UNREAD_BYTES} octets came that the page did not read, and a browser cannot stop reading`;
      this.#break(new ZmqError("EMSGSIZE", { detail }));
    }
  }

  #deliver(): void {
    while (!this.#isPaused && this.#life !== "over") {
      const chunk = this.#unread.shift();
      if (chunk === undefined) break;
      this.#unreadBytes -= chunk.length + UNREAD_CHUNK_BYTES;
      this.#handler.data(chunk);
    }
    if (this.#life === "ended") this.#deliverRest();
  }

  /** The peer broke a rule, or a limit was met: the connection ends, and its error is told. */
  #break(error: Error): void {
    if (this.#life !== "open") return;
    this.#error = error;
    this.#end(BROKEN);
    this.#clock.defer(() => this.#over());
  }

  #closed(code: number, reason: string): void {
    if (this.#life === "over") return;
    if (this.#life === "open" && !GOOD_CODES.includes(code)) {
      const detail = `the WebSocket closed with ${code}${reason === "" ? "" : `, ${reason}`}`;
      this.#error = new ZmqError("ECONNRESET", { detail });
    }
    this.#life = "ended";
    if (this.#handler !== NOBODY) this.#deliverRest();
  }

  /** All that came before the end is the session's, paused or not. */
  #deliverRest(): void {
    for (const chunk of this.#unread.splice(0)) if (this.#life === "ended") this.#handler.data(chunk);
    this.#over();
  }

  #over(): void {
    if (this.#life === "over") return;
    this.#life = "over";
    this.#unread = [];
    if (this.#error === undefined) this.#handler.closed();
    else this.#handler.closed(this.#error);
  }

  /** Until the browser has little left: first in the next task, then each millisecond. It is silent about a closed socket. */
  #poll(): void {
    if (this.#isPolling) return;
    this.#isPolling = true;
    this.#clock.yield(this.#look);
  }

  readonly #look = (): void => {
    if (this.#socket.readyState !== OPEN || this.#life !== "open") {
      this.#isPolling = false;
    } else if (this.#socket.bufferedAmount > MOST_UNSENT_BYTES / 2) {
      this.#clock.setTimer(this.#look, POLL_MS);
    } else {
      this.#isPolling = false;
      this.#handler.drained();
    }
  };
}

/** `send` takes no view of shared memory; nothing that is encoded is one. */
function asSent(chunk: Uint8Array): Uint8Array<ArrayBuffer> {
  return chunk.buffer instanceof ArrayBuffer ? (chunk as Uint8Array<ArrayBuffer>) : Uint8Array.from(chunk);
}

function joined(chunks: readonly Uint8Array[], from: number, to: number, bytes: number): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(bytes);
  let at = 0;
  for (let i = from; i < to; i++) {
    const chunk = chunks[i] as Uint8Array;
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
