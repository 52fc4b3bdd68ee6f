/** Calls that wait, or that complete one after the other: their order, who holds up whom, and that timers run meanwhile. */

import assert from "node:assert/strict";
import { getEventListeners, once } from "node:events";
import net from "node:net";
import { afterEach, test } from "node:test";
import * as zmq from "../../src/index.ts";

const open: { close(): void }[] = [];

function opened<S extends zmq.Socket>(socket: S): S {
  open.push({
    close() {
      if (!socket.closed) socket.linger = 0;
      socket.close();
    },
  });
  return socket;
}

afterEach(() => {
  for (const each of open.splice(0).reverse()) each.close();
});

/** Calls `work` until a timer has fired, and fails when it never does. */
async function untilTimer(work: () => Promise<unknown> | undefined): Promise<void> {
  let fired = false;
  setTimeout(() => {
    fired = true;
  }, 1);
  for (let calls = 0; !fired; calls++) {
    if (calls === 200_000) assert.fail("no timer has fired");
    await work();
  }
}

/** Keeps the processor busy. */
function work(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end; );
}

async function echo(socket: zmq.Reply | zmq.Pair): Promise<void> {
  for await (const message of socket) await socket.send(message);
}

test("timers run while REQ and REP answer each other over inproc", async () => {
  const reply = opened(new zmq.Reply());
  const request = opened(new zmq.Request());
  await reply.bind("inproc://operations");
  request.connect("inproc://operations");
  void echo(reply);
  await untilTimer(async () => {
    await request.send("x");
    await request.receive();
  });
});

test("timers run while two PAIRs answer each other over inproc", async () => {
  const [left, right] = [opened(new zmq.Pair()), opened(new zmq.Pair())];
  await left.bind("inproc://operations");
  right.connect("inproc://operations");
  void echo(left);
  await untilTimer(async () => {
    await right.send("x");
    await right.receive();
  });
});

test("timers run while a program works between its calls, however long", async () => {
  const [left, right] = [opened(new zmq.Push({ sendHighWaterMark: 0 })), opened(new zmq.Pull())];
  await left.bind("inproc://operations");
  right.connect("inproc://operations");
  let calls = 0;
  await untilTimer(async () => {
    calls++;
    work(2);
    await left.send("x");
    await right.receive();
  });
  assert.ok(calls < 100, `${calls} calls of 2 ms and more`);
});

test("timers run while a program asks again and again for what is not there", async () => {
  const pull = opened(new zmq.Pull({ receiveTimeout: 0 }));
  await pull.bind("inproc://operations");
  await untilTimer(() => pull.receive().catch(() => undefined));
});

test("timers run while a program sends again and again to a peer that is not there", async () => {
  const router = opened(new zmq.Router({ mandatory: true }));
  await router.bind("inproc://operations");
  await untilTimer(() => router.send(["nobody", "x"]).catch(() => undefined));
});

test("timers run while a program polls again and again, and while it waits for what is there", async () => {
  const [left, right] = [opened(new zmq.Push()), opened(new zmq.Pull())];
  await left.bind("inproc://operations");
  right.connect("inproc://operations");
  const poller = new zmq.Poller();
  poller.register(left, { writable: true });
  await untilTimer(() => poller.poll());
  await untilTimer(() => left.connected());
});

test("timers run while messages go round through proxies", async () => {
  const fronts = [opened(new zmq.Pull()), opened(new zmq.Pull())] as const;
  const backs = [opened(new zmq.Push()), opened(new zmq.Push())] as const;
  for (const n of [0, 1] as const) await fronts[n].bind(`inproc://operations-${n}`);
  backs[0].connect("inproc://operations-1");
  backs[1].connect("inproc://operations-0");
  const [first, second] = [new zmq.Proxy(fronts[0], backs[0]), new zmq.Proxy(fronts[1], backs[1])];
  const ends = [first.run(), second.run()];
  const push = opened(new zmq.Push());
  push.connect("inproc://operations-0");
  await push.send("round and round");
  await new Promise((resolve) => setTimeout(resolve, 1));
  first.terminate();
  second.terminate();
  await Promise.all(ends);
});

test("thousands of calls at once complete in the order of the calls", async () => {
  const push = opened(new zmq.Push({ sendHighWaterMark: 0 }));
  const pull = opened(new zmq.Pull({ receiveHighWaterMark: 0 }));
  await pull.bind("inproc://operations");
  push.connect("inproc://operations");
  const wanted = Array.from({ length: 5000 }, (_, n) => n);
  const sent: number[] = [];
  const received: number[] = [];
  await Promise.all(wanted.map((n) => push.send(`${n}`).then(() => sent.push(n))));
  const receive = () => pull.receive().then(([frame]) => received.push(Number(frame)));
  await Promise.all(wanted.map(receive));
  assert.deepEqual(sent, wanted);
  assert.deepEqual(received, wanted);
});

