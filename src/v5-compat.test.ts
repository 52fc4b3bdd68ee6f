import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import * as reference from "zeromq/v5-compat.js";
import zmqDefault, * as zmq from "./v5-compat.ts";

let count = 0;
function address(): string {
  return `inproc://v5-${count++}`;
}

/** A bound and a connected socket. */
function pair(left: zmq.SocketType, right: zmq.SocketType): [zmq.Socket, zmq.Socket] {
  const at = address();
  return [zmq.socket(left).bindSync(at), zmq.socket(right).connect(at)];
}

function closeAll(...sockets: zmq.Socket[]): void {
  for (const socket of sockets) socket.close();
}

/** The next message as text. */
async function message(socket: zmq.Socket): Promise<string[]> {
  return (await once(socket, "message")).map(String);
}

test("it has the names of zeromq/v5-compat, and the same numbers", () => {
  const theirs: Record<string, unknown> = { ...reference };
  const ours: Record<string, unknown> = { ...zmq };
  for (const name of Object.keys(theirs).filter((each) => /^[a-zA-Z]/.test(each) && each !== "default")) {
    assert.equal(typeof ours[name], typeof theirs[name], name);
    if (typeof theirs[name] !== "function") assert.deepEqual(ours[name], theirs[name], name);
  }
  assert.equal(zmqDefault.socket, zmq.socket);
});

test("sockets have the members of zeromq/v5-compat", () => {
  const names = Object.getOwnPropertyNames(reference.Socket.prototype).filter((name) => !/^_(recv|send)$/.test(name));
  assert.deepEqual(
    names.filter((name) => !(name in zmq.Socket.prototype)),
    [],
  );
});

test("each frame of a message is an argument of the message event", async () => {
  const [pull, push] = pair("pull", "push");
  push.send(["string", 15.99, Buffer.from("buffer"), null]);
  const frames = await once(pull, "message");
  assert.ok(frames.every(Buffer.isBuffer));
  assert.deepEqual(frames.map(String), ["string", "15.99", "buffer", ""]);
  closeAll(pull, push);
});

test("parts sent with ZMQ_SNDMORE are one message with the last one", async () => {
  const [pull, push] = pair("pull", "push");
  push.send("a", zmq.ZMQ_SNDMORE).send(["b", "c"], zmq.ZMQ_SNDMORE).send("d");
  assert.deepEqual(await message(pull), ["a", "b", "c", "d"]);
  closeAll(pull, push);
});

test("send calls back when the message was taken", async () => {
  const [pull, push] = pair("pull", "push");
  const error = await new Promise((resolve) => push.send("x", null, resolve));
  assert.equal(error, undefined);
  closeAll(pull, push);
});

test("send calls back with the error, or emits it", async () => {
  const router = zmq.socket("router").setsockopt(zmq.ZMQ_ROUTER_MANDATORY, 1);
  const error = await new Promise((resolve) => router.send(["nobody", "x"], 0, resolve));
  assert.equal((error as { code: string }).code, "EHOSTUNREACH");
  const emitted = once(router, "error");
  router.send(["nobody", "x"]);
  assert.equal((await emitted)[0].code, "EHOSTUNREACH");
  router.close();
});

test("what a socket has not sent when it is closed is no error", async () => {
  const push = zmq.socket("push");
  push.on("error", assert.fail);
  push.send("x").close();
  push.send("y");
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(push.closed, true);
});

test("requests and replies", async () => {
  const [rep, req] = pair("rep", "req");
  rep.on("message", (question) => rep.send(`${question} world`));
  req.send("hello");
  assert.deepEqual(await message(req), ["hello world"]);
  closeAll(rep, req);
});

test("subscriptions, and only of subscribers", async () => {
  const [pub, sub] = pair("pub", "sub");
  sub.subscribe("a").subscribe("b").unsubscribe("b");
  pub.send("b 1").send("a 1");
  assert.deepEqual(await message(sub), ["a 1"]);
  assert.throws(() => pub.subscribe("a"), /^Error: Subscriber socket required$/);
  assert.throws(() => pub.unsubscribe("a"), /^Error: Subscriber socket required$/);
  closeAll(pub, sub);
});

test("a paused socket emits and sends nothing until it is resumed", async () => {
  const [pull, push] = pair("pull", "push");
  const seen: string[] = [];
  const upTo = (count: number) =>
    new Promise<void>((resolve) => {
      pull.on("message", () => seen.length >= count && resolve());
    });
  pull.on("message", (frame) => seen.push(String(frame)));
  pull.pause();
  push.send("1").send("2");
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(seen, []);
  const both = upTo(2);
  pull.resume();
  await both;
  push.pause();
  push.send("3");
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(seen, ["1", "2"]);
  const third = upTo(3);
  push.resume();
  await third;
  assert.deepEqual(seen, ["1", "2", "3"]);
  closeAll(pull, push);
});

