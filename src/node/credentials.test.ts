import assert from "node:assert/strict";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import promises from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { curveKeyPair } from "../../test/crypto.ts";
import { certificateFolder } from "./certificate-folder.ts";
import { saveCertificate, savePublicCertificate } from "./certificates.ts";
import { parsePasswords, passwordFile } from "./password-file.ts";

const root = mkdtempSync(join(tmpdir(), "zmq-credentials-"));
after(() => rmSync(root, { recursive: true, force: true }));

const write = (path: string, text: string) => writeFileSync(path, text, { mode: 0o600 });

test("a password file lets in who stands in it, and is read again when it has changed", async () => {
  const path = join(root, "users");
  const check = passwordFile(path);
  const ask = (username: string, password: string) => check({ username, password });
  await assert.rejects(ask("admin", "x"), { code: "ENOENT" });
  write(path, "# users\nadmin=secret\n\nguest=a=b c\r\n");
  assert.equal(await ask("admin", "secret"), true);
  assert.equal(await ask("guest", "a=b c"), true);
  for (const [name, password] of [
    ["admin", "secre"],
    ["admin", ""],
    ["nobody", "secret"],
    ["# users", ""],
  ] as const) {
    // biome-ignore format: one row
    assert.equal(await ask(name, password), false, `${name} ${password}`);
  }
  write(path, "admin=sesame\n");
  assert.equal(await ask("admin", "secret"), false);
  assert.equal(await ask("admin", "sesame"), true);
  write(join(root, "users.new"), "admin=second\n");
  renameSync(join(root, "users.new"), path);
  assert.equal(await ask("admin", "second"), true);
  unlinkSync(path);
  await assert.rejects(ask("admin", "second"), { code: "ENOENT" });
});

test("a line that is no user and password is told by its number alone", () => {
  assert.throws(() => parsePasswords("a=b\nsecret"), { code: "EINVAL", message: /^password file: line 2 is not/ });
});

const noModes = process.platform === "win32" && "Windows has no modes of files";

test("a password file that others can read raises a warning", { skip: noModes }, async () => {
  const path = join(root, "open");
  write(path, "a=b");
  chmodSync(path, 0o644);
  const warned = once(process, "warning");
  await passwordFile(path)({ username: "a", password: "b" });
  assert.equal((await warned)[0].code, "ZMQ_SECRET_READABLE");
});

test("a certificate folder lets in whose certificate is there now", async () => {
  const folder = join(root, "certificates");
  mkdirSync(folder);
  const check = certificateFolder(folder);
  const allowed = async (publicKey: string) => (await check({ publicKey })).allow;
  const [alice, bob, carol] = [curveKeyPair(), curveKeyPair(), curveKeyPair()] as const;
  assert.equal(await allowed(alice.publicKey), false);
  saveCertificate(join(folder, "alice.key"), {
    ...alice,
    metadata: { name: "Alice", "user-id": "root", Identity: "x" },
  });
  assert.deepEqual(await check({ publicKey: alice.publicKey }), { allow: true, metadata: { name: "Alice" } });
  assert.equal(await allowed(bob.publicKey), false);

  savePublicCertificate(join(folder, "bob"), { ...bob, metadata: {} });
  assert.equal(await allowed(bob.publicKey), true, "a new file");
  savePublicCertificate(join(folder, "bob"), { ...carol, metadata: {} });
  assert.equal(await allowed(bob.publicKey), false, "a file changed in place: the old key");
  assert.equal(await allowed(carol.publicKey), true, "a file changed in place: the new key");
  unlinkSync(join(folder, "alice.key"));
  assert.equal(await allowed(alice.publicKey), false, "a removed file; its secret half does not count");

  const warned = once(process, "warning");
  writeFileSync(join(folder, "README"), "no certificate");
  mkdirSync(join(folder, "folder"));
  assert.equal(await allowed(alice.publicKey), false);
  assert.equal((await warned)[0].code, "ZMQ_NO_CERTIFICATE");
  const all = await Promise.all(Array.from({ length: 50 }, () => allowed(curveKeyPair().publicKey)));
  assert.ok(all.every((each) => !each));
  assert.equal(await allowed(carol.publicKey), true);

  rmSync(folder, { recursive: true });
  await assert.rejects(allowed(carol.publicKey), { code: "ENOENT" });
  mkdirSync(folder);
  savePublicCertificate(join(folder, "carol"), { ...carol, metadata: {} });
  assert.equal(await allowed(carol.publicKey), true, "the folder is back");
});

/** How often `name` of node:fs/promises was called meanwhile. */
async function counted(name: "readdir" | "readFile", run: () => Promise<void>): Promise<number> {
  const original = promises[name] as (...args: unknown[]) => unknown;
  let calls = 0;
  Object.assign(promises, {
    [name]: (...args: unknown[]) => {
      calls++;
      return original(...args);
    },
  });
  syncBuiltinESMExports();
  try {
    await run();
  } finally {
    Object.assign(promises, { [name]: original });
    syncBuiltinESMExports();
  }
  return calls;
}

test("unknown keys have a certificate folder looked through a few times a second, however many come", async () => {
  const folder = join(root, "flooded");
  mkdirSync(folder);
  const known = curveKeyPair();
  saveCertificate(join(folder, "known"), { ...known, metadata: {} });
  const check = certificateFolder(folder);
  const unknown = Array.from({ length: 20 }, () => curveKeyPair().publicKey);
  const scans = await counted("readdir", async () => {
    let isOver = false;
    const flood = unknown.map(async (publicKey) => {
      while (!isOver) assert.equal((await check({ publicKey })).allow, false);
    });
    await check({ publicKey: unknown[0] as string });
    // The key that is known does not wait for a scan.
    for (let i = 0; i < 200; i++) assert.equal((await check({ publicKey: known.publicKey })).allow, true);
    isOver = true;
    await Promise.all(flood);
  });
  assert.ok(scans <= 4, `${scans} scans`);
  const late = curveKeyPair();
  saveCertificate(join(folder, "late"), { ...late, metadata: {} });
  assert.equal((await check({ publicKey: late.publicKey })).allow, true, "and a new one counts at once");
});

test("a password file is read once for each change, also one that is none", async () => {
  const path = join(root, "broken-users");
  write(path, "no password here\n");
  const check = passwordFile(path);
  const reads = await counted("readFile", async () => {
    const ask = () => assert.rejects(check({ username: "a", password: "b" }), { code: "EINVAL" });
    await Promise.all(Array.from({ length: 10 }, ask));
    await ask();
  });
  assert.ok(reads <= 1, `${reads} reads`);
  write(path, "a=b\n");
  assert.equal(await check({ username: "a", password: "b" }), true);
});
