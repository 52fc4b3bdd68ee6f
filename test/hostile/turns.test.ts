/** What peers may have done for them in one turn of the event loop without sending anything that is kept: one budget for all. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { copyOf, fromText } from "../../src/base/bytes.ts";
import { defaultOptions, setOption } from "../../src/base/options.ts";
import { Handshake } from "../../src/engine/handshake.ts";
import { curveKeyPair } from "../../src/index.ts";
import { selectMechanism } from "../../src/security/select-mechanism.ts";
import { Publisher, Pull, Reply, Subscriber } from "../../src/socket/sockets.ts";
import { Decoder } from "../../src/wire/decoder.ts";
import { zmtp } from "../../src/wire/zmtp-all.ts";
import { crypto } from "../crypto.ts";
import { bytes, command, type FakeLink, frame, GREETING, repeated } from "../fake-link.ts";
import { bound } from "./bound.ts";

const PING = command("PING", [0, 0]);
const X = frame(0, fromText("x"));
const MORE = frame(1, []);
/** Less than a server has sent with WELCOME, more than its greeting. */
const WELCOMED_BYTES = 160;
const server = curveKeyPair();
const client = curveKeyPair();

/** Messages that can be received now. */
async function count(socket: { receive(): Promise<unknown> }): Promise<number> {
  for (let received = 0; ; received++) {
    try {
      await socket.receive();
    } catch {
      return received;
    }
  }
}

describe("the budget of a turn", () => {
  for (const [what, flood] of [
    ["PINGs", repeated(PING, 50)],
    ["long commands", repeated(command("X", new Uint8Array(16_384)), 5)],
    ["unknown commands", repeated(command("X"), 50)],
    ["frames of a message that is not complete", repeated(MORE, 1200)],
  ] as const) {
    it(`is one for ${what} of all peers, who come to their turn one after the other`, async () => {
      const { socket, clock, transport } = bound(Pull, { receiveTimeout: 0 });
      const peers = Array.from({ length: 10 }, () => transport.peer("PUSH"));
      for (const link of peers) link.handler.data(bytes(flood, X));
      const now = await count(socket);
      assert.ok(now <= 1, `${now} were served at once`);
      clock.turn();
      assert.equal(await count(socket), 10 - now);
    });
  }

  it("does not hold up messages of peers that ask for nothing else", async () => {
    const { socket, transport } = bound(Pull, { receiveTimeout: 0 });
    const good = transport.peer("PUSH");
    transport.peer("PUSH").handler.data(repeated(PING, 1000));
    good.handler.data(X);
    good.handler.data(X);
    assert.equal(await count(socket), 2);
  });

  it("is not all that a message of thousands of frames waits for: its connection rests after each 2048, and others do not", async () => {
    const { socket, clock, transport } = bound(Pull, { receiveTimeout: 0 });
    transport.peer("PUSH").handler.data(bytes(repeated(MORE, 10_000), X, X));
    const good = transport.peer("PUSH");
    let rests = 0;
    for (; ; rests++, clock.advance(4)) {
      clock.turn();
      good.handler.data(X);
      const message = await socket.receive();
      if (message.length > 1) break;
      assert.ok(rests < 6, "it never came");
    }
    assert.ok(rests >= 4, `only ${rests} rests`); // 4 x 2048 frames, and what is left.
    clock.turn();
    assert.equal(await count(socket), 2); // One more of each, for the next message is short.
  });

  it("ends with the connection: what it brought is delivered", async () => {
    const { socket, transport } = bound(Pull, { receiveTimeout: 0 });
    const bad = transport.peer("PUSH");
    bad.handler.data(bytes(repeated(MORE, 10_000), X));
    assert.equal(await count(socket), 0);
    bad.handler.closed();
    assert.equal((await socket.receive()).length, 10_001);
  });

  for (const [what, Type, type, nothing, something] of [
    ["messages that a SUB did not subscribe to", Subscriber, "PUB", X, frame(0, fromText("g"))],
    ["requests without a delimiter", Reply, "REQ", X, bytes(MORE, X)],
  ] as const) {
    it(`is one for ${what} as well`, async () => {
      const { socket, clock, transport } = bound<Subscriber | Reply, object>(Type);
      if (socket instanceof Subscriber) socket.subscribe("g");
      const bad = transport.peer(type);
      clock.turn();
      bad.handler.data(bytes(repeated(nothing, 1000), something));
      let isServed = false;
      const received = socket.receive().then(() => {
        isServed = true;
      });
      await new Promise(setImmediate); // What is served at once is told by then.
      assert.equal(isServed, false);
      clock.turn();
      await received;
    });
  }

  it("counts messages that nobody keeps, of all peers", () => {
    const { clock, transport } = bound(Publisher);
    const peers = Array.from({ length: 10 }, () => transport.peer("SUB"));
    for (const link of peers) for (let i = 0; i < 4; i++) link.handler.data(repeated(frame(0, []), 32_000));
    assert.equal(peers.filter((link) => link.isPaused).length, 10);
    clock.turn();
    assert.equal(peers.filter((link) => link.isPaused).length, 0);
  });
});

