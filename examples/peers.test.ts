/** Programs with peers written in Python, on libzmq: who is at the other end makes no difference. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { addresses, python, run, withoutPyzmq } from "./testing.ts";

test("a pyzmq client is greeted by the hello server", { skip: withoutPyzmq }, async (t) => {
  const endpoint = await run(t, "hello-server", "tcp://127.0.0.1:*").endpoint();
  const client = python(
    t,
    `
socket = zero.socket(zmq.REQ)
socket.connect(sys.argv[1])
socket.send(b"Python")
print(socket.recv().decode())`,
    endpoint,
  );
  assert.equal(await client.output(), "Hello Python");
});

test("the hello client is greeted by a pyzmq server", { skip: withoutPyzmq }, async (t) => {
  const server = python(
    t,
    `
socket = zero.socket(zmq.REP)
port = socket.bind_to_random_port("tcp://127.0.0.1")
print("bound to tcp://127.0.0.1:%d" % port, flush=True)
while True: socket.send(b"Bonjour " + socket.recv())`,
  );
  const output = await run(t, "hello-client", await server.endpoint()).output();
  assert.match(output, /got "Bonjour Stars"/);
});

test("a pyzmq subscriber hears the weather of its place only", { skip: withoutPyzmq }, async (t) => {
  const endpoint = await run(t, "weather server", "tcp://127.0.0.1:*").endpoint();
  const client = python(
    t,
    `
socket = zero.socket(zmq.SUB)
socket.subscribe(b"Hanoi")
socket.connect(sys.argv[1])
print(" ".join(sorted({socket.recv().decode().split()[0] for _ in range(20)})))`,
    endpoint,
  );
  assert.equal(await client.output(), "Hanoi");
});

test("a pyzmq worker behind the router answers the calculator's clients", { skip: withoutPyzmq }, async (t) => {
  const back = addresses(t)("back");
  const front = await run(t, "router router", "tcp://127.0.0.1:*", back).endpoint();
  python(
    t,
    `
socket = zero.socket(zmq.REP)
socket.connect(sys.argv[1])
while True: socket.send_string("%g, says Python" % eval(socket.recv_string(), {}))`,
    back,
  );
  assert.equal(await run(t, "calculator ask", front, "2 * 21").output(), "2 * 21 = 42, says Python");
});

test("a pyzmq worker takes its share of the pipeline and obeys the kill signal", { skip: withoutPyzmq }, async (t) => {
  const address = addresses(t);
  const [tasks, results, control] = [address("tasks"), address("results"), address("control")];
  const sink = run(t, "pipeline sink", results, control, "2");
  const ours = run(t, "pipeline worker", tasks, results, control);
  const theirs = python(
    t,
    `
tasks, results, control = zero.socket(zmq.PULL), zero.socket(zmq.PUSH), zero.socket(zmq.SUB)
control.subscribe(b"")
for socket, address in zip((tasks, results, control), sys.argv[1:]): socket.connect(address)
poller = zmq.Poller()
poller.register(tasks, zmq.POLLIN)
poller.register(control, zmq.POLLIN)
done = 0
while True:
    ready = dict(poller.poll())
    if tasks in ready:
        number, name, text = tasks.recv_multipart()
        results.send_multipart([b"result", number, b"python", b"1"])
        done += 1
    elif control in ready: break
print("%s after %d tasks" % (control.recv().decode(), done))`,
    tasks,
    results,
    control,
  );
  assert.match(await run(t, "pipeline ventilator", tasks, results, "200", "2").output(), /sent 200 tasks/);
  assert.match(await sink.output(), /200 results, /);
  const [, done] = (await theirs.output()).match(/kill after (\d+) tasks/) ?? [];
  assert.ok(Number(done) > 20);
  assert.match(await ours.output(), new RegExp(`killed after ${200 - Number(done)} tasks`));
});
