/** Short lives, for processes.js: `lives.js NAME [endpoint]`. Each ends by itself, or is meant not to. */

import * as zmq from "zmq-ts";

const [name, endpoint] = process.argv.slice(2);

const lives = {
  load() {},

  async idle() {
    const [pull, push] = [new zmq.Pull(), new zmq.Push()];
    await pull.bind("tcp://127.0.0.1:*");
    push.connect(pull.lastEndpoint);
    await push.connected();
    console.log("connected");
    globalThis.kept = [pull, push];
  },

  async receive() {
    const pull = new zmq.Pull();
    await pull.bind("tcp://127.0.0.1:*");
    console.log("waiting");
    await pull.receive();
  },

  async timeout() {
    const pull = new zmq.Pull({ receiveTimeout: 100 });
    await pull.bind("tcp://127.0.0.1:*");
    await pull.receive().catch(({ code }) => console.log(code));
  },

  async send() {
    console.log("began");
    const push = new zmq.Push();
    push.connect(endpoint);
    for (let n = 0; n < 1000; n++) await push.send([String(n), "x".repeat(20)]);
  },

  async exit() {
    console.log("began");
    const push = new zmq.Push();
    push.connect(endpoint);
    await push.connected();
    for (let n = 0; n < 1000; n++) await push.send([String(n), "x".repeat(20)]);
    process.exit(0);
  },

  async linger() {
    const push = new zmq.Push({ linger: 0 });
    push.connect("tcp://127.0.0.1:1");
    await push.send("for nobody");
  },
};

await lives[name]();
