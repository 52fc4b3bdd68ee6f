/** The calls that block, `zmq-ts/sync`; `sync-thread.js` is what its worker runs. */

import assert from "node:assert/strict";
import { Worker } from "node:worker_threads";
import { Request } from "zmq-ts";
import * as zmq from "zmq-ts/sync";
import { check, freeAddress } from "./check.js";

/** Runs `run` with a context that is ended behind it, whatever happens. */
function inContext(run) {
  const context = new zmq.Context();
  try {
    run(context);
  } finally {
    context.destroy(0);
  }
}

for (const transport of ["tcp", "ipc", "inproc"]) {
  check(`sync: requests and replies over ${transport}, in one thread`, () => {
    inContext((context) => {
      const [server, client] = [context.socket(zmq.REP), context.socket(zmq.REQ)];
      client.connect(server.bind(freeAddress(transport)));
      for (let i = 0; i < 100; i++) {
        client.sendJson({ i });
        server.sendJson(server.recvJson().i + 1);
        assert.equal(client.recvJson(), i + 1);
      }
    });
  });
}

check("sync: large messages of several frames arrive whole", () => {
  inContext((context) => {
    const [pull, push] = [context.socket(zmq.PULL), context.socket(zmq.PUSH)];
    push.connect(pull.bind(freeAddress("tcp")));
    for (let i = 0; i < 5; i++) {
      push.sendMultipart([new Uint8Array(1_000_003).fill(i + 1), String(i)]);
      const [body, number] = pull.recvMultipart();
      assert.equal(String(number), String(i));
      assert.equal(body.length, 1_000_003);
      assert.ok(body.every((octet) => octet === i + 1));
    }
  });
});

check("sync: a call that waits in vain throws Again, and a poll tells so", () => {
  inContext((context) => {
    const pull = context.socket(zmq.PULL);
    pull.bind(freeAddress("tcp"));
    pull.rcvtimeo = 50;
    assert.throws(() => pull.recv(), zmq.Again);
    assert.throws(() => pull.recv(zmq.NOBLOCK), zmq.Again);
    assert.equal(pull.poll(50), 0);
  });
});

check("sync: what was sent before the end of its context arrives", () => {
  inContext((receiving) => {
    const pull = receiving.socket(zmq.PULL);
    const sending = new zmq.Context();
    const push = sending.socket(zmq.PUSH);
    push.connect(pull.bind(freeAddress("tcp")));
    for (let i = 0; i < 500; i++) push.send(String(i));
    push.close();
    sending.term();
    for (let i = 0; i < 500; i++) assert.equal(pull.recvString(), String(i));
  });
});

check("sync: a worker that blocks serves a socket that awaits", async ({ open }) => {
  const address = freeAddress("inproc");
  const worker = new Worker(new URL("./sync-thread.js", import.meta.url), { workerData: { address } });
  const ended = new Promise((resolve, reject) => worker.once("exit", resolve).once("error", reject));
  const request = open(Request);
  request.connect(address);
  for (const [asked, answer] of [
    ["7", "49"],
    ["12", "144"],
    ["end", "ended"],
  ]) {
    await request.send(asked);
    assert.equal(String(await request.receive()), answer);
  }
  await ended;
});
