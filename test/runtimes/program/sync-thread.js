/** A thread, for sync.js: it squares numbers until it is told to end. */

import { workerData } from "node:worker_threads";
import * as zmq from "zmq-ts/sync";

const socket = zmq.Context.instance().socket(zmq.REP);
socket.bind(workerData.address);
for (let asked = socket.recvString(); asked !== "end"; asked = socket.recvString())
  socket.send(`${Number(asked) ** 2}`);
socket.send("ended");
socket.close();
