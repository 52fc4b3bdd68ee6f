import assert from "node:assert/strict";
import { test } from "node:test";
import vm from "node:vm";
import { Poller, Publisher, Pull, Push, Request } from "../index.ts";

/** Calls that TypeScript would refuse. */
type Untyped = Record<string, (...args: unknown[]) => unknown>;

async function pair() {
  const pull = new Pull();
  await pull.bind("tcp://127.0.0.1:*");
  const push = new Push();
  push.connect(pull.lastEndpoint ?? "");
  return {
    pull,
    push,
    async [Symbol.asyncDispose]() {
      push.close();
      pull.close();
    },
  };
}

test("a second frame given as a second argument is refused, not left out", async () => {
  await using sockets = await pair();
  const push = sockets.push as unknown as Untyped;
  for (const second of ["body", Buffer.from("body"), ["body"], 0, null, () => {}]) {
    assert.throws(() => push.send?.("topic", second), {
      name: "TypeError",
      message: "Expected 1 argument but received 2",
      detail: /the frames of a message are one array/,
    });
  }
  await sockets.push.send("one", {});
  assert.equal(String(await sockets.pull.receive()), "one");
});

test("a callback is refused by calls that would never call it", async () => {
  await using sockets = await pair();
  const pull = sockets.pull as unknown as Untyped;
  const callback = () => {};
  const refusal = (expected: string, received: number) => ({
    name: "TypeError",
    message: `Expected ${expected} but received ${received}`,
  });
  assert.throws(() => pull.receive?.(callback), refusal("0 arguments", 1));
  await assert.rejects(async () => pull.receiveFrom?.(callback), refusal("0 arguments", 1));
  assert.throws(() => pull.connected?.(callback), refusal("0 arguments", 1));
  assert.throws(() => pull.connect?.("tcp://127.0.0.1:5555", callback), refusal("1 argument", 2));
  assert.throws(() => pull.close?.(callback), refusal("0 arguments", 1));
  assert.equal(sockets.pull.closed, false);
});

test("a number where options stand is refused: a poller would wait for ever", () => {
  const poller = new Poller() as unknown as Untyped;
  assert.throws(() => poller.poll?.(1000), TypeError);
});

test("what is no AbortSignal is refused at the call, and leaves the socket usable", async () => {
  await using sockets = await pair();
  const refusal = { name: "TypeError", message: "Signal must be an AbortSignal" };
  for (const signal of [new AbortController(), "signal", 5, null]) {
    const wrong = { signal } as never;
    assert.throws(() => sockets.push.send("x", wrong), refusal);
    assert.throws(() => sockets.pull.receive(wrong), refusal);
    assert.throws(() => sockets.pull.connected(wrong), refusal);
    assert.throws(() => sockets.pull.events.receive(wrong), refusal);
    assert.throws(() => new Poller().poll(wrong), refusal);
    const request = new Request();
    assert.throws(() => request.request("x", wrong), refusal);
    request.close();
    const publisher = new Publisher();
    assert.throws(() => publisher.subscriberJoined("x", wrong), refusal);
    publisher.close();
  }
});

test("a signal that has fired already sends and receives nothing", async () => {
  await using sockets = await pair();
  const { push, pull } = sockets;
  const signal = AbortSignal.abort("enough");
  await push.send("first");
  while (!pull.readable) await new Promise(setImmediate);
  const failed = (call: Promise<unknown>) => call.then(() => "done", String);
  assert.equal(await failed(pull.receive({ signal })), "enough");
  assert.equal(await failed(pull.receiveFrom({ signal })), "enough");
  assert.equal(await failed(push.send("never", { signal })), "enough");
  await push.send("second");
  assert.deepEqual([String(await pull.receive()), String(await pull.receive())], ["first", "second"]);
});

test("a signal of another realm ends a wait", async () => {
  await using sockets = await pair();
  const context = vm.createContext({});
  const foreign = vm.runInContext(
    "({ aborted: false, addEventListener(type, listener) { this.fire = listener; }, removeEventListener() {}, reason: 'far' })",
    context,
  );
  const received = sockets.pull.receive({ signal: foreign }).then(() => "done", String);
  foreign.fire();
  assert.equal(await received, "far");
});

test("a listener that is no function is refused at once, not when the event comes", async () => {
  await using sockets = await pair();
  const on = sockets.pull.events.on.bind(sockets.pull.events) as (...args: unknown[]) => unknown;
  assert.throws(() => on("accept"), { name: "TypeError", message: "Listener must be a function, not undefined" });
  assert.ok(
    sockets.pull.events.receive({ signal: AbortSignal.timeout(1) }).catch(() => {}),
    "it can still be read",
  );
});
