/**
 * npm `zeromq` in place of `src/index.ts`: see `hook.js`. A member of sockets that zeromq.js lacks throws `OursAlone`, and
 * the test that asks for it is not run against libzmq. Waiting for a peer or for a subscriber is a pause: libzmq has no
 * call for it, and on loopback either is there long before the pause is over.
 */

import * as zmq from "zeromq";

const PAUSE_MS = 60;

/** Members of sockets that zeromq.js lacks. */
const OURS_ALONE = [
  "batches",
  "drained",
  "drops",
  "topicsCount",
  "peers",
  "receiveFrom",
  "receiveJson",
  "receiveMany",
  "receiveMultipart",
  "receiveObject",
  "receiveString",
  "request",
  "sendJson",
  "sendMany",
  "sendMultipart",
  "sendObject",
  "sendString",
  "bindRandomPort",
  "tryReceive",
  "trySend",
];

class OursAlone extends Error {
  constructor(name) {
    super(`zeromq.js has no ${name}`);
    this.name = "OursAlone";
  }
}

export const pause = () => new Promise((resolve) => setTimeout(resolve, PAUSE_MS));

function lack(prototype, name) {
  Object.defineProperty(prototype, name, {
    get() {
      throw new OursAlone(name);
    },
  });
}

for (const name of OURS_ALONE) lack(zmq.Socket.prototype, name);
lack(zmq.Proxy.prototype, "statistics");
zmq.Socket.prototype.connected = pause;
zmq.Socket.prototype.subscriberJoined = pause;
zmq.Socket.prototype[Symbol.asyncDispose] = async function dispose() {
  this.close();
};
zmq.Context.prototype.close = alone("Context.close");

/** A class or a function that zeromq.js lacks. */
export function alone(name) {
  return function lacking() {
    throw new OursAlone(name);
  };
}

export const SocketType = new Proxy({}, { get: alone("SocketType") });
export const Poller = alone("Poller");
export const Authenticator = alone("Authenticator");
export const ZmqError = alone("ZmqError");
export const {
  capability,
  Context,
  context,
  curveKeyPair,
  Dealer,
  Observer,
  Pair,
  Publisher,
  Pull,
  Push,
  Reply,
  Request,
  Router,
  Socket,
  Stream,
  Subscriber,
  version,
  XPublisher,
  XSubscriber,
} = zmq;
export { Proxy } from "zeromq";
export default zmq;
