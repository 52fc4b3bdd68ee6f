/**
 * A `Link` of WebSocket messages (RFC 6455) over another link, once the opening handshake is done. As a stream it
 * carries ZMTP's bytes, cut anywhere; otherwise each chunk is one message, and ZWS is spoken. It answers PING and Close
 * itself. Whatever breaks RFC 6455 ends it.
 */

import { EMPTY, ownCopyOf } from "../../base/bytes.ts";
import type { Clock } from "../../base/clock.ts";
import { ZmqError } from "../../base/errors.ts";
import type { Link, LinkHandler } from "../../base/link.ts";
import type { Protocol } from "../../base/protocol.ts";
import { STREAM } from "../../wire/subprotocols.ts";
import {
  type FrameSink,
  MESSAGE_TOO_BIG,
  MessageJoiner,
  NORMAL_CLOSURE,
  PING,
  PONG,
  WebSocketReader,
} from "../../wire/websocket.ts";
import { WebSocketWriter } from "../../wire/websocket-writer.ts";
import { type MessageWire, zws } from "../../wire/zws.ts";
import { keepFreedMemory } from "./freed-memory.ts";

/** What a peer may send before the protocol says how long a message may be. */
const FIRST_MESSAGE_BYTES = 65_536;
/** With more control frames, empty frames and fragments than these in one read a peer waits for the next turn. */
const MOST_COSTLY_FRAMES = 64;
/** More codes than these say that something went wrong. */
const GOOD_CODES = [NORMAL_CLOSURE, 1001, 1005];

/** Stands in until the session sets its handler. */
const NOBODY: LinkHandler = { data() {}, drained() {}, closed() {} };

/**
 * - `early`: nobody listens yet, and what comes waits.
 * - `open`
 * - `closing`: we said so; what still comes is dropped.
 * - `over`: the handler was told.
 */
type Life = "early" | "open" | "closing" | "over";

export class WebSocketLink implements Link, LinkHandler, FrameSink, MessageWire {
  readonly localAddress: string;
  readonly remoteAddress: string;
  readonly peerAddress: string;
  readonly protocol?: Protocol;
  readonly #link: Link;
  readonly #clock: Clock;
  readonly #reader: WebSocketReader;
  readonly #writer: WebSocketWriter;
  /** Absent for a stream. */
  readonly #joiner: MessageJoiner | undefined;
  #handler = NOBODY;
  #life: Life = "early";
  readonly #early: Uint8Array[] = [];
  /** The link ended before anybody listened. */
  #earlyEnd: { readonly error: Error | undefined } | undefined = undefined;
  /** The link below holds bytes; and a write was refused for them. */
  #isHeld = false;
  #isRefused = false;
  /** The payload of the last PING; in the chunk at hand there was one, and a sign of life. */
  #asked: Uint8Array = EMPTY;
  #isAsked = false;
  #isAlive = false;
  /** The session does not read; and for the rest of this turn nobody does. */
  #isPaused = false;
  #isResting = false;

  /**
   * Takes over `link`, whose peer is a `peer`. `subprotocol`: what both agreed on. `rest`: what came behind the opening
   * handshake, ours to change.
   */
  constructor(link: Link, clock: Clock, peer: "client" | "server", subprotocol: string, rest: Uint8Array) {
    const isStream = subprotocol === STREAM;
    this.#link = link;
    this.#clock = clock;
    this.localAddress = link.localAddress;
    this.remoteAddress = link.remoteAddress;
    this.peerAddress = link.peerAddress;
    const carrying = isStream ? "stream" : "messages";
    this.#reader = new WebSocketReader(peer, carrying, this);
    this.#writer = new WebSocketWriter(carrying, peer === "server" ? () => clock.random32() : undefined);
    this.#joiner = isStream ? undefined : new MessageJoiner(FIRST_MESSAGE_BYTES);
    if (!isStream) this.protocol = zws(subprotocol, this, peer === "server" ? "client" : "server");
    if (rest.length > 0) this.#early.push(rest);
    link.handler = this;
    link.pause();
  }

  get handler(): LinkHandler {
    return this.#handler;
  }

