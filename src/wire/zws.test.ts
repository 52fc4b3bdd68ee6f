import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { established, newClient, newServer, reply } from "../../test/curve-pair.ts";
import { hex, LIMITS, text, toHex } from "../../test/handshakes.ts";
import { fromText, toText, zeros } from "../base/bytes.ts";
import type { Message } from "../base/message.ts";
import type { Dialect } from "../base/protocol.ts";
import type { SocketTypeName } from "../base/socket-types.ts";
import { Handshake, type HandshakeOutcome } from "../engine/handshake.ts";
import type { Mechanism, MechanismConfig } from "../security/mechanism.ts";
import { NullMechanism } from "../security/null.ts";
import { PlainClient, PlainServer } from "../security/plain.ts";
import { type MessageWire, zws } from "./zws.ts";

const wire = (): MessageWire & { pings: number } => ({
  maxMessageBytes: 0,
  pings: 0,
  ping() {
    this.pings++;
  },
});

const config = (socketType: SocketTypeName, id = ""): MechanismConfig => ({
  socketType,
  routingId: fromText(id),
  metadata: new Map(),
});

type Side = "client" | "server";

function handshake(
  name: string,
  type: SocketTypeName,
  mechanism: Mechanism,
  id = "",
  needs = false,
  side: Side = "server",
): Handshake {
  return new Handshake({
    protocol: zws(name, wire(), side),
    socketType: type,
    routingId: fromText(id),
    mechanism,
    zapDomainSet: needs,
    limits: LIMITS,
  });
}

/** Carries messages between two handshakes; returns them as hex. */
function join(one: Handshake, other: Handshake): string[] {
  const sent: string[] = [];
  for (let isBusy = true; isBusy; ) {
    isBusy = false;
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const) {
      for (let message = from.produce(); message !== undefined; message = from.produce()) {
        isBusy = true;
        sent.push(toHex(message));
        to.push(message.slice());
      }
    }
  }
  return sent;
}

/** What one side encodes, decoded by the other. */
function across(from: HandshakeOutcome, to: HandshakeOutcome, messages: readonly Message[]): string[] {
  for (const message of messages) from.encoder.encode(message);
  const got: string[] = [];
  for (const chunk of from.encoder.take()) {
    to.decoder.push(chunk);
    for (let item = to.decoder.next(); item !== undefined; item = to.decoder.next()) {
      got.push(Array.isArray(item) ? item.map(toText).join("|") : `command ${toHex(item)}`);
    }
  }
  from.encoder.sent();
  return got;
}

const dialect = (name = "ZWS2.0/NULL", on = wire()): Dialect => {
  const { agreed } = zws(name, on, "server").open({
    socketType: "PUSH",
    routingId: zeros(0),
    mechanism: "NULL",
    needsMechanism: false,
  });
  assert(agreed !== undefined);
  return agreed;
};

const taken = (encoder: { take(): Uint8Array[] }): string[] => encoder.take().map((piece) => toHex(piece));

describe("ZWS2.0/NULL", () => {
  it("begins with READY as libzmq sends it, flags 02", () => {
    const push = handshake("ZWS2.0/NULL", "PUSH", new NullMechanism(config("PUSH"), false));
    const pull = handshake("ZWS2.0/NULL", "PULL", new NullMechanism(config("PULL"), false));
    const [first, second] = join(pull, push);
    assert.equal(first, "020552454144590b536f636b65742d547970650000000450554c4c");
    assert.equal(second, "020552454144590b536f636b65742d547970650000000450555348");
    assert.equal(push.state, "done");
    assert.equal(text(push.outcome, "Socket-Type"), "PULL");
    assert.deepEqual(across(push.outcome, pull.outcome, [[fromText("hi"), fromText("there")], [fromText("")]]), [
      "hi|there",
      "",
    ]);
  });

  it("is not begun by a client before it knows that the server speaks it", () => {
    const push = handshake("ZWS2.0/NULL", "PUSH", new NullMechanism(config("PUSH"), false), "me", false, "client");
    const pull = handshake("ZWS2.0/NULL", "PULL", new NullMechanism(config("PULL"), false));
    assert.equal(push.produce(), undefined);
    assert.equal(join(push, pull).length, 2);
    assert.equal(push.outcome.dialect.hasMechanism, true);
    // jszmq chooses it too, and begins with its routing id.
    const other = handshake("ZWS2.0/NULL", "PUSH", new NullMechanism(config("PUSH"), false), "me", false, "client");
    other.push(hex("00"));
    assert.equal(toHex(other.produce()), "006d65");
    assert.equal(other.outcome.dialect.hasMechanism, false);
  });

  it("refuses a type that does not fit", () => {
    const push = handshake("ZWS2.0/NULL", "PUSH", new NullMechanism(config("PUSH"), false));
    const sub = handshake("ZWS2.0/NULL", "SUB", new NullMechanism(config("SUB"), false));
    assert.throws(() => join(push, sub), { code: "EPROTO" });
  });
});

