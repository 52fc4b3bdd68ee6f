/**
 * Where tests of behaviour through the public API do not hold on npm `zeromq` (libzmq 4.3.5), and why that is right. A
 * test that fails there without a row is a wrong test, or a fault; a row whose test passes is out of date. Both fail the
 * run. Tests that ask for what zeromq.js lacks need no row: `library.js` has the names.
 */

/** Folders of tests that run on libzmq too. */
export const FOLDERS = ["test/socket-conformance", "test/api"];

/** Files of these folders that do not run there. */
export const NOT_RUN: Readonly<Record<string, string>> = {
  "test/api/curve-versions.test.ts": "its peers are made of inner parts",
  "test/api/descriptors.test.ts": "the warning that it reads is ours",
  "test/api/exports.test.ts": "compares the names of both libraries",
  "test/api/lifetime.test.ts":
    "ours never keeps a process alive, sockets of zeromq.js do; its garbage collection differs too",
  "test/api/message-kinds.test.ts": "compares both libraries itself",
  "test/api/secret-memory.test.ts": "looks into memory of ours",
  "test/api/process-life.test.ts": "sockets of zeromq.js hold up the end of their process",
  "test/api/many.test.ts": "zeromq.js has no calls for many messages",
  "test/api/published-to-many.test.ts": "asks for the endpoint that `bind` resolves to",
  "test/api/without-waiting.test.ts": "zeromq.js has no calls that never wait",
  "test/api/reasons.test.ts": "`detail` of errors is ours alone",
  "test/api/why-nothing-arrives.test.ts": "`detail` of errors, drops and warnings are ours alone",
  "test/api/socks.test.ts": "zeromq.js has no user names for proxies; what both have is compared in it",
  "test/api/types.test.ts": "compiles both declarations",
};

const ONE_CALL = "zeromq.js has room for one send and one receive at a time";
const WITHIN_CALLS = "a socket of libzmq attaches and detaches peers within a call only; ours does when it happens";
const NO_SIGNAL = "zeromq.js takes no options at send and receive";
const LATER = "libzmq frees an address a moment after the call";
const STAND_IN = "of `connected` or `subscriberJoined`, for which a pause stands in";
const READ_BACK = "zeromq.js cannot read the option";
const NO_BATCHES = "zeromq.js has no receiveMany";
const NO_FD = "zeromq.js has no useFd";
const PROXY = "zeromq.js has no options of proxies: capture and control";

export interface Deviation {
  readonly reason: string;
  /** Parts of the names of the files in which it fails; every file where it runs, if it is not there. */
  readonly only?: readonly string[];
  /** It depends on chance whether it fails. */
  readonly sometimes?: true;
}

