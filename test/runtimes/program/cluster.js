/** For processes.js: two workers of a cluster, the second of which binds what the first has bound. Prints what came of it. */

import cluster from "node:cluster";
import * as zmq from "zmq-ts";

if (cluster.isPrimary) {
  const [, , method] = process.argv;
  const push = new zmq.Push();
  const told = (address) =>
    new Promise((resolve) => {
      cluster.fork({ ZMQ_TS_METHOD: method, ZMQ_TS_ADDRESS: address }).once("message", resolve);
    });
  const { address, code } = await told("tcp://127.0.0.1:*");
  console.log(code ?? "bound");
  if (address !== undefined) {
    console.log((await told(address)).code ?? "bound");
    push.connect(address);
    await push.send("for the first");
    await new Promise((resolve) => Object.values(cluster.workers)[0].once("message", resolve));
    console.log("received");
  }
  for (const worker of Object.values(cluster.workers)) worker.process.kill("SIGKILL");
} else {
  const pull = new zmq.Pull();
  try {
    await pull[process.env.ZMQ_TS_METHOD](process.env.ZMQ_TS_ADDRESS);
    process.send({ address: pull.lastEndpoint });
    await pull.receive();
    process.send({});
  } catch ({ code }) {
    process.send({ code });
  }
}
