/**
 * Sockets whose calls block, with peers on libzmq in other processes, over tcp and ipc: each of the patterns, both
 * ways round, as a queue runs full and as a peer comes late, goes and comes again.
 */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, suite, type TestContext, test } from "node:test";
import { type Library, Peer } from "../interop/peer.ts";
import { Blocking } from "./child.ts";

const hex = (text: string) => Buffer.from(text).toString("hex");

export function wire(library: Library): void {
  for (const transport of ["tcp", "ipc"] as const)
    suite(`blocking sockets and ${library} over ${transport}`, () => {
      const peer = new Peer(library);
      const folder = mkdtempSync(join(tmpdir(), "zmq-sync-"));
      let count = 0;
      const anywhere = () => (transport === "tcp" ? "tcp://127.0.0.1:*" : `ipc://${join(folder, `${count++}`)}`);
      after(async () => {
        await peer.end();
        rmSync(folder, { recursive: true, force: true });
      });
      const start = (t: TestContext, body: string, ...words: string[]) => new Blocking(t, body, words);

      test("REQ asks and waits for each reply", async (t) => {
        const rep = await peer.open("REP");
        const address = await rep.bind(anywhere());
        const child = start(
          t,
          `const socket = context.socket(zmq.REQ);
        socket.connect(process.argv[1]);
        for (let n = 0; n < 50; n++) {
          socket.send("question " + n);
          if (String(socket.recv()) !== "question " + n) throw new Error("not the reply");
        }
        socket.sendMultipart(["a", "b"]);
        console.log(socket.recvMultipart().join(" "));
        socket.close();
        context.term();`,
          address,
        );
        await rep.echo(51);
        assert.equal(await child.output(), "b a\n");
        await rep.close();
      });

      test("REP serves in a loop that blocks", async (t) => {
        const child = start(
          t,
          `const socket = context.socket(zmq.REP);
        console.log(socket.bind(process.argv[1]));
        for (;;) socket.send(socket.recv() + "!");`,
          anywhere(),
        );
        const req = await peer.open("REQ");
        await req.connect(await child.line());
        for (let n = 0; n < 20; n++) {
          await req.send([`${n}`]);
          assert.deepEqual(await req.receive(1), [[hex(`${n}!`)]]);
        }
        await req.close();
      });

      test("a sender waits while its peer's queues are full, and all arrives in order", async (t) => {
        const pull = await peer.open("PULL", { receiveHighWaterMark: 10 });
        const address = await pull.bind(anywhere());
        const child = start(
          t,
          `const socket = context.socket(zmq.PUSH);
        socket.sndhwm = 10;
        socket.connect(process.argv[1]);
        const body = Buffer.alloc(50_000);
        for (let n = 0; n < 500; n++) socket.sendMultipart([String(n), body]);
        console.log("sent");
        socket.close();
        context.term();`,
          address,
        );
        for (let n = 0; n < 500; n += 50) {
          const received = await pull.receive(50);
          assert.deepEqual(
            received.map(([number]) => number),
            Array.from({ length: 50 }, (_, i) => hex(`${n + i}`)),
          );
        }
        assert.equal(await child.output(), "sent\n");
        await pull.close();
      });

      test("a receiver takes a stream of messages of all sizes, in order", async (t) => {
        const child = start(
          t,
          `const socket = context.socket(zmq.PULL);
        console.log(socket.bind(process.argv[1]));
        const sizes = [0, 1, 255, 256, 65_536, 3_000_000];
        for (let n = 0; n < 60; n++) {
          const [number, body] = socket.recvMultipart();
          if (String(number) !== String(n)) throw new Error(number + " came for " + n);
          if (body.length !== sizes[n % 6]) throw new Error(body.length + " octets came");
          for (let i = 0; i < body.length; i++) if (body[i] !== (n + i) % 251) throw new Error("octet " + i);
        }
        console.log("all");
        context.destroy();`,
          anywhere(),
        );
        const push = await peer.open("PUSH");
        await push.connect(await child.line());
        const sizes = [0, 1, 255, 256, 65_536, 3_000_000];
        for (let n = 0; n < 60; n++) await push.send([`${n}`, { size: sizes[n % 6] as number, seed: n }]);
        assert.equal(await child.output(), "all\n");
        await push.close();
      });

      test("SUB hears its topics, and its subscriptions leave before it waits", async (t) => {
        const pub = await peer.open("XPUB");
        const address = await pub.bind(anywhere());
        const child = start(
          t,
          `const socket = context.socket(zmq.SUB);
        socket.subscribe("a");
        socket.connect(process.argv[1]);
        console.log(String(socket.recv()));
        socket.unsubscribe("a");
        socket.subscribe("b");
        console.log(String(socket.recv()));
        context.destroy();`,
          address,
        );
        assert.deepEqual(await pub.receive(1), [["0161"]]);
        await pub.send(["b1"], ["a1"]);
        assert.equal(await child.line(), "a1");
        assert.deepEqual(await pub.receive(2), [["0061"], ["0162"]]);
        await pub.send(["a2"], ["b2"]);
        assert.equal(await child.output(), "b2\n");
        await pub.close();
      });

      test("PUB publishes to who is subscribed, from a loop that never waits for them", async (t) => {
        const child = start(
          t,
          `const socket = context.socket(zmq.PUB);
        console.log(socket.bind(process.argv[1]));
        for (let n = 0; ; n++) {
          socket.send("topic " + n);
          socket.poll(5);
        }`,
          anywhere(),
        );
        const sub = await peer.open("SUB");
        await sub.subscribe("topic");
        await sub.connect(await child.line());
        const [first, second] = (await sub.receive(2)).map(([frame]) => Buffer.from(frame as string, "hex").toString());
        assert.equal(Number(second?.slice(6)), Number(first?.slice(6)) + 1);
        await sub.close();
      });

      test("ROUTER answers each of its peers by its routing id", async (t) => {
        const child = start(
          t,
          `const socket = context.socket(zmq.ROUTER);
        console.log(socket.bind(process.argv[1]));
        for (;;) {
          const id = socket.recv();
          const rest = socket.recvMultipart();
          socket.send(id, zmq.SNDMORE);
          socket.sendMultipart([...rest, id]);
        }`,
          anywhere(),
        );
        const address = await child.line();
        const dealers = [
          await peer.open("DEALER", { routingId: "one" }),
          await peer.open("DEALER", { routingId: "two" }),
        ];
        for (const dealer of dealers) await dealer.connect(address);
        for (const [index, dealer] of dealers.entries()) {
          await dealer.send(["", `${index}`]);
          assert.deepEqual(await dealer.receive(1), [["", hex(`${index}`), hex(index === 0 ? "one" : "two")]]);
          await dealer.close();
        }
      });

      test("a peer may come late, go, and come again", async (t) => {
        const first = await peer.open("REP");
        const address = await first.bind(anywhere());
        const child = start(
          t,
          `const socket = context.socket(zmq.DEALER);
        socket.connect(process.argv[1]);
        for (const text of ["one", "two"]) {
          do socket.sendMultipart(["", text]); // what is sent to a peer that is going is lost with it
          while (socket.poll(200) === 0);
          console.log(String(socket.recvMultipart()[1]));
        }
        context.destroy();`,
          address,
        );
        await first.echo(1, 1);
        assert.equal(await child.line(), "one");
        await first.close();
        const second = await peer.open("REP");
        for (;;) {
          try {
            await second.bind(address);
            break;
          } catch {
            // The first one's address is not free yet: libzmq closes in the background.
            await new Promise((resolve) => setTimeout(resolve, 10));
          }
        }
        await second.echo(1, 1);
        assert.equal(await child.output(), "two\n");
        await second.close();
      });
    });
}
