/**
 * Mistakes of the caller: which error says so, and whether it is thrown or
 * rejects. Codes, numbers and messages are those of zeromq.js, as programs and
 * their tests compare them.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import * as zmq from "../../src/index.ts";

/** What `assert.throws` and `assert.rejects` compare. */
interface Expected {
  readonly code: string;
  readonly errno: number;
  readonly message: string;
  readonly address?: string;
}

const CLOSED: Expected = { code: "EBADF", errno: 9, message: "Socket is closed" };
const TIMED_OUT: Expected = { code: "EAGAIN", errno: 11, message: "Operation was not possible or timed out" };
const INVALID: Expected = { code: "EINVAL", errno: 22, message: "Invalid argument" };
const OUT_OF_TURN: Expected = {
  code: "EFSM",
  errno: 156384763,
  message: "Operation cannot be accomplished in current state",
};

/** A caller without the types. */
// biome-ignore lint/suspicious/noExplicitAny: the mistakes under test are those that types prevent
const untyped = zmq as any;

function typeError(message: RegExp) {
  return { name: "TypeError", message };
}

// --- Closed sockets ---

const ON_CLOSED: Record<string, (socket: zmq.Dealer) => unknown> = {
  send: (socket) => socket.send("x"),
  receive: (socket) => socket.receive(),
  bind: (socket) => socket.bind("inproc://x"),
  bindSync: (socket) => socket.bindSync("inproc://x"),
  unbind: (socket) => socket.unbind("inproc://x"),
  unbindSync: (socket) => socket.unbindSync("inproc://x"),
  connect: (socket) => socket.connect("inproc://x"),
  disconnect: (socket) => socket.disconnect("inproc://x"),
};
for (const [name, call] of Object.entries(ON_CLOSED)) {
  test(`${name} on a closed socket throws EBADF at once`, () => {
    const socket = new zmq.Dealer();
    socket.close();
    assert.throws(() => call(socket), CLOSED);
  });
}

test("an option or a subscription of a closed socket cannot be set: ENOTSOCK, not EBADF", () => {
  const expected: Expected = { code: "ENOTSOCK", errno: 88, message: "Socket operation on non-socket" };
  const socket = new zmq.Subscriber();
  socket.close();
  assert.throws(() => {
    socket.linger = 1;
  }, expected);
  assert.throws(() => socket.subscribe("x"), expected);
  assert.throws(() => socket.unsubscribe("x"), expected);
});

// --- Waiting in vain ---

test("a receive that times out rejects with EAGAIN", async () => {
  await assert.rejects(new zmq.Pull({ receiveTimeout: 0 }).receive(), TIMED_OUT);
  await assert.rejects(new zmq.Pull({ receiveTimeout: 1 }).receive(), TIMED_OUT);
});

test("a send that times out rejects with EAGAIN", async () => {
  await assert.rejects(new zmq.Push({ sendTimeout: 0 }).send("x"), TIMED_OUT);
  await assert.rejects(new zmq.Push({ sendTimeout: 1 }).send("x"), TIMED_OUT);
});

test("close rejects a pending send and a pending receive with EAGAIN", async () => {
  const push = new zmq.Push();
  const pull = new zmq.Pull();
  const sending = assert.rejects(push.send("x"), TIMED_OUT);
  const receiving = assert.rejects(pull.receive(), TIMED_OUT);
  push.close();
  pull.close();
  await Promise.all([sending, receiving]);
});

test("a second request before the reply rejects with EFSM once its time is over", async () => {
  const request = new zmq.Request({ sendTimeout: 2 });
  const reply = new zmq.Reply();
  await reply.bind("inproc://efsm");
  request.connect("inproc://efsm");
  await request.send("one");
  await assert.rejects(request.send("two"), OUT_OF_TURN);
});

test("a reply without a request rejects with EFSM", async () => {
  await assert.rejects(new zmq.Reply({ sendTimeout: 0 }).send("x"), OUT_OF_TURN);
});

test("close rejects a receive out of turn with EFSM", async () => {
  const request = new zmq.Request();
  const receiving = assert.rejects(request.receive(), OUT_OF_TURN);
  request.close();
  await receiving;
});

test("a mandatory router rejects a message to nobody with EHOSTUNREACH", async () => {
  const expected: Expected = { code: "EHOSTUNREACH", errno: 113, message: "Host unreachable" };
  await assert.rejects(new zmq.Router({ mandatory: true }).send(["nobody", "x"]), expected);
});

// --- Endpoints ---

test("an address in use rejects bind with EADDRINUSE and the address", async () => {
  const first = new zmq.Dealer();
  const second = new zmq.Dealer();
  await first.bind("tcp://127.0.0.1:*");
  const address = first.lastEndpoint ?? "";
  const expected: Expected = { code: "EADDRINUSE", errno: 98, message: "Address already in use", address };
  await assert.rejects(second.bind(address), expected);
  assert.throws(() => second.bindSync(address), expected);
  first.close();
  second.close();
});

