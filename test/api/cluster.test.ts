/** Sockets in workers of node:cluster. There, Node hands what a server listens on to the primary; libzmq knows nothing of it. */

import assert from "node:assert/strict";
import cluster, { type Worker } from "node:cluster";
import { once } from "node:events";
import net, { type AddressInfo } from "node:net";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Pull, Push } from "../../src/index.ts";
import type { Call, Outcome } from "./cluster-worker.ts";

const exec = fileURLToPath(new URL("./cluster-worker.ts", import.meta.url));
const LIMIT = { timeout: 60_000 };
const workers: Worker[] = [];

after(() => {
  for (const worker of workers) worker.process.kill("SIGKILL");
});

/** A worker; `fd` is its descriptor 4. */
async function fork(fd?: number): Promise<Worker> {
  const stdio = ["ignore", "inherit", "inherit", "ipc", ...(fd === undefined ? [] : [fd])] as const;
  cluster.setupPrimary({ exec, execArgv: ["--import", "tsx"], stdio: [...stdio] });
  const worker = cluster.fork();
  workers.push(worker);
  await once(worker, "message"); // It listens to messages now.
  return worker;
}

async function ask(worker: Worker, call: Call): Promise<Outcome> {
  const answered = once(worker, "message");
  worker.send(call);
  const [outcome] = await answered;
  return outcome;
}

for (const method of ["bindSync", "bind"] as const) {
  for (const free of ["tcp://127.0.0.1:*", "tcp://*:*"]) {
    test(`${method} of ${free} in a worker binds in that process, and for it alone`, LIMIT, async () => {
      const [one, other] = await Promise.all([fork(), fork()]);
      const { result: bound = "" } = await ask(one, { method, address: free });
      assert.match(bound, /^tcp:\/\/[\d.]+:\d+$/);
      for (const again of ["bindSync", "bind"] as const) {
        assert.deepEqual(await ask(other, { method: again, address: bound }), { code: "EADDRINUSE" });
      }
      const pull = new Pull();
      await assert.rejects(pull.bind(bound), { code: "EADDRINUSE" });
      pull.close();
      const push = new Push();
      push.connect(bound.replace("0.0.0.0", "127.0.0.1"));
      for (const text of ["to", "one", "process"]) await push.send(text);
      for (const text of ["to", "one", "process"]) {
        assert.deepEqual(await ask(one, { method: "receive" }), { result: text });
      }
      push.close();
    });
  }

  test(`${method} in a worker listens on a descriptor that is the worker's own`, LIMIT, async (t) => {
    const server = net.createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { fd } = (server as unknown as { _handle: { fd?: number } })._handle;
    if (fd === undefined || fd < 0) return t.skip("this runtime does not show descriptors");
    const address = `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const worker = await fork(fd);
    server.close();
    assert.deepEqual(await ask(worker, { method, address, useFd: 4 }), { result: address });
    const push = new Push();
    push.connect(address);
    await push.send("hello");
    assert.deepEqual(await ask(worker, { method: "receive" }), { result: "hello" });
    push.close();
  });
}

test("a descriptor for ipc is refused in a worker: Node would open the primary's of that number", LIMIT, async () => {
  const worker = await fork();
  for (const method of ["bindSync", "bind"] as const) {
    assert.deepEqual(await ask(worker, { method, address: "ipc:///nowhere", useFd: 4 }), { code: "ENOTSUP" });
  }
});
