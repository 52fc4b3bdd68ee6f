import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../test/fake-clock.ts";
import { GROUP, PgmNetwork, PORT, type TestReceiver } from "../../test/pgm-network.ts";
import { ZmqError } from "../base/errors.ts";
import { DATA_HEADER_BYTES, encodeSpm, finishData, NAK, ODATA, PacketReader, SPMR } from "../wire/pgm.ts";

function setUp(windowPackets?: number) {
  const clock = new FakeClock();
  const network = new PgmNetwork(clock);
  return { clock, network, receiver: network.receiver(windowPackets) };
}

/** Loses the data packets with these numbers, the first time. */
function lose(network: PgmNetwork, ...sequences: number[]): void {
  const left = new Set(sequences);
  network.filter = (bytes) => {
    const packet = new PacketReader();
    assert.ok(packet.read(bytes));
    return packet.type !== ODATA || !left.delete(packet.sequence);
  };
}

/** What the receiver sent since the last call, as `NAK numbers`. */
function asked(receiver: TestReceiver): string[] {
  return receiver.upstream.splice(0).map(({ packet: bytes }) => {
    const packet = new PacketReader();
    assert.ok(packet.read(bytes));
    if (packet.type === SPMR) return "SPMR";
    assert.equal(packet.type, NAK);
    return `NAK ${[packet.sequence, ...packet.listed]}`;
  });
}

test("a lost packet is asked for within 50 ms, and messages come in order", () => {
  const { network, receiver } = setUp();
  const source = network.source(1);
  lose(network, 1);
  for (const text of ["a", "b", "c"]) {
    source.text(text);
    network.run(0);
  }
  assert.deepEqual(receiver.texts, ["a"]);
  network.run(50);
  assert.deepEqual(receiver.texts, ["a", "b", "c"]);
  assert.deepEqual(asked(receiver), ["NAK 1"]);
});

test("a gap is asked for in one NAK, and the last packet of a burst because of the next SPM", () => {
  const { network, receiver } = setUp();
  const source = network.source(1);
  lose(network, 1, 2, 3, 5);
  for (let i = 0; i < 6; i++) {
    source.text(`${i}`);
    network.run(0);
  }
  network.run(50);
  assert.deepEqual(asked(receiver), ["NAK 1,2,3"]);
  assert.equal(receiver.messages.length, 5);
  network.run(200);
  assert.deepEqual(asked(receiver), ["NAK 5"]);
  assert.equal(receiver.messages.length, 6);
});

test("a NAK without an answer is sent again each 200 ms", () => {
  const { network, receiver } = setUp();
  const source = network.source(1);
  lose(network, 1);
  for (let i = 0; i < 3; i++) {
    source.text(`${i}`);
    network.run(0);
  }
  network.crash(1);
  network.run(1000);
  assert.deepEqual(asked(receiver), ["NAK 1", "NAK 1", "NAK 1", "NAK 1", "NAK 1"]);
});

test("what another receiver asks for first is not asked for again", () => {
  const { network, receiver } = setUp();
  const other = network.receiver();
  const source = network.source(1);
  for (let i = 0; i < 40; i++) {
    lose(network, i);
    source.text(`${i}`);
    network.run(150);
  }
  assert.equal(receiver.messages.length, 40);
  assert.equal(other.messages.length, 40);
  const count = asked(receiver).length + asked(other).length;
  assert.ok(count >= 40 && count < 50, `${count} NAKs for 40 packets`);
});

test("what cannot be repaired is told, and the stream goes on with the next message that begins", () => {
  const { network, receiver } = setUp(4);
  const source = network.source(1, { windowPackets: 4, apduBytes: 32 });
  source.text("first");
  network.run(0);
  network.filter = () => false;
  for (let i = 0; i < 10; i++) {
    source.text(`lost ${i} and long enough for two packets`);
    network.run(0);
  }
  network.filter = () => true;
  source.text("next");
  network.run(500);
  assert.equal(receiver.texts[0], "first");
  assert.equal(receiver.texts.at(-1), "next");
  const [loss, ...more] = receiver.losses;
  assert.deepEqual(more, []);
  assert.equal(loss?.address, "192.0.2.1");
  assert.ok((loss?.packets ?? 0) >= 16);
  for (const text of receiver.texts.slice(1, -1)) assert.match(text, /^lost \d and long enough for two packets$/);
});

