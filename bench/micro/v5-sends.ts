/**
 * Heap that a message of a version 5 program takes until the program yields: a
 * tight synchronous loop of `send`s, here and in npm `zeromq`. Nobody subscribed,
 * no peer, a peer that is connected; each also with callbacks.
 *
 * node --expose-gc --import tsx bench/micro/v5-sends.ts
 */

import * as reference from "zeromq/v5-compat.js";
import * as ours from "../../src/v5-compat.ts";

const MESSAGES = 200_000;
const { gc } = globalThis;
if (gc === undefined) throw new Error("run it with --expose-gc");

type Library = typeof ours | typeof reference;

const CASES: Readonly<Record<string, (library: Library, at: string) => (ours.Socket | reference.Socket)[]>> = {
  "pub, nobody subscribed": (library) => [library.socket("pub")],
  "push, no peer": (library) => [library.socket("push")],
  "push, a peer": (library, at) => {
    const [push, pull] = [library.socket("push"), library.socket("pull")];
    pull.bindSync(at);
    push.connect(at);
    return [push, pull];
  },
};

function heap(): number {
  gc?.();
  return process.memoryUsage().heapUsed;
}

let count = 0;

async function bytesPerMessage(library: Library, name: string, callback?: () => void): Promise<number> {
  const sockets = CASES[name]?.(library, `inproc://v5-sends-${count++}`) ?? [];
  const [sender] = sockets;
  await new Promise((resolve) => setTimeout(resolve, 50));
  sender?.on("error", () => undefined); // zeromq.js reports what is left when the socket closes
  const before = heap();
  for (let i = 0; i < MESSAGES; i++) sender?.send("10001 60 50", 0, callback);
  const bytes = (heap() - before) / MESSAGES;
  for (const socket of sockets) socket.close();
  await new Promise((resolve) => setTimeout(resolve, 50));
  return Math.round(bytes);
}

for (const name of Object.keys(CASES)) {
  for (const [how, callback] of [
    ["", undefined],
    [", callbacks", () => undefined],
  ] as const) {
    const [our, their] = [
      await bytesPerMessage(ours, name, callback),
      await bytesPerMessage(reference, name, callback),
    ];
    console.log(
      `${`${name}${how}`.padEnd(36)} zmq-ts ${String(our).padStart(4)} B, zeromq.js ${String(their).padStart(4)} B a message`,
    );
  }
}
process.exit();
