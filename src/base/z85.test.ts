import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeZ85, encodeZ85 } from "./z85.ts";

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex, "hex"));

test("RFC 32's vector encodes and decodes", () => {
  assert.equal(encodeZ85(bytes("864fd26fb559f75b")), "HelloWorld");
  assert.deepEqual(Uint8Array.from(decodeZ85("HelloWorld")), bytes("864fd26fb559f75b"));
});

test("RFC 26's key encodes and decodes", () => {
  const key = bytes("8e0bdd697628b91d8f245587ee95c5b04d48963f79259877b49cd9063aead3b7");
  assert.equal(encodeZ85(key), "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6");
  assert.deepEqual(Uint8Array.from(decodeZ85("JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6")), key);
});

test("the extremes of 32 bits survive", () => {
  for (const hex of ["", "00000000", "ffffffff", "80000000", "0000000100000100"]) {
    assert.equal(Buffer.from(decodeZ85(encodeZ85(bytes(hex)))).toString("hex"), hex);
  }
});

test("bytes that are no multiple of four are refused", () => {
  for (const length of [1, 2, 3, 33]) assert.throws(() => encodeZ85(new Uint8Array(length)), { code: "EINVAL" });
});

test("text of a wrong length, with a foreign character or beyond 32 bits is refused", () => {
  for (const text of ["Hell", "HelloW", 'Hell"', "Hell\\", "Hell~", "Hellé", "Hell\u0100", "Hell ", "#####", "%nSc1"]) {
    assert.throws(() => decodeZ85(text), { code: "EINVAL" }, text);
  }
  assert.equal(Buffer.from(decodeZ85("%nSc0")).toString("hex"), "ffffffff");
});

test("an error does not show the text, which may be a secret key", () => {
  assert.throws(
    () => decodeZ85("~ello"),
    (error: Error) => !error.message.includes("ello"),
  );
});
