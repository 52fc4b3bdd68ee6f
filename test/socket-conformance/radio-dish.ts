/**
 * Conformance: RADIO and DISH, which have groups.
 */

import assert from "node:assert/strict";
import { describe } from "node:test";
import { Dish, Radio } from "../../src/draft.ts";
import { Bench, bodyOf, it, pause, type TransportUnderTest, until } from "./bench.ts";

/** Time for a message to arrive: asking the receiver would be its turn. */
const ARRIVAL_MS = 15;
/** More than all queues and the kernel's buffers hold. */
const LARGE = Buffer.alloc(200_000);

export function radioDish(transport: TransportUnderTest): void {
  describe(`RADIO and DISH over ${transport.name}`, () => {
    const bench = new Bench(transport);

    it("DISH gets what is sent to the groups that it joined, which match as a whole", async () => {
      const radio = new Radio();
      const dish = new Dish();
      dish.join("tv", Buffer.from("news"), "");
      await bench.join(dish, radio);
      void dish.readable; // libzmq's DISH joins when it is used.
      await radio.groupJoined("news");
      for (const group of ["t", "tv", "tvs", "news", "radio", "", "tv"]) await radio.send(`to ${group}`, { group });
      const received: string[] = [];
      for (let i = 0; i < 4; i++) {
        const [body, { group }] = await dish.receive();
        assert.equal(String(body), `to ${group}`);
        received.push(String(group));
      }
      assert.deepEqual(received, ["tv", "news", "", "tv"]);
    });

    it("DISH may join and leave while it is connected, and a RADIO may bind", async () => {
      const radio = new Radio();
      const dish = new Dish();
      await bench.join(radio, dish);
      dish.join("a", "b");
      await radio.groupJoined("b");
      dish.leave("a");
      dish.join("c");
      await radio.groupJoined("c");
      for (const group of ["a", "b", "c"]) await radio.send(group, { group });
      assert.deepEqual([await bodyOf(dish), await bodyOf(dish)], ["b", "c"]);
    });

    it("DISH joins a group once, and leaves what it is in: else EINVAL, behind which the others still count", async () => {
      const dish = new Dish();
      dish.join("a");
      assert.throws(() => dish.join("b", "a", "c"), { code: "EINVAL" });
      assert.throws(() => dish.leave("d"), { code: "EINVAL" });
      dish.leave("b", "c");
      dish.join("x".repeat(255));
      assert.throws(() => dish.join("x".repeat(256)), { code: "EINVAL" });
      assert.throws(() => dish.join(5 as unknown as string), /^TypeError: Value must be a string or buffer/);
      dish.close();
      assert.throws(() => dish.join("e"), { code: "EBADF" });
    });

    it("the name of a group ends before its first NUL", async () => {
      const radio = new Radio();
      const dish = new Dish();
      dish.join("tv\0ignored");
      await bench.join(dish, radio);
      void dish.readable;
      await radio.groupJoined("tv");
      await radio.send("1", { group: "tv" });
      await radio.send("2", { group: Buffer.from("tv\0other") });
      for (const body of ["1", "2"])
        assert.deepEqual(await dish.receive(), [Buffer.from(body), { group: Buffer.from("tv") }]);
    });

    it("RADIO sends to every member, drops for one at its high-water mark, and never waits", async () => {
      const radio = new Radio({ sendHighWaterMark: 2, linger: 0 });
      const deaf = new Dish({ receiveHighWaterMark: 2 });
      const keen = new Dish({ receiveHighWaterMark: 0 });
      for (const dish of [deaf, keen]) {
        dish.join("g");
        await bench.join(radio, dish);
      }
      await until(() => radio.writable);
      await radio.groupJoined("g");
      await pause(ARRIVAL_MS);
      for (let i = 0; i < 100; i++) {
        await radio.send(LARGE, { group: "g" });
        await keen.receive();
      }
      deaf.receiveTimeout = 50;
      let received = 0;
      await assert.rejects(
        async () => {
          for (;;) {
            await deaf.receive();
            received++;
          }
        },
        { code: "EAGAIN" },
      );
      assert.ok(received > 0 && received < 100, `${received}`);
    });

    it("a message to a group that nobody is in is discarded", async () => {
      const radio = bench.open(new Radio());
      for (let i = 0; i < 3; i++) await radio.send("to nobody", { group: "g" });
      const dish = new Dish({ receiveTimeout: 30 });
      dish.join("g");
      await bench.join(dish, radio);
      await assert.rejects(dish.receive(), { code: "EAGAIN" });
    });

    if (!transport.hasLinks) return;

    it("DISH joins its groups again after each reconnection", async () => {
      const address = await bench.freeAddress();
      const dish = bench.open(new Dish({ reconnectInterval: 5 }));
      dish.join("g", "h");
      dish.connect(address);
      for (let round = 0; round < 3; round++) {
        const radio = bench.open(new Radio());
        await radio.bind(address);
        dish.receiveTimeout = 5;
        for (let isThere = false; !isThere; ) {
          await radio.send(`round ${round}`, { group: "h" });
          isThere = await dish.receive().then(
            ([body]) => String(body) === `round ${round}`,
            () => false,
          );
        }
        radio.close();
        await pause(ARRIVAL_MS);
      }
    });
  });
}
