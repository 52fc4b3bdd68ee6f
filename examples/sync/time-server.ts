/**
 * A time server: publishes the time ten times a second, to whoever listens.
 *
 *     node --import tsx examples/sync/time-server.ts [ADDRESS]
 *
 * Its pause is a poll that finds nothing: meanwhile the sockets' connections are served.
 */

import * as zmq from "zmq-ts/sync";

const context = new zmq.Context();
const socket = context.socket(zmq.PUB);
socket.bind(process.argv[2] ?? "tcp://127.0.0.1:4001");
console.log(`bound to ${socket.lastEndpoint}`);

while (true) {
  socket.sendMultipart(["time", new Date().toISOString()]);
  socket.poll(100);
}
