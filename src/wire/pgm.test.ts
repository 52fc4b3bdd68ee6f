import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ahead,
  DATA_HEADER_BYTES,
  encodeNak,
  encodeSpm,
  encodeSpmr,
  finishData,
  MOST_SEQUENCES,
  NAK,
  NCF,
  ODATA,
  PacketReader,
  RDATA,
  SPM,
  SPMR,
} from "./pgm.ts";

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replace(/\s/g, ""), "hex"));
const toHex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const octets = (...numbers: number[]) => Uint8Array.from(numbers);

/** Packets of libzmq 4.3.4 with OpenPGM 5.3.128 on epgm://127.0.0.1;239.192.1.1:7513, and of a source that it took packets from. */
const CAPTURED = {
  spm: hex("555a1d590000813cb7c6d1bc038a0000 00000000 00000000 ffffffff 00010000 7f000001"),
  odata: hex("555a1d590400b263b7c6d1bc038a0009 00000000 00000000 0000 0600 68656c6c6f"),
  rdata: hex("555a1d590500b163b7c6d1bc038a0009 00000000 00000000 0000 0600 68656c6c6f"),
  nak: hex("1d5a12340800f2a9aabbccddee010000 00000066 00010000 7f000002 00010000 efc00101"),
  ncf: hex("555a1d590a008679b7c6d1bc038a0000 00000000 00010000 7f000001 00010000 efc00101"),
  spmr: hex("1d5a12340c005ed6aabbccddee010000"),
};
const LIBZMQ = { gsi: hex("b7c6d1bc038a"), port: 0x555a };
const OTHER = { gsi: hex("aabbccddee01"), port: 0x1234 };
const GROUP = octets(239, 192, 1, 1);
const HELLO = hex("0000060068656c6c6f");

function dataPacket(type: typeof ODATA | typeof RDATA): Uint8Array {
  const packet = new Uint8Array(DATA_HEADER_BYTES + HELLO.length);
  packet.set(HELLO, DATA_HEADER_BYTES);
  finishData(packet, type, LIBZMQ, 0x1d59, 0, 0);
  return packet;
}

test("packets are written as libzmq writes them", () => {
  const window = { sequence: 0, trail: 0, lead: 0xffffffff };
  assert.equal(toHex(encodeSpm(LIBZMQ, 0x1d59, window, octets(127, 0, 0, 1))), toHex(CAPTURED.spm));
  assert.equal(toHex(dataPacket(ODATA)), toHex(CAPTURED.odata));
  assert.equal(toHex(dataPacket(RDATA)), toHex(CAPTURED.rdata));
  assert.equal(toHex(encodeNak(NAK, OTHER, 0x1d5a, [0x66], octets(127, 0, 0, 2), GROUP)), toHex(CAPTURED.nak));
  assert.equal(toHex(encodeNak(NCF, LIBZMQ, 0x1d59, [0], octets(127, 0, 0, 1), GROUP)), toHex(CAPTURED.ncf));
  assert.equal(toHex(encodeSpmr(OTHER, 0x1d5a)), toHex(CAPTURED.spmr));
});

test("packets of libzmq are read, and the source of each is known in both directions", () => {
  const packet = new PacketReader();
  assert.ok(packet.read(CAPTURED.spm));
  assert.equal(packet.type, SPM);
  assert.deepEqual([packet.tsiHigh, packet.tsiLow, packet.sessionPort], [0xb7c6d1bc, 0x038a555a, 0x1d59]);
  assert.deepEqual([packet.sequence, packet.trail, packet.lead, packet.isFinal], [0, 0, 0xffffffff, false]);
  assert.equal(toHex(packet.source), "7f000001");

  for (const [type, bytes] of [
    [ODATA, CAPTURED.odata],
    [RDATA, CAPTURED.rdata],
  ] as const) {
    assert.ok(packet.read(bytes));
    assert.deepEqual([packet.type, packet.sequence, packet.trail], [type, 0, 0]);
    assert.equal(toHex(bytes.subarray(packet.start, packet.end)), toHex(HELLO));
  }

  assert.ok(packet.read(CAPTURED.nak));
  assert.deepEqual([packet.type, packet.tsiHigh, packet.tsiLow], [NAK, 0xaabbccdd, 0xee011234]);
  assert.deepEqual([packet.sessionPort, packet.sequence, packet.listed], [0x1d5a, 0x66, []]);
  assert.deepEqual([toHex(packet.source), toHex(packet.group)], ["7f000002", "efc00101"]);

  assert.ok(packet.read(CAPTURED.ncf));
  assert.deepEqual([packet.type, packet.tsiLow], [NCF, 0x038a555a]);
  assert.ok(packet.read(CAPTURED.spmr));
  assert.deepEqual([packet.type, packet.tsiLow], [SPMR, 0xee011234]);
});

