import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../test/fake-clock.ts";
import { GROUP, PgmNetwork, PORT, type TestSource } from "../../test/pgm-network.ts";
import { encodeNak, encodeSpmr, NAK, NCF, ODATA, PacketReader, RDATA, SPM } from "../wire/pgm.ts";
import type { PgmSourceConfig } from "./pgm-source.ts";

const TSI = { gsi: Uint8Array.of(1, 2, 3, 4, 5, 1), port: 1001 };
const ADDRESS = Uint8Array.of(192, 0, 2, 1);
const NAMES: Record<number, string> = { [SPM]: "SPM", [ODATA]: "ODATA", [RDATA]: "RDATA", [NCF]: "NCF" };

function setUp(config: Partial<PgmSourceConfig> = {}) {
  const clock = new FakeClock();
  const network = new PgmNetwork(clock);
  const source = network.source(1, config);
  return { clock, network, source };
}

/** The packets that were sent since the last call, as `NAME sequence`. */
function sent(source: TestSource): string[] {
  return source.sent.splice(0).map((bytes) => {
    const packet = new PacketReader();
    assert.ok(packet.read(bytes));
    const { type, sequence, listed, isFinal } = packet;
    return `${NAMES[type]} ${[sequence, ...listed].join(",")}${isFinal ? " FIN" : ""}`;
  });
}

function nak(source: TestSource, ...sequences: number[]): void {
  source.source.receive(encodeNak(NAK, TSI, PORT, sequences, ADDRESS, GROUP));
}

test("a source says three times that it is there, and sends SPMs at libzmq's intervals after data", () => {
  const { clock, source } = setUp();
  assert.deepEqual(sent(source), ["SPM 0", "SPM 1", "SPM 2"]);
  source.text("hello");
  clock.turn();
  assert.deepEqual(sent(source), ["ODATA 0"]);
  const at: number[] = [];
  for (let ms = 1; ms <= 60_000; ms++) {
    clock.advance(1);
    for (const _ of sent(source)) at.push(ms);
  }
  assert.deepEqual(at, [100, 200, 300, 400, 500, 1800, 8800, 24_800, 49_800]);
});

test("a source that sends without a pause sends an SPM now and then all the same", () => {
  const { clock, source } = setUp();
  let spms = 0;
  for (let ms = 0; ms < 65_000; ms += 50) {
    source.text("x");
    clock.turn();
    clock.advance(50);
    spms += sent(source).filter((name) => name.startsWith("SPM")).length;
  }
  assert.ok(spms >= 5, `${spms}`);
});

test("messages of one turn share packets, and a full one leaves at once", () => {
  const { clock, source } = setUp({ apduBytes: 32 });
  sent(source);
  for (let i = 0; i < 4; i++) source.text("12345678");
  assert.deepEqual(sent(source), ["ODATA 0"]);
  clock.turn();
  assert.deepEqual(sent(source), ["ODATA 1"]);
});

test("a NAK is confirmed and answered at once, listed packets too", () => {
  const { clock, source } = setUp();
  for (let i = 0; i < 5; i++) {
    source.text(`${i}`);
    clock.turn();
  }
  const original = source.sent.at(-4);
  sent(source);
  nak(source, 1, 3, 4);
  const repaired = source.sent[1];
  assert.deepEqual(sent(source), ["NCF 1,3,4", "RDATA 1", "RDATA 3", "RDATA 4"]);
  assert.deepEqual(repaired?.subarray(24), original?.subarray(24));
});

test("what was repaired just now is not repaired again, and later it is", () => {
  const { clock, source } = setUp();
  source.text("x");
  clock.turn();
  sent(source);
  nak(source, 0);
  nak(source, 0);
  assert.deepEqual(sent(source), ["NCF 0", "RDATA 0"]);
  clock.advance(50);
  nak(source, 0);
  assert.deepEqual(sent(source), ["NCF 0", "RDATA 0"]);
});

test("a NAK for what is gone is answered by an SPM, one for what was not sent by nothing", () => {
  const { clock, source } = setUp({ windowPackets: 3 });
  for (let i = 0; i < 5; i++) {
    source.text(`${i}`);
    clock.turn();
  }
  clock.advance(20);
  sent(source);
  nak(source, 1);
  assert.deepEqual(sent(source), ["SPM 3"]);
  nak(source, 5);
  assert.deepEqual(sent(source), []);
  nak(source, 2);
  assert.deepEqual(sent(source), ["NCF 2", "RDATA 2"]);
});

test("a NAK that is for another source, session, address or group is passed over", () => {
  const { clock, source } = setUp();
  source.text("x");
  clock.turn();
  sent(source);
  const other = { ...TSI, port: 1002 };
  const elsewhere = Uint8Array.of(192, 0, 2, 9);
  source.source.receive(encodeNak(NAK, other, PORT, [0], ADDRESS, GROUP));
  source.source.receive(encodeNak(NAK, TSI, PORT + 1, [0], ADDRESS, GROUP));
  source.source.receive(encodeNak(NAK, TSI, PORT, [0], elsewhere, GROUP));
  source.source.receive(encodeNak(NAK, TSI, PORT, [0], ADDRESS, elsewhere));
  source.source.receive(encodeNak(NCF, TSI, PORT, [0], ADDRESS, GROUP));
  source.source.receive(Uint8Array.of(1, 2, 3));
  assert.deepEqual(sent(source), []);
  assert.equal(source.source.isFor(encodeNak(NAK, other, PORT, [0], ADDRESS, GROUP)), false);
  assert.equal(source.source.isFor(encodeNak(NAK, TSI, PORT, [0], ADDRESS, GROUP)), true);
});

