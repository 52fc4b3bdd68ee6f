/** A listener in a process without a free file descriptor, which libuv keeps to itself. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import net from "node:net";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const entry = new URL("../../src/index.ts", import.meta.url).href;
const root = fileURLToPath(new URL("../..", import.meta.url));

const SERVER = `
  import * as zmq from ${JSON.stringify(entry)};
  process.on("warning", ({ code, message }) => console.log("warning", code, message));
  const pull = new zmq.Pull();
  pull.events.on("accept:error", ({ error }) => console.log("event", error.code, error.detail));
  console.log(await pull.bind("tcp://127.0.0.1:*"));
  process.stdin.resume();
`;

test("a listener that runs out of descriptors says so, by an event and one warning", {
  timeout: 120_000,
  skip: process.platform === "win32" ? "Windows has no such limit" : false,
}, async (t) => {
  const child = spawn(
    "sh",
    [
      "-c",
      'ulimit -n 128; exec "$@"',
      "sh",
      process.execPath,
      "--import",
      "tsx",
      "--input-type=module",
      "--eval",
      SERVER,
    ],
    {
      cwd: root,
      stdio: ["pipe", "pipe", "inherit"],
    },
  );
  t.after(() => child.kill());
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => String((await lines.next()).value);
  const port = Number(/:(\d+)$/.exec(await next())?.[1]);
  const peers = Array.from({ length: 128 }, () => net.connect(port, "127.0.0.1").on("error", () => {}));
  const said = [await next(), await next()].sort();
  assert.match(said[0] ?? "", /^event EMFILE the process has no file descriptor left \(ulimit -n\)/);
  assert.match(
    said[1] ?? "",
    /^warning ZMQ_EMFILE tcp:\/\/127.0.0.1:\d+ accepts no connections: EMFILE, the process has/,
  );
  for (const peer of peers) peer.destroy();
  child.stdin.end();
  child.kill();
  await once(child, "close");
});