test("of thousands of receives at once, those that are called off take no message", async () => {
  const push = opened(new zmq.Push({ sendHighWaterMark: 0 }));
  const pull = opened(new zmq.Pull({ receiveHighWaterMark: 0 }));
  await pull.bind("inproc://operations");
  push.connect("inproc://operations");
  for (let n = 0; n < 2000; n++) await push.send(`${n}`);
  await new Promise(setImmediate);
  const controller = new AbortController();
  const kept = Array.from({ length: 1000 }, () => pull.receive());
  const calledOff = Promise.allSettled(Array.from({ length: 500 }, () => pull.receive({ signal: controller.signal })));
  controller.abort(new Error("called off"));
  const seen = (await Promise.all(kept)).map(Number);
  for (const outcome of await calledOff) if (outcome.status === "fulfilled") seen.push(Number(outcome.value));
  while (seen.length < 2000) seen.push(Number(await pull.receive()));
  assert.deepEqual(
    seen,
    Array.from({ length: 2000 }, (_, n) => n),
  );
});

test("what was sent in one go, more than a turn completes, is sent although the socket is closed at once", async () => {
  const pull = opened(new zmq.Pull({ receiveHighWaterMark: 0 }));
  await pull.bind("inproc://operations");
  const push = new zmq.Push({ sendHighWaterMark: 0 });
  push.connect("inproc://operations");
  const sends = Array.from({ length: 5000 }, (_, n) => push.send(`${n}`));
  push.close();
  await Promise.all(sends);
  for (let n = 0; n < 5000; n++) assert.equal(String(await pull.receive()), `${n}`);
});

/** A ROUTER or STREAM with two peers, of which the first does not read and is sent to until its sends wait. */
async function withDeafPeer(type: "ROUTER" | "STREAM") {
  const socket = opened(
    type === "ROUTER"
      ? new zmq.Router({ mandatory: true, sendHighWaterMark: 5 })
      : new zmq.Stream({ sendHighWaterMark: 5 }),
  );
  await socket.bind("tcp://127.0.0.1:*");
  const port = Number(socket.lastEndpoint?.split(":").pop());
  const ids: Uint8Array[] = [];
  const peers: { end(): void; read(): Promise<string> }[] = [];
  for (let n = 0; n < 2; n++) {
    if (type === "ROUTER") {
      const dealer = opened(new zmq.Dealer({ receiveHighWaterMark: 1, linger: 0 }));
      dealer.connect(socket.lastEndpoint ?? "");
      await dealer.send("here");
      peers.push({ end: () => dealer.close(), read: async () => String((await dealer.receive()).at(-1)).slice(-6) });
    } else {
      const peer = net.connect(port, "127.0.0.1").pause();
      open.push({ close: () => peer.destroy() });
      peers.push({
        end: () => peer.destroy(),
        read: async () => {
          if (peer.readableLength === 0) await once(peer, "readable");
          return String(peer.read()).slice(-6);
        },
      });
    }
    ids.push((await socket.receive())[0] as Uint8Array);
  }
  const [deaf, good] = ids as [Uint8Array, Uint8Array];
  const outcomes: string[] = [];
  const send = (name: string, options?: zmq.WaitOptions) => {
    const body = Buffer.alloc(1_000_000, " ");
    body.write(name.padStart(6), body.length - 6);
    const sent = Reflect.apply(socket.send, socket, [[deaf, body], options]) as Promise<void>;
    return sent.then(
      () => void outcomes.push(name),
      (error) => void outcomes.push(`${name}: ${error.code ?? error.message}`),
    );
  };
  let isFull = false;
  for (let n = 0; !isFull; n++) {
    const sent = send(`fill${n}`).then(() => true);
    isFull = await Promise.race([
      sent.then(() => false),
      new Promise<boolean>((resolve) => setTimeout(resolve, 200, true)),
    ]);
  }
  outcomes.length = 0;
  return { socket, good, peers: peers as [(typeof peers)[0], (typeof peers)[0]], send, outcomes };
}

