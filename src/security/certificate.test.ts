import assert from "node:assert/strict";
import { test } from "node:test";
import { CLIENT } from "../../test/vectors/security.ts";
import { formatCertificate, parseCertificate } from "./certificate.ts";

const { publicKey, secretKey } = CLIENT;

test("a certificate survives as text, with and without its secret key", () => {
  const metadata = { name: "alice", email: 'al"ice@example.com', note: "it's # no comment", empty: "" };
  for (const certificate of [
    { publicKey, metadata },
    { publicKey, secretKey, metadata },
    { publicKey, metadata: {} },
  ]) {
    assert.deepEqual(parseCertificate(formatCertificate(certificate)), certificate);
  }
  assert.equal(formatCertificate({ publicKey, metadata }).includes("secret-key"), false);
});

test("a file in CZMQ's layout is read", () => {
  const text = `#   ****  Generated on 2024-03-01 10:11:12 by CZMQ  ****
#   ZeroMQ CURVE **Secret** Certificate
\r
metadata
    name = "alice"
    city = Wonderland   # unquoted
    deeper
        ignored = "yes"
curve
    public-key = "${publicKey}"
    secret-key = '${secretKey}'
`;
  assert.deepEqual(parseCertificate(text), {
    publicKey,
    secretKey,
    metadata: { name: "alice", city: "Wonderland", deeper: "" },
  });
  assert.deepEqual(parseCertificate(`\uFEFF${text.replaceAll("\n", "\r\n")}`).secretKey, secretKey);
});

test("a file without a section of metadata is read", () => {
  assert.deepEqual(parseCertificate(`curve\n    public-key = "${publicKey}"`), { publicKey, metadata: {} });
});

test("what is no certificate is refused, and the error shows no key", () => {
  const broken = [
    "",
    "metadata\n",
    `public-key = "${publicKey}"`,
    `curve\n    public-key = "short"`,
    `curve\n    public-key = "${publicKey}"\n    secret-key = "${secretKey}x"`,
    `curve\n    public-key = "${publicKey}`,
    `curve\n    public-key = "${publicKey}" "${secretKey}"`,
    `curve\n   public-key = "${publicKey}"`,
    `curve\n    public-key = "${publicKey}"\n    public-key = "${publicKey}"`,
    `curve\n    public-key = "${publicKey}"\nmetadata\ncurve\n    public-key = "${publicKey}"`,
    `curve\n    "${secretKey}"`,
    "\u0000\u0001\u0002",
  ];
  for (const text of broken) {
    assert.throws(
      () => parseCertificate(text),
      (error: Error & { code: string }) =>
        error.code === "EINVAL" && !error.message.includes(secretKey) && !error.message.includes(publicKey),
      JSON.stringify(text),
    );
  }
});

test("a line takes time by its length, whatever is in it", () => {
  const many = 300_000;
  for (const odd of [`b${" ".repeat(many)}c`, `b${"#".repeat(many)}\u2028c`, `"b"${" ".repeat(many)}#`]) {
    const start = performance.now();
    const { metadata } = parseCertificate(`metadata\n    a = ${odd}\ncurve\n    public-key = "${publicKey}"`);
    assert.equal(metadata.a?.startsWith("b"), true);
    assert.ok(performance.now() - start < 5000);
  }
});

test("metadata that the format cannot hold is refused", () => {
  for (const metadata of [
    { a: "nul\0" },
    { a: "line\nbreak" },
    { a: `both ' and "` },
    { "a b": "c" },
    { "": "c" },
    { "a=": "c" },
  ]) {
    assert.throws(() => formatCertificate({ publicKey, metadata }), { code: "EINVAL" });
  }
  assert.throws(() => formatCertificate({ publicKey: "no key", metadata: {} }), { code: "EINVAL" });
});
