/**
 * A `Link` over the open `WebSocket` of a browser. As a stream it carries ZMTP's bytes in messages whose borders mean
 * nothing: a batch is one message, because each message costs the browser some 30 us. Otherwise each frame is a message
 * of bare ZWS.
 *
 * A browser cannot be told to stop reading, and neither says when sent bytes have left. So bytes that nobody reads are
 * kept up to a bound, and `bufferedAmount` is looked at until it is small again.
 */

import { concat } from "../../base/bytes.ts";
import type { Clock } from "../../base/clock.ts";
import { type ErrorCode, ZmqError } from "../../base/errors.ts";
import type { Link, LinkHandler } from "../../base/link.ts";
import type { Protocol } from "../../base/protocol.ts";
import { bareZws, Cutter, toFrame } from "../../wire/bare-zws.ts";
import { BARE } from "../../wire/subprotocols.ts";

/**
 * Beyond so many bytes in the browser's hands a write is refused. Browsers look at nested timers each 4 ms only, and what is left
 * when writes are refused must last until then: with a quarter of it a page sent half as much (bench/browser.ts).
 */
const MOST_UNSENT_BYTES = 1_048_576;
/** One message of the stream holds so many bytes at most, unless one chunk has more: Chromium cuts at 131,000. */
const PACKED_BYTES = 122_880;
/** Beyond so many bytes that nobody reads the connection ends. */
const MOST_UNREAD_BYTES = 67_108_864;
/** What a chunk takes beside its bytes, about: many empty ones count too. */
const UNREAD_CHUNK_BYTES = 200;
const POLL_MS = 1;
const NORMAL_CLOSURE = 1000;
/** A page may close with 1000 or 3000 and above only; 4002 is our word for a broken protocol. */
const BROKEN = 4002;
const GOOD_CODES = [NORMAL_CLOSURE, 1001, 1005];

/** `send` takes no view of shared memory. */
type Sent = Uint8Array<ArrayBuffer>;

export class WebSocketLink implements Link {
  readonly localAddress = "";
  readonly remoteAddress: string;
  readonly peerAddress = "";
  readonly protocol?: Protocol;
  /** `send` copies. */
  readonly copies = true;
  /** A task behind this one comes some 50 us later: a request that waits for it costs a round trip a fifth more. */
  readonly isPrompt = true;
  /** The session's comes before any message does. */
  handler: LinkHandler = { data() {}, drained() {}, closed() {} };
  readonly #socket: WebSocket;
  readonly #clock: Clock;
  /** Over bare ZWS. */
  readonly #cutter: Cutter | undefined = undefined;
  /** What came while reading was paused. */
  #unread: Uint8Array[] = [];
  #unreadBytes = 0;
  #isPaused = false;
  /** `closing`: we ended it, and hear no more of it than its end. */
  #life: "open" | "closing" | "over" = "open";

  constructor(socket: WebSocket, clock: Clock, address: string) {
    this.#socket = socket;
    this.#clock = clock;
    this.remoteAddress = address;
    if (socket.protocol === BARE) {
      this.protocol = bareZws;
      this.#cutter = new Cutter();
    }
    socket.onmessage = ({ data }: { readonly data: unknown }) => this.#received(data);
    socket.onclose = ({ code, reason }) => this.#closed(code, reason);
  }

  /** `send` copies, so that the memory is free again whatever the answer is. */
  write(chunks: readonly Uint8Array[]): boolean {
    const socket = this.#socket;
    if (this.#life !== "open") return false;
    for (const message of this.#cutter?.messages(chunks) ?? packed(chunks)) socket.send(message as Sent);
    if (socket.bufferedAmount <= MOST_UNSENT_BYTES) return true;
    this.#clock.yield(this.#look);
    return false;
  }

  get unsentBytes(): number {
    return this.#socket.bufferedAmount;
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    if (this.#unread.length > 0) this.#clock.defer(() => this.#deliver());
  }

  /** The browser sends what it has before it closes. */
  close(code = NORMAL_CLOSURE): void {
    if (this.#life !== "open") return;
    this.#life = "closing";
    this.#socket.close(code);
  }

  destroy(error?: Error): void {
    this.close(error && BROKEN);
    this.#clock.defer(() => this.#over(error));
  }

  #received(data: unknown): void {
    if (this.#life !== "open") return;
    if (!(data instanceof ArrayBuffer)) {
      this.#break("EPROTO", "a WebSocket message of text, expected a binary one");
      return;
    }
    const message = new Uint8Array(data);
    const chunk = this.#cutter ? toFrame(message) : message;
    if (!this.#isPaused && this.#unread.length === 0) {
      this.handler.data(chunk);
      return;
    }
    this.#unread.push(chunk);
    this.#unreadBytes += chunk.length + UNREAD_CHUNK_BYTES;
    if (this.#unreadBytes > MOST_UNREAD_BYTES) {
      this.#break(
        "EMSGSIZE",
        `more than ${MOST_UNREAD_BYTES} octets came that the page did not read, and a browser cannot stop reading`,
      );
    }
  }

  #deliver(): void {
    while (!this.#isPaused && this.#life !== "over") {
      const chunk = this.#unread.shift();
      if (chunk === undefined) break;
      this.#unreadBytes -= chunk.length + UNREAD_CHUNK_BYTES;
      this.handler.data(chunk);
    }
  }

  /** The peer broke a rule, or a limit was met: the connection ends, and its error is told. */
  #break(code: ErrorCode, detail: string): void {
    this.destroy(new ZmqError(code, { detail }));
  }

  #closed(code: number, reason: string): void {
    const isBroken = this.#life === "open" && !GOOD_CODES.includes(code);
    this.close();
    // All that came before the end is the session's, paused or not.
    for (const chunk of this.#unread.splice(0)) this.handler.data(chunk);
    const detail = `the WebSocket closed with ${code}${reason && `, ${reason}`}`;
    this.#over(isBroken ? new ZmqError("ECONNRESET", { detail }) : undefined);
  }

  #over(error?: Error): void {
    if (this.#life === "over") return;
    this.#life = "over";
    this.#unread = [];
    this.handler.closed(error);
  }

  /** Until the browser has little left: first in the next task, then each millisecond. It is silent about a closed socket. */
  readonly #look = (): void => {
    if (this.#life !== "open") return;
    if (this.#socket.bufferedAmount > MOST_UNSENT_BYTES / 2) this.#clock.setTimer(this.#look, POLL_MS);
    else this.handler.drained();
  };
}

/** The messages of a stream: small chunks are joined. */
function packed(chunks: readonly Uint8Array[]): Uint8Array[] {
  const packs: [Uint8Array, ...Uint8Array[]][] = [];
  let bytes = 0;
  for (const chunk of chunks) {
    bytes += chunk.length;
    const last = packs.at(-1);
    if (last !== undefined && bytes <= PACKED_BYTES) last.push(chunk);
    else {
      packs.push([chunk]);
      bytes = chunk.length;
    }
  }
  return packs.map((pack) => (pack.length === 1 && pack[0].buffer instanceof ArrayBuffer ? pack[0] : concat(pack)));
}
