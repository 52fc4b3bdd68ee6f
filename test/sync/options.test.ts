/** Options, contexts and errors of the blocking API. The expectations are pyzmq's (24, libzmq 4.3.4), where it has the call. */

import assert from "node:assert/strict";
import { test } from "node:test";
import * as zmq from "../../src/sync.ts";

function socketOf(t: { after(task: () => void): void }, type: number): zmq.Socket {
  const context = new zmq.Context();
  t.after(() => context.destroy(0));
  return context.socket(type);
}

test("options are numbers as libzmq has them, by number and by pyzmq's name", (t) => {
  const req = socketOf(t, zmq.REQ);
  const defaults: [number, unknown][] = [
    [zmq.LINGER, -1],
    [zmq.RCVTIMEO, -1],
    [zmq.SNDHWM, 1000],
    [zmq.TYPE, zmq.REQ],
    [zmq.RCVMORE, 0],
    [zmq.EVENTS, 0],
    [zmq.MECHANISM, zmq.NULL],
    [zmq.IPV6, 0],
    [zmq.IPV4ONLY, 1],
    [zmq.IMMEDIATE, 0],
    [zmq.MAXMSGSIZE, -1],
    [zmq.PLAIN_SERVER, 0],
    [zmq.PLAIN_USERNAME, ""],
    [zmq.ZAP_DOMAIN, ""],
    [zmq.HEARTBEAT_IVL, 0],
    [zmq.HANDSHAKE_IVL, 30000],
    [zmq.LAST_ENDPOINT, ""],
  ];
  for (const [id, value] of defaults) assert.equal(req.getsockopt(id), value, `${id}`);
  req.setsockopt(zmq.LINGER, 5);
  assert.equal(req.linger, 5);
  req.sndtimeo = 7;
  assert.equal(req.getsockopt(zmq.SNDTIMEO), 7);
  assert.equal(req.sendTimeout, 7);
  req.SNDTIMEO = 8;
  assert.deepEqual([req.SNDTIMEO, req.sndtimeo], [8, 8]);
  req.receiveTimeout = 9;
  assert.equal(req.rcvtimeo, 9);
  req.set(zmq.REQ_RELAXED, 1);
  assert.equal(req.get(zmq.REQ_RELAXED), 1);
  assert.equal(req.relaxed, true);
  req.setHwm(5);
  assert.deepEqual([req.sndhwm, req.rcvhwm, req.getHwm()], [5, 5, 5]);
});

test("a blocking socket does not bind ws, whose server would sleep with it", (t) => {
  const pull = socketOf(t, zmq.PULL);
  const expected = { code: "EPROTONOSUPPORT", detail: /connects to ws/ };
  assert.throws(() => pull.bind("ws://127.0.0.1:*"), expected);
  assert.throws(() => pull.bind("wss://127.0.0.1:*"), expected);
});

test("a routing id is bytes, other text is text", (t) => {
  const dealer = socketOf(t, zmq.DEALER);
  assert.deepEqual(dealer.getsockopt(zmq.IDENTITY), Buffer.alloc(0));
  dealer.setsockoptString(zmq.IDENTITY, "abc");
  assert.deepEqual(dealer.identity, Buffer.from("abc"));
  assert.equal(dealer.getsockoptString(zmq.ROUTING_ID), "abc");
  dealer.bind("inproc://last-endpoint");
  assert.equal(dealer.getsockopt(zmq.LAST_ENDPOINT), "inproc://last-endpoint");
  assert.equal(dealer.last_endpoint, dealer.lastEndpoint);
  assert.throws(() => dealer.getsockoptString(zmq.LINGER), TypeError);
});

test("what libzmq takes for every type is taken for every type", (t) => {
  const pub = socketOf(t, zmq.PUB);
  for (const id of [zmq.RCVTIMEO, zmq.SNDTIMEO, zmq.RCVHWM, zmq.SNDHWM, zmq.LINGER]) {
    pub.setsockopt(id, 10);
    assert.equal(pub.getsockopt(id), 10);
  }
  pub.setsockopt(zmq.IDENTITY, "name");
  assert.equal(pub.getsockoptString(zmq.IDENTITY), "name");
});

