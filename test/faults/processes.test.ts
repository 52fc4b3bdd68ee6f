/** Peers that are killed, stopped and started again, addresses bound again, folders that are not there, no descriptors left. */

import assert from "node:assert/strict";
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket as TcpSocket } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import {
  Context,
  Dealer,
  type EventType,
  Publisher,
  Pull,
  Push,
  Request,
  Router,
  type Socket,
} from "../../src/index.ts";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
/** The built library: to load the source needs more descriptors than some programs may have. */
const entry = pathToFileURL(resolve(root, "dist/index.js")).href;
const LIMIT = { timeout: 60_000 };

/** A program in a process of its own, and the lines it prints. */
class Program {
  readonly child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  /** `descriptors`: how many it may have open. */
  constructor(body: string, descriptors?: number) {
    const args = ["--input-type=module", "--eval", `import * as zmq from "${entry}"; ${body}`];
    const limited = ["-c", `ulimit -n ${descriptors}; exec "$0" "$@"`, process.execPath, ...args];
    const options: SpawnOptions = { cwd: root, stdio: ["ignore", "pipe", "inherit"] };
    this.child = descriptors === undefined ? spawn(process.execPath, args, options) : spawn("sh", limited, options);
    const { stdout } = this.child;
    assert.ok(stdout);
    this.#lines = createInterface(stdout)[Symbol.asyncIterator]();
  }

  async line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`the program ended: ${this.child.exitCode ?? this.child.signalCode}`);
    return value;
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill("SIGKILL");
    await once(this.child, "exit");
  }
}

/** A PULL that prints where it is bound and what it gets. */
function printer(address: string, options = "{}"): Program {
  return new Program(`
    const pull = new zmq.Pull(${options});
    await pull.bind("${address}");
    console.log(pull.lastEndpoint);
    for await (const [body] of pull) console.log(String(body));
  `);
}

function event(socket: Socket, type: EventType): Promise<unknown> {
  return new Promise((done) => socket.events.on(type, done));
}

for (const scheme of ["tcp", "ipc"] as const) {
  test(
    `a peer that is killed and started again at the same address gets what follows, over ${scheme}`,
    LIMIT,
    async () => {
      const folder = mkdtempSync(join(tmpdir(), "zmq-"));
      const first = printer(scheme === "tcp" ? "tcp://127.0.0.1:*" : `ipc://${join(folder, "peer")}`);
      const address = await first.line();
      const push = new Push({ linger: 0, reconnectInterval: 20 });
      push.connect(address);
      await push.send("one");
      assert.equal(await first.line(), "one");
      const gone = event(push, "disconnect");
      await first.kill();
      await gone;
      await push.send("two"); // waits in the queue
      const second = printer(address);
      assert.equal(await second.line(), address);
      assert.equal(await second.line(), "two");
      assert.deepEqual(push.drops, {});
      push.close();
      await second.kill();
      rmSync(folder, { recursive: true });
    },
  );
}

test("a peer that stands still is found by heartbeats, and met again when it goes on", LIMIT, async () => {
  const options = { heartbeatInterval: 100, heartbeatTimeout: 300 };
  const peer = printer("tcp://127.0.0.1:*");
  const push = new Push({ ...options, linger: 0, reconnectInterval: 20 });
  push.connect(await peer.line());
  await push.connected();
  const gone = event(push, "disconnect");
  peer.child.kill("SIGSTOP");
  await gone;
  peer.child.kill("SIGCONT");
  await push.connected();
  await push.send("again");
  assert.equal(await peer.line(), "again");
  push.close();
  await peer.kill();
});

test("without heartbeats a peer that stands still keeps its connection", LIMIT, async () => {
  const peer = printer("tcp://127.0.0.1:*");
  const push = new Push({ linger: 0 });
  push.connect(await peer.line());
  await push.connected();
  peer.child.kill("SIGSTOP");
  await push.send("one");
  await push.drained();
  assert.equal(push.peers[0]?.connected, true);
  peer.child.kill("SIGCONT");
  assert.equal(await peer.line(), "one");
  push.close();
  await peer.kill();
});

