import assert from "node:assert/strict";
import { test } from "node:test";
import type { SocketTypeName } from "../base/socket-types.ts";
import { readyBody } from "./command.ts";
import { encodeMetadata, encodeProperty, parseMetadata } from "./metadata.ts";

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));
const text = (string: string): Uint8Array => new Uint8Array(Buffer.from(string));

const metadata = (socketType: SocketTypeName, routingId = "", extra: [string, string][] = []): Uint8Array =>
  encodeMetadata({ socketType, routingId: text(routingId), metadata: new Map(extra) });

const names = (bytes: Uint8Array): Record<string, string> =>
  Object.fromEntries([...parseMetadata(bytes)].map(([name, value]) => [name, Buffer.from(value).toString()]));

test("READY of a REQ is libzmq's, with an empty Identity", () => {
  const captured =
    "05 52 45 41 44 59 0b 53 6f 63 6b 65 74 2d 54 79 70 65 00 00 00 03 52 45 51 08 49 64 65 6e 74 69 74 79 00 00 00 00";
  assert.equal(Buffer.from(readyBody(metadata("REQ"))).toString("hex"), captured.replaceAll(" ", ""));
  assert.deepEqual(names(hex(captured).subarray(6)), { "Socket-Type": "REQ", Identity: "" });
});

test("READY of a SUB is libzmq's, without Identity", () => {
  const captured = "05 52 45 41 44 59 0b 53 6f 63 6b 65 74 2d 54 79 70 65 00 00 00 03 53 55 42";
  assert.equal(Buffer.from(readyBody(metadata("SUB", "id"))).toString("hex"), captured.replaceAll(" ", ""));
});

test("further properties follow sorted by name", () => {
  const bytes = metadata("DEALER", "BOB", [
    ["X-b", "2"],
    ["X-a", "ä"],
  ]);
  assert.deepEqual(Object.entries(names(bytes)), [
    ["Socket-Type", "DEALER"],
    ["Identity", "BOB"],
    ["X-a", "ä"],
    ["X-b", "2"],
  ]);
});

test("the names of ZMTP and those of this side are recognized in any case, others are kept as they are", () => {
  const bytes = Buffer.concat([
    encodeProperty("socket-TYPE", text("REP")),
    encodeProperty("IDENTITY", text("me")),
    encodeProperty("user-id", text("root")),
    encodeProperty("PEER-address", text("::1")),
    encodeProperty("x-Thing", text("1")),
  ]);
  assert.deepEqual(names(bytes), {
    "Socket-Type": "REP",
    Identity: "me",
    "User-Id": "root",
    "Peer-Address": "::1",
    "x-Thing": "1",
  });
});

test("64 properties are accepted, one more is refused", () => {
  const one = (i: number) => encodeProperty(`X-${i}`, text("v"));
  const many = Buffer.concat(Array.from({ length: 64 }, (_, i) => one(i)));
  assert.equal(parseMetadata(many).size, 64);
  const tooMany = Buffer.concat([many, one(0)]);
  assert.throws(() => parseMetadata(tooMany), { code: "ERR_ZMTP_INVALID_METADATA" });
});

test("an Identity of 255 octets is accepted, a longer one is refused", () => {
  const identity = (length: number) => encodeProperty("identity", new Uint8Array(length));
  assert.equal(parseMetadata(identity(255)).get("Identity")?.length, 255);
  assert.throws(() => parseMetadata(identity(256)), { code: "ERR_ZMTP_INVALID_METADATA" });
});

test("of a name that comes twice the first counts", () => {
  const bytes = Buffer.concat([encodeProperty("X-a", text("1")), encodeProperty("X-a", text("2"))]);
  assert.deepEqual(names(bytes), { "X-a": "1" });
});

test("no metadata at all is accepted", () => {
  assert.equal(parseMetadata(new Uint8Array(0)).size, 0);
});

test("metadata cut anywhere within a property, or with an octet behind it, is refused", () => {
  const whole = metadata("DEALER", "BOB", [["X-a", "1"]]);
  // Ends of properties are no errors: 1+11+4+6 octets, then 1+8+4+3 more.
  const ends = new Set([0, 22, 38, whole.length]);
  for (let length = 0; length <= whole.length; length++) {
    const parse = () => parseMetadata(whole.subarray(0, length));
    if (ends.has(length)) parse();
    else assert.throws(parse, { code: "ERR_ZMTP_INVALID_METADATA" }, `cut at ${length}`);
  }
  assert.throws(() => parseMetadata(Buffer.concat([whole, Buffer.from([0])])), { code: "ERR_ZMTP_INVALID_METADATA" });
  assert.throws(() => parseMetadata(hex("01 61 ff ff ff ff 00")), { code: "ERR_ZMTP_INVALID_METADATA" });
});

test("values are views of one copy", () => {
  const bytes = Buffer.concat([encodeProperty("X-a", text("1")), encodeProperty("X-b", text("2"))]);
  const parsed = parseMetadata(bytes);
  bytes.fill(0);
  assert.deepEqual(Buffer.from(parsed.get("X-a") ?? []).toString(), "1");
  assert.equal(parsed.get("X-a")?.buffer, parsed.get("X-b")?.buffer);
});

test("a name of no or more than 255 octets cannot be encoded", () => {
  for (const name of ["", "x".repeat(256)]) assert.throws(() => encodeProperty(name, text("")), { code: "EINVAL" });
  assert.equal(encodeProperty("x".repeat(255), text("")).length, 260);
});
