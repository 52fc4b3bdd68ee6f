/**
 * A worker behind the router: answers a text by its length.
 *
 *     node --import tsx examples/sync/worker.ts ADDRESS
 */

import * as zmq from "zmq-ts/sync";

const context = new zmq.Context();
const socket = context.socket(zmq.REP);
socket.connect(process.argv[2] ?? "tcp://127.0.0.1:4007");
while (true) socket.send(socket.recv().length);