test("an SPMR is answered by an SPM, many at a time by one", () => {
  const { clock, source } = setUp();
  clock.advance(50);
  sent(source);
  for (let i = 0; i < 100; i++) source.source.receive(encodeSpmr(TSI, PORT));
  assert.deepEqual(sent(source), ["SPM 3"]);
});

test("the rate holds for data, and what does not fit waits", () => {
  const { clock, source } = setUp({ rate: 12_500, apduBytes: 1428 });
  sent(source);
  for (let i = 0; i < 100; i++) source.write([new Uint8Array(1000)]);
  clock.turn();
  let bytes = 0;
  const count = () => {
    for (const packet of source.sent.splice(0)) bytes += packet.length + 28;
  };
  count();
  assert.ok(bytes < 5000, `${bytes} at once`);
  clock.advance(4000);
  count();
  assert.ok(bytes > 45_000 && bytes < 55_000, `${bytes} in 4 s`);
  assert.ok(source.queued.length > 0);
  clock.advance(10_000);
  assert.equal(source.queued.length, 0);
  assert.ok(source.source.isIdle);
});

test("one message that is larger than the rate allows is sent packet by packet", () => {
  const { clock, network, source } = setUp({ rate: 125_000, apduBytes: 1428 });
  const receiver = network.receiver();
  source.write([new Uint8Array(250_000)]);
  clock.turn();
  clock.advance(1000);
  assert.equal(receiver.messages.length, 0);
  clock.advance(1500);
  assert.deepEqual(
    receiver.messages.map(([frame]) => frame?.length),
    [250_000],
  );
});

test("a flood of NAKs takes half of the rate at most, and data goes on", () => {
  const { clock, source } = setUp({ rate: 125_000, apduBytes: 1428, windowPackets: 1000 });
  let number = 0;
  const perKind = new Map<string, number>();
  for (let ms = 0; ms < 5000; ms++) {
    for (let i = 0; i < 2; i++) source.write([new Uint8Array(1000)]);
    clock.turn();
    for (let i = 0; i < 20; i++) nak(source, ...Array.from({ length: 63 }, () => number++ % 500));
    clock.advance(1);
    for (const bytes of source.sent.splice(0)) {
      const kind = NAMES[bytes[4] as number] as string;
      perKind.set(kind, (perKind.get(kind) ?? 0) + bytes.length + 28);
    }
  }
  const repairs = (perKind.get("RDATA") ?? 0) + (perKind.get("NCF") ?? 0);
  const data = perKind.get("ODATA") ?? 0;
  assert.ok(repairs < 5 * 62_500 * 1.1, `${repairs} of repairs`);
  assert.ok(data > 5 * 62_500 * 0.8, `${data} of data`);
  assert.ok(repairs + data < 5 * 125_000 * 1.1);
});

test("numbers go on at 0 behind 2^32 - 1, and repairs reach across", () => {
  const { clock, network, source } = setUp({ firstSequence: 0xffff_fffe, windowPackets: 3 });
  const receiver = network.receiver();
  for (let i = 0; i < 5; i++) {
    source.text(`${i}`);
    clock.turn();
  }
  assert.deepEqual(sent(source).slice(-5), ["ODATA 4294967294", "ODATA 4294967295", "ODATA 0", "ODATA 1", "ODATA 2"]);
  assert.deepEqual(receiver.texts, ["0", "1", "2", "3", "4"]);
  nak(source, 0xffff_ffff, 0, 2);
  assert.deepEqual(sent(source).slice(-3), ["NCF 0,2", "RDATA 0", "RDATA 2"]);
});

test("a source that is closed says so three times, and nothing more", () => {
  const { clock, source } = setUp();
  source.text("x");
  clock.turn();
  sent(source);
  source.source.close();
  source.source.close();
  assert.deepEqual(sent(source), ["SPM 3 FIN", "SPM 4 FIN", "SPM 5 FIN"]);
  nak(source, 0);
  clock.advance(100_000);
  assert.deepEqual(sent(source), []);
  assert.equal(clock.pending, 0);
  assert.equal(source.source.write([Uint8Array.of(1)]), false);
});

test("a source that finishes answers NAKs a little longer, then ends", () => {
  const { clock, source } = setUp();
  source.text("last");
  source.source.finish();
  clock.turn();
  sent(source);
  clock.advance(100);
  nak(source, 0);
  assert.deepEqual(sent(source).slice(-2), ["NCF 0", "RDATA 0"]);
  clock.advance(150);
  assert.equal(source.isFinished, false);
  clock.advance(1000);
  assert.equal(source.isFinished, true);
  assert.match(sent(source).at(-1) ?? "", /^SPM \d+ FIN$/);
});

test("whoever asks without end does not keep a source that finishes", () => {
  const { clock, source } = setUp();
  source.text("last");
  source.source.finish();
  clock.turn();
  for (let i = 0; i < 50; i++) {
    clock.advance(100);
    nak(source, 0);
  }
  assert.equal(source.isFinished, true);
});

test("while the kernel takes nothing, a source waits", () => {
  const { clock, source } = setUp({ apduBytes: 100 });
  source.unsentBytes = 1_000_000;
  for (let i = 0; i < 100; i++) source.write([new Uint8Array(90)]);
  clock.turn();
  assert.ok(source.queued.length > 50);
  source.unsentBytes = 0;
  clock.advance(10);
  assert.equal(source.queued.length, 0);
});
