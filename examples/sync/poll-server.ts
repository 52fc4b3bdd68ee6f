/**
 * A server of two sockets in one loop: takes notes (PULL), and tells how many it has (REP). The question "stop" ends it.
 *
 *     node --import tsx examples/sync/poll-server.ts [QUESTIONS [NOTES]]
 */

import * as zmq from "zmq-ts/sync";

const [questions = "tcp://127.0.0.1:4004", notes = "tcp://127.0.0.1:4005"] = process.argv.slice(2);
const context = new zmq.Context();
const replier = context.socket(zmq.REP);
const notebook = context.socket(zmq.PULL);
replier.bind(questions);
notebook.bind(notes);
console.log(`bound to ${replier.lastEndpoint} and ${notebook.lastEndpoint}`);

const poller = new zmq.Poller();
poller.register(replier, zmq.POLLIN);
poller.register(notebook, zmq.POLLIN);
const taken: string[] = [];
for (let question = ""; question !== "stop"; ) {
  const ready = new Map(poller.poll());
  if (ready.has(notebook)) taken.push(notebook.recvString());
  if (ready.has(replier)) {
    question = replier.recvString();
    replier.send(`${taken.length} notes`);
  }
}
context.destroy();
