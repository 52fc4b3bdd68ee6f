/** `udp://` against npm `zeromq/draft`, both ways: RADIO and DISH by unicast and by multicast, and DGRAM. */

import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { createRequire } from "node:module";
import { describe, it } from "node:test";
import * as ours from "../../src/draft.ts";

interface Library {
  readonly Radio: new () => Endable & {
    connect(address: string): void;
    send(body: string | Buffer, to: { group: string }): Promise<void>;
  };
  readonly Dish: new () => Endable & {
    join(...groups: string[]): void;
    bind(address: string): Promise<unknown>;
    receive(): Promise<[Buffer, { group: Buffer }]>;
  };
  readonly Datagram: new () => Endable & {
    bind(address: string): Promise<unknown>;
    send(message: [Buffer | string, string]): Promise<void>;
    receive(): Promise<[Buffer, Buffer]>;
  };
}
interface Endable {
  close(): void;
}

const theirs: Library = createRequire(import.meta.url)("zeromq/draft");
const LIBRARIES: readonly (readonly [string, Library, Library])[] = [
  ["ours and ours", ours, ours],
  ["ours and theirs", ours, theirs],
  ["theirs and ours", theirs, ours],
];

/** A port that nobody has now. */
function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const socket = createSocket("udp4").bind(0, "127.0.0.1", () => {
      const { port } = socket.address();
      socket.close(() => resolve(port));
    });
  });
}

/** Longest group, longest body, and the empty ones. */
const LARGEST = Buffer.alloc(8191 - 127, "b");
const GROUP = "g".repeat(127);

describe("udp against npm zeromq", () => {
  for (const [who, first, second] of LIBRARIES) {
    for (const host of ["127.0.0.1", "127.0.0.1;239.192.44.1"]) {
      it(`RADIO sends to DISH by ${host}, ${who}`, { timeout: 20_000 }, async () => {
        const address = `udp://${host}:${await freePort()}`;
        const [radio, dish] = [new first.Radio(), new second.Dish()];
        try {
          dish.join("tv", GROUP, "");
          await dish.bind(address);
          radio.connect(address);
          // Nobody tells when a socket of libzmq is open.
          const probing = setInterval(() => void radio.send("probe", { group: "tv" }), 5);
          await dish.receive();
          clearInterval(probing);
          await radio.send("News", { group: "tv" });
          await radio.send("not for it", { group: "t" });
          await radio.send(LARGEST, { group: GROUP });
          await radio.send("", { group: "" });
          const received: string[] = [];
          while (received.length < 3) {
            const [body, { group }] = await dish.receive();
            if (String(body) !== "probe") received.push(`${group} ${body}`);
          }
          assert.deepEqual(received, ["tv News", `${GROUP} ${LARGEST}`, " "]);
        } finally {
          radio.close();
          dish.close();
        }
      });
    }

    it(`DGRAM asks a DGRAM, ${who}`, { timeout: 20_000 }, async () => {
      const [one, two] = [await freePort(), await freePort()];
      const [asks, answers] = [new first.Datagram(), new second.Datagram()];
      try {
        await answers.bind(`udp://127.0.0.1:${two}`);
        await asks.bind(`udp://127.0.0.1:${one}`);
        await asks.send([`127.0.0.1:${two}`, "hello"]);
        const [from, question] = await answers.receive();
        assert.deepEqual([String(from), String(question)], [`127.0.0.1:${one}\0`, "hello"]);
        await answers.send([from, "hello yourself"]);
        assert.equal(String((await asks.receive())[1]), "hello yourself");
      } finally {
        asks.close();
        answers.close();
      }
    });
  }

  it("by udp RADIO connects, DISH and DGRAM bind; anything else is refused with ENOCOMPATPROTO", async () => {
    const address = `udp://127.0.0.1:${await freePort()}`;
    for (const library of [ours, theirs]) {
      const [radio, dish] = [new library.Radio(), new library.Dish()];
      await assert.rejects(Reflect.apply(Reflect.get(radio, "bind"), radio, [address]), { code: "ENOCOMPATPROTO" });
      assert.throws(() => Reflect.apply(Reflect.get(dish, "connect"), dish, [address]), { code: "ENOCOMPATPROTO" });
      radio.close();
      dish.close();
    }
  });

  it("a bound address is taken: EADDRINUSE", async () => {
    const [one, two] = [new ours.Dish(), new ours.Dish()];
    const address = await one.bind("udp://127.0.0.1:*");
    await assert.rejects(two.bind(address), { code: "EADDRINUSE" });
    await one.unbind(address);
    await two.bind(address);
    one.close();
    two.close();
  });
});
