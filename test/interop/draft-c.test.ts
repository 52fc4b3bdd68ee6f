/**
 * The draft socket types against libzmq in C: the libzmq 4.3.5 inside npm `zeromq`. Its addon has libzmq's functions; those
 * of Node that it wants beside them are never called, and are made up. So PEER and CHANNEL, which zeromq.js lacks, are tried
 * too.
 */

import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import * as zmq from "../../src/draft.ts";
import { SocketType } from "../../src/index.ts";

/** The file of the addon that npm `zeromq` loads here. */
function addonFile(): string {
  const require = createRequire(import.meta.url);
  require("zeromq");
  const file = Object.keys(require.cache).find((name) => name.endsWith("addon.node"));
  assert.ok(file);
  return file;
}

/** Compiles the peer. Returns why that is impossible, or its file. */
function compiled(folder: string, addon: string): { file: string } | { missing: string } {
  try {
    const symbols = execFileSync("nm", ["-D", "--undefined-only", addon], { encoding: "utf8", stdio: "pipe" });
    const stubs = join(folder, "stubs.c");
    const names = [...symbols.matchAll(/ (napi_\w+|node_api_\w+|uv_\w+)$/gm)].map(([, name]) => name);
    writeFileSync(stubs, names.map((name) => `void ${name}(void) { __builtin_trap(); }\n`).join(""));
    const file = join(folder, "draft-peer");
    const source = fileURLToPath(new URL("draft-peer.c", import.meta.url));
    execFileSync("gcc", ["-O1", "-rdynamic", "-o", file, source, stubs, "-ldl"], { stdio: "pipe" });
    execFileSync(file, [addon, "13", "connect", "inproc://nobody", "0"], { stdio: "pipe" });
    return { file };
  } catch (error) {
    return { missing: `the libzmq of npm zeromq cannot be used in C: ${String(error).split("\n")[0]}` };
  }
}

const folder = mkdtempSync(join(tmpdir(), "zmq-draft-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const addon = addonFile();
const peer = compiled(folder, addon);

class PeerInC {
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #ended: Promise<number | null>;

  constructor(file: string, type: number, role: "bind" | "connect", endpoint: string, count: number) {
    this.#process = spawn(file, [addon, String(type), role, endpoint, String(count)], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const lines: Interface = createInterface({ input: this.#process.stdout as NodeJS.ReadableStream });
    this.#lines = lines[Symbol.asyncIterator]();
    this.#ended = new Promise((resolve) => this.#process.on("exit", resolve));
  }

  async line(): Promise<string> {
    return String((await this.#lines.next()).value);
  }

  go(): void {
    this.#process.stdin?.write("\n");
  }

  /** It did all that it was to do. */
  async ended(): Promise<void> {
    assert.equal(await this.#ended, 0);
  }

  kill(): void {
    this.#process.kill("SIGKILL");
  }
}

const SIZES = [0, 1, 255, 256, 65_536, 300_000];
const BODIES = SIZES.map((size, seed) => Buffer.alloc(size, seed + 1));

type Ours = InstanceType<(typeof zmq)[keyof Omit<typeof zmq, "default">]>;
type Meet<S> = (ours: S, theirs: PeerInC) => Promise<void>;

describe("draft socket types against libzmq in C", { skip: "missing" in peer && peer.missing }, () => {
  let names = 0;

  function meets<S extends Ours>(
    theirType: number,
    name: string,
    create: () => S,
    count: number,
    meet: Meet<S>,
    connect?: (ours: S, endpoint: string) => void,
  ): void {
    for (const transport of ["tcp", "ipc", "ws"]) {
      for (const role of ["bind", "connect"] as const) {
        it(`${name} over ${transport}, where libzmq ${role}s`, { timeout: 20_000 }, async () => {
          assert.ok("file" in peer);
          const address = transport === "ipc" ? `ipc://${join(folder, String(names++))}` : `${transport}://127.0.0.1:*`;
          const ours = create();
          const endpoint = role === "bind" ? address : await ours.bind(address);
          const theirs = new PeerInC(peer.file, theirType, role, endpoint, count);
          try {
            const bound = await theirs.line();
            if (role === "bind") (connect ?? ((socket, to) => socket.connect(to)))(ours, bound);
            await meet(ours, theirs);
            await theirs.ended();
          } finally {
            ours.linger = 0;
            ours.close();
            theirs.kill();
          }
        });
      }
    }
  }

  async function asks(ours: zmq.Client | zmq.Channel): Promise<void> {
    for (const body of BODIES) {
      await ours.send(body);
      assert.deepEqual(await ours.receive(), [body]);
    }
  }

  meets(SocketType.Server, "CLIENT asks a SERVER", () => new zmq.Client(), BODIES.length, asks);
  meets(SocketType.Channel, "CHANNEL asks a CHANNEL", () => new zmq.Channel(), BODIES.length, asks);

  meets(
    SocketType.Client,
    "SERVER asks a CLIENT, once it knows it",
    () => new zmq.Server({ helloMessage: "first" }),
    BODIES.length + 1,
    async (server) => {
      const [first, from] = await server.receive();
      assert.equal(String(first), "first");
      for (const body of BODIES) {
        await server.send(body, from);
        assert.deepEqual(await server.receive(), [body, from]);
      }
    },
  );

  let id = 0;
  meets(
    SocketType.Peer,
    "PEER asks a PEER",
    () => {
      id = 0;
      return new zmq.Peer();
    },
    BODIES.length,
    async (ours) => {
      // Who connects knows the other at once; whoever binds is told by its first message.
      if (id === 0) {
        const [hello, { routingId }] = await ours.receive();
        assert.equal(String(hello), "hello");
        id = routingId;
      }
      for (const body of BODIES) {
        await ours.send(body, { routingId: id });
        assert.deepEqual(await ours.receive(), [body, { routingId: id }]);
      }
    },
    (ours, endpoint) => {
      id = ours.connectPeer(endpoint);
    },
  );

  meets(
    SocketType.Gather,
    "SCATTER sends to a GATHER",
    () => new zmq.Scatter(),
    SIZES.length,
    async (ours, theirs) => {
      for (const body of BODIES) await ours.send(body);
      for (const size of SIZES) assert.equal(await theirs.line(), String(size));
    },
  );

  meets(
    SocketType.Scatter,
    "GATHER receives from a SCATTER",
    () => new zmq.Gather(),
    5,
    async (ours) => {
      for (let i = 0; i < 5; i++) assert.equal(await ours.receiveString(), String(i));
    },
  );

  meets(
    SocketType.Dish,
    "RADIO sends to a DISH",
    () => new zmq.Radio(),
    SIZES.length,
    async (ours, theirs) => {
      // A DISH of libzmq that was bound joins when its next call comes: `receive`, which it is in.
      await ours.groupJoined("g");
      for (const body of BODIES) {
        await ours.send("not for it", { group: "gg" });
        await ours.send(body, { group: "g" });
      }
      for (const size of SIZES) assert.equal(await theirs.line(), `g ${size}`);
    },
  );

  meets(
    SocketType.Radio,
    "DISH receives from a RADIO",
    () => {
      const dish = new zmq.Dish();
      dish.join("g");
      return dish;
    },
    6,
    async (ours, theirs) => {
      await ours.connected();
      await new Promise((resolve) => setTimeout(resolve, 100)); // Nobody tells when a RADIO of libzmq has read the JOIN.
      theirs.go();
      for (const body of ["0", "2", "4"]) {
        const [received, { group }] = await ours.receive();
        assert.deepEqual([String(received), String(group)], [body, "g"]);
      }
    },
  );
});
