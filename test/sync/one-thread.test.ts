/**
 * The blocking API in one thread, over inproc: two sockets of it talk without
 * a wait. The expectations are pyzmq's (24, libzmq 4.3.4), where it has the call.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import zmqDefault, * as zmq from "../../src/sync.ts";

let names = 0;

/** A bound and a connected socket, closed at the end of the test. */
function pair(t: { after(task: () => void): void }, bound: number, connected: number) {
  const context = new zmq.Context();
  const name = `inproc://sync-${++names}`;
  const [a, b] = [context.socket(bound), context.socket(connected)];
  a.bind(name);
  b.connect(name);
  t.after(() => context.destroy(0));
  return { context, a, b };
}

const text = (frames: readonly Uint8Array[]) => frames.map(String);

test("the default export is all of it", () => {
  assert.equal(zmqDefault.Context, zmq.Context);
  assert.equal(zmqDefault.REP, 4);
});

test("a request and its reply, in the words of the texts", (t) => {
  const { a: server, b: client } = pair(t, zmq.REP, zmq.REQ);
  client.send("1 + 2");
  const request = server.recv();
  assert.equal(String(request), "1 + 2");
  server.send(3);
  assert.equal(client.recvString(), "3");
});

test("recv hands out the frames of a message one by one, and rcvmore tells whether more follow", (t) => {
  const { a: router, b: dealer } = pair(t, zmq.ROUTER, zmq.DEALER);
  dealer.setsockopt(zmq.IDENTITY, "other"); // for the next connection only
  dealer.sendMultipart(["a", "b", "c"]);
  assert.equal(router.rcvmore, false);
  assert.equal(router.recv().length, 5);
  assert.equal(router.rcvmore, true);
  assert.equal(router.getsockopt(zmq.RCVMORE), 1);
  assert.equal(router.recvString(), "a");
  assert.equal(router.poll(0), zmq.POLLIN);
  assert.deepEqual(text(router.recvMultipart()), ["b", "c"]);
  assert.equal(router.rcvmore, false);
  assert.equal(router.poll(0), 0);
});

test("frames with SNDMORE are one message, which nobody sees before its last frame", (t) => {
  const { a: pull, b: push } = pair(t, zmq.PULL, zmq.PUSH);
  push.send("1", zmq.SNDMORE);
  assert.equal(pull.poll(0), 0);
  assert.equal(push.poll(0, zmq.POLLOUT), zmq.POLLOUT);
  push.sendMultipart(["2", "3"], zmq.SNDMORE);
  push.send("4", zmq.NOBLOCK);
  assert.deepEqual(text(pull.recvMultipart()), ["1", "2", "3", "4"]);
});

test("a message that was refused with its last frame can be sent by that frame again", (t) => {
  const context = new zmq.Context();
  t.after(() => context.destroy(0));
  const push = context.socket(zmq.PUSH);
  push.send("1", zmq.SNDMORE);
  assert.throws(() => push.send("2", zmq.DONTWAIT), zmq.Again);
  const pull = context.socket(zmq.PULL);
  pull.bind("inproc://refused");
  push.connect("inproc://refused");
  push.send("2");
  assert.deepEqual(text(pull.recvMultipart()), ["1", "2"]);
});

test("a call that must not wait throws Again, which is a ZMQError with EAGAIN", (t) => {
  const { a: dealer } = pair(t, zmq.DEALER, zmq.DEALER);
  const check = (error: unknown) => {
    assert.ok(error instanceof zmq.Again && error instanceof zmq.ZMQError && error instanceof Error);
    assert.equal(error.code, "EAGAIN");
    assert.equal(error.errno, zmq.EAGAIN);
    return true;
  };
  assert.throws(() => dealer.recv(zmq.NOBLOCK), check);
  dealer.setsockopt(zmq.RCVTIMEO, 0);
  assert.throws(() => dealer.recvMultipart(), check);
  const alone = dealer.context as zmq.Context;
  assert.throws(() => alone.socket(zmq.DEALER).send("", zmq.NOBLOCK), check);
});

test("RCVTIMEO and SNDTIMEO end a wait, and the error says how long it was", (t) => {
  const { context, a: pull } = pair(t, zmq.PULL, zmq.PUSH);
  pull.rcvtimeo = 20;
  assert.throws(() => pull.recv(), { code: "EAGAIN", detail: "no message came within 20 ms" });
  const push = context.socket(zmq.PUSH);
  push.sndtimeo = 20;
  assert.throws(() => push.send(""), { code: "EAGAIN", detail: "no peer had room for the message within 20 ms" });
});

test("a call out of turn fails at once, with EFSM", (t) => {
  const { a: rep, b: req } = pair(t, zmq.REP, zmq.REQ);
  assert.throws(() => req.recv(), { errno: zmq.EFSM });
  assert.throws(() => rep.send("no request"), { errno: zmq.EFSM });
  req.sendMultipart(["1", "2"]);
  assert.throws(() => req.send("again"), { errno: zmq.EFSM });
  rep.recv();
  assert.throws(() => rep.send("after half a request"), { errno: zmq.EFSM });
  rep.recv();
  assert.throws(() => rep.recv(), { errno: zmq.EFSM });
  rep.send("reply");
});

