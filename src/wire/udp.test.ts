import assert from "node:assert/strict";
import { test } from "node:test";
import { fromText, toText } from "../base/bytes.ts";
import { decodeDatagram, encodeDatagram } from "./udp.ts";

const hex = (text: string) => Uint8Array.from(text.split(" "), (octet) => Number.parseInt(octet, 16));

/** Captured from libzmq 4.3.5. */
const VECTORS: readonly (readonly [string, string, string])[] = [
  ["02 54 56 4e 65 77 73", "TV", "News"],
  ["00 4e 65 77 73", "", "News"],
  ["01 67", "g", ""],
  ["00", "", ""],
];

test("datagrams are written and read as libzmq writes them", () => {
  for (const [octets, group, body] of VECTORS) {
    assert.deepEqual([...(encodeDatagram([fromText(group), fromText(body)]) ?? [])], [...hex(octets)]);
    assert.deepEqual(decodeDatagram(hex(octets))?.map(toText), [group, body]);
  }
});

test("what is empty, cut short, too long, or has a group that ends a DISH of libzmq, is no message", () => {
  for (const octets of ["02 54", "ff 41", "80 41"]) assert.equal(decodeDatagram(hex(octets)), undefined);
  assert.equal(decodeDatagram(new Uint8Array(0)), undefined);
  const long = new Uint8Array(200).fill(0x41);
  long[0] = 128;
  assert.equal(decodeDatagram(long), undefined);
  assert.equal(decodeDatagram(new Uint8Array(8193)), undefined);
  assert.equal(decodeDatagram(new Uint8Array(8192))?.[1]?.length, 8191);
});

test("a message that does not fit is not written", () => {
  assert.equal(encodeDatagram([new Uint8Array(127), new Uint8Array(8064)])?.length, 8192);
  assert.equal(encodeDatagram([new Uint8Array(127), new Uint8Array(8065)]), undefined);
  assert.equal(encodeDatagram([new Uint8Array(128), new Uint8Array(1)]), undefined);
  assert.equal(encodeDatagram([new Uint8Array(1)]), undefined);
});
