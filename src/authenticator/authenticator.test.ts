import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { inspect } from "node:util";
import * as zmq from "../index.ts";

const server = zmq.curveKeyPair();
const client = zmq.curveKeyPair();
const CURVE_SERVER = { curveServer: true, curveSecretKey: server.secretKey };
const CURVE_CLIENT = {
  curveServerKey: server.publicKey,
  curvePublicKey: client.publicKey,
  curveSecretKey: client.secretKey,
};
const ADMIN = { plainUsername: "admin", plainPassword: "correct horse" };

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

interface Fixture {
  readonly context: zmq.Context;
  readonly authenticator: zmq.Authenticator;
  /** One attempt to connect a DEALER to a ROUTER: what was decided, and the peer's metadata when it was let in. */
  readonly attempt: (
    server: object,
    client: object,
  ) => Promise<{ decision: zmq.AuthenticationDecision; metadata?: Readonly<Record<string, string>> }>;
}

function fixture(options: Omit<zmq.AuthenticatorOptions, "context">): Fixture {
  const context = new zmq.Context();
  open.push(context);
  const authenticator = new zmq.Authenticator({ ...options, context }).start();
  async function attempt(serverOptions: object, clientOptions: object) {
    const decided = new Promise<zmq.AuthenticationDecision>((resolve) => {
      const listener = (decision: zmq.AuthenticationDecision) => {
        authenticator.off("decision", listener);
        resolve(decision);
      };
      authenticator.on("decision", listener);
    });
    const router = new zmq.Router({ context, linger: 0, ...serverOptions });
    const dealer = new zmq.Dealer({ context: new zmq.Context(), linger: 0, ...clientOptions });
    try {
      await router.bind("tcp://127.0.0.1:*");
      dealer.connect(router.lastEndpoint as string);
      await dealer.send("in");
      // A socket that nobody waits for keeps no process alive, and neither does an authenticator.
      const received = router.receiveFrom();
      received.catch(() => {});
      const decision = await decided;
      if (!decision.allowed) return { decision };
      return { decision, metadata: (await received).metadata };
    } finally {
      dealer.close();
      router.close();
    }
  }
  return { context, authenticator, attempt };
}

test("without rules NULL is let in, PLAIN and CURVE are not", async () => {
  const { attempt } = fixture({});
  assert.equal((await attempt({ zapDomain: "x" }, {})).decision.status, 200);
  assert.equal((await attempt({ plainServer: true }, ADMIN)).decision.status, 400);
  assert.equal((await attempt(CURVE_SERVER, CURVE_CLIENT)).decision.status, 400);
});

test("PLAIN users come from an object or a map, and what changes there counts at once", async () => {
  for (const users of [{ admin: "correct horse" } as Record<string, string>, new Map([["admin", "correct horse"]])]) {
    const { attempt } = fixture({ plain: users });
    const { decision, metadata } = await attempt({ plainServer: true }, ADMIN);
    assert.deepEqual([decision.allowed, decision.userId, decision.username], [true, "admin", "admin"]);
    assert.equal(metadata?.["User-Id"], "admin");
    assert.equal((await attempt({ plainServer: true }, { ...ADMIN, plainPassword: "wrong" })).decision.status, 400);
    for (const plainUsername of ["nobody", "constructor", "__proto__", "Admin"]) {
      assert.equal((await attempt({ plainServer: true }, { ...ADMIN, plainUsername })).decision.status, 400);
    }
    if (users instanceof Map) users.delete("admin");
    else delete users.admin;
    assert.equal((await attempt({ plainServer: true }, ADMIN)).decision.status, 400);
  }
});

test("CURVE keys come from a set or an array, and what changes there counts at once", async () => {
  const keys = new Set([client.publicKey]);
  const { attempt } = fixture({ curve: keys });
  const { decision, metadata } = await attempt(CURVE_SERVER, CURVE_CLIENT);
  assert.deepEqual([decision.status, decision.publicKey], [200, client.publicKey]);
  assert.equal(metadata?.["User-Id"], client.publicKey);
  keys.clear();
  assert.equal((await attempt(CURVE_SERVER, CURVE_CLIENT)).decision.reason, "the key is not known");
  assert.equal((await fixture({ curve: [client.publicKey] }).attempt(CURVE_SERVER, CURVE_CLIENT)).decision.status, 200);
  assert.equal((await fixture({ curve: "any" }).attempt(CURVE_SERVER, CURVE_CLIENT)).decision.status, 200);
});

