/**
 * The life of connections to libzmq: its process restarted, killed or frozen, our sockets gone and back, heartbeats.
 */

import assert from "node:assert/strict";
import { after, describe } from "node:test";
import * as zmq from "../../src/index.ts";
import { described, expected } from "./frames.ts";
import { ANY_PORT, eventOf, hex, it, opener, schemeOf, until } from "./opener.ts";
import { type Library, Peer } from "./peer.ts";
import { Tap } from "./tap.ts";

/** Registers the cases against one library. `anyPort`: where sockets bind. */
export function connections(library: Library, anyPort: string = ANY_PORT): void {
  describe(`connections to ${library} over ${schemeOf(anyPort)}`, () => {
    const isWebSocket = schemeOf(anyPort) === "ws";
    let peer = new Peer(library);
    const { ours, theirs, bound, later } = opener(() => peer, anyPort);
    after(() => peer.end());

    /** The library's process dies, as in a crash; another takes its place. */
    async function restart(): Promise<void> {
      await peer.kill();
      peer = new Peer(library);
    }

    describe("restarts", () => {
      it("DEALER finds libzmq's ROUTER again on the same port, and delivers what was sent meanwhile", async () => {
        const dealer = ours(new zmq.Dealer({ routingId: "me", reconnectInterval: 20 }));
        const first = await theirs("ROUTER");
        const address = await first.bind(anyPort);
        dealer.connect(address);
        await dealer.send("before");
        assert.deepEqual(await first.receive(1), [[hex("me"), hex("before")]]);
        const lost = eventOf(dealer, "disconnect");
        await restart();
        await lost;
        await dealer.send("meanwhile 1");
        await dealer.send("meanwhile 2");
        const second = await theirs("ROUTER");
        await second.bind(address);
        assert.deepEqual(await second.receive(2), [
          [hex("me"), hex("meanwhile 1")],
          [hex("me"), hex("meanwhile 2")],
        ]);
        await second.send(["me", "answer"]);
        assert.equal(String(await dealer.receive()), "answer");
      });

      it("SUB subscribes again at a libzmq XPUB that was restarted, each topic once", async () => {
        const sub = ours(new zmq.Subscriber({ reconnectInterval: 20 }));
        const first = await theirs("XPUB");
        const address = await first.bind(anyPort);
        sub.connect(address);
        sub.subscribe("b", "a", "a");
        await first.receive(2);
        const lost = eventOf(sub, "disconnect");
        await restart();
        await lost;
        sub.subscribe("c");
        sub.unsubscribe("b");
        const second = await theirs("XPUB");
        await second.bind(address);
        assert.deepEqual(await second.receive(2), [[hex("\x01a")], [hex("\x01c")]]);
        await second.send(["b"], ["c1"], ["a1"]);
        assert.equal(String(await sub.receive()), "c1");
        assert.equal(String(await sub.receive()), "a1");
      });

      it("libzmq's DEALER and SUB find sockets of ours again on the same port", async () => {
        const dealer = await theirs("DEALER", { routingId: "them", reconnectInterval: 20 });
        const sub = await theirs("SUB", { reconnectInterval: 20 });
        await sub.subscribe("topic");
        const endpoints: string[] = [anyPort, anyPort];
        for (const round of ["1", "2"]) {
          const router = new zmq.Router({ linger: 0 });
          const pub = new zmq.XPublisher({ linger: 0 });
          await router.bind(endpoints[0] as string);
          await pub.bind(endpoints[1] as string);
          if (round === "1") {
            await dealer.connect(router.lastEndpoint as string);
            await sub.connect(pub.lastEndpoint as string);
          }
          const received = sub.receive(1); // A libzmq SUB subscribes again when its application enters the library.
          await dealer.send([round]);
          assert.equal(String(await router.receive()), `them,${round}`);
          assert.equal(String(await pub.receive()), "\x01topic");
          await pub.send(["topic", round]);
          assert.deepEqual(await received, [[hex("topic"), hex(round)]]);
          endpoints[0] = router.lastEndpoint as string;
          endpoints[1] = pub.lastEndpoint as string;
          router.close();
          pub.close();
          await Promise.all([dealer.event("disconnect"), sub.event("disconnect")]);
        }
      });
    });

    describe("crashes", () => {
      it("a libzmq PUSH killed in the middle of a message leaves whole messages only, and room for the next peer", async () => {
        const pull = await bound(new zmq.Pull({ receiveHighWaterMark: 1 }));
        const push = await theirs("PUSH");
        await push.connect(pull.lastEndpoint);
        const parts = Array.from({ length: 10 }, (_, i) => ({ size: 1_000_000, seed: i }));
        void push.send(parts, parts, parts, parts).catch(() => {}); // Ends with the process.
        // The first message is read, of the others no more than buffers hold.
        await until(() => pull.peers[0]?.receiveQueueLength === 1);
        const lost = eventOf(pull, "disconnect");
        await restart();
        pull.receiveTimeout = 500;
        let whole = 0;
        for (; whole < 4; whole++) {
          const message = await pull.receive().catch((error) => {
            assert.equal(error.code, "EAGAIN");
          });
          if (message === undefined) break;
          assert.deepEqual(message.map(described), expected(parts));
        }
        assert(whole >= 1 && whole < 4, `${whole} messages were whole`);
        await lost;
        const next = await theirs("PUSH");
        await next.connect(pull.lastEndpoint);
        await next.send(["next"]);
        pull.receiveTimeout = -1;
        assert.equal(String(await pull.receive()), "next");
      });

      it("PUSH queues on when libzmq's PULL is killed in the middle of a message", async () => {
        const push = await bound(new zmq.Push());
        const first = await theirs("PULL", { receiveHighWaterMark: 1 });
        await first.connect(push.lastEndpoint);
        await push.connected();
        const lost = eventOf(push, "disconnect");
        for (let i = 0; i < 10; i++) await push.send(Buffer.alloc(5_000_000, i));
        await until(() => (push.peers[0]?.sendQueueLength ?? 0) > 0);
        await restart();
        await lost;
        const next = await theirs("PULL");
        await next.connect(push.lastEndpoint);
        await push.send(["next"]);
        assert.deepEqual(await next.receive(1), [[hex("next")]]);
      });

      it("libzmq's PULL receives no half message from a socket that closed without linger", async () => {
        const pull = await theirs("PULL", { receiveHighWaterMark: 1 });
        const address = await pull.bind(anyPort);
        const push = new zmq.Push({ linger: 0 });
        push.connect(address);
        const parts = Array.from({ length: 10 }, (_, i) => Buffer.alloc(1_000_000, i));
        for (let i = 0; i < 10; i++) await push.send(parts);
        await push.connected();
        await until(() => (push.peers[0]?.bytesSent ?? 0) > 0);
        push.close();
        await pull.event("disconnect");
        const last = ours(new zmq.Push());
        last.connect(address);
        await last.send("last");
        for (let isLast = false; !isLast; ) {
          const [message] = await pull.receive(1);
          isLast = message?.length === 1;
          assert.deepEqual(message, isLast ? [hex("last")] : parts.map(described));
        }
      });
    });

    describe("heartbeats", () => {
      /** Octets of a PING and a PONG: of ZMTP; of WebSocket from who is bound, and masked from who dialed. */
      const signs = isWebSocket
        ? { ping: { binder: 2, dialer: 6 }, pong: { binder: 2, dialer: 6 } }
        : { ping: { binder: 9, dialer: 9 }, pong: { binder: 7, dialer: 7 } };
      const uneventful = ["connect:delay", "connect", "handshake", ...(isWebSocket ? ["handshake"] : [])];

      /** Resolves when both sides have sent five PINGs or their answers through a tap. */
      async function beaten(tap: Tap, pinging: "dialer" | "binder"): Promise<void> {
        const before = { ...tap.octets };
        const ponging = pinging === "dialer" ? "binder" : "dialer";
        await until(() => tap.octets[pinging] >= before[pinging] + 5 * signs.ping[pinging]);
        await until(() => tap.octets[ponging] >= before[ponging] + 5 * signs.pong[ponging]);
      }

      it("PINGs are answered by libzmq, and the connection stays", async () => {
        const dealer = await bound(
          new zmq.Dealer({ heartbeatInterval: 20, heartbeatTimeout: 2000, heartbeatTimeToLive: 5000 }),
        );
        const tap = later(await Tap.start(dealer.lastEndpoint));
        const their = await theirs("DEALER");
        await their.connect(tap.endpoint);
        await dealer.connected();
        await beaten(tap, "binder");
        assert.deepEqual(await their.events(), uneventful);
        await dealer.send("still here");
        assert.deepEqual(await their.receive(1), [[hex("still here")]]);
      });

      it("PINGs of libzmq are answered, and the connection stays", async () => {
        const dealer = await bound(new zmq.Dealer());
        const tap = later(await Tap.start(dealer.lastEndpoint));
        const their = await theirs("DEALER", {
          heartbeatInterval: 20,
          heartbeatTimeout: 2000,
          heartbeatTimeToLive: 5000,
        });
        await their.connect(tap.endpoint);
        await dealer.connected();
        await beaten(tap, "dialer");
        assert.deepEqual(await their.events(), uneventful);
      });

      it("a libzmq process that hangs is given up after the heartbeat's time-out, and found again", async () => {
        const dealer = ours(new zmq.Dealer({ heartbeatInterval: 30, heartbeatTimeout: 60, reconnectInterval: 20 }));
        const their = await theirs("DEALER");
        dealer.connect(await their.bind(anyPort));
        await dealer.connected();
        const lost = eventOf(dealer, "disconnect");
        peer.freeze();
        try {
          await lost;
        } finally {
          peer.thaw();
        }
        await dealer.connected();
        await dealer.send("again");
        assert.deepEqual(await their.receive(1), [[hex("again")]]);
      });

      // WebSocket's PING has no room for a time to live.
      if (!isWebSocket) {
        it("a libzmq process that hangs is given up after the time to live that its PINGs announce", async () => {
          const dealer = await bound(new zmq.Dealer());
          const their = await theirs("DEALER", {
            heartbeatInterval: 30,
            heartbeatTimeToLive: 100,
            heartbeatTimeout: 5000,
          });
          await their.connect(dealer.lastEndpoint);
          await dealer.connected();
          const [before] = dealer.peers;
          await until(() => (dealer.peers[0]?.bytesReceived ?? 0) >= (before?.bytesReceived ?? 0) + 9);
          const lost = eventOf(dealer, "disconnect");
          peer.freeze();
          try {
            await lost;
          } finally {
            peer.thaw();
          }
        });
      }

      // With an I/O thread it is not noticed that this thread hangs.
      if (new zmq.Context().ioThreads > 0) return;
      it("libzmq gives us up when we hang, and comes back", async () => {
        const dealer = await bound(new zmq.Dealer());
        const their = await theirs("DEALER", { heartbeatInterval: 30, heartbeatTimeout: 60, reconnectInterval: 20 });
        await their.connect(dealer.lastEndpoint);
        await dealer.connected();
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400); // This process hangs.
        await their.event("disconnect");
        await dealer.connected();
        await their.send(["again"]);
        assert.equal(String(await dealer.receive()), "again");
      });
    });
  });
}
