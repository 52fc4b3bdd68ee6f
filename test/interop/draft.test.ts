/**
 * The draft socket types against npm `zeromq/draft`, in one process: every pair over tcp, ipc and ws, either side binding,
 * also under CURVE.
 */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import * as ours from "../../src/draft.ts";
import { curveKeyPair } from "../../src/index.ts";

const BODIES = ["", "x", "y".repeat(255), "z".repeat(256), "w".repeat(70_000)];

/** What both libraries have. */
interface Socket {
  linger: number;
  close(): void;
  bind(address: string): Promise<unknown>;
  connect(address: string): void;
  readonly lastEndpoint: string | null;
}

/** Of one library. */
interface Library {
  readonly Server: new (options?: object) => Socket & ServerCalls;
  readonly Client: new (options?: object) => Socket & Plain;
  readonly Radio: new (options?: object) => Socket & { send(body: string, to: { group: string }): Promise<void> };
  readonly Dish: new (options?: object) => Socket & DishCalls;
  readonly Scatter: new (options?: object) => Socket & { send(body: string): Promise<void> };
  readonly Gather: new (options?: object) => Socket & { receive(): Promise<[Buffer]> };
}
interface Plain {
  send(body: string): Promise<void>;
  receive(): Promise<[Buffer]>;
}
interface ServerCalls {
  send(body: Buffer, to: { routingId: number }): Promise<void>;
  receive(): Promise<[Buffer, { routingId: number }]>;
}
interface DishCalls {
  join(...groups: string[]): void;
  receive(): Promise<[Buffer, { group: Buffer }]>;
}

const theirs: Library = createRequire(import.meta.url)("zeromq/draft");

const LIBRARIES: readonly (readonly [string, Library, Library])[] = [
  ["ours and theirs", ours, theirs],
  ["theirs and ours", theirs, ours],
];

/** The side that binds, and the one that connects. */
type Options = readonly [object, object];

function curve(): Options {
  const [server, client] = [curveKeyPair(), curveKeyPair()];
  return [
    { curveServer: true, curvePublicKey: server.publicKey, curveSecretKey: server.secretKey },
    { curveServerKey: server.publicKey, curvePublicKey: client.publicKey, curveSecretKey: client.secretKey },
  ];
}

describe("draft socket types against npm zeromq", () => {
  const folder = mkdtempSync(join(tmpdir(), "zmq-draft-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  let names = 0;

  /** Each pair of sockets, the first of them bound, or the second. */
  function exchange<A extends Socket, B extends Socket>(
    name: string,
    classes: (first: Library, second: Library) => readonly [new (options?: object) => A, new (options?: object) => B],
    meet: (a: A, b: B) => Promise<void>,
  ): void {
    for (const [who, first, second] of LIBRARIES) {
      for (const way of ["tcp", "ipc", "ws", "tcp with CURVE", "ws with CURVE"]) {
        for (const binder of ["first", "second"]) {
          it(`${name}, ${who}, over ${way}; the ${binder} binds`, { timeout: 20_000 }, async () => {
            const [A, B] = classes(first, second);
            const [bound, connected] = way.endsWith("CURVE") ? curve() : [{}, {}];
            const a = new A(binder === "first" ? bound : connected);
            const b = new B(binder === "first" ? connected : bound);
            const [binding, connecting]: [Socket, Socket] = binder === "first" ? [a, b] : [b, a];
            try {
              const scheme = way.split(" ", 1)[0];
              await binding.bind(way === "ipc" ? `ipc://${join(folder, String(names++))}` : `${scheme}://127.0.0.1:*`);
              connecting.connect(binding.lastEndpoint as string);
              await meet(a, b);
            } finally {
              for (const socket of [a, b]) {
                socket.linger = 0;
                socket.close();
              }
            }
          });
        }
      }
    }
  }

  exchange(
    "CLIENT asks SERVER",
    (first, second) => [first.Client, second.Server],
    async (client, server) => {
      for (const body of BODIES) {
        await client.send(body);
        const [asked, from] = await server.receive();
        assert.equal(String(asked), body);
        await server.send(asked, from);
        const [answered] = await client.receive();
        assert.equal(String(answered), body);
      }
    },
  );

  exchange(
    "SCATTER sends to GATHER",
    (first, second) => [first.Scatter, second.Gather],
    async (scatter, gather) => {
      for (const body of BODIES) await scatter.send(body);
      for (const body of BODIES) assert.equal(String((await gather.receive())[0]), body);
    },
  );

  exchange(
    "RADIO sends to DISH",
    (first, second) => [first.Radio, second.Dish],
    async (radio, dish) => {
      const longest = "g".repeat(255);
      dish.join("group", longest);
      let isOver = false;
      const received: string[] = [];
      const receiving = (async () => {
        while (!isOver) {
          const [body, { group }] = await dish.receive();
          const text = `${group.length} ${body}`;
          if (text === "5 probe") isOver = true;
          else received.push(text);
        }
        for (let i = 0; i < 2 * BODIES.length; ) {
          const [body, { group }] = await dish.receive();
          if (String(body) === "probe") continue;
          received.push(`${group.length} ${body}`);
          i++;
        }
      })();
      // Neither library tells a RADIO of both when it knows the groups.
      while (!isOver) {
        await radio.send("probe", { group: "group" });
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      for (const body of BODIES) {
        await radio.send(body, { group: "group" });
        await radio.send("not for it", { group: "grou" });
        await radio.send(body, { group: longest });
      }
      await receiving;
      assert.deepEqual(
        received,
        BODIES.flatMap((body) => [`5 ${body}`, `255 ${body}`]),
      );
    },
  );
});