test("a call that the type does not have fails with ENOTSUP, and a subscription with EINVAL", (t) => {
  const { a: pub, b: sub } = pair(t, zmq.PUB, zmq.SUB);
  assert.throws(() => pub.recv(), { errno: zmq.ENOTSUP });
  assert.throws(() => sub.send(""), { errno: zmq.ENOTSUP });
  assert.throws(() => pub.subscribe(""), { errno: zmq.EINVAL });
  assert.equal(sub.poll(0, zmq.POLLIN | zmq.POLLOUT), 0);
});

test("SUB gets what it subscribed to, by method and by option", (t) => {
  const { a: pub, b: sub } = pair(t, zmq.PUB, zmq.SUB);
  sub.subscribe("a");
  sub.setsockopt(zmq.SUBSCRIBE, "b");
  for (const topic of ["a", "b", "c"]) pub.send(topic);
  assert.deepEqual([sub.recvString(), sub.recvString()], ["a", "b"]);
  sub.setsockopt(zmq.UNSUBSCRIBE, "a");
  sub.unsubscribe("b");
  pub.send("a");
  assert.equal(sub.poll(0), 0);
});

test("text, JSON and structured clones", (t) => {
  const { a, b } = pair(t, zmq.PAIR, zmq.PAIR);
  a.sendString("hé");
  assert.equal(b.recvString(), "hé");
  a.sendJson({ a: [1, 2] });
  assert.deepEqual(b.recvJson(), { a: [1, 2] });
  const value = { when: new Date(5), of: new Map([["a", new Uint8Array([1])]]) };
  a.sendObject(value);
  assert.deepEqual(b.recvObject(), value);
  a.send("{");
  assert.throws(() => b.recvJson(), SyntaxError);
});

test("what is no bytes, text or number is refused, as an empty message is", (t) => {
  const { a } = pair(t, zmq.PAIR, zmq.PAIR);
  for (const bad of [{}, true, undefined, [{}], [], new Date()]) {
    assert.throws(() => a.send(bad as string), TypeError);
  }
  assert.throws(() => a.sendMultipart("abc" as unknown as string[]), TypeError);
  assert.throws(() => a.sendString(1 as unknown as string), TypeError);
  assert.throws(() => a.sendJson(undefined), TypeError);
});

test("a closed socket throws ENOTSOCK, and closes once more without harm", (t) => {
  const { a } = pair(t, zmq.PAIR, zmq.PAIR);
  assert.equal(a.closed, false);
  a.close();
  a.close();
  assert.equal(a.closed, true);
  const calls = [
    () => a.recv(),
    () => a.send(""),
    () => a.poll(0),
    () => a.getsockopt(zmq.LINGER),
    () => a.bind("inproc://x"),
    () => a.connect("inproc://x"),
    () => a.linger,
    () => {
      a.linger = 3;
    },
    () => a.rcvmore,
    () => new zmq.Poller().register(a),
  ];
  for (const call of calls) assert.throws(call, { errno: zmq.ENOTSOCK }, String(call));
});

test("a poller tells which sockets are ready, as pairs", (t) => {
  const first = pair(t, zmq.PULL, zmq.PUSH);
  const second = pair(t, zmq.PAIR, zmq.PAIR);
  const poller = new zmq.Poller();
  assert.deepEqual(poller.poll(), []);
  poller.register(first.a, zmq.POLLIN);
  poller.register(second.a);
  assert.deepEqual(poller.poll(0), [[second.a, zmq.POLLOUT]]);
  first.b.send("one");
  second.b.send("two");
  const found = new Map(poller.poll());
  assert.equal(found.get(first.a), zmq.POLLIN);
  assert.equal(found.get(second.a), zmq.POLLIN | zmq.POLLOUT);
  poller.modify(second.a, zmq.POLLIN);
  assert.deepEqual(poller.sockets, [
    [first.a, zmq.POLLIN],
    [second.a, zmq.POLLIN],
  ]);
  poller.register(second.a, 0);
  assert.equal(poller.has(second.a), false);
  poller.unregister(first.a);
  assert.throws(() => poller.unregister(first.a), { code: "ENOENT" });
  assert.throws(() => poller.register({} as zmq.Socket), TypeError);
});

test("a poll that finds nothing returns when its time is up", (t) => {
  const { a } = pair(t, zmq.PULL, zmq.PUSH);
  assert.equal(a.poll(20), 0);
  const poller = new zmq.Poller();
  poller.register(a, zmq.POLLIN);
  assert.deepEqual(poller.poll(20), []);
});

test("proxySteerable ends when it is told to, and leaves its sockets open", (t) => {
  const context = new zmq.Context();
  t.after(() => context.destroy(0));
  const front = context.socket(zmq.XREP);
  const back = context.socket(zmq.XREQ);
  const control = context.socket(zmq.PAIR);
  const operator = context.socket(zmq.PAIR);
  front.bind("inproc://steered-front");
  back.bind("inproc://steered-back");
  control.bind("inproc://steered");
  operator.connect("inproc://steered");
  for (const command of ["PAUSE", "STATISTICS", "TERMINATE"]) operator.send(command);
  zmq.proxySteerable(front, back, null, control);
  assert.equal(operator.recvMultipart().length, 8);
  assert.equal(front.closed || back.closed, false);
  assert.equal(front.poll(0), 0);
});
