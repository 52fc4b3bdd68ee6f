/**
 * Conformance: what waits can be waited for, called off and polled; conversions; disposal.
 */

import assert from "node:assert/strict";
import { describe } from "node:test";
import { Context, Dealer, Pair, Poller, Publisher, Pull, Push, Subscriber } from "../../src/index.ts";
import { Bench, it, pause, type TransportUnderTest, text, until } from "./bench.ts";

const called = new Error("called off");

export function waiting(transport: TransportUnderTest): void {
  describe(`waiting over ${transport.name}`, () => {
    const bench = new Bench(transport);

    it("every waiting call can be called off, before it waits and while it does", async () => {
      const pull = new Pull();
      const push = new Push();
      const pub = new Publisher();
      await bench.bind(pull);
      await bench.bind(push);
      await bench.bind(pub);
      const full = bench.open(new Push({ sendHighWaterMark: 1 }));
      full.connect(await bench.freeAddress());
      await full.send("x");
      const poller = new Poller();
      poller.register(pull);
      const calls: Record<string, (signal: AbortSignal) => Promise<unknown>> = {
        send: (signal) => push.send("x", { signal }),
        receive: (signal) => pull.receive({ signal }),
        receiveFrom: (signal) => pull.receiveFrom({ signal }),
        receiveString: (signal) => pull.receiveString({ signal }),
        receiveJson: (signal) => pull.receiveJson({ signal }),
        connected: (signal) => pull.connected({ signal }),
        drained: (signal) => full.drained({ signal }),
        subscriberJoined: (signal) => pub.subscriberJoined("t", { signal }),
        poll: (signal) => poller.poll({ signal }),
        "events.receive": (signal) => pull.events.receive({ signal }),
      };
      for (const [name, call] of Object.entries(calls)) {
        const controller = new AbortController();
        const waits = call(controller.signal);
        controller.abort(called);
        await assert.rejects(waits, called, `${name}, while it waits`);
        await assert.rejects(async () => call(AbortSignal.abort(called)), called, `${name}, before`);
      }
    });

    it("a send that was called off is not sent, and those behind it are", async () => {
      const push = new Push();
      const endpoint = await bench.bind(push);
      const controller = new AbortController();
      const first = push.send("called off", { signal: controller.signal });
      const second = push.send("sent");
      controller.abort(called);
      await assert.rejects(first, called);
      const pull = bench.open(new Pull());
      pull.connect(endpoint);
      await second;
      assert.equal(await text(pull), "sent");
    });

    it("a receive that was called off takes no message", async () => {
      const pull = new Pull();
      const push = new Push();
      await bench.join(pull, push);
      const controller = new AbortController();
      const first = pull.receive({ signal: controller.signal });
      const second = text(pull);
      controller.abort(called);
      await assert.rejects(first, called);
      await push.send("x");
      assert.equal(await second, "x");
    });

    it("a message that came first is not lost when the signal fires later", async () => {
      const pull = new Pull();
      const push = new Push();
      await bench.join(pull, push);
      const controller = new AbortController();
      const received = pull.receive({ signal: controller.signal });
      await push.send("x");
      assert.equal(String(await received), "x");
      controller.abort(called);
      await push.send("y");
      assert.equal(await text(pull), "y");
    });

    it("connected waits for as many peers as asked for", async () => {
      const pull = new Pull();
      const endpoint = await bench.bind(pull);
      let isDone = false;
      const both = pull.connected({ count: 2 }).then(() => {
        isDone = true;
      });
      bench.open(new Push()).connect(endpoint);
      await pull.connected();
      assert.equal(isDone, false);
      bench.open(new Push()).connect(endpoint);
      await both;
    });

    it("what waits for a peer rejects with EAGAIN when the socket is closed", async () => {
      const pull = new Pull();
      await bench.bind(pull);
      const waits = [pull.connected(), pull.receive()];
      pull.close();
      for (const each of waits) await assert.rejects(each, { code: "EAGAIN" });
    });

    it("drained waits until a reader has made room", async () => {
      const pull = new Pull({ receiveHighWaterMark: 1 });
      const push = new Push();
      await bench.join(pull, push);
      await push.drained();
      const body = Buffer.alloc(1_000_000);
      for (let i = 0; i < 20; i++) void push.send(body);
      let isDrained = false;
      const drained = push.drained().then(() => {
        isDrained = true;
      });
      await pause(20);
      if (transport.hasLinks) assert.equal(isDrained, false);
      for (let i = 0; i < 20; i++) await pull.receive();
      await drained;
    });

    it("a poller tells which sockets can receive and which can send", async () => {
      const pulls = [new Pull(), new Pull()] as const;
      const push = new Push();
      await bench.join(pulls[0], push);
      await bench.bind(pulls[1]);
      const poller = new Poller();
      for (const pull of pulls) poller.register(pull);
      assert.equal(poller.size, 2);
      assert.deepEqual(await poller.poll({ timeoutMs: 0 }), []);
      assert.deepEqual(await poller.poll({ timeoutMs: 10 }), []);
      const polled = poller.poll();
      await push.send("x");
      assert.deepEqual(await polled, [{ socket: pulls[0], readable: true, writable: false }]);
      poller.register(push, { writable: true });
      assert.equal((await poller.poll()).length, 2);
      poller.modify(push, {});
      poller.unregister(pulls[1]);
      assert.deepEqual(await poller.poll(), [{ socket: pulls[0], readable: true, writable: false }]);
      await pulls[0].receive();
      assert.deepEqual(await poller.poll({ timeoutMs: 0 }), []);
      assert.throws(() => poller.unregister(pulls[1]), { code: "ENOENT" });
      assert.throws(() => poller.modify(pulls[1], {}), { code: "ENOENT" });
      const last = poller.poll();
      pulls[0].close();
      await assert.rejects(last, { code: "ENOTSOCK" });
    });

    it("a poller tells when a full socket can send again", async () => {
      const pull = new Pull({ receiveHighWaterMark: 1 });
      const push = new Push({ sendHighWaterMark: 1, sendTimeout: 0 });
      await bench.join(pull, push);
      for (let isFull = false; !isFull; ) {
        isFull = await push.send(Buffer.alloc(1_000_000)).then(
          () => false,
          () => true,
        );
      }
      const poller = new Poller();
      poller.register(push, { writable: true });
      assert.deepEqual(await poller.poll({ timeoutMs: 0 }), []);
      const polled = poller.poll();
      void (async () => {
        for await (const _ of pull);
      })();
      assert.equal((await polled)[0]?.writable, true);
    });

    it("sends and receives text, JSON, structured clones and lists of frames", async () => {
      const left = new Pair();
      const right = new Pair();
      await bench.join(left, right);
      await left.sendString("grüße");
      assert.equal(await right.receiveString(), "grüße");
      await left.sendString("\uFEFFgrüße");
      assert.equal(await right.receiveString(), "\uFEFFgrüße");
      const json = { list: [1, null, "ü"], nested: { is: true } };
      await left.sendJson(json);
      assert.deepEqual(await right.receiveJson(), json);
      const clone: Record<string, unknown> = { at: new Date(0), map: new Map([[1, new Set(["a"])]]), big: 1n };
      clone.self = clone;
      await left.sendObject(clone);
      assert.deepEqual(await right.receiveObject(), clone);
      await left.send(Buffer.from("ff0f61ffffff0f4000ffffff0f", "hex")); // A sparse array of 32 Mi elements.
      await assert.rejects(right.receiveObject(), process.versions.bun === undefined ? { code: "EINVAL" } : Error);
      await left.sendMultipart(["a", Buffer.from("b"), null]);
      assert.equal(String(await right.receiveMultipart()), "a,b,");
      await left.send(["two", "frames"]);
      await assert.rejects(right.receiveString(), { code: "EINVAL" });
      assert.throws(() => left.sendJson(undefined), TypeError);
      await left.send("{");
      await assert.rejects(right.receiveJson(), SyntaxError);
    });

    it("sockets and contexts are closed where their block ends", async () => {
      const address = await bench.freeAddress();
      const seen: { closed: boolean }[] = [];
      {
        await using context = new Context();
        await using pull = new Pull({ context });
        await pull.bind(address);
        seen.push(context, pull);
        assert.deepEqual(
          seen.map(({ closed }) => closed),
          [false, false],
        );
      }
      assert.deepEqual(
        seen.map(({ closed }) => closed),
        [true, true],
      );
      await using again = new Pull();
      await again.bind(address);
    });

    it("a drop is told with its reason where the message was lost", async () => {
      const pub = new Publisher();
      const sub = new Subscriber();
      await bench.join(pub, sub);
      await pub.send("nobody's topic");
      assert.deepEqual(pub.drops, { noSubscriber: 1 });
    });

    it("many senders and receivers are served in the order in which they came", async () => {
      const dealer = new Dealer();
      const endpoint = await bench.bind(dealer);
      const sends = Array.from({ length: 50 }, (_, i) => dealer.send(String(i)));
      const other = bench.open(new Dealer());
      const receives = Array.from({ length: 50 }, () => text(other));
      other.connect(endpoint);
      await Promise.all(sends);
      assert.deepEqual(
        await Promise.all(receives),
        Array.from({ length: 50 }, (_, i) => String(i)),
      );
      await until(() => dealer.writable);
    });
  });
}
