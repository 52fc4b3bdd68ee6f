/**
 * A router: one address for any number of clients (REQ), and behind it any number of workers (REP).
 *
 *     node --import tsx examples/sync/router.ts [FRONT [BACK]]
 */

import * as zmq from "zmq-ts/sync";

const [front = "tcp://127.0.0.1:4006", back = "tcp://127.0.0.1:4007"] = process.argv.slice(2);
const context = new zmq.Context();
const clients = context.socket(zmq.ROUTER);
const workers = context.socket(zmq.DEALER);
clients.bind(front);
workers.bind(back);
console.log(`bound to ${clients.lastEndpoint} and ${workers.lastEndpoint}`);

zmq.proxy(clients, workers);