/** By the name of the test. */
export const DEVIATIONS: Readonly<Record<string, Deviation>> = {
  // --- workers of a cluster ---
  "bindSync in a worker listens on a descriptor that is the worker's own": { reason: NO_FD },
  "bind in a worker listens on a descriptor that is the worker's own": { reason: NO_FD },
  "a descriptor for ipc is refused in a worker: Node would open the primary's of that number": { reason: NO_FD },

  // --- endpoints ---
  "bind and bindSync give the endpoint with its wildcard resolved, which others connect to": {
    reason: "zeromq.js resolves to nothing",
  },

  "tcp: an address that was bound and disconnected can be bound again": { reason: LATER, sometimes: true },

  // --- the conformance suite ---
  "DEALER to DEALER: peers with one message in flight each are read in turn in batches too": { reason: NO_BATCHES },
  "DEALER to ROUTER: peers with one message in flight each are read in turn in batches too": { reason: NO_BATCHES },
  "PUSH to PULL: peers with one message in flight each are read in turn in batches too": { reason: NO_BATCHES },
  "XPUB to SUB: peers with one message in flight each are read in turn in batches too": { reason: NO_BATCHES },
  "XPUB to XSUB: peers with one message in flight each are read in turn in batches too": { reason: NO_BATCHES },
  "a raised mark lets a waiting send go through": { reason: "libzmq looks at a mark at the next call only" },
  "a conflating receiver keeps the newest message only": {
    reason: "over inproc libzmq applies the option to the wrong direction",
    only: ["inproc"],
  },
  "a conflating sender keeps the newest message only": {
    reason: "over inproc libzmq applies the option to the wrong direction",
    only: ["inproc"],
  },
  "what was sent arrives after the sender was closed": { reason: ONE_CALL },
  "many senders and receivers are served in the order in which they came": { reason: ONE_CALL },
  "REQ takes a reply from the peer it asked only": {
    reason: "libzmq calls a REQ readable when there is something that a receive would throw away",
  },
  "connect gives a peer a routing id of one's own choice, once": {
    reason: "libzmq ends the process when a routing id is given twice",
  },
  "XPUB in manual mode subscribes the peer whose request it read, to what it likes": {
    reason: "zeromq.js has no calls for manual mode",
  },
  "subscriberJoined waits for a topic, and is content with a prefix of it": { reason: STAND_IN },
  "connected waits for as many peers as asked for": { reason: STAND_IN },
  "what waits for a peer rejects with EAGAIN when the socket is closed": { reason: STAND_IN },
  "subscriptions go both ways: a connecting PUB hears of those of a bound SUB": { reason: WITHIN_CALLS },
  "SUB subscribes again after each reconnection; a connected PUB goes on by the old subscriptions": {
    reason: WITHIN_CALLS,
  },
  "STREAM exchanges bytes with a plain socket, tells of its coming and going, and hangs up": { reason: WITHIN_CALLS },
  "a bound address can be bound again after unbind, and after close": { reason: LATER },
  "tells of its connections in libzmq's order": {
    reason:
      "over ipc libzmq knows at once that nobody listens, and has no `connect:delay` before the first `close`; over ws it tells of two handshakes",
    only: ["ipc", "/ws."],
  },
  "a send that was called off is not sent, and those behind it are": { reason: NO_SIGNAL },
  "a receive that was called off takes no message": { reason: NO_SIGNAL },
  "a message that came first is not lost when the signal fires later": { reason: NO_SIGNAL },
  "sockets and contexts are closed where their block ends": { reason: "zeromq.js has no disposable contexts" },
  "joins PUBs with SUBs, subscriptions upstream, and captures both": { reason: PROXY },
  "obeys a Reply control socket": { reason: PROXY },
  "obeys a Pair control socket": { reason: PROXY },
  "is paused, resumed and ended by its methods": {
    reason: "a proxy of libzmq is told by a message to its thread, and passes on what comes before that",
  },
  "ends when one of its sockets is closed": { reason: "a socket of a proxy of zeromq.js cannot be closed" },

  "many proxies run side by side": { reason: "zeromq.js ends the process when many proxies end", sometimes: true },

  "lets the event loop turn while two converse through it": {
    reason: "zeromq.js at times ends the process when a proxy over inproc ends",
    sometimes: true,
  },

  // --- the API ---
  "inproc: a connection whose peer is gone cannot be disconnected any more": { reason: WITHIN_CALLS, sometimes: true },
  "an endpoint that is not there rejects unbind, and throws from disconnect and unbindSync, with ENOENT": {
    reason: "zeromq.js loses the error of unbindSync and disconnect",
  },
  "a mandatory router rejects a message to nobody with EHOSTUNREACH": {
    reason: "zeromq.js waits until the socket is writable, which a mandatory ROUTER without peers is not",
    sometimes: true,
  },
  "tcp://127.0.0.1:65536 rejects bind and throws from connect with EINVAL": {
    reason: "libzmq takes the port of a connect as it is, and never connects",
  },
  "wrong arguments of constructors throw TypeErrors that say what was expected": {
    reason: "zeromq.js takes any object for a context and fails with EINVAL",
  },
  "sends queue and resolve in order": { reason: ONE_CALL },
  "receives queue and are served in order": { reason: ONE_CALL },
  "a DataView is sent as its bytes": { reason: "zeromq.js refuses it with EINVAL" },
  "a SharedArrayBuffer is sent as its bytes": { reason: "zeromq.js sends the text `[object SharedArrayBuffer]`" },
  "what a socket cannot do rejects with ENOTSUP": { reason: "zeromq.js waits for ever" },
  "CURVE keys read as they were set": { reason: READ_BACK },
  "options that zeromq.js can only write read as they were set": { reason: READ_BACK },
  "options by libzmq's number read and write the same values": { reason: READ_BACK },
  "the options object is left as it was": { reason: "zeromq.js takes `context` out of the user's object" },
  "unbindSync frees the address": { reason: LATER },
  "events is the same observer each time, with plain objects of zeromq.js's shape": {
    reason: "`remoteAddress` of `accept` is empty in zeromq.js",
  },
  "on and off return the observer, and off silences one listener": { reason: "zeromq.js returns the emitter inside" },
  "a second observer sees the same events": { reason: "libzmq has one monitor a socket: a second one ends the first" },
  "a listener for drop hears why a message was dropped": { reason: "zeromq.js has no such event" },
  "a peer that breaks the protocol is an event with zeromq.js's message, and what came as detail": {
    reason: "`detail` of errors is ours alone",
  },
  "a large frame has memory of its own, which is transferred without a copy": {
    reason: "a Buffer of zeromq.js is memory of libzmq, which cannot be transferred",
  },

  // --- calls that wait ---
  "timers run while a program works between its calls, however long": {
    reason: "zeromq.js lets 512 calls complete in one turn, whatever the program does between them",
  },
  "timers run while a program asks again and again for what is not there": {
    reason: "calls of zeromq.js that fail do not count: no timer ever runs",
  },
  "timers run while a program sends again and again to a peer that is not there": {
    reason: "calls of zeromq.js that fail do not count: no timer ever runs",
  },
  "thousands of calls at once complete in the order of the calls": { reason: ONE_CALL },
  "of thousands of receives at once, those that are called off take no message": { reason: ONE_CALL },
  "what was sent in one go, more than a turn completes, is sent although the socket is closed at once": {
    reason: ONE_CALL,
  },
  "a peer of ROUTER that does not read holds up only what is sent to it": { reason: ONE_CALL },
  "a peer of STREAM that does not read holds up only what is sent to it": { reason: ONE_CALL },
  "sends to a peer of ROUTER that does not read wait in order, and each can be called off": { reason: ONE_CALL },
  "sends to a peer of STREAM that does not read wait in order, and each can be called off": { reason: ONE_CALL },
  "sends that wait for a peer of ROUTER are refused when it goes": { reason: ONE_CALL },
  "sends that wait for a peer of STREAM are refused when it goes": { reason: ONE_CALL },
  "sends that wait for a peer of ROUTER are dropped once it is no longer mandatory": { reason: ONE_CALL },
  "a loop over a REP ends when it is closed, whether it owes a reply or not": {
    reason: "libzmq refuses a receive out of turn at once; ours waits for the turn, as a send waits for room",
  },
  "many calls share one listener of a signal, and leave none behind": { reason: NO_SIGNAL },
  "a signal that fires ends all calls that wait on it, and no other": { reason: NO_SIGNAL },
  "a constructor that throws leaves no socket behind": {
    reason: "zeromq.js leaves it to the garbage collector, and is out of sockets after `maxSockets` such errors",
  },
};
