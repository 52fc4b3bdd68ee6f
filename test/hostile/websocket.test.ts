/**
 * Peers that break WebSocket's frames, ZWS, or the stream of ZMTP in either: each ends its own connection, costs no memory
 * before its octets come, and reaches no other peer.
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Pull, Push } from "../../src/socket/sockets.ts";
import { WebSocketLink } from "../../src/transport/node/websocket-link.ts";
import { bytes, command, type FakeLink, frame, GREETING, ready, repeated } from "../fake-link.ts";
import { BEGIN, CLOSE, END, MIDDLE, PING, TEXT, WHOLE, wsFrame, zwsCommand, zwsFrame } from "../websocket-frames.ts";
import { bound, flood } from "./bound.ts";

const NULL = "ZWS2.0/NULL";
const BARE = "ZWS2.0";
const STREAM = "zmtp3.1.stream";
const NOTHING = new Uint8Array(0);
const READY = ready("PUSH", NOTHING);

/** What a peer says before its first message. */
const HELLO: Readonly<Record<string, Uint8Array>> = {
  [NULL]: zwsCommand(READY),
  [BARE]: zwsFrame(0, NOTHING),
  [STREAM]: wsFrame(WHOLE, bytes(GREETING, READY)),
};

/** A PULL whose peers have agreed on a dialect, and a good one among them that is through with its handshake. */
function listening(subprotocol: string, options: object = {}) {
  const { socket, clock, transport } = bound(Pull, options);
  transport.over = (link) => new WebSocketLink(link, clock, "client", subprotocol, NOTHING);
  const connection = (): FakeLink => {
    const link = transport.connection();
    clock.turn();
    return link;
  };
  const peer = (): FakeLink => {
    const link = connection();
    link.handler.data((HELLO[subprotocol] as Uint8Array).slice()); // It is unmasked in place.
    clock.turn();
    return link;
  };
  const good = peer();
  const goesOn = async (): Promise<void> => {
    good.handler.data(message(subprotocol, "good"));
    clock.turn();
    assert.deepEqual((await socket.receive()).map(String), ["good"]);
    assert.equal(good.isOpen, true);
  };
  return { socket, clock, connection, peer, goesOn };
}

function message(subprotocol: string, text: string): Uint8Array {
  const body = Buffer.from(text);
  return subprotocol === STREAM ? wsFrame(WHOLE, frame(0, body)) : zwsFrame(0, body);
}

/** The code of the Close frame that was sent last; undefined for another frame. */
function closeCode({ lastSent }: FakeLink): number | undefined {
  return lastSent[0] === CLOSE ? ((lastSent[2] as number) << 8) | (lastSent[3] as number) : undefined;
}

/** What breaks RFC 6455, and the code with which it has to end. */
const BROKEN: Readonly<Record<string, readonly [number, Uint8Array]>> = {
  "a frame that is not masked": [1002, wsFrame(WHOLE, [0, 1], { isMasked: false })],
  "text that is no UTF-8": [1003, wsFrame(TEXT, [0xff, 0xfe])],
  "a fragment of text": [1003, wsFrame(0x01, [0x61])],
  "reserved bits": [1002, wsFrame(0xc2, [0])],
  "a reserved opcode": [1002, wsFrame(0x83, [0])],
  "a reserved control frame": [1002, wsFrame(0x8b, [0])],
  "a continuation of nothing": [1002, wsFrame(END, [0])],
  "a message within another": [1002, bytes(wsFrame(BEGIN), wsFrame(WHOLE))],
  "a control frame in pieces": [1002, wsFrame(0x09, [0])],
  "a control frame of 126 octets": [1002, wsFrame(PING, new Uint8Array(126))],
  "a length that is not the shortest": [1002, wsFrame(WHOLE, [0, 1], { lengthBytes: 2 })],
  "a length of 2^63": [1009, wsFrame(WHOLE, [], { length: 2n ** 63n })],
  "a length of 2^64 - 1": [1009, wsFrame(WHOLE, [], { length: 2n ** 64n - 1n })],
  "a Close of one octet": [1002, wsFrame(CLOSE, [3])],
  "a Close with a code that may not travel": [1002, wsFrame(CLOSE, [3, 0xed])],
  "a Close with a reason that is no UTF-8": [1007, wsFrame(CLOSE, [3, 0xe8, 0xc3, 0x28])],
};

