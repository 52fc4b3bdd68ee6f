/**
 * What sockets do beyond exchanging messages, against libzmq: subscriptions, routing ids and metadata, request options,
 * high-water marks and size limits, mismatches, and proxies between its sockets.
 */

import assert from "node:assert/strict";
import { after, describe } from "node:test";
import * as zmq from "../../src/index.ts";
import { described } from "./frames.ts";
import { ANY_PORT, hex, it, opener, schemeOf, until } from "./opener.ts";
import { type Library, Peer } from "./peer.ts";

/** Registers the cases against one library. `anyPort`: where sockets bind. */
export function behaviour(library: Library, anyPort: string = ANY_PORT): void {
  describe(`behaviour against ${library} over ${schemeOf(anyPort)}`, () => {
    const { ours, theirs, bound } = opener(() => peer, anyPort);
    /** Over ws libzmq tells of WebSocket's own handshake too. */
    const webSocketHandshakes = schemeOf(anyPort) === "ws" ? 1 : 0;
    const peer = new Peer(library);
    after(() => peer.end());

    describe("subscriptions", () => {
      it("SUB receives what its prefixes match, and unsubscribes by count", async () => {
        const pub = await theirs("XPUB");
        const sub = ours(new zmq.Subscriber());
        sub.connect(await pub.bind(anyPort));
        sub.subscribe("a", "bc", "a");
        assert.deepEqual(await pub.receive(2), [[hex("\x01a")], [hex("\x01bc")]]);
        await pub.send(["b"], ["bcd"], ["x", "bc"], ["abc", "a"]);
        assert.equal(String(await sub.receive()), "bcd");
        assert.equal(String(await sub.receive()), "abc,a");
        sub.unsubscribe("a");
        sub.unsubscribe("bc");
        assert.deepEqual(await pub.receive(1), [[hex("\0bc")]]);
        await pub.send(["bcd"], ["a"]);
        assert.equal(String(await sub.receive()), "a");
        sub.unsubscribe("a");
        assert.deepEqual(await pub.receive(1), [[hex("\0a")]]);
      });

      it("XPUB hears of a SUB of libzmq, which receives what its prefixes match", async () => {
        const pub = await bound(new zmq.XPublisher());
        const sub = await theirs("SUB");
        await sub.connect(pub.lastEndpoint);
        await sub.subscribe("a", "bc");
        const subscriptions = [String(await pub.receive()), String(await pub.receive())];
        assert.deepEqual(subscriptions.sort(), ["\x01a", "\x01bc"]);
        for (const topic of ["b", "bcd", "xa", "abc"]) await pub.send(topic);
        assert.deepEqual(await sub.receive(2), [[hex("bcd")], [hex("abc")]]);
        await sub.unsubscribe("bc");
        assert.equal(String(await pub.receive()), "\0bc");
      });

      it("subscriptions of every length at which their framing changes arrive from libzmq, and end", async () => {
        const pub = await bound(new zmq.XPublisher());
        const sub = await theirs("SUB");
        await sub.connect(pub.lastEndpoint);
        for (const size of [0, 1, 244, 245, 246, 247, 248, 249, 254, 255, 256, 70_000]) {
          const topic = Buffer.alloc(size, "t");
          await sub.subscribe({ hex: topic.toString("hex") });
          assert.deepEqual(await pub.receive(), [Buffer.concat([Buffer.of(1), topic])], `SUBSCRIBE of ${size}`);
          await pub.send(topic);
          assert.deepEqual(await sub.receive(1), [[described(topic)]]);
          await sub.unsubscribe({ hex: topic.toString("hex") });
          assert.deepEqual(await pub.receive(), [Buffer.concat([Buffer.of(0), topic])], `CANCEL of ${size}`);
        }
      });

      it("subscriptions of every length at which their framing changes reach libzmq, and end", async () => {
        const pub = await theirs("XPUB");
        const sub = ours(new zmq.Subscriber());
        sub.connect(await pub.bind(anyPort));
        for (const size of [0, 1, 244, 245, 246, 247, 248, 249, 254, 255, 256, 70_000]) {
          const topic = Buffer.alloc(size, "t");
          sub.subscribe(topic);
          assert.deepEqual(await pub.receive(1), [[described(Buffer.concat([Buffer.of(1), topic]))]]);
          await pub.send([{ hex: topic.toString("hex") }]);
          assert.deepEqual(await sub.receive(), [topic]);
          sub.unsubscribe(topic);
          assert.deepEqual(await pub.receive(1), [[described(Buffer.concat([Buffer.of(0), topic]))]]);
        }
      });

      it("XSUB subscribes at libzmq by messages, and sends it messages of its user", async () => {
        const pub = await theirs("XPUB");
        const sub = ours(new zmq.XSubscriber());
        sub.connect(await pub.bind(anyPort));
        await sub.connected();
        await sub.send("\x01A");
        await sub.send(["hello", "publisher"]);
        await sub.send("\0A");
        assert.deepEqual(await pub.receive(3), [[hex("\x01A")], [hex("hello"), hex("publisher")], [hex("\0A")]]);
      });

      it("a welcome message reaches a SUB of libzmq that subscribed to it", async () => {
        const pub = ours(new zmq.XPublisher({ welcomeMessage: "welcome" }));
        await pub.bind(anyPort);
        const sub = await theirs("SUB");
        await sub.subscribe("wel");
        await sub.connect(pub.lastEndpoint as string);
        assert.deepEqual(await sub.receive(1), [[hex("welcome")]]);
      });

      it("a welcome message of libzmq reaches a SUB that subscribed to it", async () => {
        const pub = await theirs("XPUB", { welcomeMessage: "welcome" });
        const sub = ours(new zmq.Subscriber());
        sub.subscribe("wel");
        sub.connect(await pub.bind(anyPort));
        assert.deepEqual(await pub.receive(1), [[hex("\x01wel")]]);
        assert.equal(String(await sub.receive()), "welcome");
      });

      it("inverted matching on both sides delivers what matches no subscription", async () => {
        const pub = await bound(new zmq.XPublisher({ invertMatching: true }));
        const sub = await theirs("SUB", { invertMatching: true });
        await sub.subscribe("a");
        await sub.connect(pub.lastEndpoint);
        await pub.receive();
        await pub.send("abc");
        await pub.send("xyz");
        assert.deepEqual(await sub.receive(1), [[hex("xyz")]]);
      });
    });

    describe("routing ids and metadata", () => {
      for (const id of [Buffer.of(0x80), Buffer.from("name"), Buffer.alloc(255, 0xee)]) {
        it(`a routing id of ${id.length} octets names a DEALER at libzmq's ROUTER`, async () => {
          const router = await theirs("ROUTER");
          const dealer = ours(new zmq.Dealer());
          Object.assign(dealer, { routingId: id });
          dealer.connect(await router.bind(anyPort));
          await dealer.send("x");
          assert.deepEqual(await router.receive(1), [[described(id), hex("x")]]);
        });
      }

      it("a routing id names a DEALER of libzmq at a ROUTER; without one the ROUTER makes up five octets", async () => {
        const router = await bound(new zmq.Router());
        const named = await theirs("DEALER", { routingId: "name" });
        const nameless = await theirs("DEALER");
        await named.connect(router.lastEndpoint);
        await named.send(["x"]);
        assert.equal(String(await router.receive()), "name,x");
        await nameless.connect(router.lastEndpoint);
        await nameless.send(["x"]);
        const [id] = await router.receive();
        assert.equal(id?.length, 5);
        assert.equal(id?.[0], 0);
      });

      it("CONNECT_ROUTING_ID names libzmq's DEALER before it has spoken", async () => {
        const dealer = await theirs("DEALER", { routingId: "another" });
        const router = ours(new zmq.Router({ mandatory: true }));
        router.connect(await dealer.bind(anyPort), { routingId: "mine" });
        await router.send(["mine", "x"]);
        assert.deepEqual(await dealer.receive(1), [[hex("x")]]);
        await dealer.send(["y"]);
        assert.equal(String(await router.receive()), "mine,y");
      });

      it("PROBE_ROUTER shows a DEALER to libzmq's ROUTER, and the other way round", async () => {
        const theirRouter = await theirs("ROUTER");
        const dealer = ours(new zmq.Dealer({ probeRouter: true, routingId: "ours" }));
        dealer.connect(await theirRouter.bind(anyPort));
        assert.deepEqual(await theirRouter.receive(1), [[hex("ours"), ""]]);
        const router = await bound(new zmq.Router());
        const theirDealer = await theirs("DEALER", { probeRouter: true, routingId: "theirs" });
        await theirDealer.connect(router.lastEndpoint);
        assert.equal(String(await router.receive()), "theirs,");
      });

      it("HANDOVER gives a routing id to the newer of two peers of libzmq", async () => {
        const router = await bound(new zmq.Router({ handover: true }));
        const older = await theirs("DEALER", { routingId: "name" });
        await older.connect(router.lastEndpoint);
        await older.send(["1"]);
        assert.equal(String(await router.receive()), "name,1");
        const newer = await theirs("DEALER", { routingId: "name" });
        await newer.connect(router.lastEndpoint);
        await newer.send(["2"]);
        assert.equal(String(await router.receive()), "name,2");
        await router.send(["name", "3"]);
        assert.deepEqual(await newer.receive(1), [[hex("3")]]);
      });

      it("receiveFrom tells the properties of a libzmq peer", async () => {
        const pull = await bound(new zmq.Router());
        const push = await theirs("DEALER", { routingId: "name" });
        await push.connect(pull.lastEndpoint);
        await push.send(["x"]);
        const { metadata, peer: from } = await pull.receiveFrom();
        assert.deepEqual({ ...metadata }, { "Socket-Type": "DEALER", Identity: "name", "Peer-Address": "127.0.0.1" });
        assert.equal(from?.endpoint, pull.lastEndpoint);
        assert.match(from?.address ?? "", /^(tcp|ws):\/\/127\.0\.0\.1:\d+$/);
        assert.equal(String(from?.routingId), "name");
      });

      // npm zeromq does not show metadata.
      if (library === "pyzmq") {
        it("libzmq reads our properties, X- ones among them", async () => {
          const router = await theirs("ROUTER");
          const dealer = ours(new zmq.Dealer({ routingId: "name", metadata: { "X-Colour": "blue" } }));
          dealer.connect(await router.bind(anyPort));
          await dealer.send("x");
          assert.deepEqual(await router.properties("Socket-Type", "Identity", "X-Colour"), {
            "Socket-Type": "DEALER",
            Identity: "name",
            "X-Colour": "blue",
          });
        });
      }
    });

    describe("requests", () => {
      it("correlated requests are answered by libzmq's REP, and a late reply is ignored", async () => {
        const router = await theirs("ROUTER");
        const req = ours(new zmq.Request({ correlate: true, relaxed: true, routingId: "me" }));
        req.connect(await router.bind(anyPort));
        await req.send("1");
        const [[, first] = []] = await router.receive(1);
        await req.send("2");
        const [[, second] = []] = await router.receive(1);
        assert.notEqual(first, second);
        await router.send(["me", { hex: first as string }, "", "late"]);
        await router.send(["me", { hex: second as string }, "", "right"]);
        assert.equal(String(await req.receive()), "right");
      });

      it("REP answers correlated requests of libzmq", async () => {
        const rep = await bound(new zmq.Reply());
        const req = await theirs("REQ", { correlate: true, relaxed: true });
        await req.connect(rep.lastEndpoint);
        for (const text of ["1", "2", "3"]) {
          await req.send([text]);
          await rep.send(await rep.receive());
          assert.deepEqual(await req.receive(1), [[hex(text)]]);
        }
      });

      it("a proxy joins REQ and REP of libzmq", async () => {
        const front = await bound(new zmq.Router());
        const back = await bound(new zmq.Dealer());
        const proxy = new zmq.Proxy(front, back);
        const run = proxy.run();
        const workers = [await theirs("REP"), await theirs("REP")];
        const clients = [await theirs("REQ"), await theirs("REQ")];
        for (const worker of workers) await worker.connect(back.lastEndpoint);
        for (const client of clients) await client.connect(front.lastEndpoint);
        await Promise.all(workers.map((worker) => worker.event("handshake")));
        const echoes = workers.map((worker) => worker.echo(5));
        for (let i = 0; i < 5; i++) {
          await Promise.all(
            clients.map(async (client, c) => {
              await client.send([`${c}`, `${i}`]);
              assert.deepEqual(await client.receive(1), [[hex(`${i}`), hex(`${c}`)]]);
            }),
          );
        }
        await Promise.all(echoes);
        proxy.terminate();
        await run;
      });

      it("a proxy joins PUB and SUB of libzmq, subscriptions upstream", async () => {
        const front = await bound(new zmq.XSubscriber());
        const back = await bound(new zmq.XPublisher());
        const proxy = new zmq.Proxy(front, back);
        const run = proxy.run();
        const pub = await theirs("XPUB");
        const sub = await theirs("SUB");
        await pub.connect(front.lastEndpoint);
        await sub.connect(back.lastEndpoint);
        await sub.subscribe("a");
        assert.deepEqual(await pub.receive(1), [[hex("\x01a")]]);
        await pub.send(["b"], ["abc", "2"]);
        assert.deepEqual(await sub.receive(1), [[hex("abc"), hex("2")]]);
        await sub.unsubscribe("a");
        assert.deepEqual(await pub.receive(1), [[hex("\0a")]]);
        proxy.terminate();
        await run;
      });
    });

    describe("limits and mistakes", () => {
      it("PUSH waits when libzmq's PULL does not read, and loses nothing", async () => {
        const push = await bound(new zmq.Push({ sendHighWaterMark: 5, sendTimeout: 300 }));
        const pull = await theirs("PULL", { receiveHighWaterMark: 5 });
        await pull.connect(push.lastEndpoint);
        await push.connected();
        const body = Buffer.alloc(500_000, 1);
        let sent = 0;
        await assert.rejects(
          async () => {
            for (; sent < 1000; sent++) await push.send([String(sent), body]);
          },
          { code: "EAGAIN" },
        );
        assert(sent >= 10 && sent < 100, `${sent} messages were taken`);
        const received = await pull.receive(sent);
        assert.deepEqual(
          received.map(([number]) => number),
          Array.from({ length: sent }, (_, i) => hex(String(i))),
        );
      });

      it("a libzmq PUSH waits when PULL does not read, and loses nothing", async () => {
        const pull = await bound(new zmq.Pull({ receiveHighWaterMark: 5 }));
        const push = await theirs("PUSH", { sendHighWaterMark: 5 });
        await push.connect(pull.lastEndpoint);
        const messages = Array.from({ length: 60 }, (_, i) => [String(i), { size: 500_000, seed: i }]);
        let isSent = false;
        const sent = push.send(...messages).then(() => {
          isSent = true;
        });
        while ((pull.peers[0]?.receiveQueueLength ?? 0) < 5) await new Promise(setImmediate);
        assert.equal(isSent, false);
        assert.equal(pull.peers[0]?.receiveQueueLength, 5);
        for (let i = 0; i < 60; i++) assert.equal(String((await pull.receive())[0]), String(i));
        await sent;
      });

      it("a message over libzmq's MAXMSGSIZE ends the connection for good", async () => {
        const pull = await theirs("PULL", { maxMessageSize: 100 });
        const push = ours(new zmq.Push());
        push.connect(await pull.bind(anyPort));
        await push.send(Buffer.alloc(100));
        await push.send(Buffer.alloc(101));
        assert.deepEqual(await pull.receive(1), [[described(Buffer.alloc(100))]]);
        await pull.event("disconnect");
      });

      it("a message of libzmq over maxMessageSize ends its connection, not the socket", async () => {
        const pull = ours(new zmq.Pull({ maxMessageSize: 100 }));
        await pull.bind(anyPort);
        const bad = await theirs("PUSH");
        await bad.connect(pull.lastEndpoint as string);
        await bad.send([{ size: 101, seed: 0 }]);
        await bad.event("disconnect");
        const good = await theirs("PUSH");
        await good.connect(pull.lastEndpoint as string);
        await good.send([{ size: 100, seed: 0 }]);
        assert.equal((await pull.receive())[0]?.length, 100);
      });

      it("a mismatch of socket types ends an endpoint that was connected to libzmq", async () => {
        const pub = await theirs("PUB");
        const push = ours(new zmq.Push({ reconnectInterval: 10 }));
        push.events.on("handshake", () => assert.fail("the handshake succeeded"));
        push.connect(await pub.bind(anyPort));
        // libzmq may hang up before its READY, which shows its type, is out: then there is another try.
        await until(() => push.peers.length === 0);
      });

      it("a mismatch of socket types refuses a connection of libzmq", async () => {
        const pub = await bound(new zmq.Publisher());
        const push = await theirs("PUSH");
        await push.connect(pub.lastEndpoint);
        await push.event("disconnect");
        const handshakes = (await push.events()).filter((type) => type === "handshake").length;
        assert.ok(handshakes <= webSocketHandshakes, `${handshakes} handshakes`);
        assert.equal(pub.peers.length, 0);
      });
    });
  });
}
