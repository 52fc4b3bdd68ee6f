/**
 * Conformance: high-water marks, mute states, time-outs, conflation, what closing does with queues, and fairness.
 */

import assert from "node:assert/strict";
import { describe } from "node:test";
import {
  Context,
  Dealer,
  type DropEvent,
  Pair,
  Publisher,
  Pull,
  Push,
  Router,
  Subscriber,
  XPublisher,
} from "../../src/index.ts";
import { Bench, it, pause, type TransportUnderTest, text, texts, until } from "./bench.ts";

const MEGABYTE = Buffer.alloc(1_000_000, 1);

/** Sends until a send has to wait; how many were taken. */
async function fill(socket: Push | XPublisher, most = 1000): Promise<number> {
  socket.sendTimeout = 150;
  for (let sent = 0; ; sent++) {
    try {
      await socket.send([String(sent), MEGABYTE]);
    } catch (error) {
      assert.equal((error as { code?: string }).code, "EAGAIN");
      return sent;
    }
    assert(sent < most, "no end of it");
  }
}

export function queues(transport: TransportUnderTest): void {
  describe(`queues over ${transport.name}`, () => {
    const bench = new Bench(transport);

    for (const socket of [Push, Dealer, Pair]) {
      it(`${socket.name} without a peer waits, and rejects with EAGAIN after sendTimeout`, async () => {
        const sender = new socket({ sendTimeout: 20 });
        await bench.bind(sender);
        assert.equal(sender.writable, false);
        await assert.rejects(sender.send("x"), { code: "EAGAIN" });
        sender.sendTimeout = 0;
        await assert.rejects(sender.send("x"), { code: "EAGAIN" });
      });
    }

    it("a send that waits for a peer goes through when one comes", async () => {
      const push = new Push();
      const endpoint = await bench.bind(push);
      const sent = push.send("waited");
      const pull = bench.open(new Pull());
      pull.connect(endpoint);
      await sent;
      assert.equal(await text(pull), "waited");
    });

    it("a receive rejects with EAGAIN after receiveTimeout, and a later message is not lost on it", async () => {
      const pull = new Pull({ receiveTimeout: 20 });
      const push = new Push();
      await bench.join(pull, push);
      await assert.rejects(pull.receive(), { code: "EAGAIN" });
      await push.send("x");
      assert.equal(await text(pull), "x");
    });

    it("a connected socket queues up to its mark before the other side exists, and delivers then", async () => {
      const address = await bench.freeAddress();
      const push = bench.open(new Push({ sendHighWaterMark: 3, sendTimeout: 0, reconnectInterval: 5 }));
      push.connect(address);
      for (const message of ["1", "2", "3"]) await push.send(message);
      assert.equal(push.writable, false);
      await assert.rejects(push.send("4"), { code: "EAGAIN" });
      const pull = bench.open(new Pull());
      await pull.bind(address);
      assert.deepEqual([await text(pull), await text(pull), await text(pull)], ["1", "2", "3"]);
      push.sendTimeout = -1;
      await push.send("4");
      assert.equal(await text(pull), "4");
    });

    it("a reader that does not read stops the writer within both marks and the kernel's buffers, and loses nothing", async () => {
      const pull = new Pull({ receiveHighWaterMark: 4 });
      const push = new Push({ sendHighWaterMark: 3 });
      await bench.join(pull, push);
      const taken = await fill(push);
      if (transport.hasLinks) assert(taken >= 7 && taken < 40, `${taken} messages of a megabyte were taken`);
      else assert.equal(taken, 7);
      for (let i = 0; i < taken; i++) assert.equal(String((await pull.receive())[0]), String(i));
      push.sendTimeout = -1;
      await push.send("goes on");
      assert.equal(await text(pull), "goes on");
    });

    it("a multipart message counts as one towards the mark", async () => {
      const push = bench.open(new Push({ sendHighWaterMark: 2, sendTimeout: 0 }));
      push.connect(await bench.freeAddress());
      await push.send(["1", "2", "3", "4"]);
      await push.send(["1", "2", "3", "4"]);
      await assert.rejects(push.send("x"), { code: "EAGAIN" });
    });

    it("a mark of 0 is no limit", async () => {
      const push = bench.open(new Push({ sendHighWaterMark: 0, sendTimeout: 0 }));
      push.connect(await bench.freeAddress());
      for (let i = 0; i < 5000; i++) await push.send("x");
    });

    it("a raised mark lets a waiting send go through", async () => {
      const push = bench.open(new Push({ sendHighWaterMark: 1 }));
      push.connect(await bench.freeAddress());
      await push.send("1");
      const second = push.send("2");
      push.sendHighWaterMark = 2;
      await second;
      push.sendTimeout = 0;
      await assert.rejects(push.send("3"), { code: "EAGAIN" });
    });

    it("PUSH deals in turn, passes over a full peer, and comes back to it", async () => {
      const push = new Push({ sendHighWaterMark: 1 });
      const slow = new Pull({ receiveHighWaterMark: 1 });
      const quick = new Pull({ receiveHighWaterMark: 1000 });
      await bench.join(push, slow);
      await bench.join(push, quick);
      const quickGot: number[] = [];
      const reading = (async () => {
        for await (const [number] of quick) quickGot.push(Number(number));
      })();
      for (let i = 0; i < 100; i++) await push.send([String(i), MEGABYTE]);
      const slowGot: number[] = [];
      while (slowGot.length + quickGot.length < 100) {
        if (slow.readable) slowGot.push(Number((await slow.receive())[0]));
        else await pause(1);
      }
      assert(slowGot.length >= 2 && slowGot.length < 50, `the slow one got ${slowGot.length}`);
      const inOrder = (numbers: number[]) =>
        assert.deepEqual(
          numbers,
          [...numbers].sort((a, b) => a - b),
        );
      inOrder(slowGot);
      inOrder(quickGot);
      quick.close();
      await reading;
    });

    it("PULL takes from its peers in turn", async () => {
      const pull = new Pull();
      const first = new Push();
      const second = new Push();
      await bench.join(pull, first);
      await bench.join(pull, second);
      for (let i = 0; i < 10; i++) {
        await first.send("first");
        await second.send("second");
      }
      await until(() => pull.readable);
      await pause(20);
      const got: string[] = [];
      for (let i = 0; i < 20; i++) got.push(await text(pull));
      for (let i = 2; i < 18; i += 2) assert.deepEqual(new Set(got.slice(i, i + 2)), new Set(["first", "second"]));
    });

    it("PUB drops for a slow subscriber alone, and counts it", async () => {
      const pub = new Publisher({ sendHighWaterMark: 2 });
      const slow = new Subscriber({ receiveHighWaterMark: 2 });
      const quick = new Subscriber({ receiveHighWaterMark: 0 });
      slow.subscribe();
      quick.subscribe();
      await bench.join(pub, slow);
      await bench.join(pub, quick);
      await until(() => pub.topicsCount === 1);
      await pub.subscriberJoined("");
      await pause(20);
      const count = 60;
      const got: string[] = [];
      const reading = (async () => {
        while (got.length < count) got.push(String((await quick.receive())[0]));
      })();
      for (let i = 0; i < count; i++) {
        await pub.send([String(i), MEGABYTE]);
        await until(() => got.length > i);
      }
      await reading;
      assert.equal(got.length, count);
      const dropped = pub.drops.highWaterMark ?? 0;
      assert(dropped > 0 && dropped < count, `${dropped} dropped`);
      const kept: number[] = [];
      while (kept.length < count - dropped) kept.push(Number((await slow.receive())[0]));
      assert.equal(slow.readable, false);
      assert.equal(kept[0], 0);
    });

    it("XPUB with noDrop waits for the slowest subscriber, and drops nothing", async () => {
      const pub = new XPublisher({ sendHighWaterMark: 2, noDrop: true });
      const sub = new Subscriber({ receiveHighWaterMark: 2 });
      sub.subscribe();
      await bench.join(pub, sub);
      await pub.receive();
      const taken = await fill(pub);
      assert(taken >= 2 && taken < 40, `${taken} messages of a megabyte were taken`);
      for (let i = 0; i < taken; i++) assert.equal(String((await sub.receive())[0]), String(i));
      assert.deepEqual(pub.drops, {});
    });

    it("ROUTER drops for a full peer; with mandatory it waits", async () => {
      const router = new Router({ sendHighWaterMark: 2 });
      const dealer = new Dealer({ receiveHighWaterMark: 2, routingId: "d" });
      await bench.join(router, dealer);
      await dealer.send("here");
      await router.receive();
      for (let i = 0; i < 60; i++) await router.send(["d", String(i), MEGABYTE]);
      const dropped = router.drops.highWaterMark ?? 0;
      assert(dropped > 0, "nothing was dropped");
      for (let i = 0; i < 60 - dropped; i++) assert.equal(String((await dealer.receive())[0]), String(i));

      router.mandatory = true;
      router.sendTimeout = 150;
      let taken = 0;
      await assert.rejects(
        async () => {
          for (; taken < 100; taken++) await router.send(["d", String(taken), MEGABYTE]);
        },
        { code: "EAGAIN" },
      );
      for (let i = 0; i < taken; i++) assert.equal(String((await dealer.receive())[0]), String(i));
      assert.equal(router.drops.highWaterMark, dropped);
    });

    it("PAIR leaves a second peer aside", async () => {
      const pair = new Pair();
      const first = new Pair();
      const second = bench.open(new Pair({ sendTimeout: 50 }));
      const endpoint = await bench.join(pair, first);
      second.connect(endpoint);
      await first.send("first");
      assert.equal(await text(pair), "first");
      await pair.send("answer");
      assert.equal(await text(first), "answer");
      const sent = second.send("second");
      // Over a wire nobody gets it.
      if (transport.hasLinks) await sent;
      else await assert.rejects(sent, { code: "EAGAIN" });
      await pause(30);
      assert.equal(pair.readable, false);
      assert.equal(second.readable, false);
    });

    it("a second peer of a PAIR is told of, and counted", async () => {
      const pair = new Pair();
      assert.deepEqual(pair.drops, {});
      const dropped = new Promise<DropEvent>((resolve) => pair.events.on("drop", resolve));
      const endpoint = await bench.join(pair, new Pair());
      bench.open(new Pair()).connect(endpoint);
      assert.deepEqual(await dropped, { type: "drop", reason: "secondPeer", address: endpoint });
      assert.deepEqual(pair.drops, { secondPeer: 1 });
    });

    it("a conflating receiver keeps the newest message only", async () => {
      const pull = new Pull({ conflate: true });
      const push = new Push();
      await bench.join(pull, push);
      for (let i = 0; i < 100; i++) await push.send(String(i));
      await pause(30);
      assert.deepEqual(await texts(pull), ["99"]);
    });

    it("a conflating sender keeps the newest message only", async () => {
      const address = await bench.freeAddress();
      const push = bench.open(new Push({ conflate: true, reconnectInterval: 5 }));
      push.connect(address);
      for (let i = 0; i < 100; i++) await push.send(String(i));
      const pull = bench.open(new Pull());
      await pull.bind(address);
      assert.equal(await text(pull), "99");
      await pause(20);
      assert.equal(pull.readable, false);
    });

    it("what was sent arrives after the sender was closed", async () => {
      const pull = new Pull();
      const push = new Push();
      await bench.join(pull, push);
      for (let i = 0; i < 2000; i++) push.send(String(i)).catch(() => {}); // beyond the mark it may be refused by the close
      push.linger = -1;
      push.close();
      for (let i = 0; i < 1000; i++) assert.equal(await text(pull), String(i));
    });

    it("what was sent arrives when the sender closes at any step of its connection", async () => {
      const pull = new Pull();
      const endpoint = await bench.bind(pull);
      for (let turns = 0; turns < 12; turns++) {
        const push = new Push({ context: pull.context });
        push.connect(endpoint);
        await push.send(["in turn", String(turns)]);
        for (let i = 0; i < turns; i++) await new Promise(setImmediate);
        push.close();
        assert.equal(await text(pull), `in turn,${turns}`);
      }
    });

    it("a closed socket lingers for what it queued, until somebody takes it", async () => {
      if (!transport.hasLinks) return; // inproc: what was never bound has nowhere to linger.
      const address = await bench.freeAddress();
      const context = new Context();
      const push = new Push({ context, reconnectInterval: 5 });
      push.connect(address);
      await push.send("kept");
      push.close();
      const over = context.close();
      const pull = bench.open(new Pull());
      await pull.bind(address);
      assert.equal(await text(pull), "kept");
      await over;
    });

    it("a linger period of 0 drops what is queued at once, one of 60 ms then", async () => {
      for (const linger of [0, 60]) {
        const context = new Context();
        const push = new Push({ context, linger });
        push.connect(await bench.freeAddress());
        await push.send("lost");
        const begun = performance.now();
        push.close();
        await context.close();
        const took = performance.now() - begun;
        if (transport.hasLinks) assert(took >= linger - 2, `${took} ms`);
        assert(took < linger + 2000, `${took} ms`);
      }
    });

    it("disconnect sends what is queued, within the linger period", async () => {
      const pull = new Pull();
      const push = new Push();
      const endpoint = await bench.join(pull, push);
      for (let i = 0; i < 500; i++) await push.send(String(i));
      push.disconnect(endpoint);
      for (let i = 0; i < 500; i++) assert.equal(await text(pull), String(i));
      push.sendTimeout = 0;
      await assert.rejects(push.send("x"), { code: "EAGAIN" });
    });

    it("timers keep firing, and another peer is served, while one peer floods", async () => {
      const pull = new Pull();
      const flooder = new Push();
      const modest = new Push();
      await bench.join(pull, flooder);
      await bench.join(pull, modest);
      let isOver = false;
      let ticks = 0;
      const timer = setInterval(() => ticks++, 1);
      const flood = (async () => {
        while (!isOver) await flooder.send("flood");
      })();
      let modestMessages = 0;
      const asking = (async () => {
        while (!isOver) {
          await modest.send("modest");
          await pause(1);
        }
      })();
      let messages = 0;
      // Counted in messages, for a busy machine may let little of anything happen in a span of time.
      while ((ticks < 20 || modestMessages < 10) && messages < 500_000) {
        const [frame] = await pull.receive();
        messages++;
        if (frame?.length === 6) modestMessages++;
      }
      isOver = true;
      clearInterval(timer);
      flooder.close();
      modest.close();
      await Promise.allSettled([flood, asking]);
      assert(ticks >= 20, `${ticks} ticks in ${messages} messages`);
      assert(modestMessages >= 10, `${modestMessages} messages of the modest peer among ${messages}`);
    });

    if (transport.hasLinks) {
      it("a small message that is kept does not keep the chunk it came in", async () => {
        const pull = new Pull();
        const push = new Push();
        await bench.join(pull, push);
        for (let i = 0; i < 500; i++) await push.send(Buffer.alloc(100, i));
        const kept: Uint8Array[] = [];
        for (let i = 0; i < 500; i++) kept.push(...(await pull.receive()));
        const memory = new Set(kept.map((frame) => frame.buffer));
        let bytes = 0;
        for (const buffer of memory) bytes += buffer.byteLength;
        // One of 500 kept would hold no more than this: its share of a pool, not a chunk of 64 KiB.
        assert(bytes / memory.size <= 16_384, `${memory.size} buffers of ${bytes} bytes`);
      });
    }
  });
}
