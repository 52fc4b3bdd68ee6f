/** The causes of docs/troubleshooting.md: each shows itself in words that name it. */

import assert from "node:assert/strict";
import { createServer } from "node:net";
import { test } from "node:test";
import { inspect } from "node:util";
import * as zmq from "../../src/index.ts";
import { silentPeer } from "../silent-peer.ts";
import { program } from "./child.ts";

const TCP = "tcp://127.0.0.1:*";

function it(name: string, body: (t: { skip(why: string): void }) => Promise<void>): void {
  test(name, { timeout: 20_000 }, body);
}

/** The `code: detail` of the next event of this type. */
async function told(socket: zmq.Socket, type: "close" | "disconnect"): Promise<string> {
  for await (const event of socket.events) {
    if (event.type !== type) continue;
    const { cause } = event as zmq.EventOfType<typeof type>;
    if (cause instanceof zmq.ZmqError) return `${cause.code}: ${cause.detail}`;
    return String(cause);
  }
  throw new Error(`no ${type}`);
}

function dropped(socket: zmq.Socket): Promise<zmq.DropEvent> {
  return new Promise((resolve) => socket.events.on("drop", resolve));
}

function textsOf(topics: readonly Uint8Array[] | null | undefined): string[] | undefined {
  return topics?.map((topic) => Buffer.from(topic).toString());
}

async function freePort(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return `tcp://127.0.0.1:${port}`;
}

it("a wrong port: `close` has ECONNREFUSED with the address", async () => {
  await using client = new zmq.Request({ linger: 0 });
  const closed = told(client, "close");
  const address = await freePort();
  client.connect(address);
  assert.equal(await closed, `Error: connect ECONNREFUSED ${address.slice("tcp://".length)}`);
});

it("a wrong port: a call that waited in vain says why no peer is connected", async () => {
  await using client = new zmq.Request({ linger: 0, sendTimeout: 300, receiveTimeout: 300 });
  const closed = told(client, "close");
  const address = await freePort();
  client.connect(address);
  await closed;
  await client.send("hello");
  const { detail } = (await client.receive().catch((error) => error)) as zmq.ZmqError;
  const reason = `connect ECONNREFUSED ${address.slice("tcp://".length)}`;
  assert.equal(
    detail,
    `no message came within 300 ms; no peer is connected; the last attempt at ${address}: ${reason}`,
  );
});

it("a firewall: an attempt that nobody answers ends with `close` and ETIMEDOUT", async (t) => {
  const peer = process.platform === "linux" ? await silentPeer() : undefined;
  if (peer === undefined) return t.skip("needs Linux and python3");
  await using client = new zmq.Request({ linger: 0, connectTimeout: 20 });
  const closed = told(client, "close");
  client.connect(peer.text);
  assert.match(await closed, /ETIMEDOUT/);
  peer.stop();
});

it("a slow joiner: `drop` shows the topic of a message without a subscriber, and `topics()` is empty", async () => {
  await using publisher = new zmq.Publisher();
  await publisher.bind(TCP);
  const drop = dropped(publisher);
  await publisher.send(["weather.berlin", "12"]);
  assert.match(inspect(await drop), /reason: 'noSubscriber'.*firstFrame: 'weather.berlin'/s);
  assert.deepEqual(publisher.topics(), []);
});

it("a topic mismatch: the dropped topic stands beside those that peers subscribed to", async () => {
  await using publisher = new zmq.XPublisher();
  await using subscriber = new zmq.Subscriber();
  subscriber.subscribe("Weather", "news");
  subscriber.connect(await publisher.bind(TCP));
  await publisher.subscriberJoined("news");
  const drop = dropped(publisher);
  await publisher.send("weather.berlin 12");
  assert.equal(Buffer.from((await drop).firstFrame ?? []).toString(), "weather.berlin 12");
  assert.deepEqual(textsOf(publisher.topics()), ["Weather", "news"]);
  assert.deepEqual(textsOf(publisher.peers[0]?.subscriptions), ["Weather", "news"]);
  assert.deepEqual(textsOf(subscriber.topics()), ["Weather", "news"]);
  assert.equal(subscriber.peers[0]?.subscriptions, null);
});

it("`subscribe()` forgotten: a connected subscriber has no topics, and its publisher knows of none", async () => {
  await using publisher = new zmq.Publisher();
  await using subscriber = new zmq.Subscriber();
  subscriber.connect(await publisher.bind(TCP));
  await publisher.connected();
  assert.deepEqual(subscriber.topics(), []);
  assert.deepEqual(publisher.peers[0]?.subscriptions, []);
  subscriber.receiveTimeout = 0;
  const { detail } = (await subscriber.receive().catch((error) => error)) as zmq.ZmqError;
  assert.equal(detail, "no message came; the socket has no subscription: call subscribe()");
});