test("one who comes late begins with the next message and asks for nothing older", () => {
  const { network } = setUp();
  const source = network.source(1);
  for (let i = 0; i < 5; i++) {
    source.text(`${i}`);
    network.run(0);
  }
  const late = network.receiver();
  source.text("5");
  network.run(300);
  assert.deepEqual(late.texts, ["5"]);
  assert.deepEqual(asked(late), ["SPMR"]);
});

test("one who comes late hears from a heartbeat alone where the source stands", () => {
  const { network } = setUp();
  const source = network.source(1);
  source.text("0");
  network.run(0);
  const late = network.receiver();
  network.run(150);
  lose(network, 1);
  source.text("1");
  network.run(0);
  network.run(300);
  assert.deepEqual(late.texts, ["1"]);
});

test("sources of the same TSI at two addresses are two", () => {
  const { network, receiver } = setUp();
  const tsi = { gsi: Uint8Array.of(0xb7, 0xc6, 0xd1, 0xbc, 0x03, 0x8a), port: 0x555a };
  const [a, b] = [network.source(1, { tsi }), network.source(2, { tsi, firstSequence: 500 })];
  lose(network, 1);
  for (let i = 0; i < 3; i++) {
    a.text(`a${i}`);
    b.text(`b${i}`);
    network.run(0);
  }
  network.run(100);
  assert.deepEqual(receiver.texts.sort(), ["a0", "a1", "a2", "b0", "b1", "b2"]);
  assert.equal(receiver.receiver.sources, 2);
});