it("ZWS2.0/PLAIN runs through its commands", () => {
  const client = handshake(
    "ZWS2.0/PLAIN",
    "DEALER",
    new PlainClient(config("DEALER"), { username: "u", password: "pw" }),
  );
  const server = handshake("ZWS2.0/PLAIN", "ROUTER", new PlainServer(config("ROUTER")));
  const sent = join(client, server);
  assert.deepEqual(sent, ["020548454c4c4f0175027077"]);
  server.authorize(reply(200));
  sent.push(...join(client, server));
  assert.deepEqual(
    sent.map((message) => message.slice(0, 14)),
    ["020548454c4c4f", "020757454c434f", "0208494e495449", "02055245414459"],
  );
  assert.equal(server.state, "done");
});

it("ZWS2.0/CURVE seals each message whole, with outer flags 00", () => {
  const client = handshake("ZWS2.0/CURVE", "DEALER", newClient());
  const server = handshake("ZWS2.0/CURVE", "ROUTER", newServer());
  const sent = join(client, server);
  const lengths = sent.map((message) => message.length / 2);
  assert.deepEqual([lengths[0], lengths[1], lengths.length], [201, 169, 4]);
  assert.deepEqual(across(client.outcome, server.outcome, [[fromText("a"), fromText("b")], [fromText("hello")]]), [
    "a|b",
    "hello",
  ]);
  client.outcome.encoder.encode([fromText("hello")]);
  const [sealed] = taken(client.outcome.encoder);
  assert.equal(sealed?.length, 39 * 2);
  assert.match(sealed ?? "", /^00074d455353414745/);
});

describe("bare ZWS2.0", () => {
  it("begins with a routing id, even an empty one, and has no mechanism", () => {
    const dealer = handshake("ZWS2.0", "DEALER", new NullMechanism(config("DEALER"), false), "BOB");
    const router = handshake("ZWS2.0", "ROUTER", new NullMechanism(config("ROUTER"), false));
    assert.deepEqual(join(dealer, router), ["00424f42", "00"]);
    assert.equal(text(router.outcome, "Identity"), "BOB");
    assert.equal(router.outcome.dialect.hasMechanism, false);
    assert.deepEqual(across(dealer.outcome, router.outcome, [[fromText("x")]]), ["x"]);
  });

  it("is refused where there must be a mechanism", () => {
    const peer = handshake("ZWS2.0", "ROUTER", new NullMechanism(config("ROUTER"), true), "", true);
    assert.equal(peer.produce(), undefined);
    assert.throws(() => peer.push(hex("00")), { code: "EPROTO" });
  });
});