describe("a decoder", () => {
  it("stops after so many frames of a message, and goes on where it was", () => {
    const decoder = new Decoder({ maxFrameBytes: -1, maxFrames: 100, framesAtOnce: 10 });
    decoder.push(bytes(repeated(MORE, 25), X, X));
    for (let i = 0; i < 2; i++) {
      assert.equal(decoder.next(), undefined);
      assert.equal(decoder.starved, false);
    }
    assert.equal(decoder.next()?.length, 26);
    assert.deepEqual(decoder.next()?.length, 1);
    assert.equal(decoder.next(), undefined);
    assert.equal(decoder.starved, true);
  });
});

describe("handshakes of CURVE", () => {
  /** A client in memory; `turn` carries what there is to the server and back. */
  function clientOf(link: FakeLink) {
    const options = defaultOptions("PUSH", { ipv6: false, blocky: true });
    setOption(options, "curveServerKey", server.publicKey, "PUSH");
    setOption(options, "curvePublicKey", client.publicKey, "PUSH");
    setOption(options, "curveSecretKey", client.secretKey, "PUSH");
    const handshake = new Handshake({
      socketType: "PUSH",
      routingId: options.routingId,
      mechanism: selectMechanism("PUSH", options, crypto)(),
      protocol: zmtp,
      zapDomainSet: false,
      limits: { maxFrameBytes: -1, maxFrames: 10 },
    });
    const received: Uint8Array[] = [];
    const write = link.write.bind(link);
    link.write = (chunks) => {
      for (const chunk of chunks) received.push(copyOf(chunk));
      return write(chunks);
    };
    const greeting = copyOf(GREETING);
    greeting.set(fromText("CURVE"), 12);
    handshake.push(greeting);
    return {
      handshake,
      send() {
        for (const chunk of received.splice(0)) if (handshake.state !== "done") handshake.push(chunk);
        for (let out = handshake.produce(); out !== undefined; out = handshake.produce()) link.handler.data(out);
      },
    };
  }

  const secured = () => bound(Pull, { curveServer: true, curveSecretKey: server.secretKey });

  it("that cost computing are one command a turn, whoever sends it", () => {
    const { clock, transport } = secured();
    const links = Array.from({ length: 20 }, () => transport.connection());
    const greeted = links.map((link) => link.sentBytes);
    for (const link of links) clientOf(link).send();
    const answered = () => links.filter((link, i) => link.sentBytes - (greeted[i] as number) > 100).length;
    assert.equal(answered(), 1);
    clock.turn();
    assert.equal(answered(), 20);
  });

  it("are one a turn also where the bound side is the client, and whoever only connects costs it none", () => {
    const { clock, transport } = bound(Pull, {
      curveServerKey: server.publicKey,
      curvePublicKey: client.publicKey,
      curveSecretKey: client.secretKey,
    });
    const links = Array.from({ length: 20 }, () => transport.connection());
    const greeting = copyOf(GREETING);
    greeting.set(fromText("CURVE"), 12);
    for (const link of links) link.handler.data(greeting);
    const hellos = () => links.filter((link) => link.sentBytes > 200).length;
    assert.equal(hellos(), 1);
    clock.turn();
    assert.equal(hellos(), 20);
  });

  it("hold no bytes that come before their turn: the link waits", () => {
    const { clock, transport } = secured();
    clientOf(transport.connection()).send();
    const link = transport.connection();
    clientOf(link).send();
    assert.equal(link.isPaused, true);
    clock.turn();
    assert.equal(link.isPaused, false);
  });

  it("take turns by the network they come from: a flood holds up its own", () => {
    const { clock, transport } = secured();
    const answered = (links: readonly FakeLink[]) => links.filter(({ sentBytes }) => sentBytes > WELCOMED_BYTES).length;
    const flood = Array.from({ length: 50 }, () => transport.connection("192.0.2.1"));
    for (const link of flood) clientOf(link).send();
    const late = transport.connection("192.0.2.2");
    clientOf(late).send();
    for (let turns = 0; turns < 2; turns++) clock.oneTurn();
    assert.equal(answered([late]), 1);
    assert.ok(answered(flood) < 5);
    clock.turn();
    assert.equal(answered(flood), 50);
  });

  it("that were given up meanwhile cost nothing", () => {
    const { clock, transport } = secured();
    clientOf(transport.connection()).send();
    const link = transport.connection();
    clientOf(link).send();
    const before = link.sentBytes;
    link.handler.closed();
    clock.turn();
    assert.equal(link.sentBytes, before);
  });
});
