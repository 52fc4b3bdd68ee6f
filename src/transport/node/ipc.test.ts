import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, describe, it } from "node:test";
import { transportConformance } from "../../../test/transport-conformance.ts";
import { Bound, connectTo, End, holdProcess, testOptions } from "../../../test/transport-ends.ts";
import { systemClock } from "../../base/clock.ts";
import { parseEndpoint } from "../../base/endpoint.ts";
import { ipcTransport } from "./ipc.ts";

const ipc = ipcTransport(systemClock());

const folder = mkdtempSync(join(tmpdir(), "zmq-test-"));
after(() => rmSync(folder, { recursive: true }));
let count = 0;
const free = (): string => `ipc://${join(folder, `s${count++}`)}`;

transportConformance({
  transport: ipc,
  free,
  deserted: async () => free(),
  desertedCode: "ENOENT",
  steals: true,
});

describe("ipc", { timeout: 20_000 }, () => {
  holdProcess();

  async function exchange(bound: Bound, text: string): Promise<void> {
    const dialed = new End(await connectTo(ipc, text));
    const accepted = new End(await bound.link());
    dialed.link.write([Buffer.from("hello")]);
    await accepted.until((e) => e.text() === "hello");
    assert.deepEqual([accepted.link.peerAddress, dialed.link.peerAddress], ["", ""]);
    dialed.link.destroy();
    await accepted.until((e) => e.isClosed);
  }

  it("leaves the file behind, as libzmq does, where a connect is then refused", async () => {
    const text = free();
    const bound = await Bound.at(ipc, text);
    assert.equal(bound.listener.address, text);
    bound.listener.close();
    assert(existsSync(text.slice(6)));
    await assert.rejects(connectTo(ipc, text), { code: "ECONNREFUSED" });
  });

  it("replaces a stale socket file, an empty file, and leaves no others", async () => {
    const own = mkdtempSync(join(folder, "own-"));
    const text = `ipc://${join(own, "x")}`;
    (await Bound.at(ipc, text)).listener.close();
    const again = await Bound.at(ipc, text);
    await exchange(again, text);
    assert.deepEqual(readdirSync(own), ["x"]);
    again.listener.close();
    writeFileSync(join(own, "y"), "");
    const replaced = await Bound.at(ipc, `ipc://${join(own, "y")}`);
    await exchange(replaced, `ipc://${join(own, "y")}`);
    replaced.listener.close();
    assert.deepEqual(readdirSync(own), ["x", "y"]);
  });

  it("keeps a file that has content, and a folder", async () => {
    const path = join(folder, "letter");
    writeFileSync(path, "dear reader");
    for (const taken of [path, folder]) {
      const failure = { code: "EADDRINUSE", address: `ipc://${taken}` };
      await assert.rejects(Bound.at(ipc, `ipc://${taken}`), failure);
      assert.throws(() => Bound.syncAt(ipc, `ipc://${taken}`), failure);
    }
    assert.equal(readFileSync(path, "utf8"), "dear reader");
    assert.deepEqual(
      readdirSync(dirname(folder)).filter((name) => name.startsWith(`${folder.split("/").pop()}.`)),
      [],
    );
  });

  it("finds no folder, no right", async (t) => {
    const nowhere = `ipc://${join(folder, "no", "such", "folder")}`;
    await assert.rejects(Bound.at(ipc, nowhere), { code: "ENOENT", address: nowhere });
    assert.throws(() => Bound.syncAt(ipc, nowhere), { code: "ENOENT", address: nowhere });
    const file = join(folder, "file");
    writeFileSync(file, "");
    await assert.rejects(Bound.at(ipc, `ipc://${file}/x`), { code: "ENOTDIR" });
    if (process.getuid?.() === 0) return t.diagnostic("not tried as root: a folder without write permission");
    await assert.rejects(Bound.at(ipc, "ipc:///x"), { code: "EACCES" });
    assert.throws(() => Bound.syncAt(ipc, "ipc:///x"), { code: "EACCES" });
  });

  it("takes paths up to 107 bytes on Linux, in folders that leave no room for a temporary name too", async (t) => {
    if (process.platform !== "linux") return t.skip("103 bytes elsewhere");
    const long = join(folder, "a".repeat(107 - folder.length - 1));
    const deep = join(folder, "d".repeat(107 - folder.length - 3));
    execFileSync("mkdir", [deep]);
    for (const path of [long, join(deep, "x")]) {
      assert.equal(Buffer.byteLength(path), 107);
      for (const bind of [Bound.at, Bound.syncAt]) {
        const bound = await bind(ipc, `ipc://${path}`);
        assert(existsSync(path));
        await exchange(bound, `ipc://${path}`);
        bound.listener.close();
      }
    }
    assert.deepEqual(readdirSync(deep), ["x"]);
    const options = testOptions();
    const text = `ipc://${long}b`;
    const endpoint = { scheme: "ipc", text, path: `${long}b`, abstract: false, wildcard: false } as const;
    const failure = { code: "ENAMETOOLONG", address: text };
    await assert.rejects(ipc.connect(endpoint, options, new AbortController().signal), failure);
    await assert.rejects(ipc.listen(endpoint, options, new Bound()), failure);
  });

  it("takes a relative path", async () => {
    const before = process.cwd();
    process.chdir(folder);
    try {
      const bound = await Bound.at(ipc, "ipc://relative");
      assert(existsSync(join(folder, "relative")));
      await exchange(bound, "ipc://relative");
      bound.listener.close();
    } finally {
      process.chdir(before);
    }
  });

  it("makes a socket of its own for the wildcard and removes it at the end", async () => {
    const before = process.env.TMPDIR;
    process.env.TMPDIR = folder;
    try {
      for (const bind of [Bound.at, Bound.syncAt]) {
        const bound = await bind(ipc, "ipc://*");
        const { address } = bound.listener;
        assert(address.startsWith(`ipc://${folder}/`) && address.endsWith("/socket"), address);
        await exchange(bound, address);
        bound.listener.close();
        assert(!existsSync(dirname(address.slice(6))));
      }
    } finally {
      if (before === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = before;
    }
  });

  it("removes the wildcard's socket when the process ends without closing it", () => {
    const here = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);
    const program = `
      const { Bound } = await import(${here("../../../test/transport-ends.ts")});
      const { systemClock } = await import(${here("../../base/clock.ts")});
      const { ipcTransport } = await import(${here("./ipc.ts")});
      const ipc = ipcTransport(systemClock());
      console.log((await Bound.at(ipc, "ipc://*")).listener.address);
    `;
    const args = ["--import", "tsx", "--input-type=module", "--eval", program];
    const address = execFileSync(process.execPath, args, { encoding: "utf8" }).trim();
    assert.match(address, /^ipc:\/\/.*\/socket$/);
    assert(!existsSync(dirname(address.slice(6))));
  });

  it("joins abstract names on Linux, which one at a time may have", async (t) => {
    if (process.platform !== "linux") return t.skip("abstract names exist on Linux only");
    const text = `ipc://@zmq-ts-test-${process.pid}`;
    if (/^1\.([0-9]|[1-3][0-9]|4[0-6])\./.test(process.versions.uv ?? "")) {
      // It would bind another name, which no other program finds.
      const refused = { code: "ENOTSUP", address: text, detail: /Node 22/ };
      await assert.rejects(Bound.at(ipc, text), refused);
      assert.throws(() => Bound.syncAt(ipc, text), refused);
      await assert.rejects(connectTo(ipc, text), refused);
      return;
    }
    const bound = await Bound.at(ipc, text);
    assert.equal(bound.listener.address, text);
    await exchange(bound, text);
    await assert.rejects(Bound.at(ipc, text), { code: "EADDRINUSE", address: text });
    assert.throws(() => Bound.syncAt(ipc, text), { code: "EADDRINUSE", address: text });
    bound.listener.close();
    await assert.rejects(connectTo(ipc, text), { code: "ECONNREFUSED" });
    assert(!existsSync(text.slice(6)));
  });

  it("has no link for other endpoints", async () => {
    const endpoint = parseEndpoint("tcp://127.0.0.1:1", "connect", false);
    const connecting = ipc.connect(endpoint, testOptions(), new AbortController().signal);
    await assert.rejects(connecting, { code: "EPROTONOSUPPORT" });
  });
});