test("a NAK lists up to 63 packets", () => {
  const sequences = Array.from({ length: MOST_SEQUENCES }, (_, i) => 0xfffffff0 + i * 2).map((n) => n >>> 0);
  const packet = new PacketReader();
  assert.ok(packet.read(encodeNak(NAK, OTHER, 7, sequences, octets(127, 0, 0, 2), GROUP)));
  assert.deepEqual([packet.sequence, ...packet.listed], sequences);
  const three = encodeNak(NAK, OTHER, 7, [0x66, 0x69, 0x6a], octets(127, 0, 0, 2), GROUP);
  assert.equal(three[5], 3);
  assert.equal(toHex(three.subarray(36)), "00040010820c0000000000690000006a");
  assert.ok(packet.read(CAPTURED.nak));
  assert.deepEqual(packet.listed, []);
});

test("the last SPM of a source says that it is", () => {
  const bytes = encodeSpm(LIBZMQ, 7, { sequence: 9, trail: 1, lead: 2 }, octets(127, 0, 0, 1), true);
  assert.equal(toHex(bytes.subarray(36)), "000400088e040000");
  const packet = new PacketReader();
  assert.ok(packet.read(bytes));
  assert.equal(packet.isFinal, true);
  assert.ok(packet.read(CAPTURED.spm));
  assert.equal(packet.isFinal, false);
});

test("addresses of IPv6 have 16 octets", () => {
  const source = hex("fe80000000000000000000000000beef");
  const group = hex("ff120000000000000000000000001234");
  const packet = new PacketReader();
  assert.ok(packet.read(encodeNak(NCF, OTHER, 7, [1, 2], source, group)));
  assert.deepEqual([toHex(packet.source), toHex(packet.group), packet.listed], [toHex(source), toHex(group), [2]]);
  assert.ok(packet.read(encodeSpm(OTHER, 7, { sequence: 1, trail: 2, lead: 3 }, source)));
  assert.equal(toHex(packet.source), toHex(source));
});

test("a changed octet is found by the checksum, wherever it is", () => {
  const packet = new PacketReader();
  for (const bytes of Object.values(CAPTURED)) {
    for (let i = 0; i < bytes.length; i++) {
      const changed = bytes.slice();
      changed[i] = (changed[i] as number) ^ 0x10;
      assert.equal(packet.read(changed), false);
    }
  }
});

test("data without a checksum is refused, other packets are taken without", () => {
  const packet = new PacketReader();
  for (const [name, bytes] of Object.entries(CAPTURED)) {
    const bare = bytes.slice();
    bare.fill(0, 6, 8);
    assert.equal(packet.read(bare), !name.endsWith("data"), name);
  }
});

test("the checksum is the same at every alignment and for every length", () => {
  for (let length = 1; length < 40; length++) {
    const tsdu = Uint8Array.from({ length }, (_, i) => (i * 37 + length) & 0xff);
    const found = new Set<string>();
    for (let shift = 0; shift < 8; shift++) {
      const packet = new Uint8Array(new ArrayBuffer(shift + DATA_HEADER_BYTES + length), shift);
      packet.set(tsdu, DATA_HEADER_BYTES);
      finishData(packet, ODATA, LIBZMQ, 1, 2, 3);
      found.add(toHex(packet));
      assert.ok(new PacketReader().read(packet));
    }
    assert.equal(found.size, 1);
  }
});

test("a packet that is cut short anywhere is refused", () => {
  const packet = new PacketReader();
  const list = encodeNak(NAK, OTHER, 7, [1, 2, 3], octets(127, 0, 0, 2), GROUP);
  for (const bytes of [...Object.values(CAPTURED), list]) {
    for (let length = 0; length < bytes.length; length++) {
      const cut = bytes.slice(0, length);
      if (length >= 8) cut.fill(0, 6, 8); // so that the checksum does not find it
      assert.equal(packet.read(cut), false);
    }
  }
});

test("fragments, parity and options that overrun the packet are refused", () => {
  const packet = new PacketReader();
  const withOptions = (...options: number[]) => {
    const bytes = new Uint8Array(CAPTURED.spm.length + options.length);
    bytes.set(CAPTURED.spm);
    bytes.set(options, CAPTURED.spm.length);
    bytes[5] = 1;
    bytes.fill(0, 6, 8);
    return bytes;
  };
  assert.equal(packet.read(withOptions(0, 4, 0, 8, 0x83, 4, 0, 0)), true);
  assert.equal(packet.read(withOptions(0, 4, 0, 20, 0x81, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)), false);
  assert.equal(packet.read(withOptions(0, 4, 0, 9, 0x83, 4, 0, 0)), false);
  assert.equal(packet.read(withOptions(0, 4, 0, 8, 0x83, 5, 0, 0)), false);
  assert.equal(packet.read(withOptions(0, 4, 0, 8, 0x83, 0, 0, 0)), false);
  assert.equal(packet.read(withOptions(0, 4, 0, 8, 0x03, 4, 0, 0)), false);
  assert.equal(packet.read(withOptions(3, 4, 0, 8, 0x83, 4, 0, 0)), false);
  const parity = CAPTURED.spm.slice();
  parity[5] = 0x80;
  parity.fill(0, 6, 8);
  assert.equal(packet.read(parity), false);
});

test("sequence numbers are compared around their end", () => {
  assert.equal(ahead(0, 0xffffffff), 1);
  assert.equal(ahead(0xffffffff, 0), -1);
  assert.equal(ahead(5, 5), 0);
  assert.equal(ahead(0x7fffffff, 0), 0x7fffffff);
});