test("addresses are denied and allowed by ranges, for every mechanism", async () => {
  const rules = { plain: { admin: "correct horse" }, curve: "any" } as const;
  const rows: [zmq.AuthenticationRules, boolean][] = [
    [{ allow: ["127.0.0.0/8"] }, true],
    [{ allow: ["10.0.0.0/8", "::1"] }, false],
    [{ allow: [] }, false],
    [{ deny: ["127.0.0.1"] }, false],
    [{ deny: ["127.0.0.2"] }, true],
    [{ allow: ["127.0.0.0/8"], deny: ["127.0.0.0/24"] }, false],
  ];
  for (const [addresses, isAllowed] of rows) {
    const { attempt } = fixture({ ...rules, ...addresses });
    for (const [of, by] of [
      [{ zapDomain: "x" }, {}],
      [{ plainServer: true }, ADMIN],
      [CURVE_SERVER, CURVE_CLIENT],
    ] as const) {
      const { decision } = await attempt(of, by);
      assert.equal(decision.allowed, isAllowed, JSON.stringify(addresses));
      assert.equal(decision.address, "127.0.0.1");
    }
  }
});

test("a domain has rules of its own; what it does not name is decided by the general ones", async () => {
  const { attempt } = fixture({
    plain: { admin: "correct horse" },
    curve: "any",
    domains: { inner: { plain: { other: "x" }, curve: [] }, far: { deny: ["127.0.0.1"] } },
  });
  const at = async (zapDomain: string) => [
    (await attempt({ plainServer: true, zapDomain }, ADMIN)).decision.allowed,
    (await attempt({ ...CURVE_SERVER, zapDomain }, CURVE_CLIENT)).decision.allowed,
  ];
  assert.deepEqual(await at("outer"), [true, true]);
  assert.deepEqual(await at("inner"), [false, false]);
  assert.deepEqual(await at("far"), [false, false]);
});

test("callbacks decide, name the user and add metadata", async () => {
  const { attempt } = fixture({
    plain: async ({ username, password, address, domain, routingId }) => {
      assert.deepEqual([password, address, domain, String(routingId)], ["correct horse", "127.0.0.1", "d", "server"]);
      await Promise.resolve();
      return { allow: username === "admin", userId: "42", metadata: { "X-Role": "boss" }, reason: "as I please" };
    },
    curve: ({ publicKey }) => publicKey === client.publicKey,
  });
  const options = { plainServer: true, zapDomain: "d", routingId: "server" };
  const { decision, metadata } = await attempt(options, ADMIN);
  assert.deepEqual([decision.allowed, decision.reason, metadata?.["User-Id"]], [true, "as I please", "42"]);
  assert.equal(metadata?.["X-Role"], "boss");
  const other = await attempt(options, { ...ADMIN, plainUsername: "other" });
  assert.deepEqual([other.decision.status, other.decision.reason], [400, "as I please"]);
  assert.equal((await attempt(CURVE_SERVER, CURVE_CLIENT)).decision.allowed, true);
});

test("nothing but true and allow: true lets a peer in", async () => {
  for (const verdict of [false, undefined, null, 1, "yes", {}, { allow: "true" }, { userId: "x" }, []]) {
    const { attempt } = fixture({ curve: () => verdict as never });
    assert.equal((await attempt(CURVE_SERVER, CURVE_CLIENT)).decision.status, 400, inspect(verdict));
  }
});

test("a verdict whose texts are none refuses the peer, and is no error of the process", async () => {
  for (const texts of [{ userId: 42 }, { userId: null }, { reason: 7 }, { metadata: { "X-Id": 42 } }]) {
    const { attempt } = fixture({ curve: () => ({ allow: true, ...texts }) as never });
    const { decision } = await attempt(CURVE_SERVER, CURVE_CLIENT);
    assert.deepEqual([decision.status, decision.error instanceof Error], [300, true], inspect(texts));
  }
  const { attempt } = fixture({ curve: () => ({ allow: false, reason: null }) as never });
  assert.equal((await attempt(CURVE_SERVER, CURVE_CLIENT)).decision.status, 400);
});

test("a callback that fails or takes too long refuses the peer for now", async () => {
  const failure = new Error("no database");
  for (const curve of [
    () => Promise.reject(failure),
    () => {
      throw failure;
    },
  ]) {
    // biome-ignore format: one row
    const { decision } = await fixture({ curve }).attempt(CURVE_SERVER, CURVE_CLIENT);
    assert.deepEqual([decision.status, decision.error], [300, failure]);
  }
  let signal: AbortSignal | undefined;
  const { attempt } = fixture({
    timeout: 20,
    curve: (asked) => {
      signal = asked.signal;
      return new Promise(() => {});
    },
  });
  const { decision } = await attempt(CURVE_SERVER, CURVE_CLIENT);
  assert.deepEqual([decision.status, decision.reason], [300, "no decision within 20 ms"]);
  assert.equal(signal?.aborted, true);
});

test("a slow decision about one peer does not delay another", async () => {
  const context = new zmq.Context();
  open.push(context);
  const order: string[] = [];
  let release = () => {};
  const held = new Promise<boolean>((resolve) => {
    release = () => resolve(true);
  });
  new zmq.Authenticator({ context, plain: ({ username }) => (username === "slow" ? held : true) })
    .on("decision", ({ userId }) => {
      order.push(userId);
      release();
    })
    .start();
  const router = new zmq.Router({ context, plainServer: true, linger: 0 });
  await router.bind("tcp://127.0.0.1:*");
  for (const plainUsername of ["slow", "quick"]) {
    const dealer = new zmq.Dealer({ context, plainUsername, plainPassword: "x", linger: 0 });
    dealer.connect(router.lastEndpoint as string);
    await dealer.send("");
  }
  await router.receive();
  await router.receive();
  assert.deepEqual(order, ["quick", "slow"]);
});