test("clients of every kind outlive a server that is killed in the middle of their traffic", LIMIT, async () => {
  const start = (port: string) =>
    new Program(`
      const [pull, reply, router] = [new zmq.Pull(), new zmq.Reply(), new zmq.Router({ handover: true })];
      for (const socket of [pull, reply, router]) await socket.bind("tcp://127.0.0.1:*".replace("*", ${port}[socket.type] ?? "*"));
      console.log(JSON.stringify([pull, reply, router].map((socket) => [socket.type, socket.lastEndpoint])));
      (async () => { for await (const message of pull); })();
      (async () => { for await (const message of reply) await reply.send(message); })();
      (async () => { for await (const message of router) await router.send(message); })();
    `);
  let server = start("{}");
  const [pullAt, replyAt, routerAt] = JSON.parse(await server.line()) as [number, string][];
  const at = [pullAt, replyAt, routerAt].map((each) => each?.[1] ?? "");
  const ports = JSON.stringify(
    Object.fromEntries([pullAt, replyAt, routerAt].map((each) => [each?.[0], (each?.[1] ?? "").split(":").at(-1)])),
  );
  const common = { linger: 0, reconnectInterval: 10 };
  const push = new Push(common);
  push.connect(at[0] ?? "");
  const request = new Request(common);
  request.connect(at[1] ?? "");
  const dealer = new Dealer({ ...common, routingId: "client" });
  dealer.connect(at[2] ?? "");
  let isOver = false;
  const pushing = (async () => {
    for (let n = 0; !isOver; n++) {
      await push.send(`${n}`);
      if (n % 100 === 0) await new Promise(setImmediate);
    }
  })();
  let answers = 0;
  const asking = (async () => {
    for (; !isOver; answers++) {
      assert.equal(String(await request.request(`${answers}`, { timeout: 200, retries: 1000 })), `${answers}`);
    }
  })();
  for (let round = 0; round < 3; round++) {
    const before = answers;
    while (answers < before + 50) await new Promise(setImmediate);
    await server.kill();
    server = start(ports);
    assert.deepEqual(JSON.parse(await server.line()), [pullAt, replyAt, routerAt]);
    await dealer.connected();
    await dealer.send(`round ${round}`);
    while (String(await dealer.receive()) !== `round ${round}`);
  }
  isOver = true;
  await Promise.all([pushing, asking]);
  for (const socket of [push, request, dealer]) socket.close();
  await server.kill();
});

for (const scheme of ["tcp", "ipc"] as const) {
  test(
    `an address is free as soon as its socket is closed, with connections open or not: ${scheme}`,
    LIMIT,
    async () => {
      const folder = mkdtempSync(join(tmpdir(), "zmq-"));
      const context = new Context();
      let address = scheme === "tcp" ? "tcp://127.0.0.1:*" : `ipc://${join(folder, "again")}`;
      const request = new Request({ context, linger: 0, reconnectInterval: 1 });
      for (let round = 0; round < 20; round++) {
        const router = new Router({ context, linger: 0 });
        if (round % 2 === 0) await router.bind(address);
        else router.bindSync(address);
        if (round === 0) {
          address = router.lastEndpoint ?? "";
          request.connect(address);
        }
        void router.receive().then((message) => router.send(message));
        assert.equal(String(await request.request(`${round}`, { timeout: 100, retries: 200 })), `${round}`);
        router.close();
      }
      request.close();
      rmSync(folder, { recursive: true });
    },
  );
}

