/**
 * Options, closing, events and classes of sockets, as programs for zeromq.js
 * know them; and what is wrong there and right here.
 */

import assert from "node:assert/strict";
import { createConnection } from "node:net";
import { test } from "node:test";
import * as zmq from "../../src/index.ts";

/** What the process was warned of while `act` ran. */
async function warnings(act: () => unknown): Promise<string[]> {
  const heard: string[] = [];
  const listener = (warning: Error): void => {
    heard.push(warning.message);
  };
  process.on("warning", listener);
  await act();
  await new Promise((resolve) => setImmediate(resolve));
  process.off("warning", listener);
  return heard;
}

const TOO_LATE = "Socket option will not take effect until next connect/bind.";

// --- Warnings ---

test("an option that comes too late for an endpoint warns", async () => {
  const socket = new zmq.Dealer();
  socket.connect("inproc://late");
  const heard = await warnings(() => {
    socket.routingId = "late";
  });
  assert.deepEqual(heard, [TOO_LATE]);
  socket.close();
});

test("an option that is set during a bind warns", async () => {
  const socket = new zmq.Dealer();
  const heard = await warnings(async () => {
    const binding = socket.bind("inproc://during");
    socket.routingId = "late";
    await binding;
  });
  assert.deepEqual(heard, [TOO_LATE]);
  socket.close();
});

test("options that take effect at once do not warn", async () => {
  const dealer = new zmq.Dealer();
  const router = new zmq.Router();
  const request = new zmq.Request();
  const publisher = new zmq.XPublisher();
  for (const socket of [dealer, router, request, publisher]) socket.connect("inproc://at-once");
  const heard = await warnings(() => {
    dealer.linger = 0;
    dealer.sendHighWaterMark = dealer.receiveHighWaterMark = 5;
    dealer.sendTimeout = dealer.receiveTimeout = 5;
    dealer.probeRouter = true;
    router.mandatory = router.handover = true;
    request.correlate = request.relaxed = true;
    publisher.verbosity = "allSubsUnsubs";
  });
  assert.deepEqual(heard, []);
  for (const socket of [dealer, router, request, publisher]) socket.close();
});

test("a failed bind or unbind leaves nothing that warns", async () => {
  const socket = new zmq.Dealer();
  await assert.rejects(socket.bind("nonsense"));
  await assert.rejects(socket.unbind("inproc://never-bound"));
  const heard = await warnings(() => {
    socket.routingId = "in time";
  });
  assert.deepEqual(heard, []);
});

test("a number too large to be exact warns", async () => {
  const socket = new zmq.Dealer();
  const heard = await warnings(() => {
    socket.affinity = 2 ** 60;
  });
  assert.deepEqual(heard, ["Value is larger than Number.MAX_SAFE_INTEGER and may have been rounded inaccurately."]);
  assert.equal(socket.affinity, 2 ** 60);
});

// --- Options ---

test("text options read as null while they are empty", () => {
  const socket = new zmq.Dealer();
  assert.equal(socket.routingId, null);
  assert.equal(socket.plainUsername, null);
  assert.equal(socket.lastEndpoint, null);
  socket.routingId = "name";
  assert.equal(socket.routingId, "name");
});

test("CURVE keys read as they were set", () => {
  const { publicKey, secretKey } = zmq.curveKeyPair();
  const socket = new zmq.Dealer({ curvePublicKey: publicKey, curveSecretKey: secretKey });
  assert.equal(socket.curvePublicKey, publicKey);
  assert.equal(socket.curveSecretKey, secretKey);
  assert.equal(socket.curveServerKey, null);
  assert.equal(socket.securityMechanism, "curve");
});

test("options that zeromq.js can only write read as they were set", () => {
  assert.equal(new zmq.Router({ mandatory: true, handover: true }).mandatory, true);
  assert.equal(new zmq.XPublisher({ verbosity: "allSubs" }).verbosity, "allSubs");
  assert.equal(new zmq.Publisher({ noDrop: true }).noDrop, true);
});

test("the options object is left as it was", () => {
  const context = new zmq.Context();
  const options = { context, linger: 0 };
  const sockets = [new zmq.Dealer(options), new zmq.Dealer(options)];
  for (const socket of sockets) assert.equal(socket.context, context);
  assert.deepEqual(options, { context, linger: 0 });
});

test("sockets use the global context when they are given none", () => {
  assert.equal(new zmq.Dealer().context, zmq.context);
});

test("a class of one's own has the options of all sockets", () => {
  class Mine extends zmq.Socket {
    constructor(options?: zmq.SocketOptions<Mine>) {
      super(zmq.SocketType.Dealer, options);
    }
    get isImmediate(): boolean {
      return this.getBoolOption(39);
    }
  }
  const socket = new Mine({ linger: 7, immediate: true });
  assert.equal(socket.linger, 7);
  assert.equal(socket.isImmediate, true);
  assert.equal(socket.type, 5);
});

test("options by libzmq's number read and write the same values", () => {
  class Open extends zmq.XPublisher {
    number(id: number): number {
      return this.getInt32Option(id);
    }
    setNumber(id: number, value: number): void {
      this.setInt32Option(id, value);
    }
    setFlag(id: number, value: boolean): void {
      this.setBoolOption(id, value);
    }
    text(id: number): string | null {
      return this.getStringOption(id);
    }
  }
  const socket = new Open({ linger: 5 });
  assert.equal(socket.number(17), 5);
  socket.setNumber(39, 1);
  assert.equal(socket.immediate, true);
  assert.equal(socket.number(39), 1);
  socket.setFlag(78, true);
  assert.equal(socket.verbosity, "allSubsUnsubs");
  socket.bindSync("inproc://by-number");
  assert.equal(socket.text(32), "inproc://by-number");
  assert.equal(socket.number(43), 0);
  socket.close();
});

