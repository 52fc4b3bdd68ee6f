/** What ws alone has, or what sockets do at their end, against libzmq: paths, addresses, lingering, unbinding, and drops. */

import assert from "node:assert/strict";
import { networkInterfaces } from "node:os";
import { after, describe, test } from "node:test";
import * as zmq from "../../src/index.ts";
import type { MessageSpec } from "./frames.ts";
import { ANY_WS_PORT, eventOf, hex, it, opener, until } from "./opener.ts";
import { type Library, Peer } from "./peer.ts";

const hasIPv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === "::1"));

/** Registers the cases against one library. */
export function webSocketWays(library: Library): void {
  describe(`ways of ws with ${library}`, () => {
    const peer = new Peer(library);
    const { ours, theirs, bound } = opener(() => peer, ANY_WS_PORT);
    after(() => peer.end());

    it("libzmq reaches each of three sockets that share a port by the last segment of its path", async () => {
      const feed = await bound(new zmq.Pull());
      const { port } = new URL(feed.lastEndpoint);
      const others = [ours(new zmq.Pull()), ours(new zmq.Pull())];
      await others[0]?.bind(`ws://127.0.0.1:${port}/a/deep`);
      await others[1]?.bind(`ws://127.0.0.1:${port}/`);
      for (const [path, socket] of [
        ["/interop", feed],
        ["/a/deep", others[0]],
        ["/", others[1]],
      ] as const) {
        const push = await theirs("PUSH");
        await push.connect(`ws://127.0.0.1:${port}${path}`);
        await push.send([path]);
        assert.equal(String(await socket?.receive()), path);
      }
    });

    it("libzmq that connects before the path is bound, on a port that is open, gets there when it is", async () => {
      const early = await bound(new zmq.Pull());
      const { port } = new URL(early.lastEndpoint);
      const refused = new Promise((resolve) => early.events.on("accept:error", resolve));
      const push = await theirs("PUSH", { reconnectInterval: 10 });
      await push.connect(`ws://127.0.0.1:${port}/late`);
      await refused;
      const late = ours(new zmq.Pull());
      await late.bind(`ws://127.0.0.1:${port}/late`);
      await push.send(["here"]);
      assert.equal(String(await late.receive()), "here");
    });

    it("the program reaches a path of libzmq, which does not look at it", async () => {
      const pull = await theirs("PULL");
      const { port } = new URL(await pull.bind("ws://127.0.0.1:*/feed"));
      for (const path of ["/feed", "/another?with=query"]) {
        const push = ours(new zmq.Push());
        push.connect(`ws://127.0.0.1:${port}${path}`);
        await push.send(path);
        assert.deepEqual(await pull.receive(1), [[hex(path)]]);
      }
    });

    const noIPv6 = hasIPv6 ? false : "this machine has no IPv6";
    for (const weBind of [true, false]) {
      test(`IPv6 carries ws, ${weBind ? "we bind" : "libzmq binds"}`, { skip: noIPv6, timeout: 20_000 }, async () => {
        const our = ours(new zmq.Dealer({ ipv6: true }));
        const their = await theirs("DEALER", { ipv6: true });
        if (weBind) {
          await our.bind("ws://[::1]:*/six");
          await their.connect(our.lastEndpoint as string);
        } else our.connect(await their.bind("ws://[::1]:*/six"));
        await our.send("out");
        assert.deepEqual(await their.receive(1), [[hex("out")]]);
        await their.send(["back"]);
        assert.equal(String(await our.receive()), "back");
      });
    }

    it("what was sent before close arrives, whichever side closes", async () => {
      const many = Array.from({ length: 200 }, (_, i): MessageSpec => [`${i}`, { size: 20_000, seed: i }]);
      const pull = await theirs("PULL");
      const push = new zmq.Push();
      push.connect(await pull.bind(ANY_WS_PORT));
      for (const [number, body] of many)
        await push.send([String(number), Buffer.alloc((body as { size: number }).size)]);
      push.close();
      const numbers = (await pull.receive(many.length)).map(([number]) => number);
      assert.deepEqual(numbers, many.map(([number]) => hex(String(number)))); // biome-ignore format: one row

      const our = await bound(new zmq.Pull());
      const their = await peer.open("PUSH", { linger: 10_000 });
      await their.connect(our.lastEndpoint);
      await their.send(...many);
      await their.close();
      for (const message of many) {
        const [number, body] = await our.receive();
        assert.deepEqual([String(number), body?.length], [message[0], 20_000]);
      }
    });

    it("after disconnect of either side the other sends no more, and both may come again", async () => {
      const pull = await bound(new zmq.Pull());
      const push = await theirs("PUSH");
      await push.connect(pull.lastEndpoint);
      await push.send(["1"]);
      assert.equal(String(await pull.receive()), "1");
      const lost = eventOf(pull, "disconnect");
      await push.disconnect(pull.lastEndpoint);
      await push.connect(pull.lastEndpoint);
      // libzmq ends the connection within a call of its application, once its own thread has answered.
      let isLost = false;
      void lost.then(() => (isLost = true));
      for (const unused = "inproc://unused"; !isLost; await push.disconnect(unused)) await push.connect(unused);
      await push.send(["2"]);
      assert.equal(String(await pull.receive()), "2");

      const their = await theirs("PULL");
      const our = ours(new zmq.Push());
      const address = await their.bind(ANY_WS_PORT);
      our.connect(address);
      await our.send("3");
      assert.deepEqual(await their.receive(1), [[hex("3")]]);
      our.disconnect(address);
      await their.event("disconnect");
      our.connect(address);
      await our.send("4");
      assert.deepEqual(await their.receive(1), [[hex("4")]]);
    });

    it("unbind ends the connections of that path alone", async () => {
      const first = await bound(new zmq.Pull());
      const { port } = new URL(first.lastEndpoint);
      const second = ours(new zmq.Pull());
      await second.bind(`ws://127.0.0.1:${port}/second`);
      const pushes = [await theirs("PUSH"), await theirs("PUSH")] as const;
      await pushes[0].connect(first.lastEndpoint);
      await pushes[1].connect(second.lastEndpoint as string);
      await Promise.all([first.connected(), second.connected()]);
      await first.unbind(first.lastEndpoint);
      await pushes[0].event("disconnect");
      await pushes[1].send(["still here"]);
      assert.equal(String(await second.receive()), "still here");
    });

    it("a thousand topics arrive either way, and a message finds its own", async () => {
      const topics = Array.from({ length: 1000 }, (_, i) => `topic ${i}.`);
      const pub = await bound(new zmq.XPublisher());
      const sub = await theirs("SUB");
      await sub.connect(pub.lastEndpoint);
      await sub.subscribe(...topics);
      const heard = new Set<string>();
      while (heard.size < topics.length) heard.add(String(await pub.receive()));
      assert.deepEqual(heard, new Set(topics.map((topic) => `\x01${topic}`)));
      await pub.send("topic 1000.x");
      await pub.send("topic 999.x");
      assert.deepEqual(await sub.receive(1), [[hex("topic 999.x")]]);

      const their = await theirs("XPUB");
      const our = ours(new zmq.Subscriber());
      our.subscribe(...topics);
      our.connect(await their.bind(ANY_WS_PORT));
      const told = (await their.receive(topics.length)).map(([topic]) =>
        Buffer.from(topic as string, "hex").toString(),
      );
      assert.deepEqual(told.sort(), topics.map((topic) => `\x01${topic}`).sort());
      await their.send(["topic 1000.x"], ["topic 999.x"]);
      assert.equal(String(await our.receive()), "topic 999.x");
    });

    it("a verbose XPUB of either side hears each subscription of two SUBs", async () => {
      const pub = await bound(new zmq.XPublisher({ verbosity: "allSubs" }));
      for (let i = 0; i < 2; i++) {
        const sub = await theirs("SUB");
        await sub.subscribe("same");
        await sub.connect(pub.lastEndpoint);
        assert.equal(String(await pub.receive()), "\x01same");
      }
      const their = await theirs("XPUB", { verbosity: "allSubs" });
      const address = await their.bind(ANY_WS_PORT);
      for (let i = 0; i < 2; i++) {
        const sub = ours(new zmq.Subscriber());
        sub.subscribe("same");
        sub.connect(address);
        assert.deepEqual(await their.receive(1), [[hex("\x01same")]]);
      }
    });

    it("a conflating PULL of either side has the newest message alone", async () => {
      const our = await bound(new zmq.Pull({ conflate: true }));
      const push = await theirs("PUSH");
      await push.connect(our.lastEndpoint);
      await push.send(...Array.from({ length: 100 }, (_, i) => [`${i}`]));
      await until(() => our.peers[0]?.messagesReceived === 100 || our.peers[0]?.bytesReceived === 290);
      let last = "";
      while (last !== "99") last = String(await our.receive());

      const their = await theirs("PULL", { conflate: true });
      const pusher = ours(new zmq.Push());
      pusher.connect(await their.bind(ANY_WS_PORT));
      for (let i = 0; i < 100; i++) await pusher.send(`${i}`);
      for (let text = ""; text !== hex("99"); ) text = (await their.receive(1))[0]?.[0] ?? "";
    });

    it("a PUB drops what is beyond its high-water mark for a SUB of libzmq that does not read, and goes on", async () => {
      const pub = await bound(new zmq.Publisher({ sendHighWaterMark: 10 }));
      let hasDropped = false;
      pub.events.on("drop", () => {
        hasDropped = true;
      });
      const sub = await theirs("SUB", { receiveHighWaterMark: 10 });
      await sub.connect(pub.lastEndpoint);
      await sub.subscribe("");
      const probe = sub.receive(1);
      await pub.subscriberJoined("");
      await pub.send("probe");
      assert.deepEqual(await probe, [[hex("probe")]]);
      const body = Buffer.alloc(100_000);
      let sent = 0;
      for (; !hasDropped; sent++) {
        await pub.send([`${sent}`, body]);
        await new Promise(setImmediate);
      }
      let received = 0;
      while (pub.peers[0]?.sendQueueLength !== 0 || received < 10) {
        assert.equal((await sub.receive(1))[0]?.[0], hex(`${received++}`)); // Those that it had room for, from the first on.
      }
      assert.ok(received < sent, `${received} of ${sent} before there was room`);
      await pub.send("over");
      for (let text = ""; text !== hex("over"); ) text = (await sub.receive(1))[0]?.[0] ?? "";
    });
  });
}
