/** Passwords and secret keys are for the peer or for nobody: they show up in no error, event, warning or dump. */

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { inspect } from "node:util";
import * as zmq from "../index.ts";

const server = zmq.curveKeyPair();
const client = zmq.curveKeyPair();
const PASSWORD = "hunter2-and-more";
const EVERYTHING = { showHidden: true, depth: 9, getters: true, maxStringLength: null, maxArrayLength: null } as const;

const sockets: zmq.Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close();
});

/** In every form in which a dump might have them. */
const FORMS = [server.secretKey, client.secretKey].flatMap((key) => {
  const bytes = Buffer.from(zmq.decodeZ85(key));
  const hex = bytes.toString("hex");
  return [key, hex, (hex.match(/../g) as string[]).slice(0, 8).join(" "), [...bytes].slice(0, 8).join(", ")];
});
const SECRETS = [...FORMS, PASSWORD, Buffer.from(PASSWORD).toString("hex").slice(0, 16)];

function assertSilent(shown: string, where: string): void {
  for (const [i, secret] of SECRETS.entries()) assert.ok(!shown.includes(secret), `${where} shows secret ${i}`);
}

/** A dump of `value` in every way that comes to mind. */
function dumped(value: unknown): string {
  const raw = { ...EVERYTHING, customInspect: false };
  return [inspect(value, EVERYTHING), inspect(value), inspect(value, raw), JSON.stringify(value), String(value)].join(
    "\n",
  );
}

function opened<S extends zmq.Socket>(socket: S): S {
  sockets.push(socket);
  return socket;
}

const pairs = [
  ["CURVE", { curveServer: true, curveSecretKey: server.secretKey }, { curveServerKey: server.publicKey, curvePublicKey: client.publicKey, curveSecretKey: client.secretKey }],
  ["PLAIN", { plainServer: true }, { plainUsername: "admin", plainPassword: PASSWORD }],
  ["CURVE with another server's key", { curveServer: true, curveSecretKey: server.secretKey }, { curveServerKey: client.publicKey, curvePublicKey: client.publicKey, curveSecretKey: client.secretKey }],
  ["PLAIN at a CURVE server", { curveServer: true, curveSecretKey: server.secretKey }, { plainUsername: "admin", plainPassword: PASSWORD }],
] as const; // biome-ignore format: one row each

for (const [what, options, clientOptions] of pairs) {
  test(`${what}: sockets, their peers and their events show no secret`, async () => {
    const context = new zmq.Context();
    const warnings: Error[] = [];
    const warn = (warning: Error) => warnings.push(warning);
    process.on("warning", warn);
    await using authenticator = new zmq.Authenticator({ context, plain: { admin: PASSWORD }, curve: "any" });
    const decisions: unknown[] = [];
    authenticator.start().on("decision", (decision) => decisions.push(decision));
    const router = opened(new zmq.Router({ context, linger: 0, ...options }));
    const dealer = opened(new zmq.Dealer({ context, linger: 0, handshakeInterval: 1000, ...clientOptions }));
    const events: zmq.Event[] = [];
    const isOver = new Promise<void>((resolve) => {
      (async () => {
        for await (const event of dealer.events) {
          events.push(event);
          if (event.type.startsWith("handshake")) resolve();
        }
      })();
    });
    router.events.on("handshake:error:protocol", (event) => events.push(event));
    await router.bind("tcp://127.0.0.1:*");
    dealer.connect(router.lastEndpoint as string);
    await isOver;
    const all = { router, dealer, context, authenticator, events, decisions, warnings, of: router.events };
    for (const [name, value] of Object.entries(all)) assertSilent(dumped(value), name);
    assertSilent(dumped([router.peers, dealer.peers]), "peers");
    process.off("warning", warn);
  });
}

test("a secret that cannot be assigned does not appear in the error", () => {
  const long = PASSWORD.repeat(20);
  const attempts: object[] = [
    { curveSecretKey: `${server.secretKey}x` },
    { curveSecretKey: server.secretKey.slice(1) },
    { curveSecretKey: `${server.secretKey.slice(0, -1)}~` },
    { curveSecretKey: [server.secretKey] },
    { plainPassword: long },
    { plainUsername: long },
    { plainPassword: { text: PASSWORD } },
  ];
  for (const options of attempts) {
    const error = thrown(() => opened(new zmq.Dealer(options)));
    const shown = dumped(error);
    const isShown = [PASSWORD, server.secretKey.slice(1, -1)].some((secret) => shown.includes(secret));
    assert.ok(!isShown, Object.keys(options).join());
  }
  const mismatched = {
    curveServerKey: server.publicKey,
    curvePublicKey: server.publicKey,
    curveSecretKey: client.secretKey,
  };
  assertSilent(dumped(thrown(() => opened(new zmq.Dealer(mismatched)).connect("tcp://127.0.0.1:1"))), "mismatch");
  assertSilent(dumped(thrown(() => opened(new zmq.Dealer({ curveSecretKey: client.secretKey })).connect("tcp://127.0.0.1:1"))), "no role"); // biome-ignore format: one row
  const halves = `${client.secretKey.slice(0, 39)}~`;
  for (const attempt of [
    () => zmq.curvePublicKey(halves),
    () => zmq.decodeZ85(halves),
    () => zmq.parseCertificate(`curve\n    public-key = "${halves}"\n`),
  ]) {
    // biome-ignore format: one row
    assert.ok(!dumped(thrown(attempt)).includes(halves.slice(0, 20)));
  }
});

test("a socket's dump tells what it is", () => {
  class Named extends zmq.Dealer {
    name = "mine";
  }
  assert.equal(inspect(opened(new Named())), "Named { closed: false, lastEndpoint: null, name: 'mine' }");
});

function thrown(attempt: () => unknown): unknown {
  try {
    attempt();
  } catch (error) {
    return error;
  }
  return assert.fail("nothing was thrown");
}
