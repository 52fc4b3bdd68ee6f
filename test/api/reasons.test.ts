import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import * as zmq from "../../src/index.ts";
import { ZmqError } from "../../src/index.ts";

async function failure(call: Promise<unknown>): Promise<ZmqError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof ZmqError) return error;
    throw error;
  }
  throw new Error("the call succeeded");
}

async function event<E extends zmq.EventType>(socket: zmq.Socket, type: E): Promise<zmq.EventOfType<E>> {
  for await (const each of socket.events) if (each.type === type) return each as zmq.EventOfType<E>;
  throw new Error(`no ${type}`);
}

test("an operation that waited in vain says for what, and how long", async () => {
  await using push = new zmq.Push({ sendTimeout: 5 });
  await using pull = new zmq.Pull({ receiveTimeout: 0 });
  await using rep = new zmq.Reply({ sendTimeout: 5 });
  const sent = await failure(push.send("x"));
  assert.deepEqual(
    [sent.code, sent.detail],
    ["EAGAIN", "no peer had room for the message within 5 ms; the socket is neither bound nor connected"],
  );
  const bound = new zmq.Push({ sendTimeout: 5 });
  await bound.bind("inproc://in-vain-too");
  assert.equal(
    (await failure(bound.send("x"))).detail,
    "no peer had room for the message within 5 ms; no peer is connected",
  );
  bound.close();
  const received = await failure(pull.receive());
  assert.deepEqual(
    [received.code, received.detail],
    ["EAGAIN", "no message came; the socket is neither bound nor connected"],
  );
  const outOfTurn = await failure(rep.send("x"));
  assert.deepEqual(
    [outOfTurn.code, outOfTurn.detail],
    ["EFSM", "a REP socket cannot send in this state: receive a request first"],
  );
});

test("a call out of turn says what comes first", async () => {
  await using server = new zmq.Reply({ receiveTimeout: 5, sendTimeout: 5 });
  await using client = new zmq.Request({ receiveTimeout: 5, sendTimeout: 5 });
  client.connect(await server.bind("inproc://in-turn"));
  assert.match(String((await failure(client.receive())).detail), /: send a request first$/);
  await client.send("x");
  assert.match(String((await failure(client.send("y"))).detail), /: receive the reply to the last request first/);
  await server.receive();
  assert.match(String((await failure(server.receive())).detail), /: send the reply to the last request first$/);
});

test("a call that waits when the socket closes says so", async () => {
  const pull = new zmq.Pull();
  const received = failure(pull.receive());
  pull.close();
  const { code, detail } = await received;
  assert.deepEqual([code, detail], ["EAGAIN", "the socket was closed while the call waited"]);
});

test("a message that is no bytes is sent as its text, as in zeromq.js, with one warning a process", async () => {
  const warnings: string[] = [];
  const heard = (warning: Error & { code?: string }) => warnings.push(warning.code ?? "");
  process.on("warning", heard);
  await using push = new zmq.Push();
  await using pull = new zmq.Pull();
  push.connect(await pull.bind("inproc://as-text"));
  const texts: string[] = [];
  for (const value of [{ a: 1 }, true, new Map(), 7]) {
    await Reflect.apply(push.send, push, [value]);
    texts.push(`${await pull.receive()}`);
  }
  assert.deepEqual(texts, ["[object Object]", "true", "[object Map]", "7"]);
  await new Promise((resolve) => setImmediate(resolve)); // warnings come in a later turn
  process.off("warning", heard);
  assert.deepEqual(warnings, ["ZMQ_MESSAGE_AS_TEXT"]);
});

test("a context that is full says so: the process may have descriptors left", () => {
  const context = new zmq.Context({ maxSockets: 1 });
  const socket = new zmq.Dealer({ context });
  const detail = "the context has 1 open sockets, as many as maxSockets allows";
  assert.throws(() => new zmq.Dealer({ context }), { code: "EMFILE", detail });
  socket.close();
});

test("an endpoint that is not there is told with those that are", async () => {
  await using dealer = new zmq.Dealer({ linger: 0 });
  await dealer.bind("tcp://127.0.0.1:*");
  const bound = `bound: ${dealer.lastEndpoint}, inproc://bound; connected: `;
  await dealer.bind("inproc://bound");
  await assert.rejects(dealer.unbind("tcp://127.0.0.1:1"), { code: "ENOENT", detail: `${bound}none` });
  dealer.connect("tcp://127.0.0.1:5999");
  const detail = `${bound}tcp://127.0.0.1:5999`;
  assert.throws(() => dealer.disconnect("tcp://some-host:5999"), { code: "ENOENT", detail });
});

test("a bind that fails says what the system had against it", async () => {
  await using pull = new zmq.Pull();
  const folder = await failure(pull.bind("ipc:///no-such-folder/x"));
  assert.deepEqual([folder.code, folder.detail], ["ENOENT", "the folder of the path does not exist"]);
  const foreign = await failure(pull.bind("tcp://198.51.100.77:5555"));
  assert.equal(foreign.code, "EADDRNOTAVAIL");
  assert.equal(foreign.detail, "no network interface of this machine has this address");
});

test("bindRandomPort refuses what is no tcp address without a port, and bounds that hold no port", async () => {
  await using pull = new zmq.Pull();
  for (const address of ["tcp://127.0.0.1:*", "tcp://127.0.0.1:5555", "ipc:///tmp/x", "127.0.0.1"]) {
    const { code, detail } = await failure(pull.bindRandomPort(address));
    assert.deepEqual([code, detail], ["EINVAL", "expected tcp://host, without a port"], address);
  }
  for (const bounds of [{ min: 6000, max: 5000 }, { min: Number.NaN }, { max: 70_000 }, { min: 0 }]) {
    await assert.rejects(pull.bindRandomPort("tcp://127.0.0.1", bounds), RangeError);
  }
});

