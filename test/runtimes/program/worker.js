/** A thread, for processes.js: it answers requests, or adds up the bytes that it is posted. */

import { parentPort, workerData } from "node:worker_threads";
import { Reply } from "zmq-ts";

if (workerData === "sum") {
  parentPort.on("message", (frames) => {
    let sum = 0;
    for (const frame of frames) for (const byte of frame) sum += byte;
    parentPort.postMessage(sum);
  });
} else {
  const reply = new Reply();
  await reply.bind("tcp://127.0.0.1:*");
  parentPort.postMessage(reply.lastEndpoint);
  for await (const [text] of reply) await reply.send(`${text} from a thread`);
}
