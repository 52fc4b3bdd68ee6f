/**
 * Conformance: binding and unbinding, connecting and disconnecting, reconnection, what survives a lost connection,
 * and what sockets tell of it.
 */

import assert from "node:assert/strict";
import { createServer, type Server, type Socket as TcpSocket } from "node:net";
import { describe } from "node:test";
import {
  Dealer,
  Pair,
  Publisher,
  Pull,
  Push,
  Router,
  type Socket,
  Stream,
  Subscriber,
  XPublisher,
} from "../../src/index.ts";
import { Bench, eventOf, it, pause, type TransportUnderTest, text, until } from "./bench.ts";

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

    it("a connecting socket finds a listener that went away and came back, with all it queued meanwhile", async () => {
      const address = await bench.freeAddress();
      const push = bench.open(new Push({ reconnectInterval: 5 }));
      push.connect(address);
      for (let round = 0; round < 3; round++) {
        await push.send(`sent before ${round}`);
        const pull = bench.open(new Pull());
        await pull.bind(address);
        assert.equal(await text(pull), `sent before ${round}`);
        const lost = eventOf(push, "disconnect");
        pull.close();
        await lost;
      }
    });

    it("what an accepted peer was still to be sent is dropped when it goes, and not sent to another", async () => {
      const router = new Router();
      const first = new Dealer({ routingId: "d", receiveHighWaterMark: 1 });
      await bench.join(router, first);
      await first.send("here");
      await router.receive();
      for (let i = 0; i < 50; i++) await router.send(["d", Buffer.alloc(100_000)]);
      first.close();
      await until(() => router.peers.length === 0);
      const second = new Dealer({ routingId: "d" });
      await bench.join(router, second);
      await second.send("here");
      await router.receive();
      await router.send(["d", "new"]);
      assert.equal(await text(second), "new");
    });

    it("SUB subscribes again after each reconnection; a connected PUB goes on by the old subscriptions", async () => {
      const address = await bench.freeAddress();
      const sub = bench.open(new Subscriber({ reconnectInterval: 5 }));
      sub.subscribe("t", "t", "u");
      sub.connect(address);
      for (let round = 0; round < 2; round++) {
        const pub = bench.open(new XPublisher());
        await pub.bind(address);
        assert.deepEqual([await text(pub), await text(pub)].sort(), ["\x01t", "\x01u"]);
        await pub.send(["t", String(round)]);
        assert.equal(await text(sub), `t,${round}`);
        pub.close();
      }

      const pub = bench.open(new Publisher({ reconnectInterval: 5 }));
      const other = await bench.freeAddress();
      pub.connect(other);
      const first = bench.open(new Subscriber());
      first.subscribe("t");
      await first.bind(other);
      await pub.subscriberJoined("t");
      const lost = eventOf(pub, "disconnect");
      first.close();
      await lost;
      await pub.send("t kept");
      await pub.send("u not kept");
      const second = bench.open(new Subscriber());
      second.subscribe("");
      await second.bind(other);
      assert.equal(await text(second), "t kept");
    });

    it("with immediate a message waits for a connection, and is not queued for one that is still being made", async () => {
      const address = await bench.freeAddress();
      const push = bench.open(new Push({ immediate: true, sendTimeout: 20, reconnectInterval: 5 }));
      push.connect(address);
      assert.equal(push.writable, false);
      assert.equal(push.peers.length, 0);
      await assert.rejects(push.send("too early"), { code: "EAGAIN" });
      push.sendTimeout = -1;
      const sent = push.send("in time");
      const pull = bench.open(new Pull());
      await pull.bind(address);
      await sent;
      assert.equal(await text(pull), "in time");
      const lost = eventOf(push, "disconnect");
      pull.close();
      await lost;
      push.sendTimeout = 0;
      await assert.rejects(push.send("too late"), { code: "EAGAIN" });
    });

    it("with immediate messages go to the peer that is there", async () => {
      const pull = new Pull();
      const push = bench.open(new Push({ immediate: true, reconnectInterval: 5 }));
      push.connect(await bench.freeAddress());
      push.connect(await bench.bind(pull));
      for (let i = 0; i < 10; i++) await push.send(String(i));
      for (let i = 0; i < 10; i++) assert.equal(await text(pull), String(i));
    });

    it("the interval between attempts has a random part, or with a maximum doubles up to it", async () => {
      for (const [options, check] of [
        [{ reconnectInterval: 10 }, (all: number[]) => all.every((ms) => ms >= 10 && ms < 20)],
        [
          { reconnectInterval: 5, reconnectMaxInterval: 30 },
          (all: number[]) => assert.deepEqual(all, [5, 10, 20, 30, 30]) === undefined,
        ],
      ] as const) {
        const push = bench.open(new Push(options));
        const intervals: number[] = [];
        push.events.on("connect:retry", (event) => void intervals.push((event as { interval: number }).interval));
        push.connect(await bench.freeAddress());
        await until(() => intervals.length >= 5);
        assert(check(intervals.slice(0, 5)), String(intervals));
      }
    });

    for (const reconnectInterval of [0, -1]) {
      it(`with a reconnectInterval of ${reconnectInterval} a refused connection is not tried again, and its endpoint stays`, async () => {
        const push = bench.open(new Push({ reconnectInterval, sendTimeout: 20 }));
        const told = record(push);
        const address = await bench.freeAddress();
        push.connect(address);
        await until(() => told.includes("close"));
        await push.send("queued for nobody");
        push.disconnect(address);
        assert.throws(() => push.disconnect(address), { code: "ENOENT" });
        assert.equal(told.includes("connect:retry"), false);
      });

      it(`with a reconnectInterval of ${reconnectInterval} a lost connection ends its endpoint`, async () => {
        const pull = bench.open(new Pull());
        const push = bench.open(new Push({ reconnectInterval, sendTimeout: 20 }));
        const told = record(push);
        const address = await bench.bind(pull);
        push.connect(address);
        await until(() => told.includes("handshake"));
        pull.close();
        await until(() => told.includes("disconnect"));
        await assert.rejects(push.send("x"), { code: "EAGAIN" });
        assert.throws(() => push.disconnect(address), { code: "ENOENT" });
      });
    }

    it("reconnectStop ends the attempts when nobody listens", async () => {
      const gone = new Pull();
      const address = await bench.bind(gone);
      gone.close(); // Of ipc it leaves the file, as libzmq does, and connections are refused.
      const push = bench.open(new Push({ reconnectStop: 1, reconnectInterval: 5 }));
      push.connect(address);
      await until(() => push.peers.length === 0);
      assert.throws(() => push.disconnect(address), { code: "ENOENT" });
    });

    it("reconnectStop ends the attempts when a handshake fails", async () => {
      const server = await rawServer(transport, bench);
      server.on("connection", (link: TcpSocket) => link.destroy());
      const push = bench.open(new Push({ reconnectStop: 2, reconnectInterval: 5 }));
      push.connect(server.endpoint);
      await until(() => push.peers.length === 0);
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

/** A listener that speaks no ZMTP. */
async function rawServer(transport: TransportUnderTest, bench: Bench): Promise<Server & { endpoint: string }> {
  const server = createServer() as Server & { endpoint: string };
  const links = new Set<TcpSocket>();
  server.on("connection", (link) => {
    links.add(link);
    link.on("error", () => {}); // A reset ends it as well.
  });
  server.endpoint = await bench.freeAddress();
  const path = server.endpoint.replace(/^\w+:\/\//, "");
  await new Promise<void>((resolve) => {
    if (transport.name === "tcp") server.listen(Number(path.split(":").at(-1)), "127.0.0.1", resolve);
    else server.listen(path, resolve);
  });
  bench.later(() => {
    server.close();
    for (const link of links) link.destroy();
  });
  return server;
}

/** The types of all events from now on. */
function record(socket: Socket): string[] {
  const types: string[] = [];
  for (const type of [
    "accept",
    "bind",
    "close",
    "connect",
    "connect:delay",
    "connect:retry",
    "disconnect",
    "end",
    "handshake",
  ] as const) {
    socket.events.on(type, () => void types.push(type));
  }
  return types;
}