test("a handler that pauses is given no other message, and what comes later waits in the socket", async () => {
  const [pull, push] = pair("pull", "push");
  const seen: string[] = [];
  const third = new Promise<void>((resolve) => {
    pull.on("message", (frame) => {
      if (seen.push(String(frame)) < 3) return;
      pull.pause();
      resolve();
    });
  });
  for (let i = 1; i <= 2000; i++) push.send(String(i));
  await third;
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(seen, ["1", "2", "3"]);
  assert.equal(pull.getsockopt(zmq.ZMQ_EVENTS), zmq.ZMQ_POLLIN);
  pull.removeAllListeners("message");
  const rest: string[] = [];
  const last = new Promise<void>((resolve) => {
    pull.on("message", (frame) => {
      if (rest.push(String(frame)) === 1997) resolve();
    });
  });
  pull.resume();
  await last;
  assert.deepEqual([rest[0], rest.at(-1)], ["4", "2000"]);
  closeAll(pull, push);
});

test("a handler that throws is given the next message all the same", async () => {
  const [pull, push] = pair("pull", "push");
  const caught = new Promise((resolve) => process.setUncaughtExceptionCaptureCallback(resolve));
  const second = new Promise<string>((resolve) => {
    pull.on("message", (frame) => {
      if (String(frame) === "2") resolve("2");
      else throw new Error("from a handler");
    });
  });
  push.send("1").send("2");
  try {
    assert.deepEqual([String(await caught), await second], ["Error: from a handler", "2"]);
  } finally {
    process.setUncaughtExceptionCaptureCallback(null);
  }
  closeAll(pull, push);
});

