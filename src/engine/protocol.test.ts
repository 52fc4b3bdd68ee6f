/**
 * A protocol of messages, with a head of one octet in each, over a link that carries messages: nothing of the engine
 * knows that it is not ZMTP.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../test/fake-clock.ts";
import { FakeLink } from "../../test/fake-link.ts";
import { DEAF_OWNER } from "../../test/fake-pipe.ts";
import { concat, EMPTY, fromText, ownCopyOf, toText } from "../base/bytes.ts";
import { ZmqError } from "../base/errors.ts";
import type { MonitorEvent } from "../base/events.ts";
import { type Control, type Message, NO_PROPERTIES } from "../base/message.ts";
import { defaultOptions, type OptionValues } from "../base/options.ts";
import { createPipe } from "../base/pipe.ts";
import type {
  Decoded,
  Dialect,
  FrameDecoder,
  FrameEncoder,
  HandshakeReader,
  Opening,
  PeerCommand,
  Protocol,
} from "../base/protocol.ts";
import { NullMechanism } from "../security/null.ts";
import { PlainClient } from "../security/plain.ts";
import type { ConnectionOwner, EndReason } from "./connection.ts";
import { EngineLoop } from "./engine-loop.ts";
import { Handshake } from "./handshake.ts";
import { Session } from "./session.ts";

/** The head of each message; a body follows the first three. */
const LAST = 0;
const MORE = 1;
const COMMAND = 2;
const PING = 8;
const PONG = 9;

class HeadedReader implements HandshakeReader {
  readonly #chunks: Uint8Array[] = [];
  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
  }
  next(): Uint8Array | undefined {
    return this.#chunks.shift()?.slice(1);
  }
  takeRest(): readonly Uint8Array[] {
    return this.#chunks.splice(0);
  }
}

class HeadedEncoder implements FrameEncoder {
  #pieces: Uint8Array[] = [];
  size = 0;
  secure(): void {}
  encodeShared(message: Message): void {
    this.encode(message);
  }
  encode(message: Message): void {
    message.forEach((frame, i) => {
      this.#headed(i === message.length - 1 ? LAST : MORE, frame);
    });
  }
  encodeControl({ kind, topic }: Control): void {
    this.#headed(LAST, concat([Uint8Array.of(kind === "subscribe" ? 1 : 0), topic]));
  }
  encodeClear(body: Uint8Array): void {
    this.#headed(COMMAND, body);
  }
  encodePing(): void {
    this.#headed(PING, EMPTY);
  }
  encodePong(): void {
    this.#headed(PONG, EMPTY);
  }
  raw(bytes: Uint8Array): void {
    this.#pieces.push(bytes);
    this.size += bytes.length;
  }
  take(): Uint8Array[] {
    const pieces = this.#pieces;
    this.#pieces = [];
    this.size = 0;
    return pieces;
  }
  sent(): void {}
  kept(): void {}
  #headed(head: number, body: Uint8Array): void {
    this.raw(concat([Uint8Array.of(head), body]));
  }
}

class HeadedDecoder implements FrameDecoder {
  readonly #chunks: Uint8Array[] = [];
  #frames: Uint8Array[] = [];
  push(chunk: Uint8Array): void {
    this.#chunks.push(ownCopyOf(chunk));
  }
  retain(): void {}
  next(): Decoded | undefined {
    for (let chunk = this.#chunks.shift(); chunk !== undefined; chunk = this.#chunks.shift()) {
      const head = chunk[0] as number;
      if (head > PONG) throw new ZmqError("EPROTO", { detail: `head is ${head}` });
      if (head > MORE) return chunk;
      this.#frames.push(chunk.slice(1));
      if (head === LAST) return this.#frames.splice(0);
    }
    return undefined;
  }
  get starved(): boolean {
    return this.#chunks.length === 0;
  }
}

class Headed implements Protocol, Opening, Dialect {
  readonly name = "headed messages";
  readonly hasMechanism: boolean;
  readonly hasPing = true;
  readonly isSubscribedToAll = false;
  readonly peer = NO_PROPERTIES;
  readonly rest = [];
  constructor(hasMechanism = true) {
    this.hasMechanism = hasMechanism;
  }
  open(): Opening {
    return this;
  }
  get agreed(): Dialect {
    return this;
  }
  push(): void {
    assert.fail("there is no opening");
  }
  produce(): undefined {}
  reader(): HandshakeReader {
    return new HeadedReader();
  }
  encoder(): FrameEncoder {
    return new HeadedEncoder();
  }
  decoder(): FrameDecoder {
    return new HeadedDecoder();
  }
  encodeIdentity(encoder: FrameEncoder, routingId: Uint8Array): void {
    encoder.encode([routingId]);
  }
  parseCommand(body: Uint8Array): PeerCommand | undefined {
    switch (body[0]) {
      case PING:
        return { kind: "ping", ttlDeciseconds: 0, context: EMPTY };
      case PONG:
        return { kind: "pong", context: EMPTY };
      default:
        return undefined;
    }
  }
}

