/**
 * One thread of bench/threads.ts: `workerData` says which library, which end and how much. It posts `{ seconds }` when it
 * has received, or had answered, all that was asked for.
 */

import { parentPort, workerData } from "node:worker_threads";

const { library, kind, end, size, count, warmup, port } = workerData;
const body = Buffer.alloc(size, 1);
/** So many at a time. */
const MANY = 100;

/** Measured once `warmup` messages are through. */
async function timed(run) {
  const begun = performance.now();
  await run();
  parentPort.postMessage({ seconds: (performance.now() - begun) / 1000 });
}

async function sockets({ Pull, Push, Reply, Request }) {
  if (kind === "flood" && end === "bound") {
    const pull = new Pull();
    await pull.bind("inproc://bench");
    parentPort.postMessage({ ready: true });
    for (let i = 0; i < warmup; i++) await pull.receive();
    await timed(async () => {
      for (let i = 0; i < count; i++) await pull.receive();
    });
  } else if (kind === "flood") {
    const push = new Push();
    push.connect("inproc://bench");
    for (let i = 0; i < warmup + count; i++) await push.send(body);
  } else if (kind === "many" && end === "bound") {
    const pull = new Pull();
    await pull.bind("inproc://bench");
    parentPort.postMessage({ ready: true });
    const take = async (most) => {
      for (let left = most; left > 0; ) left -= (await pull.receiveMany({ max: Math.min(left, 1000) })).length;
    };
    await take(warmup);
    await timed(() => take(count));
  } else if (kind === "many") {
    const push = new Push();
    push.connect("inproc://bench");
    const bodies = new Array(MANY).fill(body);
    for (let i = 0; i < warmup + count; i += MANY) await push.sendMany(bodies);
  } else if (end === "bound") {
    const reply = new Reply();
    await reply.bind("inproc://bench");
    parentPort.postMessage({ ready: true });
    for (let i = 0; i < warmup + count; i++) await reply.send(await reply.receive());
  } else {
    const request = new Request();
    request.connect("inproc://bench");
    const ask = async () => {
      await request.send(body);
      await request.receive();
    };
    for (let i = 0; i < warmup; i++) await ask();
    await timed(async () => {
      for (let i = 0; i < count; i++) await ask();
    });
  }
}

/** `postMessage` copies the bytes; a receiver's answer for every hundred messages keeps its queue short. */
async function messagePort() {
  const next = () => new Promise((resolve) => port.once("message", resolve));
  if (end === "bound") parentPort.postMessage({ ready: true });
  if (kind === "flood" && end === "bound") {
    let received = 0;
    await new Promise((resolve) => {
      let begun = 0;
      port.on("message", () => {
        if (++received === warmup) begun = performance.now();
        if (received % 100 === 0) port.postMessage(null);
        if (received < warmup + count) return;
        parentPort.postMessage({ seconds: (performance.now() - begun) / 1000 });
        resolve();
      });
    });
  } else if (kind === "flood") {
    for (let i = 0; i < warmup + count; i++) {
      port.postMessage(body);
      if (i % 100 === 99) await next();
    }
  } else if (end === "bound") {
    port.on("message", (message) => port.postMessage(message));
  } else {
    const ask = async () => {
      const answer = next();
      port.postMessage(body);
      await answer;
    };
    for (let i = 0; i < warmup; i++) await ask();
    await timed(async () => {
      for (let i = 0; i < count; i++) await ask();
    });
  }
}

if (library === "MessagePort") await messagePort();
else await sockets(await import(library));
setInterval(() => {}, 1000); // it is ended from outside
