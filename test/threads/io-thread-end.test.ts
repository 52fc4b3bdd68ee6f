/** The end of processes whose connections are in an I/O thread. They run the built package: it starts in a moment. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Pull } from "../../src/index.ts";

const limit = { timeout: 30_000 };
const library = fileURLToPath(new URL("../../dist/index.cjs", import.meta.url));
const MESSAGES = 300;

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/** Runs `body`, in which `zmq` is the package, `context` has an I/O thread and `endpoint` is given. */
function run(body: string, endpoint: string, flags: readonly string[] = []): Promise<Ended> {
  const program = `
    const zmq = require(${JSON.stringify(library)});
    const context = new zmq.Context({ ioThreads: 1 });
    const endpoint = ${JSON.stringify(endpoint)};
    (async () => { ${body} })();
  `;
  const child = spawn(process.execPath, [...flags, "-e", program]);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (output += text));
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, output })));
}

/** A program that sends more than the kernel takes at once, and what it does then. */
const sending = (end: string) => `
  const push = new zmq.Push({ context });
  push.connect(endpoint);
  await push.connected();
  for (let i = 0; i < ${MESSAGES}; i++) await push.send([String(i), Buffer.alloc(50_000, i)]);
  ${end}
`;

for (const [what, end, code] of [
  ["ends by itself", "", 0],
  ["calls process.exit()", "process.exit(3);", 3],
] as const) {
  test(`what a process has sent arrives when it ${what}`, limit, async () => {
    const pull = new Pull();
    await pull.bind("tcp://127.0.0.1:*");
    const ended = run(sending(end), pull.lastEndpoint as string);
    for (let i = 0; i < MESSAGES; i++) assert.equal(String((await pull.receive())[0]), String(i));
    assert.equal((await ended).code, code);
    pull.close();
  });
}

test("a process with an idle I/O thread ends by itself", limit, async () => {
  const { code, output } = await run(
    `const pull = new zmq.Pull({ context });
     await pull.bind("tcp://127.0.0.1:*");
     console.log("bound");`,
    "",
  );
  assert.deepEqual({ code, output }, { code: 0, output: "bound\n" });
});

test("where threads are forbidden the engine runs in the program's thread, with one warning", limit, async () => {
  const flag = process.allowedNodeEnvironmentFlags.has("--permission") ? "--permission" : "--experimental-permission";
  const { code, output } = await run(
    `const pull = new zmq.Pull({ context });
     await pull.bind("tcp://127.0.0.1:*");
     const push = new zmq.Push({ context: new zmq.Context({ ioThreads: 1 }) });
     push.connect(pull.lastEndpoint);
     await push.send("here");
     console.log(String(await pull.receive()));
     push.close();
     pull.close();`,
    "",
    [flag, "--allow-fs-read=*"],
  );
  assert.equal(code, 0);
  assert.match(output, /^here$/m);
  assert.equal(output.match(/ZMQ_IO_THREADS/g)?.length, 1);
});