test("many callbacks that never answer are given up, without a warning of the process", async () => {
  const warnings: string[] = [];
  const warned = (warning: Error): void => void warnings.push(warning.message);
  process.on("warning", warned);
  const { context } = fixture({ timeout: 50, plain: () => new Promise(() => {}) });
  const asker = new zmq.Dealer({ context, linger: 0 });
  asker.connect("inproc://zeromq.zap.01");
  const many = 20;
  for (let i = 0; i < many; i++) await asker.send(["", "1.0", `${i}`, "", "127.0.0.1", "", "PLAIN", "admin", "x"]);
  for (let i = 0; i < many; i++) assert.equal(String((await asker.receive())[3]), "300");
  process.off("warning", warned);
  assert.deepEqual(warnings, []);
});

test("the address is free after stop, and one context has one handler", async () => {
  const { context, authenticator } = fixture({});
  assert.equal(authenticator.running, true);
  assert.equal(authenticator.start(), authenticator);
  const other = new zmq.Authenticator({ context });
  assert.throws(() => other.start(), { code: "EADDRINUSE" });
  authenticator.stop();
  authenticator.stop();
  assert.equal(authenticator.running, false);
  {
    await using disposed = other.start();
    assert.equal(disposed.running, true);
  }
  assert.equal(other.running, false);
  authenticator.start();
  await context.close();
  assert.equal(authenticator.running, false);
});

test("a request that breaks RFC 27 is answered with 500", async () => {
  const { context } = fixture({ plain: () => true, curve: "any" });
  const asker = new zmq.Request({ context, receiveTimeout: 2000 });
  asker.connect("inproc://zeromq.zap.01");
  for (const request of [
    ["1.0", "7", "", "", "", "GSSAPI", "x"],
    ["2.0", "7", "", "", "", "NULL"],
    ["1.0", "7", "", "", ""],
    ["1.0", "7", "", "", "", "PLAIN", "only a name"],
    ["1.0", "7", "", "", "", "CURVE", "short"],
  ]) {
    await asker.send(request);
    assert.deepEqual((await asker.receive()).slice(0, 3).map(String), ["1.0", "7", "500"]);
  }
});

test("passwords that are not UTF-8 are refused, not guessed", async () => {
  const { context } = fixture({ plain: { admin: "\ufffd" } });
  const asker = new zmq.Request({ context, receiveTimeout: 2000 });
  asker.connect("inproc://zeromq.zap.01");
  await asker.send(["1.0", "1", "", "", "", "PLAIN", "admin", Buffer.from([0xff])]);
  assert.equal(String((await asker.receive())[2]), "400");
});

test("rules that cannot be are refused when they are given", () => {
  assert.throws(() => new zmq.Authenticator({ allow: ["10.0.0.0/40"] }), { code: "EINVAL" });
  assert.throws(() => new zmq.Authenticator({ domains: { x: { deny: ["name"] } } }), { code: "EINVAL" });
  assert.throws(() => new zmq.Authenticator({ curve: ["no key"] }), { code: "EINVAL" });
  assert.throws(() => new zmq.Authenticator({ curve: "everyone" as "any" }), TypeError);
  assert.throws(() => new zmq.Authenticator({ plain: "x" as never }), TypeError);
  assert.throws(() => new zmq.Authenticator({ allow: "127.0.0.1" as never }), TypeError);
  assert.throws(() => new zmq.Authenticator({ timeout: 0 }), RangeError);
  assert.throws(() => new zmq.Authenticator({ denied: ["10.0.0.1"] } as object), {
    name: "TypeError",
    message: /denied/,
  });
  assert.throws(() => new zmq.Authenticator({ domains: { x: { alow: [] } as object } }), TypeError);
  assert.throws(() => new zmq.Authenticator({ domains: { "*": { curve: [] } } }), { code: "EINVAL" });
});

test("neither the authenticator nor its decisions show a password or a secret key", async () => {
  const { authenticator, attempt } = fixture({ plain: { admin: "correct horse" }, curve: "any" });
  const shown = [
    inspect(authenticator, { showHidden: true, depth: 9 }),
    JSON.stringify(authenticator),
    inspect(await attempt({ plainServer: true }, ADMIN), { showHidden: true, depth: 9 }),
    inspect(await attempt({ plainServer: true }, { ...ADMIN, plainPassword: "correct donkey" }), { depth: 9 }),
    inspect(await attempt(CURVE_SERVER, CURVE_CLIENT), { depth: 9 }),
  ].join("\n");
  assert.doesNotMatch(shown, /correct/);
  assert.ok(![server.secretKey, client.secretKey].some((secret) => shown.includes(secret)));
});
