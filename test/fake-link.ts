/**
 * A link that a test plays the peer of, a transport that hands such links to
 * whoever listens, and a context over both with a clock that stands still.
 */

import { fromText } from "../src/base/bytes.ts";
import { ZmqError } from "../src/base/errors.ts";
import type { Link, LinkHandler, ListenHandler, Transport } from "../src/base/link.ts";
import { WHOLE } from "../src/core/reach.ts";
import { Turn } from "../src/core/turn.ts";
import { LocalHost } from "../src/engine/local-host.ts";
import { Context } from "../src/socket/context.ts";
import { crypto } from "./crypto.ts";
import { FakeClock } from "./fake-clock.ts";

export class FakeLink implements Link {
  readonly localAddress = "tcp://127.0.0.1:1";
  readonly remoteAddress = "tcp://127.0.0.1:2";
  readonly peerAddress: string;
  handler: LinkHandler = { data() {}, drained() {}, closed() {} };
  isOpen = true;
  isPaused = false;
  /** Writes are refused, until `drained`: the peer does not read. */
  isFull = false;
  /** What the link holds while it is full, as the test has it. */
  unsentBytes = 0;
  sentBytes = 0;
  /** What was sent last, copied. */
  lastSent: Uint8Array = new Uint8Array(0);

  constructor(peerAddress = "127.0.0.1") {
    this.peerAddress = peerAddress;
  }

  write(chunks: readonly Uint8Array[]): boolean {
    if (!this.isOpen) return false;
    for (const chunk of chunks) {
      this.sentBytes += chunk.length;
      this.lastSent = chunk.slice();
    }
    return !this.isFull;
  }
  pause(): void {
    this.isPaused = true;
  }
  resume(): void {
    this.isPaused = false;
  }
  close(): void {
    this.isOpen = false;
  }
  destroy(): void {
    this.isOpen = false;
  }
}

/** Listens in memory; `connection` is a peer that connects. */
export class FakeTransport implements Transport {
  readonly scheme = "tcp";
  /** What stands between a socket and each link. */
  over: (link: FakeLink) => Link = (link) => link;
  #handler: ListenHandler | undefined = undefined;

  connect(): Promise<Link> {
    return Promise.reject(new ZmqError("ENOTSUP"));
  }
  listen: Transport["listen"] = (on, options, handler) => Promise.resolve(this.listenSync(on, options, handler));
  listenSync: NonNullable<Transport["listenSync"]> = (on, _options, handler) => {
    this.#handler = handler;
    return { address: on.text, close() {} };
  };

  /** A fresh connection of a peer that has said nothing yet. */
  connection(peerAddress?: string): FakeLink {
    const link = new FakeLink(peerAddress);
    this.#handler?.accepted(this.over(link));
    return link;
  }

  /** A peer that is through with its handshake. */
  peer(socketType: string, identity = ""): FakeLink {
    const link = this.connection();
    link.handler.data(GREETING);
    link.handler.data(ready(socketType, fromText(identity)));
    return link;
  }
}

class FakeContext extends Context {
  constructor(clock: FakeClock, transport: FakeTransport) {
    super({ ...WHOLE, turn: new Turn(clock), crypto, engine: new LocalHost(clock, [transport], crypto), warn() {} });
  }
}

/** A context, and what a test moves behind it. */
export function fakeContext(): { context: Context; clock: FakeClock; transport: FakeTransport } {
  const clock = new FakeClock();
  const transport = new FakeTransport();
  return { context: new FakeContext(clock, transport), clock, transport };
}

/** ZMTP 3.1 with the mechanism NULL. */
export const GREETING: Uint8Array = bytes(
  [0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 1],
  fromText("NULL"),
  new Uint8Array(48),
);

export function ready(socketType: string, identity: Uint8Array): Uint8Array {
  const property = (name: string, value: Uint8Array) =>
    bytes([name.length], fromText(name), [0, 0, value.length >> 8, value.length & 0xff], value);
  return command("READY", property("Socket-Type", fromText(socketType)), property("Identity", identity));
}

export function command(name: string, ...data: readonly ArrayLike<number>[]): Uint8Array {
  return frame(4, bytes([name.length], fromText(name), ...data));
}

export function frame(flags: number, body: ArrayLike<number>): Uint8Array {
  const { length } = body;
  if (length < 256) return bytes([flags, length], body);
  const size = new Uint8Array(8);
  new DataView(size.buffer).setUint32(4, length);
  return bytes([flags | 2], size, body);
}

export function bytes(...parts: readonly ArrayLike<number>[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** So many copies of a piece. */
export function repeated(piece: Uint8Array, count: number): Uint8Array {
  const whole = new Uint8Array(piece.length * count);
  for (let i = 0; i < count; i++) whole.set(piece, i * piece.length);
  return whole;
}
