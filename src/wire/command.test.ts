import assert from "node:assert/strict";
import { test } from "node:test";
import { type Control, subscriptionFrame } from "../base/message.ts";
import {
  commandData,
  commandName,
  controlBody,
  errorBody,
  parseCommand,
  parseErrorReason,
  pingBody,
  pongBody,
  printable,
  readyBody,
} from "./command.ts";
import { Decoder } from "./decoder.ts";
import { Encoder } from "./encoder.ts";

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));
const text = (string: string): Uint8Array => new Uint8Array(Buffer.from(string));
const control = (kind: Control["kind"], topic: string): Control => ({ kind, topic: text(topic) });

/** Captured from libzmq: the frame, and what builds its body. */
const CAPTURED: readonly [string, Uint8Array][] = [
  ["04 0a 05 45 52 52 4f 52 03 34 30 30", errorBody("400")],
  ["04 07 04 50 49 4e 47 02 58", pingBody(600)],
  ["04 08 04 50 4f 4e 47 61 62 63", pongBody(text("abc"))],
  ["04 0d 09 53 55 42 53 43 52 49 42 45 61 62 63", controlBody(control("subscribe", "abc"))],
  ["04 0a 06 43 41 4e 43 45 4c 61 62 63", controlBody(control("cancel", "abc"))],
  ["04 07 04 4a 4f 49 4e 54 56", controlBody(control("join", "TV"))],
  ["04 08 05 4c 45 41 56 45 54 56", controlBody(control("leave", "TV"))],
];

test("commands are encoded as libzmq does", () => {
  const encoder = new Encoder("v2");
  for (const [frame, body] of CAPTURED) {
    encoder.encodeCommand(body);
    assert.equal(Buffer.concat(encoder.take()).toString("hex"), frame.replaceAll(" ", ""));
    encoder.sent();
  }
});

test("commands of libzmq decode whole and split at every octet, and encode again to the same", () => {
  for (const [frame] of CAPTURED) {
    const bytes = hex(frame);
    for (let at = 0; at <= bytes.length; at++) {
      const decoder = new Decoder({ maxFrameBytes: -1, maxFrames: 10 });
      decoder.push(bytes.slice(0, at));
      const early = decoder.next();
      decoder.push(bytes.slice(at));
      const body = (early ?? decoder.next()) as Uint8Array;
      const encoder = new Encoder("v2");
      encoder.encodeCommand(body);
      assert.equal(Buffer.concat(encoder.take()).toString("hex"), frame.replaceAll(" ", ""));
    }
  }
});

test("traffic commands are parsed", () => {
  for (const kind of ["subscribe", "cancel", "join", "leave"] as const) {
    for (const topic of ["", "abc", "x".repeat(300)]) {
      const parsed = parseCommand(controlBody(control(kind, topic)));
      assert.ok(parsed?.kind === kind);
      assert.equal(Buffer.from(parsed.topic).toString(), topic);
    }
  }
  const ping = parseCommand(pingBody(600, text("abc")));
  assert.ok(ping?.kind === "ping");
  assert.equal(ping.ttlDeciseconds, 600);
  assert.equal(Buffer.from(ping.context).toString(), "abc");
  const pong = parseCommand(pongBody(text("abc")));
  assert.ok(pong?.kind === "pong");
  assert.equal(Buffer.from(pong.context).toString(), "abc");
});

test("unknown and malformed commands are nothing", () => {
  for (const body of [
    "",
    "00",
    "04",
    "04 50 49 4e",
    "04 50 49 4e 47",
    "04 50 49 4e 47 00",
    "05 50 49 4e 47 00 00",
    "04 70 69 6e 67 00 00",
    "05 52 45 41 44 59",
    "09 53 55 42",
  ]) {
    assert.equal(parseCommand(hex(body)), undefined, body);
  }
});

test("a TTL is sent as at most 655 tenths of a second, for libzmq's would wrap", () => {
  const ttl = (deciseconds: number) => Buffer.from(pingBody(deciseconds)).toString("hex").slice(-4);
  assert.equal(ttl(655), "028f");
  assert.equal(ttl(656), "028f");
  assert.equal(ttl(-1), "0000");
  assert.equal(ttl(1.9), "0001");
});

test("a PONG echoes at most 16 octets of context", () => {
  assert.equal(Buffer.from(pongBody(text("0123456789abcdefghi"))).toString(), "\x04PONG0123456789abcdef");
});

test("a subscription in message form is one octet and the prefix", () => {
  assert.equal(Buffer.from(subscriptionFrame(control("subscribe", "abc"))).toString("hex"), "01616263");
  assert.equal(Buffer.from(subscriptionFrame(control("cancel", "abc"))).toString("hex"), "00616263");
});

test("the reason of an ERROR must be there in full; what follows it does not matter", () => {
  assert.equal(parseErrorReason(hex("03 34 30 30")), "400");
  assert.equal(parseErrorReason(hex("00")), "");
  assert.equal(parseErrorReason(hex("03 34 30 30 ff")), "400");
  for (const data of ["", "01", "03 34 30"]) {
    assert.throws(() => parseErrorReason(hex(data)), { code: "ERR_ZMTP_MALFORMED_COMMAND_ERROR" });
  }
});

test("the data of a command is found by its exact name", () => {
  assert.equal(commandData(readyBody(text("x")), "READY")?.length, 1);
  assert.equal(commandData(hex("05 52 45 41 44"), "READY"), undefined);
  assert.equal(commandData(hex("06 52 45 41 44 59 59"), "READY"), undefined);
});

test("names from the wire are made printable before they reach a message", () => {
  assert.equal(commandName(hex("04 41 0a 1b 42")), "A??B");
  assert.equal(commandName(hex("")), "");
  assert.equal(commandName(hex("04 41")), "");
  assert.equal(printable(hex("4e 55 4c 4c 00 00 41")), "NULL");
});
