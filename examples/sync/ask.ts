/**
 * Asks a server one question after the other, and prints the answers.
 *
 *     node --import tsx examples/sync/ask.ts ADDRESS QUESTION…
 */

import * as zmq from "zmq-ts/sync";

const [address = "tcp://127.0.0.1:4000", ...questions] = process.argv.slice(2);
const context = new zmq.Context();
const socket = context.socket(zmq.REQ);
socket.connect(address);
for (const question of questions) {
  socket.send(question);
  console.log(`${question} = ${socket.recv()}`);
}
socket.close();
context.term();
