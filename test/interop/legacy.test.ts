/**
 * Peers of ZMTP 1.0, 2.0 and 3.0, played from captured bytes against our sockets, which listen or connect.
 */

import assert from "node:assert/strict";
import { afterEach, describe } from "node:test";
import * as zmq from "../../src/index.ts";
import { it } from "./opener.ts";
import { ascii, greetingRest, meet, type RawPeer, type Role, ready, SIGNATURE } from "./raw-peer.ts";

const open: { close(): void }[] = [];
afterEach(() => {
  for (const each of open.splice(0).reverse()) each.close();
});

function ours<S extends zmq.Socket>(socket: S): S {
  open.push(socket);
  socket.linger = 0;
  return socket;
}

const ROLES: readonly Role[] = ["connects", "listens"];

/** How a peer of an old version greets as `type`, and what our socket with `routingId` says meanwhile. */
interface Version {
  readonly name: string;
  greet(peer: RawPeer, ours: string, theirType: string, theirId: string): Promise<void>;
  /** One frame. */
  frame(text: string, more?: boolean): string;
  /** A subscription as our SUB writes it. */
  subscription(topic: string): string;
}

/** Numbers of the socket types on the wire of 1.0 and 2.0. */
const TYPES: Record<string, string> = {
  PAIR: "00",
  PUB: "01",
  SUB: "02",
  REQ: "03",
  REP: "04",
  DEALER: "05",
  ROUTER: "06",
  PULL: "07",
  PUSH: "08",
  XPUB: "09",
  XSUB: "0a",
};

const v1 = (text: string, more = false) => `${octet(text.length + 1)} 0${more ? 1 : 0} ${ascii(text)}`;
const v2 = (text: string, more = false) => `0${more ? 1 : 0} ${octet(text.length)} ${ascii(text)}`;
const octet = (value: number) => value.toString(16).padStart(2, "0");

/** Our signature carries the length of our routing id plus one. */
const signature = (routingId: string) => `ff 00000000 000000${octet(routingId.length + 1)} 7f`;

function typeOf(socket: zmq.Socket): string {
  return octet(socket.type);
}

let current: zmq.Socket;

const VERSIONS: readonly Version[] = [
  {
    name: "1.0 without a greeting",
    async greet(peer, routingId, _type, id) {
      await peer.expect(signature(routingId));
      peer.write(v1(id));
      await peer.expect(ascii(routingId));
    },
    frame: v1,
    subscription: (topic) => v1(`\x01${topic}`),
  },
  {
    name: "1.0 with a greeting",
    async greet(peer, routingId, type, id) {
      await peer.expect(signature(routingId));
      peer.write(SIGNATURE, "00", TYPES[type] as string, v1(id));
      await peer.expect("03", typeOf(current), v1(routingId));
    },
    frame: v1,
    subscription: (topic) => v1(`\x01${topic}`),
  },
  {
    name: "2.0",
    async greet(peer, routingId, type, id) {
      await peer.expect(signature(routingId));
      peer.write(SIGNATURE);
      await peer.expect("03");
      peer.write("01", TYPES[type] as string);
      await peer.expect(typeOf(current), v2(routingId));
      peer.write(v2(id));
    },
    frame: v2,
    subscription: (topic) => v2(`\x01${topic}`),
  },
  {
    name: "3.0",
    async greet(peer, routingId, type, id) {
      await peer.expect(signature(routingId));
      peer.write(SIGNATURE, greetingRest(0));
      await peer.expect(greetingRest(1));
      const header = await peer.read(2);
      const body = await peer.read(Number.parseInt(header.slice(2), 16));
      assert.equal(header.slice(0, 2), "04");
      assert(body.includes(ascii("READY")));
      peer.write(ready(type, `08 ${ascii("Identity")} 000000${octet(id.length)} ${ascii(id)}`));
    },
    frame: v2,
    subscription: (topic) => v2(`\x01${topic}`),
  },
];