it("two mechanisms: both sides name the other's", async () => {
  const { secretKey: curveSecretKey } = zmq.curveKeyPair();
  await using server = new zmq.Reply({ linger: 0, curveServer: true, curveSecretKey });
  await using client = new zmq.Request({ linger: 0 });
  const heard = [told(server, "disconnect"), told(client, "disconnect")];
  client.connect(await server.bind(TCP));
  assert.deepEqual(await Promise.all(heard), [
    'ERR_ZMTP_MECHANISM_MISMATCH: greeting: mechanism is "NULL", expected "CURVE"',
    'ERR_ZMTP_MECHANISM_MISMATCH: greeting: mechanism is "CURVE", expected "NULL"',
  ]);
});

it("a wrong server key: the client names curveServerKey, the server the box that does not open", async () => {
  const [server, client] = [zmq.curveKeyPair(), zmq.curveKeyPair()];
  await using rep = new zmq.Reply({ linger: 0, curveServer: true, curveSecretKey: server.secretKey });
  const { publicKey: curvePublicKey, secretKey: curveSecretKey } = client;
  const options = { curveServerKey: client.publicKey, curvePublicKey, curveSecretKey };
  await using req = new zmq.Request({ linger: 0, ...options });
  const heard = [told(rep, "disconnect"), told(req, "disconnect")];
  req.connect(await rep.bind(TCP));
  const [ofServer, ofClient] = await Promise.all(heard);
  assert.match(ofServer ?? "", /^ERR_ZMTP_CRYPTOGRAPHIC/);
  assert.match(ofClient ?? "", /curveServerKey is not the server's public key/);
});

it("types that do not fit: each side names the types, or those that would fit", async () => {
  await using server = new zmq.Reply({ linger: 0 });
  await using client = new zmq.Subscriber({ linger: 0 });
  const heard = [told(server, "disconnect"), told(client, "disconnect")];
  client.connect(await server.bind(TCP));
  const [ofServer, ofClient] = await Promise.all(heard);
  assert.match(ofServer ?? "", /Socket-Type is SUB, which may not talk to REP/);
  assert.match(ofClient ?? "", /Socket-Type is REP, which may not talk to SUB|SUB expects PUB or XPUB/);
});

it("a full queue: `drop` says highWaterMark with the peer's endpoint, and `drops` counts", async () => {
  await using publisher = new zmq.Publisher({ linger: 0, sendHighWaterMark: 1 });
  await using subscriber = new zmq.Subscriber({ receiveHighWaterMark: 1 });
  subscriber.subscribe();
  const endpoint = await publisher.bind("inproc://full-queue");
  subscriber.connect(endpoint);
  await publisher.subscriberJoined();
  const drop = dropped(publisher);
  for (let i = 0; i < 5; i++) await publisher.send(`tick ${i}`);
  const { reason, address, firstFrame } = await drop;
  assert.deepEqual([reason, address, `${firstFrame}`], ["highWaterMark", endpoint, "tick 2"]);
  assert.deepEqual(publisher.drops, { highWaterMark: 3 });
});

it("a peer that never reads: its queue is full in `peers`, and `send` says that no peer had room", async () => {
  await using push = new zmq.Push({ linger: 0, sendHighWaterMark: 2, sendTimeout: 20 });
  await using pull = new zmq.Pull({ receiveHighWaterMark: 1 });
  pull.connect(await push.bind("inproc://never-reads"));
  const failure = await (async () => {
    for (;;) await push.send("job");
  })().catch((error) => error as zmq.ZmqError);
  assert.match(String(failure.detail), /^no peer had room for the message within 20 ms/);
  assert.equal(pull.peers[0]?.receiveQueueLength, 3);
});

it("one routing id twice: `drop` shows the id and the peer that is not read", async () => {
  await using router = new zmq.Router();
  const endpoint = await router.bind(TCP);
  await using first = new zmq.Dealer({ routingId: "worker-1" });
  await using second = new zmq.Dealer({ routingId: "worker-1", linger: 0 });
  first.connect(endpoint);
  await router.connected();
  const drop = dropped(router);
  second.connect(endpoint);
  const event = await drop;
  assert.deepEqual([event.reason, `${event.firstFrame}`], ["duplicateRoutingId", "worker-1"]);
});

it("an unknown routing id: `drop` shows it", async () => {
  await using router = new zmq.Router();
  await router.bind(TCP);
  const drop = dropped(router);
  await router.send(["worker-7", "job"]);
  assert.match(inspect(await drop), /reason: 'unroutable'.*firstFrame: 'worker-7'/s);
});

it("`drop` shows 64 bytes of a first frame at most, and nothing under security", async () => {
  await using open = new zmq.Publisher();
  await using secured = new zmq.Publisher({ plainServer: true });
  const [fromOpen, fromSecured] = [dropped(open), dropped(secured)];
  await open.send(new Uint8Array(1000));
  await secured.send("the topic is a secret");
  assert.equal((await fromOpen).firstFrame?.length, 64);
  const event = await fromSecured;
  assert.deepEqual([event.reason, event.firstFrame], ["noSubscriber", undefined]);
});

/** A CURVE client at a server without security, and what its process writes to stderr. */
function mismatched(listening: string, context = "new zmq.Context()"): Promise<string> {
  return program(`
    const server = new zmq.Reply({ linger: 0 });
    const keys = zmq.curveKeyPair();
    const { publicKey: curvePublicKey, secretKey: curveSecretKey } = keys;
    const context = ${context};
    const client = new zmq.Request({ context, linger: 0, curveServerKey: curvePublicKey, curvePublicKey, curveSecretKey });
    ${listening}
    const over = new Promise((resolve) => server.events.on("disconnect", resolve));
    client.connect(await server.bind("tcp://127.0.0.1:*"));
    await over;
    setTimeout(() => process.exit(), 500);
  `).then(({ stderr }) => stderr);
}

it("an endpoint that is given up for good is warned of when nobody listens to the socket", async () => {
  const warning = /ZMQ_GIVEN_UP.*The REQ socket's connection to tcp:.* is given up for good: .*mechanism is "NULL"/;
  const [unheard, inThread, heard, heardReason, heardOther] = await Promise.all([
    mismatched(""),
    mismatched("", "new zmq.Context({ ioThreads: 1 })"),
    mismatched(`client.events.on("disconnect", () => {});`),
    mismatched(`client.events.on("handshake:error:protocol", () => {});`),
    mismatched(`client.events.on("connect", () => {});`),
  ]);
  assert.match(unheard, warning);
  assert.match(inThread, warning);
  assert.doesNotMatch(heard, /ZMQ_GIVEN_UP/);
  assert.doesNotMatch(heardReason, /ZMQ_GIVEN_UP/);
  assert.match(heardOther, warning);
});

/** A page of another origin knocks, and what the process of the socket writes to stderr. */
function foreignPage(listening: string): Promise<string> {
  return program(`
    import { request } from "node:http";
    const reply = new zmq.Reply({ linger: 0 });
    ${listening}
    const address = await reply.bind("ws://127.0.0.1:*");
    const headers = { origin: "https://app.example", connection: "upgrade", upgrade: "websocket" };
    const others = { "sec-websocket-version": 13, "sec-websocket-key": "Z0WLa2mYPORR3LD0SpToKg==", "sec-websocket-protocol": "ZWS2.0" };
    request(address.replace("ws", "http"), { headers: { ...headers, ...others } }, (answer) => {
      answer.resume();
      setTimeout(() => process.exit(), 100);
    }).end();
  `).then(({ stderr }) => stderr);
}

it("a page that is refused for its origin is warned of when nobody listens to that", async () => {
  const [unheard, heard] = await Promise.all([
    foreignPage(""),
    foreignPage(`reply.events.on("accept:error", () => {});`),
  ]);
  assert.match(unheard, /ZMQ_ORIGIN_REFUSED.* refused a page: .*https:\/\/app\.example.*wsAllowedOrigins/);
  assert.doesNotMatch(heard, /ZMQ_ORIGIN_REFUSED/);
});

it("NODE_DEBUG=zmq writes the events and drops of all sockets", async () => {
  const { stderr } = await program(
    `
    const router = new zmq.Router({ linger: 0 });
    const dealer = new zmq.Dealer({ linger: 0 });
    dealer.connect(await router.bind("tcp://127.0.0.1:*"));
    await dealer.connected();
    await router.send(["no\\nbody", "secret payload"]);
    dealer.connect("tcp://127.0.0.1:1");
    dealer.events.on("close", () => process.exit());
  `,
    { NODE_DEBUG: "zmq" },
  );
  assert.match(stderr, /ZMQ \d+: ROUTER 1 bind tcp:/);
  assert.match(stderr, /ZMQ \d+: DEALER 2 handshake tcp:/);
  assert.match(stderr, /ZMQ \d+: ROUTER 1 drop unroutable "no\\nbody"\n/);
  assert.match(stderr, /ZMQ \d+: DEALER 2 close tcp:\/\/127.0.0.1:1: connect ECONNREFUSED 127.0.0.1:1/);
  assert.doesNotMatch(stderr, /secret payload/);
});
