/** Files of a test runner in threads of one process, and threads whose ancestors had not loaded the library. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { program } from "../api/child.ts";
import { thread } from "./worker.ts";

const ENTRY = new URL("../../src/index.ts", import.meta.url).href;

const bindAndTell = async ({ Reply }: typeof import("../../src/index.ts"), name: string) => {
  const reply = new Reply();
  await reply.bind(`inproc://${name}`);
  await new Promise((resolve) => setTimeout(resolve, 500)); // for the other one, which binds it too
  return true;
};

for (const variable of ["VITEST_POOL_ID", "VITEST_WORKER_ID", "JEST_WORKER_ID"]) {
  test(`threads of a test runner (${variable}) do not see each other's names`, async () => {
    const files = ["1", "2"].map((id) => thread(bindAndTell, "same-name", { ...process.env, [variable]: id }));
    assert.deepEqual(await Promise.all(files.map(({ result }) => result)), [true, true]);
  });
}

test("a thread of a test runner meets those that it starts", async () => {
  const file = thread(
    async ({ Pull }, entry) => {
      const { Worker } = await import("node:worker_threads");
      const pull = new Pull();
      await pull.bind("inproc://file");
      new Worker(
        `import("tsx/esm/api").then(({ register }) => { register(); return import(${JSON.stringify(entry)}); }).then(async (zmq) => {
          const push = new zmq.Push();
          push.connect("inproc://file");
          await push.send("from its own thread");
        });`,
        { eval: true },
      );
      return String(await pull.receive());
    },
    ENTRY,
    { ...process.env, JEST_WORKER_ID: "1" },
  );
  assert.equal(await file.result, "from its own thread");
});

test("threads whose main thread did not load the library find each other", { timeout: 60_000 }, async () => {
  const { stdout, stderr } = await program(`
    const { Worker, setEnvironmentData } = await import("node:worker_threads");
    setEnvironmentData("zmq-ts inproc 1", undefined); // as if the library were not here
    const run = (task) => new Worker(
      \`import("tsx/esm/api").then(({ register }) => { register(); return import("${ENTRY}"); }).then(async (zmq) => { \${task} })\`,
      { eval: true });
    setTimeout(() => process.exit(1), 30_000).unref();
    run(\`const pull = new zmq.Pull(); await pull.bind("inproc://strangers");
      console.log(String(await pull.receive())); process.exit();\`).on("exit", () => process.exit());
    run(\`const push = new zmq.Push(); push.connect("inproc://strangers"); await push.send("found");
      await new Promise((resolve) => setTimeout(resolve, 20_000));\`);
  `);
  assert.equal(stdout, "found\n", stderr);
});
