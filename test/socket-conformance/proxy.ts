/**
 * Conformance: proxies of every kind of pair, with capture, control and back-pressure.
 */

import assert from "node:assert/strict";
import { describe } from "node:test";
import {
  Dealer,
  Pair,
  // biome-ignore lint/suspicious/noShadowRestrictedNames: zeromq.js's name
  Proxy,
  Publisher,
  Pull,
  Push,
  Reply,
  Request,
  Router,
  type Socket,
  Subscriber,
  XPublisher,
  XSubscriber,
} from "../../src/index.ts";
import { Bench, it, pause, type TransportUnderTest, text, until } from "./bench.ts";

export function proxy(transport: TransportUnderTest): void {
  describe(`proxy over ${transport.name}`, () => {
    const bench = new Bench(transport);

    /** A running proxy, ended with the case. */
    async function run(front: Socket, back: Socket, options?: { capture?: Socket; control?: Socket }) {
      await bench.bind(front);
      await bench.bind(back);
      const made = options === undefined ? new Proxy(front, back) : new Proxy(front, back, options);
      const over = made.run();
      return { made, over };
    }

    it("joins many REQs with many REPs", async () => {
      const front = new Router();
      const back = new Dealer();
      const { made, over } = await run(front, back);
      const reps = [new Reply(), new Reply(), new Reply()];
      for (const rep of reps) {
        await bench.join(back, rep);
        void (async () => {
          for await (const frames of rep) await rep.send(["answer", ...frames]);
        })();
      }
      await Promise.all(
        Array.from({ length: 4 }, async (_, c) => {
          const req = new Request();
          bench.open(req).connect(front.lastEndpoint as string);
          for (let i = 0; i < 25; i++) {
            await req.send([`${c}`, `${i}`]);
            assert.equal(await text(req), `answer,${c},${i}`);
          }
        }),
      );
      const { frontEnd, backEnd } = made.statistics;
      assert.deepEqual(
        [frontEnd.received.messages, frontEnd.sent.messages, backEnd.received.messages, backEnd.sent.messages],
        [100, 100, 100, 100],
      );
      made.terminate();
      await over;
      assert.deepEqual([front.closed, back.closed], [true, true]);
    });

    it("joins PUBs with SUBs, subscriptions upstream, and captures both", async () => {
      const front = new XSubscriber();
      const back = new XPublisher();
      const capture = new Push();
      const captured = new Pull();
      await bench.join(captured, capture);
      const { made, over } = await run(front, back, { capture });
      const pub = bench.open(new Publisher());
      const sub = bench.open(new Subscriber());
      pub.connect(front.lastEndpoint as string);
      sub.connect(back.lastEndpoint as string);
      sub.subscribe("t");
      await pub.subscriberJoined("t");
      assert.equal(await text(captured), "\x01t");
      await pub.send("x");
      await pub.send(["t", "1"]);
      assert.equal(await text(sub), "t,1");
      assert.equal(await text(captured), "t,1");
      made.terminate();
      await over;
      assert.equal(capture.closed, false);
    });

    it("passes back-pressure through, and loses nothing", async () => {
      const front = new Pull({ receiveHighWaterMark: 2 });
      const back = new Push({ sendHighWaterMark: 2 });
      const { made, over } = await run(front, back);
      const push = bench.open(new Push({ sendHighWaterMark: 2, sendTimeout: 200 }));
      const pull = bench.open(new Pull({ receiveHighWaterMark: 2 }));
      push.connect(front.lastEndpoint as string);
      pull.connect(back.lastEndpoint as string);
      await Promise.all([push.connected(), pull.connected()]);
      let taken = 0;
      await assert.rejects(
        async () => {
          for (; taken < 300; taken++) await push.send([String(taken), Buffer.alloc(1_000_000)]);
        },
        { code: "EAGAIN" },
      );
      assert(taken >= 6 && taken < 80, `${taken} messages were taken`);
      for (let i = 0; i < taken; i++) assert.equal(String((await pull.receive())[0]), String(i));
      made.terminate();
      await over;
    });

    it("holds back what is for a full peer of a mandatory ROUTER, and goes on the other way", async () => {
      const front = new Dealer({ receiveHighWaterMark: 2 });
      const back = new Router({ sendHighWaterMark: 2, mandatory: true });
      const { made, over } = await run(front, back);
      const source = bench.open(new Dealer({ sendHighWaterMark: 2, sendTimeout: 200 }));
      source.connect(front.lastEndpoint as string);
      const full = bench.open(new Dealer({ routingId: "full", receiveHighWaterMark: 2 }));
      const other = bench.open(new Dealer({ routingId: "other" }));
      for (const worker of [full, other]) worker.connect(back.lastEndpoint as string);
      await back.connected({ count: 2 });
      const body = Buffer.alloc(1_000_000);
      let taken = 0;
      await assert.rejects(
        async () => {
          for (; taken < 300; taken++) await source.send(["full", String(taken), body]);
        },
        { code: "EAGAIN" },
      );
      assert.deepEqual([front.drops, back.drops], [{}, {}]);
      await other.send("answer");
      assert.equal(await text(source), "other,answer");
      for (let i = 0; i < taken; i++) assert.equal(String((await full.receive())[0]), String(i));
      made.terminate();
      await over;
    });

    it("drops what is for a routing id that nobody has, counts it, and goes on", async () => {
      for (const mandatory of [false, true]) {
        const front = new Dealer();
        const back = new Router({ mandatory });
        const { made, over } = await run(front, back);
        const source = bench.open(new Dealer());
        source.connect(front.lastEndpoint as string);
        const worker = bench.open(new Dealer({ routingId: "worker" }));
        worker.connect(back.lastEndpoint as string);
        await back.connected();
        await source.send(["nobody", "1"]);
        await source.send(["worker", "2"]);
        assert.equal(await text(worker), "2");
        assert.deepEqual(back.drops, { unroutable: 1 });
        assert.equal(made.statistics.frontEnd.received.messages, 2);
        made.terminate();
        await over;
      }
    });

    it("lets the event loop turn while two converse through it", async () => {
      const { made, over } = await run(new Router(), new Dealer());
      const rep = bench.open(new Reply());
      rep.connect(made.backEnd.lastEndpoint as string);
      const req = bench.open(new Request());
      req.connect(made.frontEnd.lastEndpoint as string);
      let isOver = false;
      const answering = (async () => {
        while (!isOver) await rep.receive().then((frames) => rep.send(frames));
      })().catch(() => {});
      await req.send("first");
      await req.receive();
      let turns = 0;
      const count = () => {
        turns++;
        if (!isOver) setImmediate(count);
      };
      setImmediate(count);
      for (let i = 0; i < 3000; i++) {
        await req.send("question");
        await req.receive();
      }
      isOver = true;
      assert(turns >= 5, `${turns} turns`);
      made.terminate();
      rep.close();
      await Promise.all([over, answering]);
    });

    it("is paused, resumed and ended by its methods", async () => {
      const front = new Pull();
      const back = new Push();
      const { made, over } = await run(front, back);
      const push = bench.open(new Push());
      const pull = bench.open(new Pull());
      push.connect(front.lastEndpoint as string);
      pull.connect(back.lastEndpoint as string);
      await push.send("1");
      assert.equal(await text(pull), "1");
      made.pause();
      await push.send("2");
      await pause(20);
      assert.equal(pull.readable, false);
      made.resume();
      assert.equal(await text(pull), "2");
      made.terminate();
      await over;
      assert.throws(() => made.terminate(), { code: "EBADF" });
    });

    for (const Control of [Reply, Pair]) {
      it(`obeys a ${Control.name} control socket`, async () => {
        const front = new Pull();
        const back = new Push();
        const control = new Control();
        const commander = Control === Reply ? new Request() : new Pair();
        await bench.join(control, commander);
        const { over } = await run(front, back, { control });
        const push = bench.open(new Push());
        const pull = bench.open(new Pull());
        push.connect(front.lastEndpoint as string);
        pull.connect(back.lastEndpoint as string);
        const command = async (name: string): Promise<Uint8Array[]> => {
          await commander.send(name);
          return Control === Reply || name === "STATISTICS" ? commander.receive() : [];
        };
        await push.send("12345");
        assert.equal(await text(pull), "12345");
        await command("PAUSE");
        const numbers = (await command("STATISTICS")).map((frame) => Buffer.from(frame).readBigUInt64LE());
        assert.deepEqual(numbers, [1n, 5n, 0n, 0n, 0n, 0n, 1n, 5n]);
        await push.send("2");
        await pause(20);
        assert.equal(pull.readable, false);
        await command("NONSENSE");
        await command("RESUME");
        assert.equal(await text(pull), "2");
        await command("TERMINATE");
        await over;
        await until(() => front.closed && back.closed);
      });
    }

    it("ends when one of its sockets is closed", async () => {
      const front = new Pull();
      const back = new Push();
      const { over } = await run(front, back);
      front.close();
      await over;
      assert.equal(back.closed, true);
    });

    it("many proxies run side by side", async () => {
      const ends: Promise<void>[] = [];
      for (let i = 0; i < 10; i++) {
        const front = new Pull();
        const back = new Push();
        const { made, over } = await run(front, back);
        const push = bench.open(new Push());
        const pull = bench.open(new Pull());
        push.connect(front.lastEndpoint as string);
        pull.connect(back.lastEndpoint as string);
        await push.send(String(i));
        ends.push(
          text(pull).then((received) => {
            assert.equal(received, String(i));
            made.terminate();
            return over;
          }),
        );
      }
      await Promise.all(ends);
    });
  });
}
