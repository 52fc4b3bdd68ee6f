/**
 * ZMTP 3.1 on the wire, and what becomes of a peer that breaks it: captured bytes and crafted ones, written by hand to
 * sockets of ours, which listen or connect.
 */

import assert from "node:assert/strict";
import { afterEach, describe } from "node:test";
import * as zmq from "../../src/index.ts";
import { it, until } from "./opener.ts";
import {
  ascii,
  command,
  greetingRest,
  meet,
  ourReady,
  property,
  type RawPeer,
  type Role,
  ready,
  SIGNATURE,
} from "./raw-peer.ts";

const open: { close(): void }[] = [];
afterEach(() => {
  for (const each of open.splice(0).reverse()) each.close();
});

const later = (what: { close(): void }) => void open.push(what);

function ours<S extends zmq.Socket>(socket: S): S {
  open.push(socket);
  if (!socket.closed) socket.linger = 0;
  return socket;
}

/** A 3.1 peer of `type`, joined with our socket of type `ourType`. */
async function joined(socket: zmq.Socket, role: Role, ourType: string, type: string): Promise<RawPeer> {
  const peer = await meet(ours(socket), role, later);
  peer.write(SIGNATURE, greetingRest(1));
  await peer.expect(SIGNATURE, greetingRest(1), ourReady(ourType));
  peer.write(ready(type));
  return peer;
}

interface Told {
  readonly events: { readonly type: string; readonly code?: string; readonly status?: number | undefined }[];
  /** Resolves when the connection is over. */
  readonly over: Promise<void>;
}

/** What a socket tells of a connection's end. */
function told(socket: zmq.Socket): Told {
  const events: Told["events"] = [];
  for (const type of ["handshake:error:protocol", "handshake:error:auth", "handshake:error:other"] as const) {
    socket.events.on(type, (event) => {
      if (!("error" in event)) return;
      events.push({ type, code: event.error.code, status: "status" in event.error ? event.error.status : undefined });
    });
  }
  for (const type of ["handshake", "connect:retry"] as const) socket.events.on(type, () => events.push({ type }));
  const over = new Promise<void>((resolve) => {
    socket.events.on("disconnect", () => {
      events.push({ type: "disconnect" });
      resolve();
    });
  });
  return { events, over };
}

const hi = `00 02 ${ascii("hi")}`;