for (const timeout of [0, 5]) {
  test(`with RCVTIMEO ${timeout} a socket waits for messages without errors, and timers run`, async () => {
    const [pull, push] = pair("pull", "push");
    pull.setsockopt(zmq.ZMQ_RCVTIMEO, timeout).on("error", assert.fail);
    push.send("1");
    assert.deepEqual(await message(pull), ["1"]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    push.send("2");
    assert.deepEqual(await message(pull), ["2"]);
    closeAll(pull, push);
  });
}

test("messages that wait for room leave in order, each with its callback", async () => {
  const push = zmq.socket("push");
  const order: string[] = [];
  for (const text of ["1", "2", "3"]) push.send(text, 0, () => order.push(text));
  const at = address();
  const pull = zmq.socket("pull").bindSync(at);
  push.connect(at);
  const seen: string[] = [];
  const all = new Promise<void>((resolve) => {
    pull.on("message", (frame) => {
      if (seen.push(String(frame)) === 3) resolve();
    });
  });
  await all;
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(
    [seen, order],
    [
      ["1", "2", "3"],
      ["1", "2", "3"],
    ],
  );
  closeAll(push, pull);
});

test("each message that nobody can have calls back with the reason, also when the socket is closed at once", async () => {
  const router = zmq.socket("router").setsockopt(zmq.ZMQ_ROUTER_MANDATORY, 1);
  const codes = [1, 2, 3].map(
    () =>
      new Promise((resolve) => router.send(["nobody", "x"], 0, (error) => resolve((error as { code?: string })?.code))),
  );
  router.close();
  assert.deepEqual(await Promise.all(codes), ["EHOSTUNREACH", "EHOSTUNREACH", "EHOSTUNREACH"]);
});

test("what there is room for is sent, however many callbacks are due, before a socket closes", async () => {
  const [pull, push] = pair("pull", "push");
  for (const text of ["1", "2", "3"]) push.send(text, 0, () => undefined);
  push.close();
  for (const text of ["1", "2", "3"]) assert.deepEqual(await message(pull), [text]);
  pull.close();
});

test("closing calls back with an error for each message that waited for room", async () => {
  const push = zmq.socket("push");
  const codes = [1, 2, 3].map(
    (number) =>
      new Promise((resolve) => push.send(`${number}`, 0, (error) => resolve((error as { code?: string })?.code))),
  );
  push.close();
  assert.deepEqual(await Promise.all(codes), ["EAGAIN", "EAGAIN", "EAGAIN"]);
});

test("a class of ES5 inherits from Socket, as packages for version 5 do", async () => {
  function Mine(this: zmq.Socket, type: zmq.SocketType) {
    zmq.Socket.call(this, type);
  }
  Mine.prototype = Object.create(zmq.Socket.prototype, { constructor: { value: Mine } });
  const mine = Reflect.construct(Mine, ["pull"]) as zmq.Socket;
  assert.ok(mine instanceof zmq.Socket && mine instanceof Mine);
  assert.equal(mine.type, "pull");
  const at = address();
  mine.bindSync(at);
  const push = zmq.socket("push").connect(at);
  push.send("x");
  assert.deepEqual(await message(mine), ["x"]);
  closeAll(mine, push);
});

test("a class of today inherits from Socket too, and Socket is no plain function", () => {
  class Mine extends zmq.Socket {
    constructor() {
      super("pull");
    }
  }
  const mine = new Mine();
  assert.ok(mine instanceof zmq.Socket);
  assert.equal(zmq.socket("pull").close().constructor, zmq.Socket);
  assert.throws(() => zmq.Socket.call(undefined as never, "pull"), /^TypeError: Class constructor Socket cannot be/);
  mine.close();
});

test("programs for version 5 read the state of a socket", async () => {
  const socket = zmq.socket("dealer");
  assert.equal(socket._zmq.state, zmq.STATE_READY);
  socket.bind(address());
  assert.equal(socket._zmq.state, zmq.STATE_BUSY);
  await once(socket, "bind");
  assert.equal(socket._zmq.state, zmq.STATE_READY);
  socket.close();
  assert.equal(socket._zmq.state, zmq.STATE_CLOSED);
});

const TYPES = "pair req rep pub sub dealer router pull push xpub xsub stream".split(" ") as zmq.SocketType[];

for (const type of TYPES) {
  test(`${type}: a socket has an identity, as libzmq lets every type have one`, () => {
    const socket = zmq.socket(type);
    socket.identity = "me";
    assert.equal(socket.identity, "me");
    socket.setsockopt(zmq.ZMQ_IDENTITY, Buffer.from("you"));
    assert.equal(socket.getsockopt("identity"), "you");
    assert.throws(() => socket.setsockopt("identity", ""), { code: "EINVAL" });
    socket.close();
  });
}

test("bind and unbind call back and emit, one after the other", async () => {
  const socket = zmq.socket("dealer");
  const [first, second] = [address(), address()];
  const order: string[] = [];
  socket.on("bind", (at) => order.push(`bound ${at}`));
  socket.on("unbind", (at) => order.push(`unbound ${at}`));
  await new Promise<void>((resolve) => {
    socket
      .bind(first)
      .bind(second)
      .unbind(first, () => resolve());
  });
  assert.deepEqual(order, [`bound ${first}`, `bound ${second}`, `unbound ${first}`]);
  socket.close();
});

test("an error of bind goes to its callback, else it is emitted", async () => {
  const socket = zmq.socket("dealer");
  const error = await new Promise((resolve) => socket.bind("nonsense", resolve));
  assert.equal((error as { code: string }).code, "EINVAL");
  socket.bind("nonsense");
  assert.equal((await once(socket, "error"))[0].code, "EINVAL");
  assert.throws(() => socket.bindSync("nonsense"), { code: "EINVAL" });
  socket.close();
});

test("monitor emits version 5's events with value, address and error", async () => {
  const rep = zmq.socket("rep").monitor();
  const listening = once(rep, "listen");
  rep.bindSync("tcp://127.0.0.1:*");
  const at = rep.last_endpoint as string;
  assert.deepEqual(await listening, [undefined, at, undefined]);
  const accepted = once(rep, "accept");
  const req = zmq.socket("req").connect(at);
  assert.equal((await accepted)[1], at);

  const second = zmq.socket("rep").monitor();
  const failed = once(second, "bind_error");
  second.bind(at, () => {});
  const [errno, , error] = await failed;
  assert.equal(errno, 98);
  assert.equal(error.code, "EADDRINUSE");
  rep.unmonitor();
  rep.on("disconnect", () => assert.fail("no events after unmonitor"));
  closeAll(req, second);
  await new Promise((resolve) => setImmediate(resolve));
  rep.close();
});

test("a socket type that does not exist throws", () => {
  assert.throws(() => zmq.socket("nonsense" as "req"), /^Error: Invalid socket type: nonsense$/);
});

test("the context is the global one", () => {
  assert.throws(() => new zmq.Context(), /^Error: Context cannot be instantiated in compatibility mode$/);
  const before = zmq.Context.getMaxSockets();
  zmq.Context.setMaxSockets(before + 1);
  assert.equal(zmq.Context.getMaxSockets(), before + 1);
  zmq.Context.setMaxSockets(before);
  assert.equal(zmq.Context.getMaxThreads(), 1);
});

test("curveKeypair gives two keys of 40 characters", () => {
  const keys = zmq.curveKeypair();
  assert.equal(keys.public.length, 40);
  assert.equal(keys.secret.length, 40);
});

test("a proxy forwards both ways, and replies without their envelope to the capture socket", async () => {
  const [front, back, ends] = [zmq.socket("router"), zmq.socket("dealer"), [address(), address()] as const];
  front.bindSync(ends[0]);
  back.bindSync(ends[1]);
  const [captured, capture] = pair("pull", "push");
  zmq.proxy(front, back, capture);
  const req = zmq.socket("req").connect(ends[0]);
  const rep = zmq.socket("rep").connect(ends[1]);
  rep.on("message", (question) => rep.send(`${question}!`));
  req.send("hello");
  assert.deepEqual(await Promise.all([message(req), message(captured)]), [["hello!"], ["hello!"]]);
  closeAll(front, back, captured, capture, req, rep);
});

test("a proxy of types in the wrong order throws", () => {
  const [xsub, xpub] = [zmq.socket("xsub"), zmq.socket("xpub")];
  assert.throws(() => zmq.proxy(xsub, xpub), /^Error: This socket type order is not supported in compatibility mode$/);
  closeAll(xsub, xpub);
});
