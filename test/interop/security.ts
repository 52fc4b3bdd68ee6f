/**
 * PLAIN and CURVE with libzmq: every pair of types with either side as server and as binder; our `Authenticator` for its
 * clients, a handler of its own for ours (pyzmq's Authenticator where that is the library), and handlers that fail.
 */

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe } from "node:test";
import * as zmq from "../../src/index.ts";
import { exchange, PAIRS } from "./matrix.ts";
import { ANY_PORT, hex, it, opener, schemeOf } from "./opener.ts";
import { type Library, Peer, type PeerSocket } from "./peer.ts";

const USERS = { admin: "correct horse" };
const server = zmq.curveKeyPair();
const client = zmq.curveKeyPair();
const stranger = zmq.curveKeyPair();

const clientOptions = (own: zmq.CurveKeyPair, serverKey = server.publicKey) => ({
  curveServerKey: serverKey,
  curvePublicKey: own.publicKey,
  curveSecretKey: own.secretKey,
});

/** Options of a server, of a client that it knows, and of one that it does not. */
const MECHANISMS = [
  {
    name: "PLAIN",
    server: { plainServer: true },
    client: { plainUsername: "admin", plainPassword: USERS.admin },
    stranger: { plainUsername: "admin", plainPassword: "wrong" },
  },
  {
    name: "CURVE",
    server: { curveServer: true, curveSecretKey: server.secretKey },
    client: clientOptions(client),
    stranger: clientOptions(stranger),
  },
] as const;

