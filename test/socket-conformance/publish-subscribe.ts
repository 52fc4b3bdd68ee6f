/**
 * Conformance: PUB, SUB, XPUB and XSUB, end to end.
 */

import assert from "node:assert/strict";
import { describe } from "node:test";
import { Publisher, Subscriber, XPublisher, XSubscriber } from "../../src/index.ts";
import { Bench, it, type TransportUnderTest, text, until } from "./bench.ts";

export function publishSubscribe(transport: TransportUnderTest): void {
  describe(`publish and subscribe over ${transport.name}`, () => {
    const bench = new Bench(transport);

    async function publish(pub: Publisher | XPublisher, ...topics: string[]): Promise<void> {
      for (const topic of topics) await pub.send(topic);
    }

    it("SUB receives what begins with one of its topics, by the first frame alone", async () => {
      const pub = new Publisher();
      const sub = new Subscriber();
      sub.subscribe("a", "bc", Buffer.of(0xff));
      await bench.join(pub, sub);
      await Promise.all([pub.subscriberJoined("a"), pub.subscriberJoined("bc")]);
      await pub.send(["x", "a"]);
      await publish(pub, "b", "", "abc", "bcd");
      await pub.send([Buffer.of(0xff, 0xfe), "binary"]);
      assert.equal(await text(sub), "abc");
      assert.equal(await text(sub), "bcd");
      assert.deepEqual((await sub.receive())[0], Buffer.of(0xff, 0xfe));
    });

    it("a topic that was subscribed to twice needs two unsubscribes", async () => {
      const pub = new XPublisher();
      const sub = new Subscriber();
      sub.subscribe("a", "a", "end");
      await bench.join(pub, sub);
      await pub.subscriberJoined("a");
      await pub.subscriberJoined("end");
      sub.unsubscribe("a");
      sub.unsubscribe("never subscribed to");
      await publish(pub, "a1", "end");
      assert.equal(await text(sub), "a1");
      assert.equal(await text(sub), "end");
      sub.unsubscribe("a");
      while ((await text(pub)) !== "\0a");
      await publish(pub, "a2", "end");
      assert.equal(await text(sub), "end");
    });

    it("each subscriber receives its own topics once, however many of them match", async () => {
      const pub = new Publisher();
      const subs = ["a", "ab", "abc"].map((topic) => {
        const sub = new Subscriber();
        sub.subscribe(topic, "a", "end");
        return sub;
      });
      for (const sub of subs) await bench.join(pub, sub);
      await until(() => pub.topicsCount === 4);
      await pub.subscriberJoined("end");
      await publish(pub, "abcd", "x", "end");
      for (const sub of subs) {
        assert.equal(await text(sub), "abcd");
        assert.equal(await text(sub), "end");
      }
    });

    it("XPUB hears of a topic's first subscriber and of its last one's leaving", async () => {
      const pub = new XPublisher();
      const first = new Subscriber();
      const second = new Subscriber();
      await bench.join(pub, first);
      await bench.join(pub, second);
      first.subscribe("t");
      assert.equal(await text(pub), "\x01t");
      second.subscribe("t");
      second.subscribe("u");
      assert.equal(await text(pub), "\x01u");
      first.unsubscribe("t");
      second.unsubscribe("u");
      assert.equal(await text(pub), "\0u");
      second.unsubscribe("t");
      assert.equal(await text(pub), "\0t");
    });

    it("XPUB with verbosity hears of every subscription, and of every cancellation", async () => {
      for (const verbosity of ["allSubs", "allSubsUnsubs"] as const) {
        const pub = new XPublisher({ verbosity });
        const first = new Subscriber();
        const second = new Subscriber();
        await bench.join(pub, first);
        await bench.join(pub, second);
        first.subscribe("t");
        assert.equal(await text(pub), "\x01t");
        second.subscribe("t");
        assert.equal(await text(pub), "\x01t");
        first.unsubscribe("t");
        if (verbosity === "allSubsUnsubs") assert.equal(await text(pub), "\0t");
        else {
          first.subscribe("marker");
          assert.equal(await text(pub), "\x01marker");
        }
        second.unsubscribe("t");
        assert.equal(await text(pub), "\0t");
      }
    });

    it("XPUB hears of the topics that a subscriber took with it", async () => {
      const pub = new XPublisher();
      const leaving = new Subscriber();
      const staying = new Subscriber();
      leaving.subscribe("a", "b");
      staying.subscribe("b");
      await bench.join(pub, staying);
      assert.equal(await text(pub), "\x01b");
      await bench.join(pub, leaving);
      assert.equal(await text(pub), "\x01a");
      leaving.close();
      assert.equal(await text(pub), "\0a");
      await until(() => pub.peers.length === 1);
      assert.equal(pub.topicsCount, 1);
    });

    it("XPUB in manual mode subscribes the peer whose request it read, to what it likes", async () => {
      const pub = new XPublisher({ manual: true });
      const first = new Subscriber();
      const second = new Subscriber();
      first.subscribe("");
      await bench.join(pub, first);
      assert.equal(await text(pub), "\x01");
      pub.subscribe("first");
      second.subscribe("");
      await bench.join(pub, second);
      assert.equal(await text(pub), "\x01");
      pub.subscribe("second");
      await publish(pub, "neither", "second", "first");
      assert.equal(await text(first), "first");
      assert.equal(await text(second), "second");
      first.unsubscribe("");
      assert.equal(await text(pub), "\0");
      pub.unsubscribe("first");
      assert.equal(pub.topicsCount, 1);
    });

    it("XPUB with manualLastValue answers a new subscriber alone", async () => {
      const pub = new XPublisher({ manualLastValue: true });
      const first = new Subscriber();
      const second = new Subscriber();
      first.subscribe("t");
      await bench.join(pub, first);
      assert.equal(await text(pub), "\x01t");
      pub.subscribe("t");
      await pub.send("t last value for the first");
      assert.equal(await text(first), "t last value for the first");
      second.subscribe("t");
      await bench.join(pub, second);
      assert.equal(await text(pub), "\x01t");
      pub.subscribe("t");
      await pub.send("t last value");
      await pub.send("t news");
      assert.equal(await text(second), "t last value");
      assert.equal(await text(second), "t news");
      assert.equal(await text(first), "t news");
    });

    it("a welcome message comes first, for those who subscribed to it", async () => {
      const pub = new XPublisher({ welcomeMessage: "welcome" });
      const guest = new Subscriber();
      const other = new Subscriber();
      guest.subscribe("w");
      other.subscribe("t");
      await bench.join(pub, guest);
      await bench.join(pub, other);
      await Promise.all([pub.subscriberJoined("w"), pub.subscriberJoined("t")]);
      await publish(pub, "t1");
      assert.equal(await text(guest), "welcome");
      assert.equal(await text(other), "t1");
    });

    it("inverted matching delivers what matches no topic", async () => {
      const pub = new Publisher({ invertMatching: true });
      const sub = new Subscriber({ invertMatching: true });
      sub.subscribe("a");
      await bench.join(pub, sub);
      await until(() => pub.topicsCount === 1);
      await publish(pub, "abc", "xyz");
      assert.equal(await text(sub), "xyz");
    });

    it("XSUB subscribes by messages, and its other messages reach XPUB's user but not PUB's", async () => {
      const xpub = new XPublisher();
      const pub = new Publisher();
      const sub = new XSubscriber();
      await bench.join(xpub, sub);
      await bench.join(pub, sub);
      await sub.send(["hello", "publisher"]);
      await sub.send("\x01t");
      assert.equal(await text(xpub), "hello,publisher");
      assert.equal(await text(xpub), "\x01t");
      await pub.subscriberJoined("t");
      await publish(xpub, "x", "t1");
      assert.equal(await text(sub), "t1");
    });

    it("subscriberJoined waits for a topic, and is content with a prefix of it", async () => {
      const pub = new Publisher();
      const sub = new Subscriber();
      await bench.join(pub, sub);
      let joined = false;
      const waiting = pub.subscriberJoined("topic").then(() => {
        joined = true;
      });
      sub.subscribe("other");
      await pub.subscriberJoined("other");
      assert.equal(joined, false);
      sub.subscribe("to");
      await waiting;
      await pub.subscriberJoined("topic of another");
    });

    it("a PUB without subscribers drops what it sends, and does not wait", async () => {
      const pub = new Publisher({ sendTimeout: 0 });
      await bench.bind(pub);
      assert.equal(pub.writable, true);
      for (let i = 0; i < 5000; i++) await pub.send("nobody hears this");
    });

    it("subscriptions go both ways: a connecting PUB hears of those of a bound SUB", async () => {
      const sub = new Subscriber();
      const pub = new Publisher();
      sub.subscribe("early");
      await bench.join(sub, pub);
      await pub.subscriberJoined("early");
      sub.subscribe("late");
      await pub.subscriberJoined("late");
      await publish(pub, "x", "early 1", "late 1");
      assert.equal(await text(sub), "early 1");
      assert.equal(await text(sub), "late 1");
    });
  });
}