for (const role of ["connects", "listens"] as const) {
  describe(`a peer of ZMTP 3.1 that ${role}`, () => {
    it("sees the greeting in the stages that let older peers be recognised", async () => {
      const dealer = ours(new zmq.Dealer({ routingId: "BOB" }));
      const peer = await meet(dealer, role, later);
      await peer.expect("ff 00000000 00000004 7f");
      peer.write(SIGNATURE);
      await peer.expect("03");
      peer.write("03");
      await peer.expect("01", ascii("NULL"), "00".repeat(16), "00", "00".repeat(31));
      assert.equal(peer.unread, "");
      peer.write(greetingRest(1).slice(3));
      await peer.expect(ready("DEALER", property("Identity", "BOB")));
    });

    it("hears nothing behind READY before it has sent its own", async () => {
      const push = ours(new zmq.Push());
      const peer = await meet(push, role, later);
      if (role === "listens") await push.send("early");
      peer.write(SIGNATURE, greetingRest(1));
      await peer.expect(SIGNATURE, greetingRest(1), ourReady("PUSH"));
      await new Promise((resolve) => setTimeout(resolve, 30)); // What must not come has no event to wait for.
      assert.equal(peer.unread, "");
      peer.write(ready("PULL"));
      if (role === "connects") await push.send("early");
      await peer.expect(`00 05 ${ascii("early")}`);
    });

    it("may send its messages in one segment with its greeting and READY", async () => {
      const pull = ours(new zmq.Pull());
      const peer = await meet(pull, role, later);
      peer.write(SIGNATURE, greetingRest(1), ready("PUSH"), hi);
      assert.equal(String(await pull.receive()), "hi");
    });

    it("is served octet by octet", async () => {
      const pull = ours(new zmq.Pull());
      const peer = await meet(pull, role, later);
      await peer.trickle(SIGNATURE, greetingRest(1), ready("PUSH"), `01 02 ${ascii("hi")} 00 00`, hi);
      assert.equal(String(await pull.receive()), "hi,");
      assert.equal(String(await pull.receive()), "hi");
    });

    it("hears of subscriptions as commands, and may use either form itself", async () => {
      const sub = new zmq.Subscriber();
      sub.subscribe("abc");
      const peer = await joined(sub, role, "SUB", "PUB");
      await peer.expect(command("SUBSCRIBE", ascii("abc")));
      sub.unsubscribe("abc");
      await peer.expect(command("CANCEL", ascii("abc")));

      const pub = new zmq.XPublisher();
      const other = await joined(pub, role, "XPUB", "SUB");
      other.write(command("SUBSCRIBE", ascii("abc")), `00 04 01 ${ascii("xyz")}`, command("CANCEL", ascii("abc")));
      assert.equal(String(await pub.receive()), "\x01abc");
      assert.equal(String(await pub.receive()), "\x01xyz");
      assert.equal(String(await pub.receive()), "\0abc");
    });

    it("may be a libzmq 4.3.4 that forgets to mark long subscriptions", async () => {
      const pub = new zmq.XPublisher();
      const peer = await joined(pub, role, "XPUB", "SUB");
      const topic = "t".repeat(246);
      peer.write("04 00000000 00000100 09", ascii("SUBSCRIBE"), ascii(topic), command("SUBSCRIBE", ascii("next")));
      assert.equal(String(await pub.receive()), `\x01${topic}`);
      assert.equal(String(await pub.receive()), "\x01next");
    });

    it("is answered its PING with up to 16 octets of its context", async () => {
      const pull = new zmq.Pull();
      const peer = await joined(pull, role, "PULL", "PUSH");
      peer.write("04 07 04", ascii("PING"), "0258");
      await peer.expect("04 05 04", ascii("PONG"));
      peer.write("04 0a 04", ascii("PING"), "0258", ascii("abc"));
      await peer.expect("04 08 04", ascii("PONG"), ascii("abc"));
      peer.write(command("PING", `0258 ${ascii("0123456789abcdefghi")}`));
      await peer.expect(command("PONG", ascii("0123456789abcdef")));
      // Between the frames of a message.
      peer.write(`01 01 ${ascii("a")}`, "04 07 04", ascii("PING"), "0000", `00 01 ${ascii("b")}`);
      await peer.expect("04 05 04", ascii("PONG"));
      assert.equal(String(await pull.receive()), "a,b");
    });

    it("receives PINGs with the time to live in tenths of a second, and is given up when it answers none", async () => {
      const pull = new zmq.Pull({ heartbeatInterval: 20, heartbeatTimeToLive: 60_000, heartbeatTimeout: 100 });
      const peer = await joined(pull, role, "PULL", "PUSH");
      const { over } = told(pull);
      await peer.expect("04 07 04", ascii("PING"), "0258");
      peer.write("04 05 04", ascii("PONG"));
      await peer.expect("04 07 04", ascii("PING"), "0258");
      await over;
      await peer.ended();
    });

    it("is kept by any frame, and by the octets of an unfinished one", async () => {
      const pull = new zmq.Pull({ heartbeatInterval: 30, heartbeatTimeout: 250 });
      const peer = await joined(pull, role, "PULL", "PUSH");
      const { over } = told(pull);
      let isOver = false;
      void over.then(() => {
        isOver = true;
      });
      const ping = () => peer.expect("04 07 04", ascii("PING"), "0000");
      for (let i = 0; i < 10; i++) {
        await ping();
        peer.write(hi);
        await pull.receive();
      }
      const octets = 10;
      peer.write("02 00000000 0000000a");
      for (let i = 0; i < octets; i++) {
        await ping();
        peer.write("00");
      }
      assert.equal((await pull.receive())[0]?.length, octets);
      assert.equal(isOver, false);
      await over;
    });

    it("is given up when it is silent for longer than its PING announced", async () => {
      const pull = new zmq.Pull();
      const peer = await joined(pull, role, "PULL", "PUSH");
      peer.write("04 07 04", ascii("PING"), "0001");
      await peer.expect("04 05 04", ascii("PONG"));
      await peer.ended();
    });

    it("may send commands that nobody knows, and malformed ones", async () => {
      const pull = new zmq.Pull();
      const peer = await joined(pull, role, "PULL", "PUSH");
      peer.write(command("FANCY", ascii("whatever")), "04 01 ff", "04 02 05 41", "04 05 04", ascii("PING"), hi);
      assert.equal(String(await pull.receive()), "hi");
    });

    it("may set reserved flags, and use the long form for short frames", async () => {
      const pull = new zmq.Pull();
      const peer = await joined(pull, role, "PULL", "PUSH");
      peer.write(
        `f8 02 ${ascii("hi")}`,
        `02 00000000 00000002 ${ascii("ho")}`,
        `03 00000000 00000001 ${ascii("a")}`,
        "00 00",
      );
      assert.equal(String(await pull.receive()), "hi");
      assert.equal(String(await pull.receive()), "ho");
      assert.equal(String(await pull.receive()), "a,");
    });

    it("may omit its type, spell property names as it likes, and add others, which its messages show", async () => {
      const pull = ours(new zmq.Pull());
      const peer = await meet(pull, role, later);
      peer.write(SIGNATURE, greetingRest(1));
      await peer.expect(SIGNATURE, greetingRest(1), ourReady("PULL"));
      peer.write(command("READY", property("X-Colour", "blue") + property("Resource", "r")), hi);
      const { metadata } = await pull.receiveFrom();
      assert.deepEqual({ ...metadata }, { "X-Colour": "blue", Resource: "r", "Peer-Address": "127.0.0.1" });
    });

    const fatal: readonly [name: string, bytes: string, event: string | undefined][] = [
      ["names a type that may not talk to ours", ready("SUB"), undefined],
      ["sends a truncated property", command("READY", "0b536f636b65742d5479"), "ERR_ZMTP_INVALID_METADATA"],
      ["sends an octet behind its properties", ready("PUSH", "00"), "ERR_ZMTP_INVALID_METADATA"],
      ["sends another command than READY", command("HELLO", ""), "ERR_ZMTP_UNEXPECTED_COMMAND"],
      ["sends a READY that is cut off", "04 03 05 52 45", "ERR_ZMTP_UNEXPECTED_COMMAND"],
    ];
    for (const [name, bytes, event] of fatal) {
      it(`is not tried again when it ${name}`, async () => {
        const pull = ours(new zmq.Pull({ reconnectInterval: 1 }));
        const { events, over } = told(pull);
        const peer = await meet(pull, role, later);
        peer.write(SIGNATURE, greetingRest(1), bytes);
        await peer.ended();
        await over;
        await until(() => pull.peers.length === 0);
        const expected =
          event === undefined ? [] : [{ type: "handshake:error:protocol", code: event, status: undefined }];
        assert.deepEqual(events, [...expected, { type: "disconnect" }]);
        if (role === "listens") assert.throws(() => pull.disconnect(pull.lastEndpoint as string), { code: "ENOENT" });
      });
    }

    it("is not tried again when it has another mechanism", async () => {
      const pull = ours(new zmq.Pull({ reconnectInterval: 1 }));
      const { events, over } = told(pull);
      const peer = await meet(pull, role, later);
      peer.write(SIGNATURE, greetingRest(1, "PLAIN"));
      await over;
      assert.deepEqual(events, [
        { type: "handshake:error:protocol", code: "ERR_ZMTP_MECHANISM_MISMATCH", status: undefined },
        { type: "disconnect" },
      ]);
      assert.equal(pull.peers.length, 0);
    });

    for (const status of ["300", "400", "500"]) {
      it(`is not tried again when it says ERROR ${status}, of which an event tells`, async () => {
        const pull = ours(new zmq.Pull({ reconnectInterval: 1 }));
        const { events, over } = told(pull);
        const peer = await meet(pull, role, later);
        peer.write(SIGNATURE, greetingRest(1), command("ERROR", `03 ${ascii(status)}`));
        await over;
        assert.deepEqual(
          events.map((event) => [event.type, event.status]),
          [
            ["handshake:error:auth", Number(status)],
            ["disconnect", undefined],
          ],
        );
        assert.equal(pull.peers.length, 0);
      });
    }

    it("is given up when its handshake takes too long, whatever it is", async () => {
      const pull = ours(new zmq.Pull({ handshakeInterval: 40, reconnectInterval: 1 }));
      const { events, over } = told(pull);
      const peer = await meet(pull, role, later);
      peer.write(ascii("GET / HTTP/1.1\r\n\r\n"));
      await over;
      assert.equal(events[0]?.type, "handshake:error:other");
      assert.equal(events[0]?.code, "EAGAIN");
    });

    for (const [name, size] of [
      ["a little", "00000000 000003e9"],
      ["a terabyte", "00000100 00000000"],
      ["more than there is", "ffffffff ffffffff"],
    ] as const) {
      it(`is closed when its frame is ${name} over maxMessageSize, before memory is taken`, async () => {
        const pull = new zmq.Pull({ maxMessageSize: 1000, reconnectInterval: 1 });
        const peer = await joined(pull, role, "PULL", "PUSH");
        const { events, over } = told(pull);
        peer.write(`02 00000000 000003e8 ${"61".repeat(1000)}`);
        assert.equal((await pull.receive())[0]?.length, 1000);
        const before = process.memoryUsage().arrayBuffers;
        peer.write("02", size);
        await peer.ended();
        await over;
        assert(process.memoryUsage().arrayBuffers - before < 10_000_000);
        assert.equal(pull.peers.length, 0);
        assert.equal(
          events.some(({ type }) => type === "connect:retry"),
          false,
        );
      });
    }

    it("that announces a terabyte takes no memory before it has sent it", async () => {
      const pull = new zmq.Pull();
      const peer = await joined(pull, role, "PULL", "PUSH");
      peer.write(hi);
      await pull.receive();
      const before = process.memoryUsage().arrayBuffers;
      peer.write("02 00000100 00000000", "61".repeat(1000));
      await until(() => (pull.peers[0]?.bytesReceived ?? 0) >= 1000 || pull.peers.length === 0);
      assert(process.memoryUsage().arrayBuffers - before < 10_000_000);
    });

    it("that hangs up at any point of its greeting is a lost connection, and no more", async () => {
      const whole = `${SIGNATURE}${greetingRest(1)}${ready("PUSH")}`.replaceAll(/\s/g, "");
      for (const octets of [0, 1, 9, 10, 11, 12, 63, 64, 65, 80]) {
        const pull = ours(new zmq.Pull({ reconnectInterval: 1 }));
        const peer = await meet(pull, role, later);
        if (octets > 0) peer.write(whole.slice(0, 2 * octets));
        await peer.read(10);
        const lost = new Promise<void>((resolve) => pull.events.on("disconnect", () => resolve()));
        peer.close();
        await lost;
        pull.receiveTimeout = 0;
        await assert.rejects(pull.receive(), { code: "EAGAIN" });
      }
    });

    it("breaks REQ's connection, and only that, by a reply without delimiter", async () => {
      const req = new zmq.Request();
      const peer = await joined(req, role, "REQ", "ROUTER");
      await req.connected();
      await req.send("question");
      await peer.expect("01 00", `00 08 ${ascii("question")}`);
      const { over } = told(req);
      const reply = req.receive();
      peer.write(hi);
      await over;
      await peer.ended();
      assert.equal(req.peers.length, 0);
      req.close();
      await assert.rejects(reply, { code: "EAGAIN" });
    });
  });
}
