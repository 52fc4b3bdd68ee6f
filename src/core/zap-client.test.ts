import assert from "node:assert/strict";
import { once } from "node:events";
import { afterEach, test } from "node:test";
import * as zmq from "../index.ts";

const HANDLER = "inproc://zeromq.zap.01";
const ANY_PORT = "tcp://127.0.0.1:*";
const server = zmq.curveKeyPair();
const client = zmq.curveKeyPair();
const CURVE_SERVER = { curveServer: true, curveSecretKey: server.secretKey };
const CURVE_CLIENT = {
  curveServerKey: server.publicKey,
  curvePublicKey: client.publicKey,
  curveSecretKey: client.secretKey,
};

let contexts: zmq.Context[] = [];
let sockets: zmq.Socket[] = [];
afterEach(async () => {
  for (const socket of sockets) if (!socket.closed) socket.linger = 0;
  await Promise.all(contexts.map((context) => context.close()));
  contexts = [];
  sockets = [];
});

function newContext(): zmq.Context {
  const context = new zmq.Context();
  contexts.push(context);
  return context;
}

function opened<S extends zmq.Socket>(socket: S): S {
  sockets.push(socket);
  return socket;
}

/** A REP handler that answers each request with the frames of `answer`, delimiter left out. */
async function handler(context: zmq.Context, answer: (request: Uint8Array[]) => (string | Uint8Array)[]) {
  const socket = opened(new zmq.Reply({ context }));
  await socket.bind(HANDLER);
  (async () => {
    for await (const request of socket) await socket.send(answer(request));
  })();
  return socket;
}

const status = (code: string) => () => ["1.0", "1", code, "", "", ""];

interface Attempt {
  readonly server: zmq.Router;
  readonly client: zmq.Dealer;
  /** The first event of this type at the server, or at the client. */
  served<E extends zmq.EventType>(type: E): Promise<zmq.EventOfType<E>>;
  dialed<E extends zmq.EventType>(type: E): Promise<zmq.EventOfType<E>>;
  /** All so far. */
  readonly serverEvents: readonly zmq.Event[];
  readonly clientEvents: readonly zmq.Event[];
}

/** A ROUTER with `options` and a DEALER that tries to connect to it. */
async function attempt(context: zmq.Context, options: object, clientOptions: object): Promise<Attempt> {
  const router = opened(new zmq.Router({ context, handshakeInterval: 5000, ...options }));
  const dealer = opened(new zmq.Dealer({ context: newContext(), reconnectInterval: 5, ...clientOptions }));
  const [serverEvents, served] = record(router);
  const [clientEvents, dialed] = record(dealer);
  await router.bind(ANY_PORT);
  dealer.connect(router.lastEndpoint as string);
  return { server: router, client: dealer, serverEvents, clientEvents, served, dialed };
}

function record(socket: zmq.Socket) {
  const events: zmq.Event[] = [];
  const waiting: { type: string; resolve: (event: never) => void }[] = [];
  (async () => {
    for await (const event of socket.events) {
      events.push(event);
      for (const each of waiting) if (each.type === event.type) each.resolve(event as never);
    }
  })();
  const first = <E extends zmq.EventType>(type: E): Promise<zmq.EventOfType<E>> => {
    const known = events.find((event) => event.type === type);
    if (known !== undefined) return Promise.resolve(known as zmq.EventOfType<E>);
    return new Promise((resolve) => waiting.push({ type, resolve }));
  };
  return [events, first] as const;
}

const count = (events: readonly zmq.Event[], type: string) => events.filter((event) => event.type === type).length;

test("the handler is told domain, address, routing id, mechanism and credentials", async () => {
  const context = newContext();
  const requests: string[][] = [];
  await handler(context, (request) => {
    requests.push(request.map(String));
    return status("200")();
  });
  const options = { zapDomain: "global", routingId: "server" };
  const credentials = { plainUsername: "admin", plainPassword: "secret" };
  const plain = await attempt(context, { ...options, plainServer: true }, credentials);
  await plain.client.send("hello");
  assert.deepEqual((await plain.server.receive()).slice(1).map(String), ["hello"]);
  const nobody = await attempt(context, options, {});
  await nobody.client.connected();
  const curve = await attempt(context, { ...options, ...CURVE_SERVER }, CURVE_CLIENT);
  await curve.client.connected();
  const start = ["1.0", "1", "global", "127.0.0.1", "server"];
  assert.deepEqual(requests[0], [...start, "PLAIN", "admin", "secret"]);
  assert.deepEqual(requests[1], [...start, "NULL"]);
  assert.deepEqual(requests[2]?.slice(0, 6), [...start, "CURVE"]);
  assert.equal(requests[2]?.length, 7);
});

