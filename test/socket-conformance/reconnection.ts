/**
 * Conformance: what survives a lost connection, when it is tried again, and messages that wait for one (immediate).
 */

import assert from "node:assert/strict";
import type { Socket as TcpSocket } from "node:net";
import { describe } from "node:test";
import { Dealer, Publisher, Pull, Push, Router, Subscriber, XPublisher } from "../../src/index.ts";
import { Bench, eventOf, it, rawServer, record, type TransportUnderTest, text, until } from "./bench.ts";

/** Registers the cases for a transport with links: inproc has none that could be lost. */
export function reconnection(transport: TransportUnderTest): void {
  describe(`reconnection over ${transport.name}`, () => {
    const bench = new Bench(transport);

    it("a connecting socket finds a listener that went away and came back, with all it queued meanwhile", async () => {
      const address = await bench.freeAddress();
      const push = bench.open(new Push({ reconnectInterval: 5 }));
      push.connect(address);
      for (let round = 0; round < 3; round++) {
        await push.send(`sent before ${round}`);
        const pull = bench.open(new Pull());
        await pull.bind(address);
        assert.equal(await text(pull), `sent before ${round}`);
        const lost = eventOf(push, "disconnect");
        pull.close();
        await lost;
      }
    });

    it("what an accepted peer was still to be sent is dropped when it goes, and not sent to another", async () => {
      const router = new Router();
      const first = new Dealer({ routingId: "d", receiveHighWaterMark: 1 });
      await bench.join(router, first);
      await first.send("here");
      await router.receive();
      for (let i = 0; i < 50; i++) await router.send(["d", Buffer.alloc(100_000)]);
      first.close();
      await until(() => router.peers.length === 0);
      const second = new Dealer({ routingId: "d" });
      await bench.join(router, second);
      await second.send("here");
      await router.receive();
      await router.send(["d", "new"]);
      assert.equal(await text(second), "new");
    });

    it("SUB subscribes again after each reconnection; a connected PUB goes on by the old subscriptions", async () => {
      const address = await bench.freeAddress();
      const sub = bench.open(new Subscriber({ reconnectInterval: 5 }));
      sub.subscribe("t", "t", "u");
      sub.connect(address);
      for (let round = 0; round < 2; round++) {
        const pub = bench.open(new XPublisher());
        await pub.bind(address);
        assert.deepEqual([await text(pub), await text(pub)].sort(), ["\x01t", "\x01u"]);
        await pub.send(["t", String(round)]);
        assert.equal(await text(sub), `t,${round}`);
        pub.close();
      }

      const pub = bench.open(new Publisher({ reconnectInterval: 5 }));
      const other = await bench.freeAddress();
      pub.connect(other);
      const first = bench.open(new Subscriber());
      first.subscribe("t");
      await first.bind(other);
      await pub.subscriberJoined("t");
      const lost = eventOf(pub, "disconnect");
      first.close();
      await lost;
      await pub.send("t kept");
      await pub.send("u not kept");
      const second = bench.open(new Subscriber());
      second.subscribe("");
      await second.bind(other);
      assert.equal(await text(second), "t kept");
    });

    it("with immediate a message waits for a connection, and is not queued for one that is still being made", async () => {
      const address = await bench.freeAddress();
      const push = bench.open(new Push({ immediate: true, sendTimeout: 20, reconnectInterval: 5 }));
      push.connect(address);
      assert.equal(push.writable, false);
      assert.equal(push.peers.length, 0);
      await assert.rejects(push.send("too early"), { code: "EAGAIN" });
      push.sendTimeout = -1;
      const sent = push.send("in time");
      const pull = bench.open(new Pull());
      await pull.bind(address);
      await sent;
      assert.equal(await text(pull), "in time");
      const lost = eventOf(push, "disconnect");
      pull.close();
      await lost;
      push.sendTimeout = 0;
      await assert.rejects(push.send("too late"), { code: "EAGAIN" });
    });

    it("with immediate messages go to the peer that is there", async () => {
      const pull = new Pull();
      const push = bench.open(new Push({ immediate: true, reconnectInterval: 5 }));
      push.connect(await bench.freeAddress());
      push.connect(await bench.bind(pull));
      for (let i = 0; i < 10; i++) await push.send(String(i));
      for (let i = 0; i < 10; i++) assert.equal(await text(pull), String(i));
    });

    it("the interval between attempts has a random part, or with a maximum doubles up to it", async () => {
      for (const [options, check] of [
        [{ reconnectInterval: 10 }, (all: number[]) => all.every((ms) => ms >= 10 && ms < 20)],
        [
          { reconnectInterval: 5, reconnectMaxInterval: 30 },
          (all: number[]) => assert.deepEqual(all, [5, 10, 20, 30, 30]) === undefined,
        ],
      ] as const) {
        const push = bench.open(new Push(options));
        const intervals: number[] = [];
        push.events.on("connect:retry", (event) => void intervals.push((event as { interval: number }).interval));
        push.connect(await bench.freeAddress());
        await until(() => intervals.length >= 5);
        assert(check(intervals.slice(0, 5)), String(intervals));
      }
    });

    for (const reconnectInterval of [0, -1]) {
      it(`with a reconnectInterval of ${reconnectInterval} a refused connection is not tried again, and its endpoint stays`, async () => {
        const push = bench.open(new Push({ reconnectInterval, sendTimeout: 20 }));
        const told = record(push);
        const address = await bench.freeAddress();
        push.connect(address);
        await until(() => told.includes("close"));
        await push.send("queued for nobody");
        push.disconnect(address);
        assert.throws(() => push.disconnect(address), { code: "ENOENT" });
        assert.equal(told.includes("connect:retry"), false);
      });

      it(`with a reconnectInterval of ${reconnectInterval} a lost connection ends its endpoint`, async () => {
        const pull = bench.open(new Pull());
        const push = bench.open(new Push({ reconnectInterval, sendTimeout: 20 }));
        const told = record(push);
        const address = await bench.bind(pull);
        push.connect(address);
        await until(() => told.includes("handshake"));
        pull.close();
        await until(() => told.includes("disconnect"));
        await assert.rejects(push.send("x"), { code: "EAGAIN" });
        assert.throws(() => push.disconnect(address), { code: "ENOENT" });
      });
    }

    it("reconnectStop ends the attempts when nobody listens", async () => {
      const gone = new Pull();
      const address = await bench.bind(gone);
      gone.close(); // Of ipc it leaves the file, as libzmq does, and connections are refused.
      const push = bench.open(new Push({ reconnectStop: 1, reconnectInterval: 5 }));
      push.connect(address);
      await until(() => push.peers.length === 0);
      assert.throws(() => push.disconnect(address), { code: "ENOENT" });
    });

    it("reconnectStop ends the attempts when a handshake fails", async () => {
      const server = await rawServer(transport, bench);
      server.on("connection", (link: TcpSocket) => link.destroy());
      const push = bench.open(new Push({ reconnectStop: 2, reconnectInterval: 5 }));
      push.connect(server.endpoint);
      await until(() => push.peers.length === 0);
    });
  });
}