describe("frames of ZWS", () => {
  it("are messages with MORE as 01 and commands as 02", () => {
    const encoder = dialect().encoder();
    encoder.encode([fromText("hi"), fromText("")]);
    encoder.encodeControl({ kind: "subscribe", topic: fromText("a") });
    encoder.encodeControl({ kind: "cancel", topic: fromText("a") });
    encoder.encodeControl({ kind: "join", topic: fromText("g") });
    assert.equal(encoder.size, 3 + 1 + 3 + 3 + 7);
    assert.deepEqual(taken(encoder), ["016869", "00", "000161", "000061", "02044a4f494e67"]);
    assert.equal(encoder.size, 0);
  });

  it("of every size are encoded, and memory is used again", () => {
    const encoder = dialect().encoder();
    for (let round = 0; round < 3; round++) {
      const sizes = [0, 1, 200, 16_383, 16_384, 60_000, 65_536, 200_000, ...Array(2000).fill(64)];
      encoder.encode(sizes.map((size, i) => Uint8Array.from({ length: size }, () => i)));
      const pieces = encoder.take();
      assert.deepEqual(
        pieces.map((piece) => piece.length - 1),
        sizes,
      );
      pieces.forEach((piece, i) => {
        assert.equal(piece[0], i === pieces.length - 1 ? 0 : 1);
        assert(piece.subarray(1).every((octet) => octet === (i & 255)));
      });
      if (round === 1) encoder.kept();
      else encoder.sent();
    }
  });

  it("are decoded to copies, whatever becomes of the link's memory", () => {
    const decoder = dialect().decoder(LIMITS, false);
    const memory = hex("016869");
    decoder.push(memory);
    assert.equal(decoder.next(), undefined);
    memory.set(hex("007961"));
    decoder.push(memory.subarray(0, 3));
    decoder.retain();
    memory.set(hex("007a7a"));
    decoder.push(memory);
    decoder.retain();
    memory.fill(0);
    const read = () => (decoder.next() as Message | undefined)?.map(toText);
    assert.deepEqual([read(), read(), read()], [["hi", "ya"], ["zz"], undefined]);
    assert.equal(decoder.starved, true);
  });

  it("are whole at every size, at once or later, and large ones begin where their memory does", () => {
    for (const isSecured of [false, true]) {
      const decoder = dialect().decoder({ maxFrameBytes: -1, maxFrames: 1 }, isSecured);
      for (const size of [0, 1, 31, 32, 33, 255, 4094, 4095, 4096, 4097, 70_000]) {
        const sent = Uint8Array.from({ length: 1 + size }, (_, at) => (at === 0 ? 0 : at & 255));
        for (const isLater of [false, true]) {
          decoder.push(Uint8Array.from(sent));
          if (isLater) decoder.retain();
          const [body] = decoder.next() as Message;
          assert.deepEqual(Uint8Array.from(body as Uint8Array), sent.subarray(1), `${size}`);
          if (size > 4096) assert.equal(body?.byteOffset, 0);
        }
      }
      assert.equal(decoder.next(), undefined);
    }
  });

  it("keep to the limits", () => {
    const limited = dialect().decoder({ maxFrameBytes: 2, maxFrames: 2, maxMessageBytes: 3, framesAtOnce: 1 }, false);
    limited.push(hex("016869"));
    assert.equal(limited.next(), undefined);
    assert.equal(limited.assembling, 1);
    limited.push(hex("006869"));
    assert.throws(() => limited.next(), { code: "EMSGSIZE" });
    const frames = dialect().decoder({ maxFrameBytes: -1, maxFrames: 1 }, false);
    frames.push(hex("0161"));
    frames.push(hex("0061"));
    assert.throws(() => frames.next(), { code: "EMSGSIZE" });
    const long = dialect().decoder({ maxFrameBytes: 2, maxFrames: 1 }, false);
    long.push(hex("00616161"));
    assert.throws(() => long.next(), { code: "EMSGSIZE" });
  });

  it("tell the link how long a message may be", () => {
    const on = wire();
    const talk = dialect("ZWS2.0/NULL", on);
    talk.reader(100);
    assert.equal(on.maxMessageBytes, 101);
    talk.decoder({ maxFrameBytes: -1, maxFrames: 1 }, false);
    assert.equal(on.maxMessageBytes, Number.POSITIVE_INFINITY);
  });

  it("ask for a sign of life by the link, and ignore ZMTP's PING", () => {
    const on = wire();
    const talk = dialect("ZWS2.0/NULL", on);
    const encoder = talk.encoder();
    encoder.encodePing(0);
    assert.deepEqual([on.pings, encoder.size], [1, 0]);
    assert.equal(talk.parseCommand(hex("0450494e470000")), undefined);
    assert.deepEqual(talk.parseCommand(hex("09535542534352494245 61"))?.kind, "subscribe");
  });

  it("are none while the link only shows a sign of life, in a handshake too", () => {
    const reader = dialect().reader(10);
    reader.push(new Uint8Array(0));
    assert.equal(reader.next(), undefined);
    assert.deepEqual(reader.takeRest(), []);
  });

  it("are refused when they are empty", () => {
    const ciphers = established();
    for (const isLater of [false, true]) {
      const decoder = dialect().decoder(LIMITS, true);
      decoder.secure?.(ciphers.client);
      decoder.push(hex("00"));
      if (isLater) decoder.retain();
      assert.throws(() => decoder.next(), /expected a MESSAGE command/);
    }
  });
});