class MessageLink extends FakeLink {
  readonly sent: string[] = [];
  override write(chunks: readonly Uint8Array[]): boolean {
    for (const chunk of chunks) this.sent.push(shown(chunk));
    return super.write(chunks);
  }
  brings(head: number, text = ""): void {
    this.handler.data(concat([Uint8Array.of(head), fromText(text)]));
  }
}

/** The head as a number, the printable rest as text. */
function shown(chunk: Uint8Array): string {
  return `${chunk[0]}:${toText(chunk.subarray(1)).replace(/[^ -~]+/g, " ")}`;
}

const READY = "\x05READY\x0bSocket-Type\0\0\0\x06DEALER";
const WELCOME = "\x07WELCOME";

/** A DEALER in the test's hands, whose connection has just begun. */
function connection(hasMechanism = true, options: Partial<OptionValues> = {}) {
  const clock = new FakeClock();
  const link = new MessageLink();
  const events: string[] = [];
  const ends: EndReason[] = [];
  const ignored = () => {};
  const pipe = createPipe(DEAF_OWNER, "ws://fake", true, {
    sendHighWaterMark: 10,
    receiveHighWaterMark: 10,
    conflate: false,
  });
  const owner: ConnectionOwner = {
    loop: new EngineLoop(clock),
    options: { ...defaultOptions("DEALER", { ipv6: false, blocky: true }), ...options },
    endpoint: "ws://fake",
    departedBacklog: undefined,
    sendsBehind: false,
    readsBehind: false,
    emit: (event: MonitorEvent) => events.push(event.type),
    ready: () => pipe,
    started: ignored,
    ended: (_connection, reason) => ends.push(reason),
    authenticate: (_request, _link, _signal, listener) => listener.answered(undefined),
  };
  const config = { socketType: "DEALER", routingId: fromText("me"), metadata: new Map() } as const;
  const isPlain = options.plainUsername !== undefined;
  const mechanism = isPlain
    ? new PlainClient(config, { username: "u", password: "p" })
    : new NullMechanism(config, false);
  const handshake = new Handshake({
    protocol: new Headed(hasMechanism),
    socketType: config.socketType,
    routingId: config.routingId,
    mechanism,
    zapDomainSet: false,
    limits: { maxFrameBytes: -1, maxFrames: 10 },
  });
  const session = new Session(link, handshake, owner);
  session.start();
  const read = (): string | undefined => pipe.read()?.map(toText).join("|");
  return { clock, link, pipe, session, events, ends, read };
}

test("a mechanism runs over messages, and messages behind it keep their bounds", () => {
  const { clock, link, pipe, events, read } = connection();
  assert.deepEqual(link.sent.splice(0), ["2: READY Socket-Type DEALER Identity me"]);
  link.brings(COMMAND, READY);
  link.brings(MORE, "a");
  link.brings(LAST, "b");
  link.brings(LAST, "c");
  assert.deepEqual(events, ["handshake"]);
  assert.deepEqual([read(), read(), read()], ["a|b", "c", undefined]);
  pipe.write([fromText("one"), fromText("two")]);
  clock.turn();
  assert.deepEqual(link.sent, ["1:one", "0:two"]);
});

test("PLAIN runs over messages as well", () => {
  const { link, events } = connection(true, { plainUsername: "u", plainPassword: "p" });
  assert.deepEqual(link.sent.splice(0), ["2: HELLO u p"]);
  link.brings(COMMAND, WELCOME);
  assert.deepEqual(link.sent, ["2: INITIATE Socket-Type DEALER Identity me"]);
  link.brings(COMMAND, READY);
  assert.deepEqual(events, ["handshake"]);
});

test("a dialect without a mechanism exchanges identities", () => {
  const { link, pipe, events, read } = connection(false);
  assert.deepEqual(link.sent, ["0:me"]);
  link.brings(LAST, "you");
  link.brings(LAST, "hello");
  assert.equal(toText(pipe.peer.get("Identity") ?? EMPTY), "you");
  assert.equal(read(), "hello");
  assert.deepEqual(events, []);
});

test("subscriptions, PING and PONG are said as the protocol says them", () => {
  const { clock, link, pipe } = connection(true, { heartbeatInterval: 100 });
  link.brings(COMMAND, READY);
  link.sent.length = 0;
  pipe.writeControl({ kind: "subscribe", topic: fromText("news") });
  clock.turn();
  clock.advance(100);
  link.brings(PING);
  clock.turn();
  assert.deepEqual(link.sent, ["0: news", "8:", "9:"]);
});

test("a silent peer is given up, whatever it speaks", () => {
  const { clock, link, ends } = connection(true, { heartbeatInterval: 100 });
  link.brings(COMMAND, READY);
  clock.advance(150);
  link.brings(PONG);
  clock.advance(50);
  assert.deepEqual(ends, []);
  clock.advance(100);
  assert.deepEqual(ends, ["lost"]);
});

test("what breaks the protocol ends the connection", () => {
  const { clock, link, ends } = connection();
  link.brings(COMMAND, READY);
  link.brings(77);
  clock.turn();
  assert.deepEqual(ends, ["protocol"]);
});