  set handler(handler: LinkHandler) {
    this.#handler = handler;
    if (this.#life !== "early") return;
    this.#life = "open";
    if (this.#early.length > 0 || this.#earlyEnd !== undefined) this.#clock.defer(() => this.#catchUp());
    this.#link.resume();
  }

  // --- Link ---

  write(chunks: readonly Uint8Array[]): boolean {
    if (this.#life === "closing" || this.#life === "over") return false;
    if (this.#link.write(this.#writer.encode(chunks))) {
      this.#writer.sent();
      return true;
    }
    this.#writer.kept();
    this.#isHeld = true;
    this.#isRefused = true;
    return false;
  }

  get copies(): boolean {
    return this.#writer.copies;
  }

  get unsentBytes(): number {
    return this.#link.unsentBytes;
  }

  pause(): void {
    this.#isPaused = true;
    this.#link.pause();
  }

  resume(): void {
    this.#isPaused = false;
    if (!this.#isResting) this.#link.resume();
  }

  close(): void {
    if (this.#life === "closing" || this.#life === "over") return;
    this.#life = "closing";
    this.#end(NORMAL_CLOSURE);
  }

  destroy(): void {
    if (this.#life !== "over") this.#life = "closing";
    this.#reader.stop();
    this.#link.destroy();
  }

  // --- MessageWire ---

  set maxMessageBytes(bytes: number) {
    if (this.#joiner !== undefined) this.#joiner.maxBytes = bytes;
  }

  ping(): void {
    this.#signal(PING, EMPTY);
  }

  // --- LinkHandler: from the link below ---

  data(chunk: Uint8Array): void {
    if (this.#life === "early" || this.#early.length > 0) this.#early.push(ownCopyOf(chunk));
    else this.#read(chunk);
  }

  drained(): void {
    this.#isHeld = false;
    this.#writer.released();
    if (!this.#isRefused) return;
    this.#isRefused = false;
    if (this.#life === "open") this.#handler.drained();
  }

  closed(error?: Error): void {
    this.#writer.released();
    if (this.#life === "early" || this.#early.length > 0) this.#earlyEnd = { error };
    else this.#over(error);
  }

  // --- FrameSink: from the reader ---

  payload(bytes: Uint8Array, isEnd: boolean): void {
    if (this.#joiner === undefined) {
      const handler = this.#handler;
      handler.data(bytes);
      if (handler.room !== undefined) keepFreedMemory(bytes.length);
      return;
    }
    let message: Uint8Array | undefined;
    try {
      message = this.#joiner.add(bytes, isEnd);
    } catch (error) {
      this.#break(MESSAGE_TOO_BIG, error);
      return;
    }
    if (message === undefined) return;
    if (message.length > 0) this.#handler.data(message);
    else this.#break(1002, new ZmqError("EPROTO", { detail: "ZWS: an empty message, expected a flags octet" }));
  }

  signal(opcode: number, payload: Uint8Array): void {
    this.#isAlive = true;
    if (opcode !== PING) return;
    this.#isAsked = true;
    this.#asked = payload.length === 0 ? EMPTY : ownCopyOf(payload);
  }

  closing(code: number, reason: string): void {
    if (this.#life !== "open") return;
    this.#life = "closing";
    this.#end(code);
    const isGood = GOOD_CODES.includes(code);
    const detail = `the peer closed the WebSocket with ${code}${reason === "" ? "" : `, ${reason}`}`;
    this.#over(isGood ? undefined : new ZmqError("ECONNRESET", { detail }));
  }

  #catchUp(): void {
    while (this.#early.length > 0) {
      const chunk = this.#early[0] as Uint8Array;
      this.#read(chunk);
      this.#early.shift();
    }
    if (this.#earlyEnd !== undefined) this.#over(this.#earlyEnd.error);
  }

  #read(chunk: Uint8Array): void {
    if (this.#life !== "open") return;
    try {
      this.#reader.push(chunk);
      if (this.#isAlive) this.#answer();
      if (this.#reader.costlyFrames > MOST_COSTLY_FRAMES) this.#rest();
      this.#reader.costlyFrames = 0;
    } catch (error) {
      if (!(error instanceof ZmqError) || this.#life !== "open") throw error;
      this.#break(this.#reader.closeCode, error);
    }
  }

  /**
   * Answers the last PING of a chunk, which is enough (RFC 6455 section 5.5.3): a write for each of many costs more than
   * they do. An answer that must wait is left out: the next PING asks again, and bytes that wait are bytes that will come.
   */
  #answer(): void {
    this.#isAlive = false;
    // ZWS has no PONG of its own. An empty chunk is a sign of life.
    if (this.#joiner !== undefined && this.#life === "open") this.#handler.data(EMPTY);
    if (!this.#isAsked) return;
    this.#isAsked = false;
    if (!this.#isHeld) this.#signal(PONG, this.#asked);
  }

  /** Reads no more in this turn: a flood of frames that carry nothing leaves time for others. */
  #rest(): void {
    if (this.#isResting) return;
    this.#isResting = true;
    this.#link.pause();
    this.#clock.yield(() => {
      this.#isResting = false;
      if (!this.#isPaused && this.#life === "open") this.#link.resume();
    });
  }

  #signal(opcode: number, payload: Uint8Array): void {
    if (this.#life === "open" && !this.#link.write([this.#writer.control(opcode, payload)])) this.#isHeld = true;
  }

  /** The peer broke RFC 6455 or went beyond a limit. */
  #break(code: number, error: unknown): void {
    if (this.#life !== "open") return;
    this.#life = "closing";
    this.#end(code);
    this.#over(error instanceof Error ? error : undefined);
  }

  /** Sends a Close frame, and ends the link below behind it. */
  #end(code: number): void {
    this.#reader.stop();
    this.#link.write([this.#writer.close(code)]);
    this.#link.close();
  }

  #over(error?: Error): void {
    if (this.#life === "over") return;
    this.#life = "over";
    this.#reader.stop();
    if (error === undefined) this.#handler.closed();
    else this.#handler.closed(error);
  }
}
