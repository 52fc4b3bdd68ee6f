import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeClock } from "../../../test/fake-clock.ts";
import { FakeLink } from "../../../test/fake-link.ts";
import { ZmqError } from "../../base/errors.ts";
import { STREAM } from "../../wire/subprotocols.ts";
import { WebSocketLink } from "./websocket-link.ts";

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replace(/ /g, ""), "hex"));
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** A link to a server, which does not mask, in the test's hands. */
function opened(subprotocol = STREAM, rest = "") {
  const below = new FakeLink();
  const clock = new FakeClock();
  const link = new WebSocketLink(below, clock, "server", subprotocol, hex(rest));
  const told: string[] = [];
  const listen = (): void => {
    link.handler = {
      data: (chunk) => void told.push(toHex(chunk)),
      drained: () => void told.push("drained"),
      closed: (error) => void told.push(error instanceof ZmqError ? `closed: ${error.detail}` : "closed"),
    };
    clock.turn();
  };
  return { below, clock, link, told, listen, brings: (frames: string) => below.handler.data(hex(frames)) };
}

/** The payload of a masked frame. */
function unmasked(frame: Uint8Array): string {
  return toHex(frame.subarray(6).map((octet, i) => octet ^ (frame[2 + (i & 3)] as number)));
}

describe("a link of WebSocket messages", () => {
  it("keeps what comes before its handler, the end too, in order", () => {
    const { below, listen, told, brings } = opened(STREAM, "8201 61 8202 62");
    assert.equal(below.isPaused, true);
    brings("63 8201 64");
    below.handler.closed();
    assert.deepEqual(told, []);
    listen();
    assert.deepEqual(told, ["6162", "6364", "closed"]);
  });

  it("answers a PING with its payload, and in ZWS tells of it as a sign of life", () => {
    const { below, listen, told, brings } = opened("ZWS2.0/NULL");
    listen();
    brings("8902 6869");
    assert.equal(below.lastSent[0], 0x8a);
    assert.equal(unmasked(below.lastSent), "6869");
    brings("8a00");
    assert.deepEqual(told, ["", ""]);
  });

  it("does not gather answers for a peer that does not read", () => {
    const { below, listen, link, told, brings } = opened();
    listen();
    below.isFull = true;
    brings("8900");
    const { sentBytes } = below;
    for (let i = 0; i < 1000; i++) brings("8902 6869");
    assert.equal(below.sentBytes, sentBytes);
    below.handler.drained();
    assert.deepEqual(told, [], "no write was refused");
    assert.equal(link.write([hex("61")]), false);
    below.isFull = false;
    below.handler.drained();
    brings("8900");
    assert.deepEqual(told, ["drained"]);
    assert.equal(below.lastSent[0], 0x8a);
  });

  it("rests for a turn behind many control frames, and longer where the session reads no more", () => {
    const { below, clock, listen, link, brings } = opened();
    listen();
    brings("8a00".repeat(64));
    assert.equal(below.isPaused, false);
    brings("8a00".repeat(65));
    assert.equal(below.isPaused, true);
    link.pause();
    link.resume();
    assert.equal(below.isPaused, true);
    clock.turn();
    assert.equal(below.isPaused, false);
    brings("8900".repeat(100));
    link.pause();
    clock.turn();
    assert.equal(below.isPaused, true);
    link.resume();
    assert.equal(below.isPaused, false);
  });

  it("echoes a Close, and is over", () => {
    const { below, listen, link, told, brings } = opened();
    listen();
    brings("8201 61 8802 03e8 8201 62");
    assert.equal(unmasked(below.lastSent), "03e8");
    assert.equal(below.isOpen, false);
    assert.equal(link.write([hex("61")]), false);
    below.handler.closed();
    assert.deepEqual(told, ["61", "closed"]);
  });

  it("says why a peer that closes for an error did", () => {
    const { listen, told, brings } = opened();
    listen();
    brings("8805 03f1 626967");
    assert.deepEqual(told, ["closed: the peer closed the WebSocket with 1009, big"]);
  });

  it("closes with the code of what broke the RFC", () => {
    for (const [frames, code, detail] of [
      ["8101 61", "03eb", /text/],
      ["c201 61", "03ea", /reserved bits/],
      ["8281 00000000 61", "03ea", /masked/],
    ] as const) {
      const { below, listen, told, brings } = opened();
      listen();
      brings(frames);
      assert.equal(unmasked(below.lastSent), code);
      assert.match(told[0] ?? "", detail);
      assert.equal(below.isOpen, false);
    }
  });

  it("bounds a message of ZWS, its fragments together, and refuses an empty one", () => {
    const { below, link, listen, told, brings } = opened("ZWS2.0");
    link.maxMessageBytes = 4;
    listen();
    brings("8204 00616161");
    brings("0202 0061 0002 6262");
    assert.deepEqual(told, ["00616161"]);
    brings("8001 63");
    assert.match(told[1] ?? "", /exceeds the limit of 4/);
    assert.equal(unmasked(below.lastSent), "03f1");

    const empty = opened("ZWS2.0");
    empty.listen();
    empty.brings("8200");
    assert.match(empty.told[0] ?? "", /empty message/);
  });

  it("takes a first message of 64 KiB and no longer one", () => {
    const { listen, told, brings } = opened("ZWS2.0/CURVE");
    listen();
    brings(`82 7f 0000000000010001 ${"00".repeat(65_537)}`);
    assert.match(told[0] ?? "", /exceeds the limit of 65536/);
  });

  it("sends a Close of its own behind what was written", () => {
    const { below, listen, link, told } = opened();
    listen();
    link.write([hex("61")]);
    link.close();
    assert.equal(unmasked(below.lastSent), "03e8");
    assert.equal(below.isOpen, false);
    below.handler.closed();
    assert.deepEqual(told, ["closed"]);
  });
});