test("an endpoint that is not there rejects unbind, and throws from disconnect and unbindSync, with ENOENT", async () => {
  const socket = new zmq.Dealer();
  const address = "tcp://127.0.0.1:7";
  const expected: Expected = { code: "ENOENT", errno: 2, message: "No such endpoint", address };
  await assert.rejects(socket.unbind(address), expected);
  assert.throws(() => socket.unbindSync(address), expected);
  assert.throws(() => socket.disconnect(address), expected);
});

for (const [address, code, errno, message] of [
  ["foo", "EINVAL", 22, "Invalid argument"],
  ["tcp://127.0.0.1:65536", "EINVAL", 22, "Invalid argument"],
  ["foo-bar://x", "EPROTONOSUPPORT", 93, "Protocol not supported"],
] as const) {
  test(`${address} rejects bind and throws from connect with ${code}`, async () => {
    const socket = new zmq.Dealer();
    await assert.rejects(socket.bind(address), { code, errno, message, address });
    assert.throws(() => socket.connect(address), { code, errno, message, address });
  });
}

test("a second bind or unbind during the first throws EBUSY at once", async () => {
  const expected: Expected = {
    code: "EBUSY",
    errno: 16,
    message: "Socket is blocked by a bind or unbind operation",
  };
  const socket = new zmq.Dealer();
  const binding = socket.bind("inproc://busy");
  assert.throws(() => socket.bind("inproc://other"), expected);
  assert.throws(() => socket.unbind("inproc://busy"), expected);
  assert.throws(() => socket.bindSync("inproc://other"), expected);
  await binding;
});

// --- Constructors ---

test("a class called without new throws a TypeError", () => {
  assert.throws(() => untyped.Dealer(), typeError(/^Class constructor Dealer cannot be invoked without 'new'$/));
  assert.throws(() => untyped.Context(), typeError(/cannot be invoked without 'new'$/));
});

test("wrong arguments of constructors throw TypeErrors that say what was expected", () => {
  assert.throws(() => new untyped.Socket(), typeError(/^Socket type must be a number$/));
  assert.throws(() => new untyped.Socket("pub"), typeError(/^Socket type must be a number$/));
  assert.throws(() => new untyped.Socket(3, 1), typeError(/^Options must be an object$/));
  assert.throws(() => new untyped.Socket(3, {}, 1), typeError(/^Expected 2 arguments but received 3$/));
  assert.throws(() => new untyped.Dealer(1), typeError(/^Options must be an object$/));
  assert.throws(() => new untyped.Dealer({ context: {} }), typeError(/^Context must be a context object$/));
  assert.throws(() => new untyped.Context(1), typeError(/^Options must be an object$/));
  assert.throws(() => new untyped.Context({}, 2), typeError(/^Expected 1 argument but received 2$/));
  assert.throws(() => new untyped.Observer(), typeError(/^Socket must be a socket object$/));
  assert.throws(() => new untyped.Proxy(), typeError(/^Front-end must be a socket object$/));
  assert.throws(() => new untyped.Proxy(new zmq.Router()), typeError(/^Back-end must be a socket object$/));
});

test("a third socket is no option of a proxy", () => {
  const sockets = [new zmq.Router(), new zmq.Dealer(), new zmq.Push()];
  assert.throws(() => new untyped.Proxy(...sockets), typeError(/^Expected 2 arguments/));
});

test("a socket type that does not exist throws EINVAL", () => {
  assert.throws(() => new untyped.Socket(37), INVALID);
});

test("one socket more than the context allows throws EMFILE", () => {
  const context = new zmq.Context({ maxSockets: 1 });
  const socket = new zmq.Dealer({ context });
  const expected: Expected = { code: "EMFILE", errno: 24, message: "Too many open file descriptors" };
  assert.throws(() => new zmq.Dealer({ context }), expected);
  socket.close();
});

test("a socket in a closed context throws EFAULT", async () => {
  const context = new zmq.Context();
  await context.close();
  const expected: Expected = { code: "EFAULT", errno: 14, message: "Context is closed" };
  assert.throws(() => new zmq.Dealer({ context }), expected);
});

// --- Methods and properties ---

test("a callback where none belongs throws a TypeError", () => {
  const socket = new zmq.Dealer() as unknown as Record<string, (...args: unknown[]) => unknown>;
  for (const method of ["bind", "bindSync", "unbind", "unbindSync", "disconnect"]) {
    assert.throws(
      () => socket[method]?.("inproc://x", () => {}),
      typeError(/^Expected 1 argument but received 2$/),
      method,
    );
    assert.throws(() => socket[method]?.(), typeError(/^Address must be a string$/), method);
  }
});