test("ipc says which folder is missing or cannot be written to, and the socket goes on", LIMIT, async () => {
  const folder = mkdtempSync(join(tmpdir(), "zmq-"));
  const pull = new Pull();
  const missing = `ipc://${join(folder, "missing", "socket")}`;
  await assert.rejects(pull.bind(missing), { code: "ENOENT", address: missing });
  assert.throws(
    () => pull.bindSync(missing),
    (error: { code?: string }) => error.code === "ENOENT",
  );
  if (existsSync("/proc/self")) {
    // A folder that not even root may write to.
    await assert.rejects(pull.bind("ipc:///proc/self/zmq"), (error: { code?: string }) =>
      ["EACCES", "ENOENT"].includes(error.code ?? ""),
    );
  }
  await pull.bind(`ipc://${join(folder, "socket")}`);
  const push = new Push();
  push.connect(pull.lastEndpoint ?? "");
  await push.send("x");
  assert.equal(String(await pull.receive()), "x");
  push.close();
  pull.close();
  rmSync(folder, { recursive: true });
});

test("a process without free descriptors lives, and accepts again when it has some", LIMIT, async () => {
  const peer = new Program(
    `
    const pull = new zmq.Pull();
    await pull.bind("tcp://127.0.0.1:*");
    pull.events.on("accept:error", ({ error }) => console.log("accept:error", error.code));
    console.log(pull.lastEndpoint);
    for await (const [body] of pull) console.log(String(body));
  `,
    64,
  );
  const address = await peer.line();
  const flood: TcpSocket[] = [];
  for (let n = 0; n < 100; n++) {
    const tcp = connect(Number(address.split(":").at(-1)), "127.0.0.1");
    tcp.on("error", () => {}); // the server may cut it off
    tcp.resume();
    flood.push(tcp);
  }
  await Promise.all(
    flood.map((tcp) => (tcp.closed ? undefined : Promise.race([once(tcp, "connect"), once(tcp, "close")]))),
  );
  for (const tcp of flood) tcp.destroy();
  const push = new Push({ linger: 0, reconnectInterval: 20 });
  push.connect(address);
  await push.send("still here");
  let line = await peer.line();
  while (line.startsWith("accept:error")) line = await peer.line();
  assert.equal(line, "still here");
  push.close();
  await peer.kill();
});

test("a process without free descriptors connects as soon as it has some", LIMIT, async () => {
  const pull = new Pull({ receiveTimeout: 30_000 });
  await pull.bind("tcp://127.0.0.1:*");
  const peer = new Program(
    `
    import { closeSync, openSync } from "node:fs";
    const held = [];
    try { for (;;) held.push(openSync("/dev/null")); } catch (error) { if (error.code !== "EMFILE") throw error; }
    const push = new zmq.Push({ reconnectInterval: 10 });
    push.connect("${pull.lastEndpoint}");
    const retried = new Promise((resolve) => push.events.on("connect:retry", resolve));
    await push.send("at last");
    await retried;
    await new zmq.Pull().bind("tcp://127.0.0.1:*").catch((error) => push.send(error.code));
    for (const descriptor of held) closeSync(descriptor);
    await push.drained();
    push.close();
  `,
    64,
  );
  assert.equal(String(await pull.receive()), "at last");
  assert.equal(String(await pull.receive()), "EMFILE");
  pull.close();
  await peer.kill();
});

test("a publisher goes on when one of its subscribers is killed", LIMIT, async () => {
  const publisher = new Publisher({ linger: 0 });
  await publisher.bind("tcp://127.0.0.1:*");
  const start = () =>
    new Program(`
      const subscriber = new zmq.Subscriber();
      subscriber.connect("${publisher.lastEndpoint}");
      subscriber.subscribe("news");
      for await (const [topic] of subscriber) console.log(String(topic));
    `);
  const [one, two] = [start(), start()];
  await publisher.connected({ count: 2 });
  await publisher.subscriberJoined("news");
  const gone = event(publisher, "disconnect");
  await one.kill();
  await gone;
  const ticking = setInterval(() => publisher.send("news"), 10); // until the second's subscription is there
  assert.equal(await two.line(), "news");
  clearInterval(ticking);
  publisher.close();
  await two.kill();
});
