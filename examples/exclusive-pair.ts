/**
 * An exclusive pair: two parts of one program talk over PAIR sockets, both ways, in any order, and nobody else can join
 * in. Within a process they meet at an inproc name; the same two functions work in two processes over ipc.
 *
 *     node --import tsx examples/exclusive-pair.ts
 *
 * Parts: together, reader ADDRESS, counter ADDRESS.
 *
 * From parts.ts: `program` starts the parts. A copy of a part does not need it.
 */

import { readFileSync } from "node:fs";
import { Pair } from "zmq-ts";
import { program } from "./parts.ts";

/** Sends lines, and stops when the other has enough. */
async function reader(address = "inproc://lines") {
  const socket = new Pair();
  await socket.bind(address);
  const lines = readFileSync(new URL("exclusive-pair.ts", import.meta.url), "utf8").split("\n");
  const enough = socket.receiveString();
  let isEnough = false;
  void enough.then(() => {
    isEnough = true;
  });
  let sent = 0;
  for (const line of lines) {
    if (isEnough) break;
    await socket.send(line);
    sent++;
  }
  console.log(`reader: sent ${sent} lines; the counter says: ${await enough}`);
}

/** Counts words until it has seen enough of them. */
async function counter(address = "inproc://lines") {
  const socket = new Pair();
  socket.connect(address);
  let words = 0;
  for await (const [line] of socket) {
    words += `${line}`.match(/\w+/g)?.length ?? 0;
    if (words >= 50) break;
  }
  await socket.send(`enough, ${words} words`);
}

async function together() {
  await Promise.all([reader(), counter()]);
}

await program(import.meta.url, { together, reader, counter }, async (stage) => {
  console.log("in one process:");
  await stage.start("exclusive-pair together").ended;
  console.log("in two processes:");
  const address = stage.address("pair");
  const parts = [stage.start("exclusive-pair reader", address), stage.start("exclusive-pair counter", address)];
  await Promise.all(parts.map((part) => part.ended));
});