test("wrong options and values are refused", (t) => {
  const req = socketOf(t, zmq.REQ);
  const einval: (() => unknown)[] = [
    () => req.setsockopt(zmq.LINGER, -7),
    () => req.setsockopt(9999, 1),
    () => req.getsockopt(9999),
    () => req.setsockopt(zmq.ROUTER_MANDATORY, 1),
    () => req.getsockopt(zmq.SUBSCRIBE),
    () => req.setsockopt(zmq.SUBSCRIBE, ""),
    () => req.setsockopt(zmq.TYPE, 1),
    () => req.mandatory,
    () => (req.context as zmq.Context).socket(99),
  ];
  for (const call of einval) assert.throws(call, { errno: zmq.EINVAL }, String(call));
  assert.throws(() => req.setsockopt(zmq.LINGER, "1"), TypeError);
  assert.throws(() => req.setsockopt("LINGER" as unknown as number, 1), TypeError);
  assert.throws(() => req.getsockopt(zmq.FD), { errno: zmq.ENOTSUP });
  assert.throws(() => Object.assign(req, { lingr: 1 }), TypeError);
});

test("a dump of a socket shows no option, and so no secret", async (t) => {
  const { inspect } = await import("node:util");
  const req = socketOf(t, zmq.REQ);
  req.setsockopt(zmq.PLAIN_PASSWORD, "secret");
  req.plain_username = "me";
  assert.equal(req.plainPassword, "secret");
  const dump = inspect(req, { getters: true, depth: 5, showHidden: true });
  assert.match(dump, /^zmq\.Socket\(REQ\)/);
  assert.doesNotMatch(dump, /secret/);
});

test("defaults of a context hold for sockets that are made later, as far as their type has them", (t) => {
  const context = new zmq.Context();
  t.after(() => context.destroy(0));
  context.linger = 0;
  context.setsockopt(zmq.RCVTIMEO, 5);
  context.setsockopt(zmq.SUBSCRIBE, "");
  assert.equal(context.getsockopt(zmq.RCVTIMEO), 5);
  assert.equal(context.rcvtimeo, 5);
  assert.equal(context.getsockopt(zmq.SNDTIMEO), undefined);
  const req = context.socket(zmq.REQ);
  assert.deepEqual([req.linger, req.rcvtimeo], [0, 5]);
  assert.equal(context.socket(zmq.SUB).linger, 0);
});

test("options of a context, by number", (t) => {
  const context = new zmq.Context();
  t.after(() => context.destroy(0));
  assert.equal(context.get(zmq.MAX_SOCKETS), 1023);
  context.set(zmq.MAX_SOCKETS, 1);
  context.set(zmq.BLOCKY, 0);
  assert.equal(context.get(zmq.BLOCKY), 0);
  context.socket(zmq.REQ);
  assert.throws(() => context.socket(zmq.REQ), { errno: zmq.EMFILE });
  assert.throws(() => context.get(999), { errno: zmq.EINVAL });
});

test("a terminated context makes no sockets, and terminates once more without harm", () => {
  const context = new zmq.Context();
  const socket = context.socket(zmq.REQ);
  assert.throws(() => context.term(), { errno: zmq.EBUSY, message: "Context has 1 open socket" });
  assert.equal(context.closed, false);
  socket.close();
  context.term();
  context.term();
  assert.equal(context.closed, true);
  assert.throws(() => context.socket(zmq.REQ), { errno: zmq.ENOTSUP }, "as pyzmq");
});

test("destroy closes all sockets first, and so does the end of a block that uses the context", () => {
  let kept: zmq.Socket;
  {
    using context = new zmq.Context();
    using socket = context.socket(zmq.REQ);
    kept = context.socket(zmq.PUSH);
    assert.equal(socket.closed || kept.closed, false);
  }
  assert.equal(kept.closed, true);
});

test("the instance is one for all callers, until it is terminated", () => {
  const context = zmq.Context.instance();
  assert.equal(zmq.Context.instance(), context);
  context.term();
  assert.notEqual(zmq.Context.instance(), context);
});

test("a pair of keys, and the public key of a secret one", () => {
  const [publicKey, secretKey] = zmq.curveKeypair();
  assert.equal(zmq.curvePublic(secretKey), publicKey);
});

test("the numbers are libzmq's", async () => {
  const v5: Record<string, unknown> = { ...(await import("../../src/v5-compat/constants.ts")) };
  const ours: Record<string, unknown> = { ...zmq };
  for (const [name, value] of Object.entries(v5)) {
    const short = name.replace(/^ZMQ_/, "");
    if (short in ours) assert.equal(ours[short], value, name);
  }
  for (const name of ["EAGAIN", "EFSM", "ETERM", "ENOTSUP", "EINVAL", "ENOTSOCK", "EADDRINUSE", "EMTHREAD"] as const) {
    assert.equal(new zmq.ZMQError(name).errno, ours[name]);
  }
});
