/** The programs whose calls block, each in a process of its own, with each other and with peers in Python on libzmq. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Publisher, Push, Request } from "zmq-ts";
import { addresses, python, run, withoutPyzmq } from "../testing.ts";

const ANY = "tcp://127.0.0.1:*";

test("calculator: sums are answered, to a client that blocks and to one that awaits", async (t) => {
  const address = await run(t, "sync/calculator", ANY).endpoint();
  assert.equal(
    await run(t, "sync/ask", address, "1 + 2", "7 / 2", "1 +").output(),
    "1 + 2 = 3\n7 / 2 = 3.5\n1 + = not a sum: 1 +",
  );
  await using client = new Request();
  client.connect(address);
  await client.send("6 * 7");
  assert.equal(await client.receiveString(), "42");
});

test("calculator: a client in Python is answered", { skip: withoutPyzmq }, async (t) => {
  const address = await run(t, "sync/calculator", ANY).endpoint();
  const client = python(
    t,
    `
socket = zero.socket(zmq.REQ)
socket.connect(sys.argv[1])
socket.send_string("40 + 2")
print(socket.recv_string())`,
    address,
  );
  assert.equal(await client.output(), "42");
});

test("ask: a server in Python answers", { skip: withoutPyzmq }, async (t) => {
  const server = python(
    t,
    `
socket = zero.socket(zmq.REP)
port = socket.bind_to_random_port("tcp://127.0.0.1")
print("bound to tcp://127.0.0.1:%d" % port, flush=True)
while True: socket.send_string(socket.recv_string().upper())`,
  );
  const address = await server.endpoint();
  assert.equal(await run(t, "sync/ask", address, "a", "b").output(), "a = A\nb = B");
});

test("time-server: a subscriber in Python hears the time", { skip: withoutPyzmq }, async (t) => {
  const address = await run(t, "sync/time-server", ANY).endpoint();
  const client = python(
    t,
    `
socket = zero.socket(zmq.SUB)
socket.subscribe(b"time")
socket.connect(sys.argv[1])
times = [socket.recv_multipart()[1].decode() for _ in range(3)]
print(times == sorted(set(times)), times[0])`,
    address,
  );
  assert.match(await client.output(), /^True \d{4}-\d\d-\d\dT/);
});

test("filter: what two feeds publish of some topics comes out, in the order of each feed", async (t) => {
  const [one, other] = [new Publisher(), new Publisher()];
  t.after(() => {
    one.close();
    other.close();
  });
  const feeds = [await one.bind(ANY), await other.bind(ANY)];
  const out = await run(t, "sync/filter", ANY, ...feeds, "a", "b").endpoint();
  const { Subscriber } = await import("zmq-ts");
  await using reader = new Subscriber();
  reader.subscribe("a", "b");
  reader.connect(out);
  // Its subscriptions are at the filter when what the feeds send now comes through: the first ones may be lost.
  const seen = { a: 0, b: 0 };
  for (let n = 1; seen.a < 5 || seen.b < 5; n++) {
    await one.send(["a", `${n}`]);
    await one.send(["c", `${n}`]);
    await other.send(["b", `${n}`]);
    while (reader.readable) {
      const [topic, number] = (await reader.receive()).map(String);
      assert.ok(topic === "a" || topic === "b");
      assert.ok(Number(number) > seen[topic]);
      seen[topic]++;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
});

test("poll-server: two sockets are served in one loop, and the program ends by itself", async (t) => {
  const [questions, notes] = ["questions", "notes"].map(addresses(t));
  const server = run(t, "sync/poll-server", questions as string, notes as string);
  await server.endpoint();
  await using writer = new Push();
  await using asker = new Request();
  writer.connect(notes as string);
  asker.connect(questions as string);
  for (let note = 0; note < 10; note++) await writer.send(`${note}`);
  let told = "";
  while (told !== "10 notes") {
    await asker.send("how many?");
    told = await asker.receiveString();
  }
  await asker.send("stop");
  assert.equal(await asker.receiveString(), "10 notes");
  await server.output();
});

test("router: clients are answered by the workers behind it", async (t) => {
  const back = addresses(t)("back");
  const front = await run(t, "sync/router", ANY, back).endpoint();
  run(t, "sync/worker", back);
  run(t, "sync/worker", back);
  const clients = ["a", "bb"].map((word) => run(t, "sync/ask", front, word, `${word}${word}`).output());
  assert.deepEqual(await Promise.all(clients), ["a = 1\naa = 2", "bb = 2\nbbbb = 4"]);
});
