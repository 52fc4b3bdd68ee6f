/**
 * Binding ipc where it cannot be bound, or where something is already: the code is libzmq's, which is asked the same,
 * the folder is left as it was, and the socket can be bound elsewhere. Differences have their reason; docs/wire.md
 * lists them.
 */

import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statfsSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import net from "node:net";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, describe, it, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";

const SIDES = ["async", "sync", "libzmq"] as const;
const { errno } = constants;
const NOBODY = 65_534;
const LIMIT = { timeout: 60_000 };

class Binder {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(uid?: number) {
    const script = fileURLToPath(new URL("binder.ts", import.meta.url));
    const args = ["--import", "tsx", script, ...(uid === undefined ? [] : [`${uid}`])];
    this.#child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.#lines = createInterface({ input: this.#child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
  }

  /** `ok`, or the name of the errno. */
  async bind(side: string, path: string): Promise<string> {
    this.#child.stdin?.write(`${side} ipc://${path}\n`);
    const { value } = await this.#lines.next();
    return Object.entries(errno).find(([, number]) => `${number}` === value)?.[0] ?? `${value}`;
  }

  async end(): Promise<void> {
    const exit = once(this.#child, "exit");
    this.#child.stdin?.end();
    await exit;
  }
}

interface Case {
  readonly name: string;
  /** Prepares the folder; returns the path to bind. */
  readonly prepare: (folder: string) => string;
  readonly code: string;
  /** What libzmq says instead. */
  readonly libzmq?: string;
}

function stale(path: string): string {
  const program = `require("net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 9))`;
  try {
    execFileSync(process.execPath, ["-e", program], { env: { ...process.env, NODE_OPTIONS: "" }, stdio: "ignore" });
  } catch {
    // It was killed, so that the file stays.
  }
  assert.ok(lstatSync(path).isSocket());
  return path;
}

function file(path: string, content = ""): string {
  writeFileSync(path, content);
  return path;
}

function directory(path: string, mode = 0o755): string {
  mkdirSync(path);
  chmodSync(path, mode);
  return path;
}

function link(target: string, path: string): string {
  symlinkSync(target, path);
  return path;
}

const CASES: readonly Case[] = [
  { name: "a missing folder", code: "ENOENT", prepare: (folder) => join(folder, "missing", "s") },
  { name: "a folder that is a file", code: "ENOTDIR", prepare: (folder) => join(file(join(folder, "f")), "s") },
  {
    name: "a folder that links to itself",
    code: "ELOOP",
    prepare: (folder) => join(link("l", join(folder, "l")), "s"),
  },
  { name: "a path that is a folder", code: "EADDRINUSE", prepare: (folder) => directory(join(folder, "d")) },
  { name: "a path that ends in a slash", code: "EADDRINUSE", prepare: (folder) => `${directory(join(folder, "d"))}/` },
  {
    name: "a path of 108 octets",
    code: "ENAMETOOLONG",
    prepare: (folder) => join(folder, "x".repeat(200)).slice(0, 108),
  },
  { name: "a missing path that ends in a slash", code: "ENOENT", prepare: (folder) => `${join(folder, "d")}/` },
  { name: "a path of 107 octets", code: "ok", prepare: (folder) => join(folder, "x".repeat(200)).slice(0, 107) },
  { name: "a name of 300 octets", code: "ENAMETOOLONG", prepare: (folder) => join(folder, "x".repeat(300)) },
  { name: "the socket of a process that was killed", code: "ok", prepare: (folder) => stale(join(folder, "s")) },
  { name: "an empty file", code: "ok", prepare: (folder) => file(join(folder, "f")) },
  { name: "a link to nowhere", code: "ok", prepare: (folder) => link("nowhere", join(folder, "l")) },
  {
    name: "a link to a file, which is left alone",
    code: "ok",
    prepare: (folder) => link(file(join(folder, "f"), "x"), join(folder, "l")),
  },
  {
    name: "a file with content",
    code: "EADDRINUSE",
    libzmq: "ok",
    prepare: (folder) => file(join(folder, "f"), "dear reader"),
  },
];

/** As nobody, in folders of this user. */
const FORBIDDEN: readonly Case[] = [
  {
    name: "a folder that may not be entered",
    code: "EACCES",
    prepare: (folder) => join(directory(join(folder, "d"), 0o700), "s"),
  },
  {
    name: "a folder that may not be written to",
    code: "EACCES",
    prepare: (folder) => join(directory(join(folder, "d")), "s"),
  },
  {
    name: "a file in a folder that may not be written to",
    code: "EACCES",
    libzmq: "EADDRINUSE",
    prepare: (folder) => file(join(directory(join(folder, "d")), "f")),
  },
];

function all(folder: string): string[] {
  return readdirSync(folder, { recursive: true }).map(String).sort();
}

describe("binding ipc", { skip: process.platform !== "linux" && "the codes of other systems differ" }, () => {
  const root = mkdtempSync(join(tmpdir(), "zmq-"));
  chmodSync(root, 0o755);
  after(() => rmSync(root, { recursive: true, force: true }));
  let count = 0;

  async function play(binder: Binder, { prepare, code, libzmq }: Case): Promise<void> {
    for (const side of SIDES) {
      const folder = directory(join(root, `${count++}`));
      const path = prepare(folder);
      const before = all(folder);
      const expected = side === "libzmq" ? (libzmq ?? code) : code;
      assert.equal(await binder.bind(side, path), expected, side);
      if (side === "libzmq") continue;
      if (expected === "ok") assert.ok(lstatSync(path).isSocket());
      const left = all(folder).filter((name) => join(folder, name) !== path);
      const stayed = before.filter((name) => join(folder, name) !== path);
      assert.deepEqual(left, stayed, `${side}: what else is in the folder stays as it was`);
    }
  }

  it("takes a path, or says what libzmq says", LIMIT, async (t) => {
    const binder = new Binder();
    for (const one of CASES) await t.test(one.name, () => play(binder, one));
    await binder.end();
  });

  it("without the right to", LIMIT, async (t) => {
    if (process.getuid?.() !== 0) return t.skip("only root can become somebody else");
    const binder = new Binder(NOBODY);
    for (const one of FORBIDDEN) await t.test(one.name, () => play(binder, one));
    await binder.end();
  });

  /** A tmpfs of its own; undefined, and the test is skipped, where mounting is not permitted. */
  function mounted(t: TestContext, options: string): string | undefined {
    const folder = directory(join(root, `${count++}`));
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", options, "none", folder], { stdio: "pipe" });
    } catch (error) {
      const [reason] = String((error as { stderr?: unknown }).stderr ?? error).split("\n");
      t.skip(`a file system cannot be mounted here: ${reason}`);
      return undefined;
    }
    t.after(() => execFileSync("umount", [folder]));
    return folder;
  }

  it("on a full file system: ENOSPC, and goes on when there is room", LIMIT, async (t) => {
    const folder = mounted(t, "size=64k,nr_inodes=2");
    if (folder === undefined) return;
    file(join(folder, "full"));
    assert.equal(statfsSync(folder).ffree, 0);
    const binder = new Binder();
    for (const side of SIDES) assert.equal(await binder.bind(side, join(folder, "s")), "ENOSPC", side);
    assert.deepEqual(readdirSync(folder), ["full"]);
    rmSync(join(folder, "full"));
    for (const side of SIDES) {
      assert.equal(await binder.bind(side, join(folder, "s")), "ok", side);
      rmSync(join(folder, "s"), { force: true });
    }
    await binder.end();
  });

  it("on a read-only file system: EROFS", LIMIT, async (t) => {
    const folder = mounted(t, "size=64k");
    if (folder === undefined) return;
    execFileSync("mount", ["-o", "remount,ro", folder]);
    const binder = new Binder();
    for (const side of SIDES) assert.equal(await binder.bind(side, join(folder, "s")), "EROFS", side);
    await binder.end();
  });

  it("takes a path from another process that still listens, as libzmq does", LIMIT, async () => {
    const binder = new Binder();
    for (const side of SIDES) {
      const path = join(root, `${count++}`);
      const other = net.createServer().listen(path);
      await once(other, "listening");
      assert.equal(await binder.bind(side, path), "ok", side);
      other.close();
      await once(other, "close");
    }
    await binder.end();
  });
});
