/**
 * A process that binds sockets to what it is told on stdin, `SIDE ENDPOINT` a line, and prints the errno or `ok`. Both
 * libraries in one process, so that it can give up its rights (`binder.ts UID`) when all is loaded.
 */

import { createInterface } from "node:readline";
import * as libzmq from "zeromq";
import { Context, Pull } from "../../src/index.ts";

const uid = Number(process.argv[2] ?? -1);
if (uid >= 0) {
  process.setgroups?.([]);
  process.setgid?.(uid);
  process.setuid?.(uid);
}

const context = new Context();

async function bind(side: string, endpoint: string): Promise<void> {
  const socket = side === "libzmq" ? new libzmq.Pull({ linger: 0 }) : new Pull({ context, linger: 0 });
  try {
    if (socket instanceof Pull && side === "sync") socket.bindSync(endpoint);
    else await socket.bind(endpoint);
  } finally {
    socket.close();
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const [side = "", endpoint = ""] = line.split(/ (.*)/s);
  const result = await bind(side, endpoint).then(
    () => "ok",
    (error: { errno?: number }) => `${error.errno ?? error}`,
  );
  console.log(result);
}