test("user id and metadata of the reply are readable on messages and peers", async () => {
  const context = newContext();
  const metadata = Buffer.from("\x06X-Role\0\0\0\x04boss", "latin1");
  await handler(context, () => ["1.0", "1", "200", "OK", "alice", metadata]);
  const { server: router, client: dealer } = await attempt(context, CURVE_SERVER, CURVE_CLIENT);
  await dealer.send("hello");
  const received = await router.receiveFrom();
  const wanted = { "User-Id": "alice", "X-Role": "boss", "Socket-Type": "DEALER", "Peer-Address": "127.0.0.1" };
  for (const [name, value] of Object.entries(wanted)) {
    assert.equal(received.metadata[name], value, name);
    assert.equal(router.peers[0]?.metadata[name], value, name);
  }
});

test("a ROUTER as handler may answer in any order", async () => {
  const context = newContext();
  const router = opened(new zmq.Router({ context }));
  await router.bind(HANDLER);
  const first = await attempt(context, { plainServer: true }, { plainUsername: "first", plainPassword: "x" });
  const one = await router.receive();
  const second = await attempt(context, { plainServer: true }, { plainUsername: "second", plainPassword: "x" });
  const two = await router.receive();
  const answer = (request: Uint8Array[], user: string) =>
    router.send([request[0] as Uint8Array, "", "1.0", "1", "200", "", user, ""]);
  await answer(two, "2");
  await second.client.send("");
  assert.equal((await second.server.receiveFrom()).metadata["User-Id"], "2");
  await answer(one, "1");
  await first.client.send("");
  assert.equal((await first.server.receiveFrom()).metadata["User-Id"], "1");
  assert.deepEqual(router.peers, [], "no pipe of a question stays");
});

for (const [mechanism, options, clientOptions] of [
  ["NULL", { zapDomain: "x" }, {}],
  ["PLAIN", { plainServer: true }, { plainUsername: "u", plainPassword: "p" }],
  ["CURVE", CURVE_SERVER, CURVE_CLIENT],
] as const) {
  for (const code of ["400", "500"] as const) {
    test(`${mechanism}: ${code} is told to the peer, which does not try again`, async () => {
      const context = newContext();
      await handler(context, status(code));
      const {
        served,
        dialed,
        serverEvents,
        clientEvents,
        client: dealer,
      } = await attempt(context, options, clientOptions);
      const refused = await served("handshake:error:auth");
      assert.equal(refused.error.status, Number(code));
      assert.equal((await dialed("handshake:error:auth")).error.status, Number(code));
      await served("disconnect");
      assert.equal(count(serverEvents, "handshake:error:other"), 0);
      assert.equal(count(clientEvents, "connect:retry"), 0);
      assert.deepEqual(dealer.peers, [], "the dialer has given up");
    });
  }

  test(`${mechanism}: 300 is silence until the handshake's time is over, and the peer tries again`, async () => {
    const context = newContext();
    await handler(context, status("300"));
    const { served, dialed, serverEvents } = await attempt(
      context,
      { ...options, handshakeInterval: 50 },
      clientOptions,
    );
    assert.equal((await served("handshake:error:auth")).error.status, 300);
    await served("disconnect");
    await dialed("connect:retry");
    assert.equal(count(serverEvents, "handshake:error:other"), 0);
  });

  for (const [what, answer, wanted] of [
    ["too few frames", ["1.0", "1", "200", "", ""], "ERR_ZAP_MALFORMED_REPLY"],
    ["another version", ["2.0", "1", "200", "", "", ""], "ERR_ZAP_BAD_VERSION"],
    ["another request id", ["1.0", "2", "200", "", "", ""], "ERR_ZAP_BAD_REQUEST_ID"],
    ["another status", ["1.0", "1", "201", "", "", ""], "ERR_ZAP_INVALID_STATUS_CODE"],
    ["broken metadata", ["1.0", "1", "200", "", "", "x"], "ERR_ZAP_INVALID_METADATA"],
    [
      "a socket type that may not talk to ours",
      ["1.0", "1", "200", "", "", Buffer.from("\x0bSocket-Type\0\0\0\x03PUB", "latin1")],
      "ERR_ZAP_INVALID_METADATA",
    ],
  ] as const) {
    test(`${mechanism}: a reply with ${what} closes the connection with ${wanted}`, async () => {
      const context = newContext();
      await handler(context, () => [...answer]);
      const { served } = await attempt(context, options, clientOptions);
      assert.equal((await served("handshake:error:protocol")).error.code, wanted);
      await served("disconnect");
    });
  }

  test(`${mechanism}: a handler that never answers leaves it to the handshake's time-out`, async () => {
    const context = newContext();
    const silent = opened(new zmq.Reply({ context }));
    await silent.bind(HANDLER);
    const { served } = await attempt(context, { ...options, handshakeInterval: 50 }, clientOptions);
    assert.equal((await served("handshake:error:other")).error.code, "EAGAIN");
    await silent.receive();
    await silent.send("too late");
  });

  test(`${mechanism}: a handler that is closed before it answers leaves it to the handshake's time-out`, async () => {
    const context = newContext();
    const crashing = opened(new zmq.Reply({ context }));
    await crashing.bind(HANDLER);
    const { served, serverEvents } = await attempt(context, { ...options, handshakeInterval: 100 }, clientOptions);
    await crashing.receive();
    crashing.close();
    assert.equal((await served("handshake:error:other")).error.code, "EAGAIN");
    assert.equal(count(serverEvents, "handshake"), 0);
  });
}