test("a source that starts again under the same TSI is read from its new beginning", () => {
  const { network, receiver } = setUp();
  const source = network.source(1);
  for (let i = 0; i < 5; i++) {
    source.text(`old ${i}`);
    network.run(150);
  }
  network.crash(1);
  network.run(2000);
  const again = network.source(1);
  for (let i = 0; i < 10; i++) {
    again.text(`new ${i}`);
    network.run(200);
  }
  assert.deepEqual(
    receiver.texts,
    [0, 1, 2, 3, 4].map((i) => `old ${i}`).concat([0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((i) => `new ${i}`)),
  );
  assert.deepEqual(receiver.losses, []);
});

test("late duplicates of old SPMs do not make a source start again", () => {
  const { network, receiver } = setUp();
  const source = network.source(1);
  const first = source.sent.slice(0, 3);
  network.run(0);
  for (let i = 0; i < 30; i++) {
    source.text(`${i}`);
    network.run(20);
    if (i % 5 === 4) for (const packet of first) network.send(packet, "192.0.2.1");
  }
  network.run(1000);
  assert.deepEqual(
    receiver.texts,
    Array.from({ length: 30 }, (_, i) => `${i}`),
  );
});

test("while the reader has no room packets are held as far as the window reaches, and repaired later beyond it", () => {
  const { network, receiver } = setUp(10);
  const source = network.source(1, { windowPackets: 100 });
  source.text("0");
  network.run(0);
  receiver.room = 2;
  for (let i = 1; i < 40; i++) {
    source.text(`${i}`);
    network.run(0);
  }
  assert.deepEqual(receiver.texts, ["0", "1", "2"]);
  receiver.room = Number.POSITIVE_INFINITY;
  receiver.receiver.resume();
  network.run(2000);
  assert.deepEqual(
    receiver.texts,
    Array.from({ length: 40 }, (_, i) => `${i}`),
  );
  assert.deepEqual(receiver.losses, []);
});

test("a source that sends what is no message is told of, and read on from its next message", () => {
  const { network, receiver } = setUp();
  const tsi = { gsi: new Uint8Array(6), port: 9 };
  const apdu = (sequence: number, hex: string) => {
    const octets = Buffer.from(hex, "hex");
    const packet = new Uint8Array(DATA_HEADER_BYTES + octets.length);
    packet.set(octets, DATA_HEADER_BYTES);
    finishData(packet, ODATA, tsi, PORT, sequence, 0);
    network.send(packet, "192.0.2.7");
    network.run(0);
  };
  apdu(0, "000002006100");
  apdu(1, "ffff0200");
  apdu(2, "000002006200");
  assert.deepEqual(receiver.texts, ["a", "b"]);
  assert.deepEqual(
    receiver.errors.map((error) => error instanceof ZmqError && error.code),
    ["EPROTO"],
  );
});

test("sources that do not exist, however many, take bounded memory and cause a bounded number of answers", () => {
  const { clock, network, receiver } = setUp();
  const real = network.source(1);
  real.text("real");
  network.run(0);
  const tsi = { gsi: new Uint8Array(6), port: 1 };
  const packet = new Uint8Array(DATA_HEADER_BYTES + 3);
  for (let i = 0; i < 100_000; i++) {
    new DataView(tsi.gsi.buffer).setUint32(0, i);
    packet.set([255, 255, 0], DATA_HEADER_BYTES);
    finishData(packet, ODATA, tsi, PORT, i, 0);
    receiver.receiver.receive(packet, { address: "192.0.2.99", port: 1 }, GROUP);
  }
  assert.ok(receiver.receiver.sources <= 2048);
  clock.advance(10_000);
  assert.ok(receiver.upstream.length <= 10_000);
  real.text("still there");
  network.run(100);
  assert.deepEqual(receiver.texts, ["real", "still there"]);
});

test("a forged SPM that promises billions of packets is asked after no further than the window", () => {
  const { network, receiver } = setUp(100);
  const source = network.source(1);
  source.text("0");
  network.run(0);
  const window = { sequence: 3, trail: 0, lead: 0x4000_0000 };
  const tsi = { gsi: Uint8Array.of(1, 2, 3, 4, 5, 1), port: 1001 };
  network.send(encodeSpm(tsi, PORT, window, Uint8Array.of(192, 0, 2, 1)), "192.0.2.1");
  network.run(60);
  const numbers = asked(receiver).flatMap((name) => name.slice(4).split(","));
  assert.ok(numbers.length <= 100, `${numbers.length}`);
});

test("forged numbers on the other side of the circle make no endless gap", () => {
  const { network, receiver } = setUp(100);
  const tsi = { gsi: new Uint8Array(6), port: 9 };
  const spm = (sequence: number, trail: number, lead: number) => {
    network.send(encodeSpm(tsi, PORT, { sequence, trail, lead }, Uint8Array.of(192, 0, 2, 7)), "192.0.2.7");
    network.run(60);
  };
  const apart = [0, 1, 0x3fff_ffff, 0x4000_0000, 0x7fff_ffff, 0x8000_0000, 0x8000_0001, 0xc000_0000, 0xffff_ffff];
  for (const lead of apart) for (const trail of apart) spm(0, trail, lead);
  for (const lead of apart) for (const trail of apart) spm(trail, lead, trail);
  assert.ok(receiver.upstream.length < 1000, `${receiver.upstream.length}`);
});

test("a source that is silent for five minutes is forgotten", () => {
  const { network, receiver } = setUp();
  network.source(1).text("x");
  network.run(0);
  network.crash(1);
  network.run(290_000);
  assert.equal(receiver.receiver.sources, 1);
  network.run(60_000);
  assert.equal(receiver.receiver.sources, 0);
  assert.equal(network.clock.pending > 1, false);
});

test("a closed receiver keeps no timer and takes no packet", () => {
  const { clock, network, receiver } = setUp();
  const source = network.source(1);
  source.text("x");
  network.run(0);
  receiver.receiver.close();
  source.text("y");
  clock.turn();
  source.source.close();
  clock.turn();
  assert.deepEqual(receiver.texts, ["x"]);
  assert.equal(clock.pending, 0);
});