for (const subprotocol of [STREAM, NULL, BARE]) {
  describe(`what breaks WebSocket's frames over ${subprotocol}`, () => {
    for (const [what, [code, sent]] of Object.entries(BROKEN)) {
      it(`${what} ends with ${code}, whole and octet by octet, before and behind the handshake`, async () => {
        const { connection, peer, goesOn } = listening(subprotocol);
        for (const link of [connection(), peer()]) {
          link.handler.data(bytes(sent, message(subprotocol, "bad")));
          assert.deepEqual([link.isOpen, closeCode(link)], [false, code]);
        }
        const slow = peer();
        for (const octet of sent) slow.handler.data(Uint8Array.of(octet));
        assert.deepEqual([slow.isOpen, closeCode(slow)], [false, code]);
        await goesOn();
      });
    }

    it("half a frame waits without memory, and ends with handshakeInterval while the handshake is not done", async () => {
      const { clock, connection, peer, goesOn } = listening(subprotocol, { handshakeInterval: 1000 });
      const before = process.memoryUsage().arrayBuffers;
      const late = Array.from({ length: 100 }, () => connection());
      const established = Array.from({ length: 100 }, () => peer());
      const half = wsFrame(WHOLE, [0], { length: 2 ** 40 });
      for (const link of [...late, ...established]) link.handler.data(half.slice());
      assert.ok(
        process.memoryUsage().arrayBuffers - before < 110 * 2 ** 20,
        "1 MiB of address space each, not touched",
      );
      clock.advance(1000);
      if (subprotocol !== BARE) assert.ok(late.every((link) => !link.isOpen));
      assert.ok(established.every((link) => link.isOpen));
      await goesOn();
    });

    it("behind a Close nothing is read, whatever comes without end", async () => {
      const { clock, peer, goesOn } = listening(subprotocol);
      const link = peer();
      link.handler.data(bytes(wsFrame(CLOSE, [3, 0xe8]), message(subprotocol, "late")));
      assert.deepEqual([link.isOpen, closeCode(link)], [false, 1000]);
      const { sentBytes } = link;
      const chunk = repeated(message(subprotocol, "late"), 5000);
      for (let i = 0; i < 10; i++) link.handler.data(chunk.slice());
      clock.turn();
      assert.equal(link.sentBytes, sentBytes);
      await goesOn();
    });

    it("a flood of PINGs and PONGs is answered once a read, and not at all while the peer does not read", async () => {
      const { clock, peer, goesOn } = listening(subprotocol);
      const link = peer();
      const chunk = repeated(wsFrame(PING, Buffer.alloc(125, "p")), 500);
      const { sentBytes } = link;
      link.handler.data(chunk.slice());
      assert.equal(link.isPaused, true, "what comes before the next turn waits");
      clock.turn();
      assert.equal(link.isPaused, false);
      for (let i = 1; i < 20; i++) link.handler.data(chunk.slice());
      assert.ok(link.sentBytes - sentBytes <= 20 * 127);
      link.isFull = true;
      const before = link.sentBytes;
      for (let i = 0; i < 100; i++) link.handler.data(chunk.slice());
      assert.ok(link.sentBytes - before <= 2 * 127);
      clock.turn();
      assert.equal(link.isOpen, true);
      await goesOn();
    });
  });
}

describe("fragments without end", () => {
  it("of a message of ZWS are as long together as maxHandshakeSize and then maxMessageSize allow", async () => {
    const { connection, peer, goesOn } = listening(NULL, { maxHandshakeSize: 1000, maxMessageSize: 2000 });
    for (const [link, most] of [
      [connection(), 1000],
      [peer(), 2000],
    ] as const) {
      link.handler.data(wsFrame(BEGIN, [0]));
      let sent = 0;
      while (link.isOpen && sent < 3000) {
        link.handler.data(wsFrame(MIDDLE, [0x61]));
        sent++;
      }
      assert.deepEqual([sent, closeCode(link)], [most + 1, 1009]);
    }
    await goesOn();
  });

  it("of the stream are frames of ZMTP with its limits", async () => {
    const { peer, goesOn } = listening(STREAM, { maxMessageSize: 2000 });
    const link = peer();
    link.handler.data(wsFrame(BEGIN, frame(0, new Uint8Array(2000)).subarray(0, 1000)));
    link.handler.data(wsFrame(MIDDLE, new Uint8Array(500)));
    assert.equal(link.isOpen, true);
    const other = peer();
    other.handler.data(wsFrame(BEGIN, frame(0, new Uint8Array(2001)).subarray(0, 100)));
    assert.equal(other.isOpen, false);
    await goesOn();
  });

  it("that are empty cost nothing, and the connection stays", async () => {
    for (const subprotocol of [STREAM, NULL]) {
      const { clock, peer, goesOn } = listening(subprotocol);
      const link = peer();
      link.handler.data(wsFrame(BEGIN));
      link.handler.data(repeated(wsFrame(MIDDLE), 1000));
      assert.equal(link.isPaused, true, "what comes before the next turn waits");
      clock.turn();
      const before = process.memoryUsage().arrayBuffers;
      assert.equal(flood(link, clock, wsFrame(MIDDLE), 50), 50);
      assert.ok(process.memoryUsage().arrayBuffers - before < 20 * 2 ** 20);
      await goesOn();
    }
  });
});