for (const type of ["ROUTER", "STREAM"] as const) {
  test(`a peer of ${type} that does not read holds up only what is sent to it`, async () => {
    const { socket, good, peers, send, outcomes } = await withDeafPeer(type);
    const waits = send("waits");
    for (let n = 0; n < 20; n++) {
      await socket.send([good, `  to ${n % 10}`.padStart(6)]);
      assert.equal((await peers[1].read()).trim(), `to ${n % 10}`);
    }
    assert.deepEqual(outcomes, []);
    socket.close();
    await waits;
    assert.equal(outcomes.at(-1), "waits: EAGAIN");
  });

  test(`sends to a peer of ${type} that does not read wait in order, and each can be called off`, async () => {
    const { peers, send, outcomes } = await withDeafPeer(type);
    const controller = new AbortController();
    const waits = [send("one"), send("two", { signal: controller.signal }), send("three")];
    controller.abort(new Error("called off"));
    await waits[1];
    assert.deepEqual(outcomes, ["two: called off"]);
    let isOver = false;
    void Promise.all(waits).then(() => {
      isOver = true;
    });
    while (!isOver) await peers[0].read();
    assert.deepEqual(
      outcomes.filter((name) => !name.startsWith("fill")),
      ["two: called off", "one", "three"],
    );
  });

  test(`sends that wait for a peer of ${type} are refused when it goes`, async () => {
    const { peers, send, outcomes } = await withDeafPeer(type);
    const waits = [send("one"), send("two")];
    peers[0].end();
    await Promise.all(waits);
    assert.deepEqual(outcomes.slice(-2), ["one: EHOSTUNREACH", "two: EHOSTUNREACH"]);
  });
}

test("sends that wait for a peer of ROUTER are dropped once it is no longer mandatory", async () => {
  const { socket, send, outcomes } = await withDeafPeer("ROUTER");
  const waits = send("waits");
  (socket as zmq.Router).mandatory = false;
  await waits;
  assert.equal(outcomes.at(-1), "waits");
});

test("a loop over a REP ends when it is closed, whether it owes a reply or not", async () => {
  const reply = opened(new zmq.Reply());
  const request = opened(new zmq.Request());
  await reply.bind("inproc://operations");
  request.connect("inproc://operations");
  await request.send("x");
  const seen: string[] = [];
  for await (const [frame] of reply) {
    seen.push(String(frame));
    setImmediate(() => reply.close());
  }
  assert.deepEqual(seen, ["x"]);
});

test("many calls share one listener of a signal, and leave none behind", async () => {
  const warnings: Error[] = [];
  const note = (warning: Error) => void warnings.push(warning);
  process.on("warning", note);
  const { signal } = new AbortController();
  const push = opened(new zmq.Push());
  const pull = opened(new zmq.Pull());
  await pull.bind("inproc://operations");
  const waits = Array.from({ length: 30 }, () => pull.receive({ signal }));
  waits.push(pull.connected({ signal }).then(() => []));
  assert.equal(getEventListeners(signal, "abort").length, 1);
  push.connect("inproc://operations");
  for (let n = 0; n < 30; n++) await push.send("x");
  await Promise.all(waits);
  assert.equal(getEventListeners(signal, "abort").length, 0);
  await new Promise(setImmediate);
  process.off("warning", note);
  assert.deepEqual(warnings, []);
});

test("a signal that fires ends all calls that wait on it, and no other", async () => {
  const controller = new AbortController();
  const pull = opened(new zmq.Pull());
  await pull.bind("inproc://operations");
  const waits = Array.from({ length: 3 }, () => pull.receive({ signal: controller.signal }));
  const other = pull.receive();
  controller.abort(new Error("called off"));
  for (const each of waits) await assert.rejects(each, { message: "called off" });
  const push = opened(new zmq.Push());
  push.connect("inproc://operations");
  await push.send("x");
  assert.equal(String(await other), "x");
});

test("a constructor that throws leaves no socket behind", async () => {
  const context = new zmq.Context({ maxSockets: 2 });
  for (let n = 0; n < 10; n++) assert.throws(() => new zmq.Push({ context, linger: -5 }), { code: "EINVAL" });
  opened(new zmq.Push({ context })).close();
});

test("a context that is closed while a bind is under way ends when its address is free again", async () => {
  const context = new zmq.Context();
  const push = new zmq.Push({ context });
  const bound = push.bind("tcp://127.0.0.1:*");
  const closed = context.close();
  await bound;
  const address = push.lastEndpoint ?? "";
  await closed;
  assert.equal(push.closed, true);
  const next = opened(new zmq.Push());
  await next.bind(address);
});

test("a poller hears that a REP may send once its request was received", async () => {
  const reply = opened(new zmq.Reply());
  const request = opened(new zmq.Request());
  await reply.bind("inproc://operations");
  request.connect("inproc://operations");
  const poller = new zmq.Poller();
  poller.register(reply, { writable: true });
  const polled = poller.poll();
  await request.send("x");
  await reply.receive();
  assert.equal((await polled)[0]?.writable, true);
});
