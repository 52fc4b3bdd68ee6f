import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../../test/fake-clock.ts";
import { fromText, toText } from "../../base/bytes.ts";
import { BARE, STREAM } from "../../wire/subprotocols.ts";
import { WebSocketLink } from "./websocket-link.ts";

/** A `WebSocket` as far as a link uses it. */
class FakeWebSocket {
  readonly protocol: string;
  bufferedAmount = 0;
  onmessage: (event: { data: unknown }) => void = () => {};
  onclose: (event: { code: number; reason: string }) => void = () => {};
  readonly sent: string[] = [];
  readonly codes: (number | undefined)[] = [];

  constructor(protocol: string) {
    this.protocol = protocol;
  }
  send(message: Uint8Array): void {
    this.sent.push(message.length > 20 ? `${message.length} octets` : toText(message));
  }
  close(code?: number): void {
    this.codes.push(code);
  }
  brings(text: string): void {
    this.onmessage({ data: Uint8Array.from(fromText(text)).buffer });
  }
}

function connection(protocol = STREAM) {
  const clock = new FakeClock();
  const socket = new FakeWebSocket(protocol);
  const told: string[] = [];
  const link = new WebSocketLink(socket as never, clock, "ws://fake/");
  link.handler = {
    data: (chunk) => told.push(toText(chunk)),
    drained: () => told.push("drained"),
    closed: (error) => told.push(error === undefined ? "closed" : `${(error as { code?: string }).code}`),
  };
  return { clock, socket, link, told };
}

test("a stream joins chunks to messages of 120 KiB at most, and longer ones stay alone", () => {
  const { socket, link } = connection();
  const of = (length: number): Uint8Array => new Uint8Array(length);
  assert.equal(link.write([fromText("a"), fromText("b"), of(122_879), of(200_000), fromText("c")]), true);
  assert.deepEqual(socket.sent, ["ab", "122879 octets", "200000 octets", "c"]);
  link.write([new Uint8Array(new SharedArrayBuffer(1))]);
  assert.equal(socket.sent[4], "\0");
});

test("bare ZWS has a message for each frame", () => {
  const { socket, link, told } = connection(BARE);
  link.write([fromText("\u0001\u0001a\0\u0002bc")]);
  assert.deepEqual(socket.sent, ["\u0001a", "\0bc"]);
  socket.brings("\0hello");
  socket.brings("");
  assert.deepEqual(told, ["\0\u0005hello", ""]);
});

test("a write is refused while the browser holds much, until it holds half of that", () => {
  const { clock, socket, link, told } = connection();
  socket.bufferedAmount = 1_048_577;
  assert.equal(link.write([fromText("a")]), false);
  clock.turn();
  clock.advance(1);
  assert.deepEqual(told, []);
  socket.bufferedAmount = 500_000;
  clock.advance(1);
  assert.deepEqual(told, ["drained"]);
});

test("what comes while reading is paused is delivered in order, behind the call that resumes", () => {
  const { clock, socket, link, told } = connection();
  link.pause();
  socket.brings("1");
  socket.brings("2");
  link.resume();
  socket.brings("3");
  assert.deepEqual(told, []);
  clock.turn();
  assert.deepEqual(told, ["1", "2", "3"]);
});

test("all that came before the end is delivered, paused or not", () => {
  const { socket, link, told } = connection();
  link.pause();
  socket.brings("1");
  socket.onclose({ code: 1000, reason: "" });
  assert.deepEqual(told, ["1", "closed"]);
  assert.equal(link.write([fromText("late")]), false);
});

test("a code other than those of a good end is an error, but not once this side has closed", () => {
  const lost = connection();
  lost.socket.onclose({ code: 1006, reason: "" });
  assert.deepEqual(lost.told, ["ECONNRESET"]);
  const closed = connection();
  closed.link.close();
  closed.socket.brings("late");
  closed.socket.onclose({ code: 1006, reason: "" });
  assert.deepEqual([closed.told, closed.socket.codes], [["closed"], [1000]]);
});

test("a destroyed link is closed once, in a moment", () => {
  const { clock, socket, link, told } = connection();
  link.destroy();
  link.destroy();
  assert.deepEqual([told, socket.codes], [[], [1000]]);
  clock.turn();
  socket.onclose({ code: 1000, reason: "" });
  assert.deepEqual(told, ["closed"]);
});

test("text, and more than anybody reads, end the connection and are told", () => {
  const texts = connection();
  texts.socket.onmessage({ data: "text" });
  texts.clock.turn();
  assert.deepEqual([texts.told, texts.socket.codes], [["EPROTO"], [4002]]);
  const much = connection();
  much.link.pause();
  for (let i = 0; i < 65; i++) much.socket.onmessage({ data: new ArrayBuffer(1_048_576) });
  much.clock.turn();
  assert.deepEqual([much.told, much.socket.codes], [["EMSGSIZE"], [4002]]);
});