/** What is no ZWS, to a socket that expects READY, and behind it. */
const NO_ZWS: Readonly<Record<string, Uint8Array>> = {
  "an empty message": wsFrame(WHOLE),
  "an empty message in fragments": bytes(wsFrame(BEGIN), wsFrame(END)),
};
const NO_READY: Readonly<Record<string, Uint8Array>> = {
  ...NO_ZWS,
  "a message before READY": zwsFrame(0, Buffer.from("x")),
  "READY that is framed as ZMTP frames it": wsFrame(WHOLE, READY),
  "READY whose property is longer than it is": zwsFrame(2, bytes([5], Buffer.from("READY\x01X"), [0, 0, 1, 0])),
  "READY without a name": zwsFrame(2, []),
  "a command of another mechanism": zwsCommand(command("HELLO", Buffer.from("\x01u\x01p"))),
  "a socket type that does not fit": zwsCommand(ready("SUB", NOTHING)),
  "the greeting of ZMTP": wsFrame(WHOLE, GREETING),
  ERROR: zwsCommand(command("ERROR", Buffer.from("\x03400"))),
};

describe("what is no ZWS", () => {
  for (const [what, sent] of Object.entries(NO_READY)) {
    it(`${what} ends its connection, and delivers nothing`, async () => {
      const { connection, clock, goesOn } = listening(NULL);
      const link = connection();
      link.handler.data(bytes(sent, zwsFrame(0, Buffer.from("bad"))));
      clock.turn();
      assert.equal(link.isOpen, false);
      await goesOn();
    });
  }

  for (const subprotocol of [NULL, BARE]) {
    for (const [what, sent] of Object.entries(NO_ZWS)) {
      it(`${what} behind the handshake of ${subprotocol} ends its connection too`, async () => {
        const { peer, clock, goesOn } = listening(subprotocol);
        const link = peer();
        link.handler.data(sent.slice());
        clock.turn();
        assert.equal(link.isOpen, false);
        await goesOn();
      });
    }

    it(`frames with MORE without end meet maxMessageFrames over ${subprotocol}`, async () => {
      const { peer, clock, goesOn } = listening(subprotocol, { maxMessageFrames: 1000 });
      const link = peer();
      assert.ok(flood(link, clock, zwsFrame(1, []), 100) < 4);
      assert.equal(link.isOpen, false);
      await goesOn();
    });

    it(`commands that nobody knows take no more than a part of a turn over ${subprotocol}`, async () => {
      const { peer, clock, goesOn } = listening(subprotocol);
      const link = peer();
      const chunk = repeated(zwsCommand(command("X")), 4000);
      for (let i = 0; i < 5; i++) link.handler.data(chunk.slice());
      assert.equal(link.isPaused, true, "what comes before the next turn waits");
      clock.turn();
      assert.deepEqual([link.isPaused, link.isOpen], [false, true]);
      await goesOn();
    });
  }

  it("flags that mean nothing are passed over, as libzmq does", async () => {
    const { peer, socket, goesOn } = listening(NULL);
    peer().handler.data(zwsFrame(0xfc, Buffer.from("x")));
    assert.deepEqual((await socket.receive()).map(String), ["x"]);
    await goesOn();
  });
});

it("what is no ZMTP in the stream ends its connection", async () => {
  const { connection, peer, clock, goesOn } = listening(STREAM, { maxMessageSize: 1000 });
  const greeted = connection();
  greeted.handler.data(wsFrame(WHOLE, bytes(GREETING, frame(0, Buffer.from("before READY")))));
  const late = peer();
  late.handler.data(wsFrame(WHOLE, new Uint8Array(9).fill(0xff)));
  clock.turn();
  assert.deepEqual([greeted.isOpen, late.isOpen], [false, false]);
  await goesOn();
});

it("a server that breaks the frames ends the connection of the client alone", async () => {
  const { socket, clock, transport } = bound(Push, { linger: 0 });
  transport.over = (link) => new WebSocketLink(link, clock, "server", NULL, NOTHING);
  const [bad, good] = [transport.connection(), transport.connection()];
  clock.turn();
  const pull = bytes([2], ready("PULL", NOTHING).subarray(2));
  for (const link of [bad, good]) link.handler.data(wsFrame(WHOLE, pull, { isMasked: false }));
  clock.turn();
  bad.handler.data(wsFrame(WHOLE, pull));
  assert.deepEqual([bad.isOpen, good.isOpen], [false, true]);
  const before = good.sentBytes;
  await socket.send("x");
  clock.turn();
  assert.ok(good.sentBytes > before);
});