for (const role of ROLES) {
  for (const version of VERSIONS) {
    const join = async (socket: zmq.Socket, type: string, id = "") => {
      current = ours(socket);
      const peer = await meet(socket, role, (what) => open.push(what));
      await version.greet(peer, "routingId" in socket ? String(socket.routingId ?? "") : "", type, id);
      return peer;
    };

    describe(`a peer of ZMTP ${version.name} that ${role}`, () => {
      it("exchanges messages with DEALER, which tells it its routing id", async () => {
        const dealer = new zmq.Dealer({ routingId: "BOB" });
        const peer = await join(dealer, "DEALER");
        await dealer.send(["hi", "there"]);
        await peer.expect(version.frame("hi", true), version.frame("there"));
        peer.write(version.frame("a", true), version.frame("", true), version.frame("b"));
        assert.equal(String(await dealer.receive()), "a,,b");
      });

      it("is known to ROUTER by its identity frame", async () => {
        const router = new zmq.Router({ mandatory: true });
        const peer = await join(router, "DEALER", "ALICE");
        peer.write(version.frame("hello"));
        assert.equal(String(await router.receive()), "ALICE,hello");
        await router.send(["ALICE", "you"]);
        await peer.expect(version.frame("you"));
      });

      it("is given a routing id by ROUTER when its identity is empty", async () => {
        const router = new zmq.Router({ mandatory: true });
        const peer = await join(router, "DEALER");
        peer.write(version.frame("hello"));
        const [id] = await router.receive();
        assert.equal(id?.length, 5);
        await router.send([id as Buffer, "you"]);
        await peer.expect(version.frame("you"));
      });

      it("is answered by REP", async () => {
        const rep = new zmq.Reply();
        const peer = await join(rep, "REQ");
        peer.write(version.frame("", true), version.frame("question"));
        assert.equal(String(await rep.receive()), "question");
        await rep.send("answer");
        await peer.expect(version.frame("", true), version.frame("answer"));
      });

      it("hears of SUB's subscriptions as messages, and is heard", async () => {
        const sub = new zmq.Subscriber();
        sub.subscribe("abc");
        const peer = await join(sub, "PUB");
        await peer.expect(version.subscription("abc"));
        peer.write(version.frame("xyz"), version.frame("abcd"));
        assert.equal(String(await sub.receive()), "abcd");
        sub.unsubscribe("abc");
        await peer.expect(version.frame("\0abc"));
      });

      it("subscribes at XPUB by messages", async () => {
        const pub = new zmq.XPublisher();
        const peer = await join(pub, "SUB");
        peer.write(version.frame("\x01abc"));
        const first = String(await pub.receive());
        if (version.name === "1.0 without a greeting") {
          // It may be one that forwards no subscriptions: it gets everything.
          assert.equal(first, "\x01");
          assert.equal(String(await pub.receive()), "\x01abc");
          await pub.send("xyz");
          await peer.expect(version.frame("xyz"));
        } else assert.equal(first, "\x01abc");
        await pub.send("abcd");
        await peer.expect(version.frame("abcd"));
        peer.write(version.frame("\0abc"));
        assert.equal(String(await pub.receive()), "\0abc");
      });

      it("is served octet by octet", async () => {
        const pull = ours(new zmq.Pull());
        current = pull;
        const peer = await meet(pull, role, (what) => open.push(what));
        // What the peer writes is kept and sent slowly.
        const slow = Object.create(peer) as RawPeer;
        let queue = Promise.resolve();
        Object.assign(slow, {
          write: (...hex: string[]) => {
            queue = queue.then(() => peer.trickle(...hex));
          },
          expect: (...hex: string[]) => peer.expect(...hex),
          read: (count: number) => peer.read(count),
        });
        await version.greet(slow, "", "PUSH", "me");
        slow.write(version.frame("one", true), version.frame("two"), version.frame("three"));
        assert.equal(String(await pull.receive()), "one,two");
        assert.equal(String(await pull.receive()), "three");
        await queue;
      });

      it("that hangs up is followed by the next, and leaves a connecting socket trying", async () => {
        const pull = new zmq.Pull({ reconnectInterval: 1 });
        const peer = await join(pull, "PUSH");
        peer.write(version.frame("half", true));
        const lost = new Promise<void>((resolve) => pull.events.on("disconnect", () => resolve()));
        peer.close();
        await lost;
        pull.receiveTimeout = 0;
        await assert.rejects(pull.receive(), { code: "EAGAIN" });
      });

      if (version.name !== "3.0") {
        it("is refused where a ZAP domain asks for security", async () => {
          const pull = ours(new zmq.Pull({ zapDomain: "domain" }));
          const seen: string[] = [];
          for (const type of ["handshake:error:protocol", "handshake:error:other", "handshake:error:auth"] as const) {
            pull.events.on(type, () => seen.push(type));
          }
          const peer = await meet(pull, role, (what) => open.push(what));
          if (version.name === "1.0 without a greeting") peer.write(v1("id"));
          else peer.write(SIGNATURE, version.name === "2.0" ? "01" : "00", "08", version.frame("id"));
          await peer.ended();
          assert.deepEqual(seen, []);
          assert.equal(
            pull.peers.some((each) => each.connected),
            false,
          );
        });

        it("raises no handshake event, as with libzmq", async () => {
          const pull = ours(new zmq.Pull());
          let isSeen = false;
          pull.events.on("handshake", () => {
            isSeen = true;
          });
          const peer = await join(pull, "PUSH");
          peer.write(version.frame("x"));
          await pull.receive();
          assert.equal(isSeen, false);
        });
      }
    });
  }
}