test("waiting for what can never be is refused", () => {
  const pull = new zmq.Pull();
  assert.throws(() => pull.connected({ count: Number.NaN }), RangeError);
  assert.throws(() => new zmq.Poller().poll({ timeoutMs: Number.NaN }), RangeError);
  pull.close();
});

test("a socket that a proxy has says so", async () => {
  const [front, back] = [new zmq.Router(), new zmq.Dealer()];
  await front.bind("inproc://proxied-front");
  await back.bind("inproc://proxied-back");
  const proxy = new zmq.Proxy(front, back);
  const running = proxy.run();
  assert.throws(() => back.send("x"), { code: "EBUSY", detail: "a proxy has the socket" });
  proxy.terminate();
  await running;
  front.close();
  back.close();
});

test("a failed attempt to connect has its reason, which does not show in comparisons", async () => {
  await using gone = new zmq.Pull();
  await gone.bind("tcp://127.0.0.1:*");
  const address = gone.lastEndpoint as string;
  await gone.unbind(address);
  await using push = new zmq.Push({ linger: 0 });
  const closed = event(push, "close");
  push.connect(address);
  const seen = await closed;
  assert.deepEqual({ ...seen }, { type: "close", address });
  assert.equal((seen.cause as { code?: string }).code, "ECONNREFUSED");
  assert.match(inspect(seen), /type: 'close'[\s\S]*cause: [\s\S]*ECONNREFUSED/);
});

test("a peer of the wrong type is named as the reason of its disconnection", async () => {
  await using rep = new zmq.Reply();
  await rep.bind("tcp://127.0.0.1:*");
  await using push = new zmq.Push({ linger: 0 });
  const ends = event(rep, "disconnect");
  push.connect(rep.lastEndpoint as string);
  const { cause } = await ends;
  assert.match(String((cause as ZmqError).detail), /PUSH/);
});

test("inproc peers that ended are forgotten while others come", async () => {
  await using client = new zmq.Dealer();
  for (let i = 0; i < 100; i++) {
    const server = new zmq.Dealer();
    await server.bind(`inproc://job-${i}`);
    client.connect(`inproc://job-${i}`);
    server.close();
  }
  assert.equal(client.peers.length, 0);
  assert.throws(() => client.disconnect("inproc://job-0"), { code: "ENOENT" });
});

test("what no attempt to connect can overcome is told at the call, and the socket stays without an endpoint", async () => {
  await using push = new zmq.Push({ socksProxy: "127.0.0.1" });
  const address = "tcp://127.0.0.1:5555";
  assert.throws(() => push.connect(address), { code: "EINVAL", detail: /socksProxy: expected host:port/ });
  assert.throws(() => push.disconnect(address), { code: "ENOENT" });
});

test("connecting to an abstract ipc name throws where this runtime would look for another", async (t) => {
  const padsNames = process.platform === "linux" && /^1\.([0-9]|[1-3][0-9]|4[0-6])\./.test(process.versions.uv ?? "");
  if (!padsNames) return t.skip("this runtime finds abstract names, or they do not exist here");
  await using push = new zmq.Push();
  const address = "ipc://@nobody";
  const refused = { code: "ENOTSUP", address, detail: /Node 22/ };
  assert.throws(() => push.connect(address), refused);
  assert.throws(() => push.bindSync(address), refused);
  await assert.rejects(push.bind(address), refused);
});

test("consoles show a peer's address in an event, and the detail of an error", async () => {
  await using pull = new zmq.Pull();
  await using push = new zmq.Push({ linger: 0, sendTimeout: 0 });
  const detail = (await failure(push.send("x"))).detail as string;
  assert.ok(inspect(await failure(push.send("x"))).includes(detail));
  const accepted = event(pull, "accept");
  push.connect(await pull.bind("tcp://127.0.0.1:*"));
  const seen = await accepted;
  assert.deepEqual({ ...seen }, { type: "accept", address: pull.lastEndpoint });
  assert.match(inspect(seen), /remoteAddress: 'tcp:\/\/127\.0\.0\.1:\d+'/);
});

/** The cause of the first disconnection of a client that connects to a server. */
async function refusal(server: zmq.Socket, client: zmq.Socket): Promise<ZmqError> {
  const ended = event(client, "disconnect");
  client.connect(await server.bind("tcp://127.0.0.1:*"));
  return (await ended).cause as ZmqError;
}

test("a client with the wrong server key is told what that usually means", async () => {
  const [server, other] = [zmq.curveKeyPair(), zmq.curveKeyPair()];
  await using rep = new zmq.Reply({ curveServer: true, curveSecretKey: server.secretKey });
  const { publicKey: curvePublicKey, secretKey: curveSecretKey } = zmq.curveKeyPair();
  const keys = { curveServerKey: other.publicKey, curvePublicKey, curveSecretKey };
  await using req = new zmq.Request({ ...keys, linger: 0 });
  assert.match(String((await refusal(rep, req)).detail), /with CURVE: usually curveServerKey/);
});

test("a peer whose type does not fit is told which would", async () => {
  await using rep = new zmq.Reply();
  await using push = new zmq.Push({ linger: 0 });
  assert.match(String((await refusal(rep, push)).detail), /PULL/);
});
