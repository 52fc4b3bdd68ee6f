/**
 * A transport in memory whose connections misbehave as told: bytes come late,
 * in pieces or merged, writes are refused for a while, and a connection breaks
 * at a given byte. They carry ZMTP as tcp does, or WebSocket frames behind their opening handshake. Time is a fake clock's.
 */

import type { Clock } from "../../src/base/clock.ts";
import type { Link, LinkHandler, ListenHandler, Transport } from "../../src/base/link.ts";
import { WHOLE } from "../../src/core/reach.ts";
import { Turn } from "../../src/core/turn.ts";
import { LocalHost } from "../../src/engine/local-host.ts";
import { Context } from "../../src/socket/context.ts";
import { WebSocketLink } from "../../src/transport/node/websocket-link.ts";
import { crypto } from "../crypto.ts";
import { FakeClock } from "../fake-clock.ts";

/** From the side that connected to the side that accepted, or back. */
export type Direction = "up" | "down";

/** How connections misbehave; the cut is for the first connection only. */
export interface Faults {
  /** Bytes arrive in pieces of this size at most; 0: as they were written. */
  readonly pieceBytes: number;
  /** All that is written within so many milliseconds arrives as one chunk, at their end. */
  readonly delayMs: number;
  /** Each write is refused, as by a full kernel buffer, until it has arrived. */
  readonly refuses: boolean;
  /** The connection breaks when this many bytes went in that direction. */
  readonly cut?: { readonly direction: Direction; readonly afterBytes: number } | undefined;
  /** The connections are WebSocket's, and both sides agreed on this subprotocol. */
  readonly subprotocol?: string | undefined;
}

export const MODES = {
  "as written": { pieceBytes: 0, delayMs: 0, refuses: false },
  "byte by byte": { pieceBytes: 1, delayMs: 0, refuses: false },
  "late and merged": { pieceBytes: 0, delayMs: 3, refuses: false },
  "through a small buffer": { pieceBytes: 7, delayMs: 1, refuses: true },
} as const satisfies Record<string, Faults>;

export class FaultyTransport implements Transport {
  readonly scheme = "tcp";
  readonly #clock: Clock;
  readonly #faults: Faults;
  #listener: ListenHandler | undefined = undefined;
  /** So far. */
  connections = 0;
  /** Of the first connection. */
  readonly bytes: Record<Direction, number> = { up: 0, down: 0 };
  isCut = false;

  constructor(clock: Clock, faults: Faults) {
    this.#clock = clock;
    this.#faults = faults;
  }

  connect(): Promise<Link> {
    const listener = this.#listener;
    if (listener === undefined) return Promise.reject(Object.assign(new Error("refused"), { code: "ECONNREFUSED" }));
    const isFirst = ++this.connections === 1;
    const faults = isFirst ? this.#faults : { ...this.#faults, cut: undefined };
    const name = `tcp://127.0.0.1:${this.connections}`;
    const make = (direction: Direction) =>
      new FaultyLink(this.#clock, faults, name, (bytes) => {
        if (isFirst) this.bytes[direction] += bytes;
        const { cut } = faults;
        if (cut === undefined || cut.direction !== direction) return bytes;
        const allowed = bytes - Math.max(0, this.bytes[direction] - cut.afterBytes);
        if (this.bytes[direction] >= cut.afterBytes) {
          this.isCut = true;
          return Math.max(0, allowed) - CUT;
        }
        return bytes;
      });
    const dialed = make("up");
    const accepted = make("down");
    dialed.peer = accepted;
    accepted.peer = dialed;
    const { subprotocol } = faults;
    const over = (link: Link, peer: "client" | "server"): Link =>
      subprotocol === undefined ? link : new WebSocketLink(link, this.#clock, peer, subprotocol, NOTHING);
    this.#clock.defer(() => listener.accepted(over(accepted, "client")));
    return Promise.resolve(over(dialed, "server"));
  }

  listen: Transport["listen"] = (on, options, handler) => Promise.resolve(this.listenSync(on, options, handler));
  listenSync: NonNullable<Transport["listenSync"]> = (on, _options, handler) => {
    this.#listener = handler;
    return {
      address: on.text,
      close: () => {
        this.#listener = undefined;
      },
    };
  };
}

/** Taken off the number of bytes that may still pass: the connection breaks behind them. */
const CUT = 2 ** 40;
const NOTHING = new Uint8Array(0);

