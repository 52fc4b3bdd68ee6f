import assert from "node:assert/strict";
import { test } from "node:test";
import {
  COMMAND,
  LONG,
  LONGEST_HEADER,
  MORE,
  readSize,
  readUint32,
  writeHeader,
  writeSize,
  writeUint32,
} from "./frame.ts";

const SIZES = [0, 1, 255, 256, 65_535, 65_536, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 40 + 7, 2 ** 53 - 1];

test("a size is read back as it was written", () => {
  const bytes = new Uint8Array(12).fill(0xaa);
  for (const size of SIZES) {
    assert.equal(writeSize(bytes, 2, size), 10);
    assert.equal(readSize(bytes, 2), size);
    assert.deepEqual([bytes[1], bytes[10]], [0xaa, 0xaa]);
  }
});

test("sizes are big-endian", () => {
  const bytes = new Uint8Array(8);
  writeSize(bytes, 0, 0x010203040506);
  assert.equal(Buffer.from(bytes).toString("hex"), "0000010203040506");
});

test("a size of 64 set bits reads as beyond every limit", () => {
  assert.ok(readSize(new Uint8Array(8).fill(0xff), 0) > Number.MAX_SAFE_INTEGER);
});

test("a header is short up to 255 octets and long from 256", () => {
  const bytes = new Uint8Array(LONGEST_HEADER);
  assert.equal(writeHeader(bytes, 0, MORE, 255), 2);
  assert.deepEqual([...bytes.subarray(0, 2)], [MORE, 255]);
  assert.equal(writeHeader(bytes, 0, COMMAND, 256), 9);
  assert.deepEqual([...bytes.subarray(0, 9)], [COMMAND | LONG, 0, 0, 0, 0, 0, 0, 1, 0]);
});

test("32-bit numbers are unsigned", () => {
  const bytes = new Uint8Array(4);
  assert.equal(writeUint32(bytes, 0, 0xfffffffe), 4);
  assert.equal(readUint32(bytes, 0), 0xfffffffe);
});