test("nothing to send throws a TypeError", () => {
  const socket = new zmq.Dealer();
  assert.throws(() => (socket as unknown as { send(): void }).send(), typeError(/^Message must be present$/));
});

test("a misspelt option throws a TypeError", () => {
  const message = /^Cannot add property misspelt, object is not extensible$/;
  assert.throws(() => new untyped.Dealer({ misspelt: 1 }), typeError(message));
  assert.throws(() => new untyped.Context({ misspelt: 1 }), typeError(message));
});

test("a misspelt option is told with the nearest one, and one of other types with those", () => {
  const refusal = (name: string, detail: string) => ({
    name: "TypeError",
    message: `Cannot add property ${name}, object is not extensible`,
    detail: `${name}: ${detail}`,
  });
  const misspelt = refusal("highWaterMark", "not an option of DEALER sockets; the nearest is sendHighWaterMark");
  assert.throws(() => new untyped.Dealer({ linger: 0, highWaterMark: 3 }), misspelt);
  const elsewhere = refusal(
    "helloMessage",
    "not an option of PUSH sockets, only of DEALER, ROUTER, SERVER, CLIENT, PEER",
  );
  assert.throws(() => new untyped.Push({ helloMessage: "x" }), elsewhere);
  const unlike = refusal("colour", "not an option of PUSH sockets");
  assert.throws(() => new untyped.Push({ colour: "x" }), unlike);
  const ofContext = refusal("maxSocket", "not an option of contexts; the nearest is maxSockets");
  assert.throws(() => new untyped.Context({ maxSocket: 1 }), ofContext);
});

const READ_ONLY = /^Cannot set property \w+ of #<\w+> which has only a getter$/;

test("a read-only option throws a TypeError", () => {
  assert.throws(() => new untyped.Dealer({ securityMechanism: "plain" }), typeError(READ_ONLY));
});

test("a read-only option of a context throws a TypeError", () => {
  assert.throws(() => new untyped.Context({ maxSocketsLimit: 1 }), typeError(READ_ONLY));
});

test("an option value of the wrong type throws a TypeError", () => {
  assert.throws(() => new untyped.Dealer({ immediate: 1 }), typeError(/^Option value must be a boolean$/));
  assert.throws(() => new untyped.Dealer({ linger: "1" }), typeError(/^Option value must be a number$/));
  assert.throws(() => new untyped.Dealer({ routingId: 1 }), typeError(/^Option value must be a string or buffer$/));
});

test("options by number: EINVAL for one that does not exist, a TypeError for what is no number", () => {
  const socket = new untyped.Dealer();
  assert.throws(() => socket.getInt32Option(999), INVALID);
  assert.throws(() => socket.setInt32Option("linger", 1), typeError(/^Identifier must be a number$/));
});

// --- Proxies and observers ---

for (const [which, ready, message] of [
  ["front end", "backEnd", "Front-end socket must be bound or connected"],
  ["back end", "frontEnd", "Back-end socket must be bound or connected"],
] as const) {
  test(`a proxy whose ${which} is neither bound nor connected does not run`, async () => {
    const proxy = new zmq.Proxy(new zmq.Router(), new zmq.Dealer());
    await proxy[ready].bind(`inproc://proxy-${ready}`);
    assert.throws(() => proxy.run(), { code: "EINVAL", errno: 22, message });
  });
}

test("a proxy that does not run cannot be paused, resumed or terminated", () => {
  const proxy = new zmq.Proxy(new zmq.Router(), new zmq.Dealer());
  assert.throws(() => proxy.pause(), CLOSED);
  assert.throws(() => proxy.resume(), CLOSED);
  assert.throws(() => proxy.terminate(), CLOSED);
});

test("sockets of a running proxy are busy", async () => {
  const proxy = new zmq.Proxy(new zmq.Router(), new zmq.Dealer());
  await proxy.frontEnd.bind("inproc://front");
  await proxy.backEnd.bind("inproc://back");
  const running = proxy.run();
  assert.throws(() => proxy.frontEnd.receive(), { code: "EBUSY" });
  proxy.terminate();
  await running;
  assert.equal(proxy.frontEnd.closed, true);
  assert.equal(proxy.backEnd.closed, true);
});

test("an observer with listeners cannot be read", () => {
  const socket = new zmq.Dealer();
  socket.events.on("bind", () => {});
  assert.throws(() => socket.events.receive(), /^Error: Observer is in event emitter mode\./);
  socket.close();
});

test("an observer that is closed while it is read rejects with ENOTSOCK, and throws EBADF afterwards", async () => {
  const { events } = new zmq.Dealer();
  const reading = assert.rejects(events.receive(), { code: "ENOTSOCK", errno: 88 });
  events.close();
  await reading;
  assert.throws(() => events.receive(), CLOSED);
});