test("without a handler a PLAIN server refuses everyone", async () => {
  const { served, dialed } = await attempt(
    newContext(),
    { plainServer: true },
    { plainUsername: "u", plainPassword: "p" },
  );
  assert.equal((await served("handshake:error:other")).error.code, "EFAULT");
  await dialed("handshake:error:other");
});

test("without a handler NULL and CURVE refuse everyone where a domain is enforced", async () => {
  const enforced = { zapDomain: "x", zapEnforceDomain: true };
  const plain = await attempt(newContext(), enforced, {});
  assert.equal((await plain.served("handshake:error:other")).error.code, "EFAULT");
  const curve = await attempt(newContext(), { ...enforced, ...CURVE_SERVER }, CURVE_CLIENT);
  assert.equal((await curve.served("handshake:error:other")).error.code, "EFAULT");
});

test("without a handler a CURVE server lets everyone in, and the process is warned once", async () => {
  const warnings: Error[] = [];
  const listen = (warning: Error) => warnings.push(warning);
  process.on("warning", listen);
  const first = once(process, "warning");
  for (let i = 0; i < 2; i++) {
    const { client: dealer, server: router } = await attempt(newContext(), CURVE_SERVER, CURVE_CLIENT);
    await dealer.send("in");
    await router.receive();
  }
  await first;
  process.off("warning", listen);
  assert.deepEqual(
    warnings.map((warning) => (warning as Error & { code?: string }).code),
    ["ZMQ_CURVE_OPEN"],
  );
});

test("the handler of another context is not asked", async () => {
  await handler(newContext(), status("400"));
  const { client: dealer } = await attempt(newContext(), { zapDomain: "x" }, {});
  await dealer.connected();
});

test("questions about peers that left are withdrawn", async () => {
  const context = newContext();
  const silent = opened(new zmq.Router({ context }));
  await silent.bind(HANDLER);
  const { client: dealer, served } = await attempt(context, CURVE_SERVER, CURVE_CLIENT);
  await silent.receive();
  assert.equal(silent.peers.length, 1);
  dealer.close();
  await served("disconnect");
  assert.deepEqual(silent.peers, []);
});

test("the connecting side asks its handler about NULL peers too", async () => {
  const context = newContext();
  const requests: string[][] = [];
  await handler(context, (request) => {
    requests.push(request.map(String));
    return status("200")();
  });
  const { client: dealer, server: router } = await attempt(newContext(), {}, { context, zapDomain: "out" });
  await dealer.send("x");
  await router.receive();
  assert.deepEqual(requests, [["1.0", "1", "out", "127.0.0.1", "", "NULL"]]);
});