class FaultyLink implements Link {
  readonly localAddress = "tcp://127.0.0.1:0";
  readonly peerAddress = "127.0.0.1";
  readonly remoteAddress: string;
  peer!: FaultyLink;
  readonly #clock: Clock;
  readonly #faults: Faults;
  readonly #pass: (bytes: number) => number;
  #handler: LinkHandler | undefined = undefined;
  #outbound: Uint8Array[] = [];
  #isDue = false;
  #isPaused = false;
  #isRefusing = false;
  #isClosing = false;
  #isOver = false;

  /** `pass` is told of bytes about to arrive, and answers how many may: fewer by `CUT` when the link breaks then. */
  constructor(clock: Clock, faults: Faults, name: string, pass: (bytes: number) => number) {
    this.#clock = clock;
    this.#faults = faults;
    this.remoteAddress = name;
    this.#pass = pass;
  }

  get handler(): LinkHandler {
    return this.#handler ?? { data() {}, drained() {}, closed() {} };
  }

  /** Bytes that came before anybody listened have waited. */
  set handler(handler: LinkHandler) {
    const isFirst = this.#handler === undefined;
    this.#handler = handler;
    if (isFirst) this.peer.#later();
  }

  write(chunks: readonly Uint8Array[]): boolean {
    if (this.#isOver || this.#isClosing) return false;
    for (const chunk of chunks) this.#outbound.push(new Uint8Array(chunk)); // `slice` of a Buffer copies nothing
    this.#later();
    if (!this.#faults.refuses) return true;
    this.#isRefusing = true;
    return false;
  }

  get unsentBytes(): number {
    return this.#outbound.reduce((bytes, chunk) => bytes + chunk.length, 0);
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.peer.#later();
  }

  close(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#later();
  }

  destroy(): void {
    this.#break();
  }

  #later(): void {
    if (this.#isDue || this.#isOver) return;
    this.#isDue = true;
    const task = () => {
      this.#isDue = false;
      this.#deliver();
    };
    if (this.#faults.delayMs > 0) this.#clock.setTimer(task, this.#faults.delayMs);
    else this.#clock.defer(task);
  }

  #deliver(): void {
    const { peer } = this;
    if (this.#isOver || peer.#isPaused || peer.#handler === undefined) return;
    const bytes = joined(this.#outbound);
    this.#outbound = [];
    const { pieceBytes } = this.#faults;
    for (let at = 0; at < bytes.length && !this.#isOver; ) {
      const piece = bytes.slice(at, pieceBytes === 0 ? bytes.length : at + pieceBytes);
      at += piece.length;
      const passed = this.#pass(piece.length);
      const isCut = passed < 0;
      const count = isCut ? passed + CUT : passed;
      if (count > 0) peer.handler.data(piece.subarray(0, count));
      piece.fill(0xee); // valid during the call only
      if (isCut) this.#break();
    }
    if (this.#isOver) return;
    if (this.#isRefusing) {
      this.#isRefusing = false;
      this.handler.drained();
    }
    if (this.#isClosing && this.#outbound.length === 0) this.#break();
  }

  /** Both sides hear of it, in a later step. */
  #break(): void {
    for (const link of [this, this.peer]) {
      if (link.#isOver) continue;
      link.#isOver = true;
      link.#outbound = [];
      this.#clock.defer(() => link.handler.closed());
    }
  }
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((total, chunk) => total + chunk.length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.length;
  }
  return whole;
}

class FaultyContext extends Context {
  constructor(clock: FakeClock, transport: FaultyTransport) {
    super({ ...WHOLE, turn: new Turn(clock), crypto, engine: new LocalHost(clock, [transport], crypto), warn() {} });
  }
}

/** A context over a faulty transport, and what a test moves behind it. */
export function faultyContext(faults: Faults) {
  const clock = new FakeClock();
  const transport = new FaultyTransport(clock, faults);
  const context: Context = new FaultyContext(clock, transport);
  /** Goes on by so many milliseconds, and lets everything that is due happen. */
  const advance = async (ms: number): Promise<void> => {
    for (let passed = 0; passed <= ms; passed += 5) {
      for (let round = 0; round < 4; round++) {
        clock.advance(round === 0 && passed > 0 ? 5 : 0);
        clock.turn();
        await new Promise(setImmediate);
      }
    }
  };
  return { context, clock, transport, advance };
}
