/** A thread, for threads.js: it does what `workerData.name` says, and ends. */

import { parentPort, workerData } from "node:worker_threads";
import * as zmq from "zmq-ts";

const { name, address } = workerData;

const tasks = {
  async ask() {
    const request = new zmq.Request();
    request.connect(address);
    let answer = "";
    for (let i = 0; i < 100; i++) {
      await request.send(String(i));
      answer = String(await request.receive());
    }
    parentPort.postMessage(answer);
  },

  async push() {
    const push = new zmq.Push();
    push.connect(address);
    for (let i = 0; i < workerData.count; i++) await push.send(String(i));
  },

  async pull() {
    const pull = new zmq.Pull();
    await pull.bind(address);
    let sum = 0;
    for (let i = 0; i < workerData.count; i++) sum += Number(String(await pull.receive()));
    parentPort.postMessage(sum);
  },

  async large() {
    const push = new zmq.Push();
    push.connect(address);
    for (let i = 0; i < 10; i++) await push.send([new Uint8Array(1_000_003).fill(i + 1), String(i)]);
  },

  async subscribe() {
    const dealer = new zmq.Dealer({ routingId: "me" });
    dealer.connect(workerData.ids);
    await dealer.send("here");
    const subscriber = new zmq.Subscriber();
    subscriber.subscribe("a");
    subscriber.connect(workerData.topics);
    parentPort.postMessage(`${await subscriber.receive()} ${await dealer.receive()}`);
  },

  async through() {
    const { front, back, word } = workerData;
    const [reply, request] = [new zmq.Reply(), new zmq.Request()];
    reply.connect(back);
    request.connect(front);
    let answered = 0;
    for (; answered < 100; answered++) {
      await request.send("question");
      await reply.receive();
      await reply.send("answer");
      await request.receive();
    }
    Atomics.store(word, 0, answered);
    Atomics.notify(word, 0);
    reply.close();
    request.close();
  },

  async context() {
    const request = new zmq.Request({ context: zmq.Context.from(workerData.handle) });
    request.connect("inproc://same");
    await request.send("hello");
    parentPort.postMessage(String(await request.receive()));
  },

  async end() {
    const reply = new zmq.Reply();
    await reply.bind(address);
    const control = new zmq.Pair();
    control.connect(`${address}-control`);
    await control.send("bound");
    await control.receive();
    if (workerData.how === "exit") process.exit();
    if (workerData.how === "blocked") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    await reply.receive();
  },
};

await tasks[name]();