/** Registers the cases against one library. `anyPort`: where sockets bind. */
export function security(library: Library, anyPort: string = ANY_PORT): void {
  describe(`security with ${library} over ${schemeOf(anyPort)}`, () => {
    const isWebSocket = schemeOf(anyPort) === "ws";
    const peer = new Peer(library);
    const folder = mkdtempSync(join(tmpdir(), "zmq-security-"));
    const certificates = join(folder, "clients");
    const context = new zmq.Context();
    const { ours, theirs } = opener(() => peer, anyPort);
    before(() => {
      mkdirSync(certificates);
      // Written by us, read by both sides.
      zmq.saveCertificate(join(certificates, "client.key"), { ...client, metadata: { name: "Client" } });
    });
    after(async () => {
      await peer.end();
      await context.close();
      rmSync(folder, { recursive: true, force: true });
    });

    /** Our sockets ask a handler of ours, and theirs one of theirs, until the test is over. */
    let authenticator: zmq.Authenticator | undefined;
    function weAuthenticate(options: zmq.AuthenticatorOptions = {}): zmq.Authenticator {
      const rules = { plain: USERS, curve: zmq.certificateFolder(certificates) };
      authenticator = new zmq.Authenticator({ ...rules, ...options, context }).start();
      return authenticator;
    }
    afterEach(async () => {
      authenticator?.stop();
      await peer.call("deauthenticate");
    });

    async function ourServer(options: object): Promise<zmq.Router & { lastEndpoint: string }> {
      const socket = ours(new zmq.Router({ context, ...options }));
      await socket.bind(anyPort);
      return socket as zmq.Router & { lastEndpoint: string };
    }
    /** One that has been told to connect, and what happened to it so far. */
    function ourClient(address: string, options: object) {
      const socket = ours(new zmq.Dealer({ reconnectInterval: 10, ...options }));
      const events = record(socket);
      socket.connect(address);
      return { socket, events };
    }

    for (const mechanism of MECHANISMS) {
      describe(mechanism.name, () => {
        for (const weServe of [true, false]) {
          for (const weBind of [true, false]) {
            for (const pair of PAIRS) {
              // With a user id, libzmq's REQ as a server disconnects every peer at its first reply, libzmq's own too.
              if (!weServe && pair.theirs === "REQ") continue;
              const where = `${weServe ? "we" : "libzmq"} as server, ${weBind ? "we" : "libzmq"} bound`;
              it(`${pair.ours} and ${pair.theirs} exchange every size of message, ${where}`, async () => {
                if (weServe) weAuthenticate();
                else await peer.call("authenticate", { users: USERS, certificates });
                await exchange(peer, pair, {
                  address: anyPort,
                  weBind,
                  ourOptions: { context, ...(weServe ? mechanism.server : mechanism.client) },
                  theirOptions: weServe ? mechanism.client : mechanism.server,
                });
              });
            }
          }
        }

        const heartbeats = { heartbeatInterval: 30, heartbeatTimeout: 1000 };
        for (const [who, options] of [
          ["libzmq alone", [{}, heartbeats]],
          ["we alone", [heartbeats, {}]],
          [
            "both",
            [
              { ...heartbeats, heartbeatTimeToLive: 1000 },
              { ...heartbeats, heartbeatTimeToLive: 1000 },
            ],
          ],
        ] as const) {
          // biome-ignore format: one row each
          it(`heartbeats of ${who} keep a quiet connection, and reach no application`, async () => {
            weAuthenticate();
            const router = await ourServer({ ...mechanism.server, ...options[0] });
            const events = record(router);
            const dealer = await theirs("DEALER", { ...mechanism.client, ...options[1] });
            await dealer.connect(router.lastEndpoint);
            await dealer.send(["before"]);
            const [id, first] = await router.receive();
            assert.equal(String(first), "before");
            await new Promise((resolve) => setTimeout(resolve, 1500)); // Longer than a connection without them would last.
            await router.send([id as Uint8Array, "after"]);
            assert.deepEqual(await dealer.receive(1), [[hex("after")]]);
            assert.deepEqual(events.types(), ["accept", "handshake"]);
          });
        }

        it("our server refuses a stranger of libzmq's, which does not try again", async () => {
          const decided = decision(weAuthenticate());
          const router = await ourServer(mechanism.server);
          const events = record(router);
          const dealer = await theirs("DEALER", { ...mechanism.stranger, reconnectInterval: 10 });
          await dealer.connect(router.lastEndpoint);
          await dealer.event("handshake:error:auth");
          assert.equal((await decided).status, 400);
          await quiet();
          assert.deepEqual(events.types(), ["accept", "handshake:error:auth", "disconnect"]);
          assert.ok(!(await dealer.events()).includes("connect:retry"));
        });

        it("libzmq's server refuses a stranger of ours, which does not try again", async () => {
          await peer.call("authenticate", { users: USERS, certificates });
          const router = await theirs("ROUTER", mechanism.server);
          const { events } = ourClient(await router.bind(anyPort), mechanism.stranger);
          await router.event("handshake:error:auth");
          assert.equal((await events.first("handshake:error:auth")).error.status, 400);
          await quiet();
          assert.deepEqual(events.types().slice(-2), ["handshake:error:auth", "disconnect"]);
        });

        // Over ws libzmq has no time limit for a handshake, and its handshake event comes before the mechanism begins.
        if (!isWebSocket) {
          it("300 is no answer: both sides try again when the handshake's time is over", async () => {
            const router = await ourServer({ ...mechanism.server, handshakeInterval: 60 });
            weAuthenticate({ plain: () => Promise.reject(new Error("for now")), curve: () => Promise.reject(new Error("for now")) }); // biome-ignore format: one row
            const dealer = await theirs("DEALER", { ...mechanism.client, reconnectInterval: 10 });
            await dealer.connect(router.lastEndpoint);
            await dealer.event("connect:retry");

            await peer.call("misbehave", { status: "300" });
            const their = await theirs("ROUTER", { ...mechanism.server, handshakeInterval: 60 });
            const { events } = ourClient(await their.bind(anyPort), mechanism.client);
            await events.first("connect:retry");
            assert.ok(!events.types().includes("handshake:error:auth"));
          });

          for (const [what, options] of [
            ["never answers", {}],
            ["dies before it answers", { crash: true }],
          ] as const) {
            // biome-ignore format: one row
            it(`a handler of libzmq's that ${what} leaves our client to the time-out, after which it tries again`, async () => {
              await peer.call("misbehave", options);
              const router = await theirs("ROUTER", { ...mechanism.server, handshakeInterval: 60 });
              const { events } = ourClient(await router.bind(anyPort), mechanism.client);
              await events.first("connect:retry");
              assert.ok(!events.types().some((type) => type === "handshake" || type === "handshake:error:auth"));
            });

            it(`a handler of ours that ${what} leaves libzmq's client to the time-out, after which it tries again`, async () => {
              const handler = ours(new zmq.Reply({ context }));
              await handler.bind("inproc://zeromq.zap.01");
              const router = await ourServer({ ...mechanism.server, handshakeInterval: 60 });
              const dealer = await theirs("DEALER", { ...mechanism.client, reconnectInterval: 10 });
              await dealer.connect(router.lastEndpoint);
              await handler.receive();
              if ("crash" in options) handler.close();
              await dealer.event("connect:retry");
              assert.ok(
                !(await dealer.events()).some((type) => type === "handshake" || type === "handshake:error:auth"),
              );
            });
          }
        }

        it("a domain without rules for it is refused, on either side", async () => {
          const none = { plain: {}, curve: [] };
          const known = { plain: USERS, curve: zmq.certificateFolder(certificates) };
          weAuthenticate({ ...none, domains: { inner: known } });
          for (const [zapDomain, event] of [
            ["inner", "handshake"],
            ["outer", "handshake:error:auth"],
          ] as const) {
            // biome-ignore format: one row
            const router = await ourServer({ ...mechanism.server, zapDomain });
            const dealer = await theirs("DEALER", mechanism.client);
            await dealer.connect(router.lastEndpoint);
            await dealer.event(event);
          }
          await peer.call("authenticate", { users: USERS, certificates, domain: "inner" });
          for (const [zapDomain, event] of [
            ["inner", "handshake"],
            ["outer", "handshake:error:auth"],
          ] as const) {
            // biome-ignore format: one row
            const router = await theirs("ROUTER", { ...mechanism.server, zapDomain });
            const { events } = ourClient(await router.bind(anyPort), mechanism.client);
            await events.first(event);
          }
        });

        it("a peer without security, or with the other mechanism, gets nowhere", async () => {
          weAuthenticate();
          const other = MECHANISMS.find(({ name }) => name !== mechanism.name)?.client as object;
          for (const options of [{}, other]) {
            const router = await ourServer(mechanism.server);
            const events = record(router);
            const dealer = await theirs("DEALER", { ...options, reconnectInterval: 500 });
            await dealer.connect(router.lastEndpoint);
            // Who reads the other's greeting first ends it.
            await events.firstOf("handshake:error:protocol", "handshake:error:other", "accept:error");
            const their = await theirs("ROUTER", mechanism.server);
            const { events: dialed } = ourClient(await their.bind(anyPort), options);
            await dialed.firstOf("handshake:error:protocol", "handshake:error:other");
            for (const each of [events, dialed]) assert.ok(!each.types().includes("handshake"));
          }
        });
      });
    }

    it("without a handler libzmq's PLAIN server refuses us, and its CURVE server lets us in", async () => {
      const plain = await theirs("ROUTER", MECHANISMS[0].server);
      const { events } = ourClient(await plain.bind(anyPort), { ...MECHANISMS[0].client, handshakeInterval: 300 });
      await plain.event("handshake:error:other");
      // While somebody watches its events, libzmq leaves such a connection open.
      await events.first("handshake:error:other");
      const curve = await theirs("ROUTER", MECHANISMS[1].server);
      await ourClient(await curve.bind(anyPort), MECHANISMS[1].client).events.first("handshake");
    });

    it("without a handler our PLAIN server refuses libzmq, and our CURVE server lets it in", async () => {
      const plain = await ourServer(MECHANISMS[0].server);
      const events = record(plain);
      const dealer = await theirs("DEALER", MECHANISMS[0].client);
      await dealer.connect(plain.lastEndpoint);
      assert.equal((await events.first("handshake:error:other")).error.code, "EFAULT");
      const curve = await ourServer(MECHANISMS[1].server);
      const other = await theirs("DEALER", MECHANISMS[1].client);
      await other.connect(curve.lastEndpoint);
      await other.event("handshake");
    });

    it("who has another server's key gets nowhere, and learns nothing", async () => {
      weAuthenticate();
      const router = await ourServer(MECHANISMS[1].server);
      const events = record(router);
      const dealer = await theirs("DEALER", { ...clientOptions(client, stranger.publicKey), reconnectInterval: 500 });
      await dealer.connect(router.lastEndpoint);
      assert.equal((await events.first("handshake:error:protocol")).error.code, "ERR_ZMTP_CRYPTOGRAPHIC");
      const their = await theirs("ROUTER", { ...MECHANISMS[1].server, handshakeInterval: 200 });
      const { events: dialed } = ourClient(await their.bind(anyPort), clientOptions(client, stranger.publicKey));
      await their.event("handshake:error:protocol");
      await dialed.first("connect:retry");
      assert.ok(!dialed.types().includes("handshake"));
    });

    it("subscriptions change under CURVE in both directions", async () => {
      weAuthenticate();
      const pub = ours(new zmq.XPublisher({ context, ...MECHANISMS[1].server }));
      await pub.bind(anyPort);
      const sub = await theirs("SUB", MECHANISMS[1].client);
      await sub.connect(pub.lastEndpoint as string);
      await subscribing(sub, pub);

      await peer.call("authenticate", { certificates });
      const their = await theirs("XPUB", MECHANISMS[1].server);
      const our = ours(new zmq.Subscriber({ context, ...MECHANISMS[1].client }));
      our.connect(await their.bind(anyPort));
      our.subscribe("a", "b");
      assert.deepEqual(await their.receive(2), [[hex("\x01a")], [hex("\x01b")]]);
      our.unsubscribe("a");
      assert.deepEqual(await their.receive(1), [[hex("\0a")]]);
      await their.send(["ax"], ["bx", "second"]);
      assert.equal(String(await our.receive()), "bx,second");
    });

    async function subscribing(sub: PeerSocket, pub: zmq.XPublisher): Promise<void> {
      await sub.subscribe("a", "b");
      assert.deepEqual([String(await pub.receive()), String(await pub.receive())].sort(), ["\x01a", "\x01b"]);
      await sub.unsubscribe("a");
      assert.equal(String(await pub.receive()), "\0a");
      await pub.send("ax");
      await pub.send(["bx", "second"]);
      assert.deepEqual(await sub.receive(1), [[hex("bx"), hex("second")]]);
    }

    it("libzmq's clients have user id and metadata on their messages here", async () => {
      weAuthenticate();
      const router = await ourServer(MECHANISMS[1].server);
      const dealer = await theirs("DEALER", MECHANISMS[1].client);
      await dealer.connect(router.lastEndpoint);
      await dealer.send(["x"]);
      const { metadata } = await router.receiveFrom();
      assert.deepEqual([metadata["User-Id"], metadata.name], [client.publicKey, "Client"]);
    });
  });
}

function decision(authenticator: zmq.Authenticator): Promise<zmq.AuthenticationDecision> {
  return new Promise((resolve) => authenticator.on("decision", resolve));
}

/** Long enough for a client that tries again after 10 ms to have done so. */
function quiet(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 100));
}

/** The events of a socket from now on. */
function record(socket: zmq.Socket) {
  const events: zmq.Event[] = [];
  let wake = () => {};
  (async () => {
    for await (const event of socket.events) {
      events.push(event);
      wake();
    }
  })();
  return {
    types: () => events.map(({ type }) => type),
    first<E extends zmq.EventType>(type: E): Promise<zmq.EventOfType<E>> {
      return this.firstOf(type);
    },
    async firstOf<E extends zmq.EventType>(...types: E[]): Promise<zmq.EventOfType<E>> {
      for (;;) {
        const found = events.find(({ type }) => (types as string[]).includes(type));
        if (found !== undefined) return found as zmq.EventOfType<E>;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}