test("topicsCount counts the topics of a subscriber", () => {
  const socket = new zmq.Subscriber();
  socket.subscribe("a", "b");
  socket.subscribe("a");
  assert.equal(socket.topicsCount, 2);
  socket.close();
});

// --- Closing ---

test("close during a bind or unbind takes effect when that has ended", async () => {
  const socket = new zmq.Dealer();
  const binding = socket.bind("inproc://closing");
  socket.close();
  assert.equal(socket.closed, false);
  await binding;
  assert.equal(socket.closed, true);

  const other = new zmq.Dealer();
  const unbinding = assert.rejects(other.unbind("inproc://never"), { code: "ENOENT" });
  other.close();
  assert.equal(other.closed, false);
  await unbinding;
  assert.equal(other.closed, true);
});

test("close twice is close once", () => {
  const socket = new zmq.Dealer();
  socket.close();
  socket.close();
  assert.equal(socket.closed, true);
});

test("unbindSync frees the address", () => {
  const [first, second] = [new zmq.Dealer(), new zmq.Dealer()];
  first.bindSync("inproc://freed");
  first.unbindSync("inproc://freed");
  second.bindSync("inproc://freed");
  second.close();
});

// --- Events ---

test("events is the same observer each time, with plain objects of zeromq.js's shape", async () => {
  const server = new zmq.Dealer();
  const client = new zmq.Dealer();
  assert.equal(server.events, server.events);
  const accepted = new Promise<zmq.EventOfType<"accept">>((resolve) => {
    server.events.on("accept", resolve);
  });
  const { events } = client;
  await server.bind("tcp://127.0.0.1:*");
  const address = server.lastEndpoint ?? "";
  client.connect(address);
  assert.deepEqual(await events.receive(), { type: "connect:delay", address });
  assert.deepEqual(await events.receive(), { type: "connect", address });
  const event = await accepted;
  assert.deepEqual(event, { type: "accept", address });
  assert.match(event.remoteAddress ?? "", /^tcp:\/\/127\.0\.0\.1:\d+$/);
  server.close();
  client.close();
});

test("a closed socket's last event is end", async () => {
  const socket = new zmq.Dealer();
  const { events } = socket;
  socket.close();
  assert.equal(events.closed, false);
  assert.deepEqual(await events.receive(), { type: "end" });
  assert.equal(events.closed, true);
});

test("closing a context ends the events of its sockets", async () => {
  const context = new zmq.Context();
  const { events } = new zmq.Dealer({ context });
  const seen: string[] = [];
  const reading = (async () => {
    for await (const { type } of events) seen.push(type);
  })();
  await context.close();
  await reading;
  assert.deepEqual(seen, ["end"]);
});

test("on and off return the observer, and off silences one listener", async () => {
  const socket = new zmq.Dealer();
  let calls = 0;
  const listener = (): void => {
    calls++;
  };
  const over = new Promise<void>((resolve) => {
    const chained = socket.events
      .on("bind", listener)
      .on("bind", listener)
      .off("bind", listener)
      .on("end", () => resolve());
    assert.equal(chained, socket.events);
  });
  await socket.bind("tcp://127.0.0.1:*");
  socket.close();
  await over;
  assert.equal(calls, 1);
});

test("a second observer sees the same events", async () => {
  const socket = new zmq.Dealer();
  const observers = [socket.events, new zmq.Observer(socket)];
  await socket.bind("tcp://127.0.0.1:*");
  for (const observer of observers) assert.equal((await observer.receive()).type, "bind");
  socket.close();
});

test("a listener for drop hears why a message was dropped", async () => {
  const publisher = new zmq.Publisher();
  const router = new zmq.Router();
  const dropped = new Promise<zmq.DropEvent>((resolve) => {
    router.events.on("drop", resolve);
  });
  await router.send(["nobody", "x"]);
  assert.deepEqual(await dropped, { type: "drop", reason: "unroutable", address: "" });
  router.close();
  publisher.close();
});

test("a peer that breaks the protocol is an event with zeromq.js's message, and what came as detail", async () => {
  const server = new zmq.Reply();
  await server.bind("tcp://127.0.0.1:*");
  const failed = new Promise<zmq.EventOfType<"handshake:error:protocol">>((resolve) => {
    server.events.on("handshake:error:protocol", resolve);
  });
  const peer = createConnection(Number(server.lastEndpoint?.split(":").pop()), "127.0.0.1");
  peer.on("error", () => {}); // The server closes it.
  const greeting = Buffer.alloc(64);
  greeting.set([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 0]);
  greeting.write("NULL", 12);
  peer.write(greeting);
  peer.write(Buffer.from([4, 2, 1, 0x41])); // a command named "A" instead of READY
  const { error } = await failed;
  assert.equal(error.message, "ZMTP protocol error");
  assert.match(error.code, /^ERR_ZMTP_/);
  assert.equal(typeof (error as zmq.ZmqError).detail, "string");
  server.close();
  peer.destroy();
});
