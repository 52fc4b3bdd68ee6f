import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { curveKeyPair, curvePublicKey } from "../../test/crypto.ts";
import {
  loadCertificate,
  loadPublicCertificate,
  saveCertificate,
  savePublicCertificate,
  saveSecretCertificate,
} from "./certificates.ts";

const folder = mkdtempSync(join(tmpdir(), "certificates-"));
after(() => rmSync(folder, { recursive: true }));

const noModes = process.platform === "win32" && "Windows has no modes of files";
const noPyzmq = spawnSync("/usr/bin/python3", ["-c", "import zmq.auth"]).status !== 0 && "pyzmq is not installed";

function python(script: string, ...args: string[]): string {
  const run = spawnSync("/usr/bin/python3", ["-c", script, ...args], { encoding: "utf8" });
  assert.equal(run.status, 0, run.stderr);
  return run.stdout;
}

/** What process.emitWarning was called with while `action` ran. */
function warnings(action: () => void): string[] {
  const seen: string[] = [];
  const original = process.emitWarning;
  process.emitWarning = (warning: string | Error) => void seen.push(String(warning));
  try {
    action();
  } finally {
    process.emitWarning = original;
  }
  return seen;
}

test("saving writes a public and a secret file, and loading either name finds both keys", () => {
  const path = join(folder, "alice");
  const certificate = { ...curveKeyPair(), metadata: { name: "Alice" } };
  saveCertificate(path, certificate);
  assert.equal(readFileSync(path, "utf8").includes(certificate.secretKey), false);
  assert.deepEqual(loadCertificate(path), certificate);
  assert.deepEqual(loadCertificate(`${path}_secret`), certificate);
  const { secretKey, ...shown } = certificate;
  assert.deepEqual(loadPublicCertificate(path), shown);
  assert.deepEqual(loadPublicCertificate(`${path}_secret`), shown);
  rmSync(`${path}_secret`);
  assert.deepEqual(loadCertificate(path), shown);
  assert.ok(secretKey);
});

test("a certificate without secret key writes no secret file", () => {
  const path = join(folder, "public-only");
  saveCertificate(path, { publicKey: curveKeyPair().publicKey, metadata: {} });
  assert.equal(existsSync(`${path}_secret`), false);
});

test("a secret file is its owner's alone, even when it replaces one that was not", { skip: noModes }, () => {
  const path = join(folder, "mode");
  writeFileSync(`${path}_secret`, "old", { mode: 0o644 });
  saveCertificate(path, { ...curveKeyPair(), metadata: {} });
  assert.equal(statSync(`${path}_secret`).mode & 0o777, 0o600);
});

test("a secret reaches nobody who had opened or linked the file that stood there", { skip: noModes }, () => {
  const path = join(folder, "planted_secret");
  const certificate = { ...curveKeyPair(), metadata: {} };
  writeFileSync(path, "old", { mode: 0o644 });
  const opened = openSync(path, "r");
  saveSecretCertificate(path, certificate);
  assert.equal(readFileSync(opened, "utf8"), "old");
  closeSync(opened);
  const theirs = join(folder, "theirs");
  writeFileSync(theirs, "old", { mode: 0o644 });
  rmSync(path);
  symlinkSync(theirs, path);
  saveSecretCertificate(path, certificate);
  assert.equal(readFileSync(theirs, "utf8"), "old");
  assert.deepEqual(loadCertificate(path), certificate);
});

test("a certificate that cannot be written leaves no file behind", () => {
  const place = join(folder, "taken");
  mkdirSync(join(place, "name"), { recursive: true });
  assert.throws(() => saveSecretCertificate(join(place, "name"), { ...curveKeyPair(), metadata: {} }));
  assert.deepEqual(readdirSync(place), ["name"]);
});

test("a secret file that others can read is loaded with a warning, which shows no key", { skip: noModes }, () => {
  const path = join(folder, "leaky");
  const certificate = { ...curveKeyPair(), metadata: {} };
  saveSecretCertificate(path, certificate);
  assert.deepEqual(
    warnings(() => loadCertificate(path)),
    [],
  );
  for (const mode of [0o644, 0o640, 0o604]) {
    chmodSync(path, mode);
    const [warning, ...more] = warnings(() => assert.deepEqual(loadCertificate(path), certificate));
    assert.match(warning ?? "", new RegExp(`leaky .*mode ${mode.toString(8)}`));
    assert.equal(warning?.includes(certificate.secretKey), false);
    assert.deepEqual(more, []);
  }
  savePublicCertificate(path, certificate);
  assert.deepEqual(
    warnings(() => loadCertificate(path)),
    [],
  );
});

test("a file that is not there keeps Node's error, a broken secret file is not passed over", () => {
  assert.throws(() => loadCertificate(join(folder, "nobody")), { code: "ENOENT" });
  const path = join(folder, "broken");
  savePublicCertificate(path, { publicKey: curveKeyPair().publicKey, metadata: {} });
  writeFileSync(`${path}_secret`, "curve\n", { mode: 0o600 });
  assert.throws(() => loadCertificate(path), { code: "EINVAL" });
});

test("certificates made by pyzmq load", { skip: noPyzmq }, () => {
  python(
    "import sys, zmq.auth; zmq.auth.create_certificates(sys.argv[1], 'python', metadata={'name': 'Bob', 'role': 'tester'})",
    folder,
  );
  const path = join(folder, "python.key");
  chmodSync(`${path}_secret`, 0o600);
  const loaded = loadCertificate(path);
  assert.deepEqual(loaded.metadata, { name: "Bob", role: "tester" });
  assert.equal(curvePublicKey(loaded.secretKey ?? ""), loaded.publicKey);
  assert.deepEqual(loadPublicCertificate(path).secretKey, undefined);
});

test("certificates made here load in pyzmq", { skip: noPyzmq }, () => {
  const path = join(folder, "ours.key");
  const certificate = { ...curveKeyPair(), metadata: { name: "Carol" } };
  saveCertificate(path, certificate);
  const load =
    "import sys, json, zmq.auth; print(json.dumps([k and k.decode() for k in zmq.auth.load_certificate(sys.argv[1])]))";
  assert.deepEqual(JSON.parse(python(load, `${path}_secret`)), [certificate.publicKey, certificate.secretKey]);
  assert.deepEqual(JSON.parse(python(load, path)), [certificate.publicKey, null]);
  const all =
    "import sys, json, zmq.auth; print(json.dumps([k.decode() for k in zmq.auth.load_certificates(sys.argv[1])]))";
  assert.ok(JSON.parse(python(all, folder)).includes(certificate.publicKey));
});
