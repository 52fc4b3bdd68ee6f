/**
 * Conformance: binding and unbinding, connecting and disconnecting, and what sockets tell of it.
 */

import assert from "node:assert/strict";
import type { Socket as TcpSocket } from "node:net";
import { describe } from "node:test";
import { Dealer, Pair, Pull, Push, Router, Stream } from "../../src/index.ts";
import { Bench, eventOf, it, pause, rawServer, record, type TransportUnderTest, text, until } from "./bench.ts";

export function connections(transport: TransportUnderTest): void {
  describe(`connections over ${transport.name}`, () => {
    const bench = new Bench(transport);

    it("lastEndpoint is null, then what was bound or connected last, with wildcards resolved", async () => {
      const pull = new Pull();
      assert.equal(pull.lastEndpoint, null);
      const first = await bench.bind(pull);
      assert.doesNotMatch(first, /\*/);
      assert.equal(pull.lastEndpoint, first);
      const push = bench.open(new Push());
      push.connect(first);
      assert.equal(push.lastEndpoint, first);
    });

    it("a bound address can be bound again after unbind, and after close", async () => {
      const first = bench.open(new Pull());
      const address = await bench.freeAddress();
      await first.bind(address);
      await first.unbind(address);
      const second = bench.open(new Pull());
      await second.bind(address);
      second.close();
      const third = bench.open(new Pull());
      third.bindSync(address);
      third.unbindSync(address);
      await assert.rejects(third.unbind(address), { code: "ENOENT" });
    });

    if (transport.name !== "ipc") {
      it("an address that is bound cannot be bound again", async () => {
        const pull = new Pull();
        const address = await bench.bind(pull);
        await assert.rejects(bench.open(new Pull()).bind(address), { code: "EADDRINUSE", address });
      });
    } else {
      it("an address that is bound is taken over by the next who binds it, as with libzmq", async () => {
        const first = new Pull();
        const address = await bench.bind(first);
        const second = bench.open(new Pull());
        await second.bind(address);
        const push = bench.open(new Push());
        push.connect(address);
        await push.send("to the second");
        assert.equal(await text(second), "to the second");
      });
    }

    it("one socket binds and connects to many endpoints, and disconnects from each", async () => {
      const dealer = new Dealer();
      await bench.bind(dealer);
      await dealer.bind(await bench.freeAddress());
      const others = [new Router(), new Router()];
      for (const other of others) dealer.connect(await bench.bind(other));
      await dealer.connected({ count: 2 });
      for (let i = 0; i < 4; i++) await dealer.send(String(i));
      for (const [i, other] of others.entries()) {
        assert.equal(String((await other.receive())[1]), String(i));
        assert.equal(String((await other.receive())[1]), String(i + 2));
        dealer.disconnect(other.lastEndpoint as string);
      }
      assert.equal(dealer.peers.length, 0);
      assert.throws(() => dealer.disconnect(others[0]?.lastEndpoint as string), { code: "ENOENT" });
    });

    it("a second connect to the same endpoint does nothing for DEALER, and makes a second connection for PUSH", async () => {
      const router = new Router();
      const endpoint = await bench.bind(router);
      const dealer = bench.open(new Dealer());
      dealer.connect(endpoint);
      if (transport.hasLinks) dealer.connect(endpoint); // inproc: libzmq makes a second connection.
      const pull = new Pull();
      const push = bench.open(new Push());
      const other = await bench.bind(pull);
      push.connect(other);
      push.connect(other);
      await pull.connected({ count: 2 });
      await router.connected();
      await pause(20);
      assert.equal(router.peers.length, 1);
      assert.equal(dealer.peers.length, 1);
      assert.equal(pull.peers.length, 2);
    });

    if (transport.hasLinks) {
      it("DEALER that connects to an address of its own does nothing, and has nobody to send to", async () => {
        const dealer = new Dealer({ sendTimeout: 0 });
        dealer.connect(await bench.bind(dealer));
        await pause(20);
        await assert.rejects(dealer.send("x"), { code: "EAGAIN" });
      });
    }

    it("peers tells of both sides' view of a connection, and of what passed", async () => {
      const pull = new Pull();
      const push = new Push();
      const endpoint = await bench.join(pull, push);
      for (let i = 0; i < 3; i++) await push.send("12345678");
      await until(() => pull.peers[0]?.receiveQueueLength === 3);
      await pull.receive();
      const [near] = push.peers;
      const [far] = pull.peers;
      assert.equal(near?.endpoint, endpoint);
      assert.equal(far?.endpoint, endpoint);
      assert.deepEqual([near?.dialed, far?.dialed], [true, false]);
      assert.deepEqual([near?.connected, far?.connected], [true, true]);
      assert.equal(near?.metadata["Socket-Type"], "PULL");
      assert.equal(far?.metadata["Socket-Type"], "PUSH");
      assert.equal(near?.messagesSent, 3);
      assert.equal(far?.messagesReceived, 1);
      assert.equal(far?.receiveQueueLength, 2);
      if (transport.hasLinks) {
        await push.drained();
        assert((push.peers[0]?.bytesSent ?? 0) >= 30);
        assert.equal(push.peers[0]?.bytesSent, pull.peers[0]?.bytesReceived);
      }
    });

    it("connects before anybody has bound", async () => {
      const address = await bench.freeAddress();
      const pair = bench.open(new Pair({ reconnectInterval: 5 }));
      pair.connect(address);
      await pair.send("early");
      const other = bench.open(new Pair());
      await other.bind(address);
      assert.equal(await text(other), "early");
      await other.send("answer");
      assert.equal(await text(pair), "answer");
    });

    it("messages that had arrived stay readable when their sender is gone", async () => {
      const pull = new Pull();
      const push = new Push();
      await bench.join(pull, push);
      await push.send("1");
      await push.send(["2", "3"]);
      await until(() => pull.peers[0]?.receiveQueueLength === 2);
      push.close();
      await until(() => pull.peers.length === 0);
      assert.equal(await text(pull), "1");
      assert.equal(await text(pull), "2,3");
    });

    if (!transport.hasLinks) {
      it("unbind leaves connections that exist as they are", async () => {
        const pull = new Pull();
        const push = new Push();
        const endpoint = await bench.join(pull, push);
        await pull.unbind(endpoint);
        await push.send("still here");
        assert.equal(await text(pull), "still here");
      });
      return;
    }

    it("unbind closes the connections that were accepted, after what they still had to send", async () => {
      const push = new Push();
      const pull = new Pull({ reconnectInterval: -1 });
      const endpoint = await bench.join(push, pull);
      await push.send("last");
      await push.unbind(endpoint);
      assert.equal(await text(pull), "last");
      await until(() => push.peers.length === 0 && pull.peers.length === 0);
    });

    it("messages that had arrived stay readable when their endpoint is unbound", async () => {
      const router = new Router();
      const dealer = new Dealer({ routingId: "d" });
      const endpoint = await bench.join(router, dealer);
      for (let i = 0; i < 20; i++) await dealer.send(String(i));
      await until(() => router.readable);
      await pause(20);
      await router.unbind(endpoint);
      for (let i = 0; i < 20; i++) assert.equal(await text(router), `d,${i}`);
    });

    it("tells of its connections in libzmq's order", async () => {
      const pull = bench.open(new Pull());
      const push = bench.open(new Push({ reconnectInterval: 5 }));
      const told = { pull: record(pull), push: record(push) };
      const address = await bench.freeAddress();
      push.connect(address);
      await until(() => told.push.includes("connect:retry"));
      await pull.bind(address);
      await until(() => told.push.includes("handshake") && told.pull.includes("handshake"));
      push.close();
      await until(() => told.pull.includes("disconnect"));
      assert.deepEqual(told.pull, ["bind", "accept", "handshake", "disconnect"]);
      assert.deepEqual(told.push.slice(0, 3), ["connect:delay", "close", "connect:retry"]);
      assert.deepEqual(told.push.slice(-4), ["connect:delay", "connect", "handshake", "end"]);
    });

    if (transport.name !== "tcp") return;

    it("bindRandomPort binds a free port, within bounds where they are given", async () => {
      const pull = bench.open(new Pull());
      const port = await pull.bindRandomPort("tcp://127.0.0.1");
      assert.equal(pull.lastEndpoint, `tcp://127.0.0.1:${port}`);
      const other = await bench.open(new Pull()).bindRandomPort("tcp://127.0.0.1", { min: 50_000, max: 50_999 });
      assert(other >= 50_000 && other < 51_000);
      await assert.rejects(
        bench.open(new Pull()).bindRandomPort("tcp://127.0.0.1", { min: port, max: port, tries: 2 }),
        {
          code: "EADDRINUSE",
        },
      );
    });

    it("an accept filter lets in whom it names", async () => {
      const closed = new Pull({ tcpAcceptFilter: "10.0.0.0/8" });
      const endpoint = await bench.bind(closed);
      const push = bench.open(new Push({ reconnectInterval: 5 }));
      const refused = eventOf(push, "disconnect").then(() => "disconnect");
      const failed = eventOf(push, "handshake:error:other").then(() => "failed");
      push.connect(endpoint);
      await Promise.race([refused, failed]);
      assert.equal(closed.peers.length, 0);
      const open = new Pull({ tcpAcceptFilter: "10.0.0.0/8" });
      open.tcpAcceptFilter = "127.0.0.0/8";
      await bench.join(open, new Push());
    });

    it("STREAM exchanges bytes with a plain socket, tells of its coming and going, and hangs up", async () => {
      const stream = new Stream();
      const port = Number((await bench.bind(stream)).split(":").at(-1));
      const { connect } = await import("node:net");
      for (const hangsUp of ["we", "they"]) {
        const plain = connect(port, "127.0.0.1");
        bench.later(() => plain.destroy());
        let heard = "";
        let isClosed = false;
        plain.on("data", (chunk) => {
          heard += chunk;
        });
        plain.on("close", () => {
          isClosed = true;
        });
        const [id, opening] = await stream.receive();
        assert.equal(id.length, 5);
        assert.equal(opening.length, 0);
        plain.write("hello");
        assert.deepEqual(await stream.receive(), [id, Buffer.from("hello")]);
        await stream.send([id, "world"]);
        await until(() => heard === "world");
        if (hangsUp === "we") {
          await stream.send([id, ""]);
          await until(() => isClosed);
        } else {
          plain.end();
          assert.deepEqual(await stream.receive(), [id, Buffer.alloc(0)]);
        }
        await assert.rejects(stream.send([id, "nobody"]), { code: "EHOSTUNREACH" });
      }
    });

    it("STREAM connects by a name of one's own choice, and without notify tells of bytes alone", async () => {
      const server = await rawServer(transport, bench);
      server.on("connection", (link: TcpSocket) => link.write("welcome"));
      const stream = bench.open(new Stream({ notify: false }));
      stream.connect(server.endpoint, { routingId: "server" });
      assert.equal(await text(stream), "server,welcome");
    });
  });
}
