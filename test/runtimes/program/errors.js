/** Mistakes, and what is said of them. */

import assert from "node:assert/strict";
import * as zmq from "zmq-ts";
import { check, folder, freeAddress } from "./check.js";

// Not ipc: there a bind takes the path over, as with libzmq.
for (const transport of ["tcp", "inproc"]) {
  check(`an endpoint that is in use over ${transport}: EADDRINUSE with all it has`, async ({ open }) => {
    const first = open(zmq.Pull);
    await first.bind(freeAddress(transport));
    const address = first.lastEndpoint;
    await assert.rejects(open(zmq.Pull).bind(address), (error) => {
      assert.ok(error instanceof zmq.ZmqError && error instanceof Error);
      const { code, errno, message } = error;
      assert.deepEqual(
        { code, errno, message, address: error.address },
        {
          code: "EADDRINUSE",
          errno: 98,
          message: "Address already in use",
          address,
        },
      );
      return true;
    });
  });
}

for (const [what, address, code] of [
  ["an address that is nobody's here", "tcp://192.0.2.1:5555", "EADDRNOTAVAIL"],
  ["a name that does not exist", "tcp://no-such-host.invalid:5555", "ENODEV"],
  ["an ipc folder that does not exist", `ipc://${folder}/none/x`, "ENOENT"],
  ["a port that is none", "tcp://127.0.0.1:http", "EINVAL"],
  ["a transport that is none", "carrier-pigeon://x", "EPROTONOSUPPORT"],
]) {
  check(`binding to ${what}: ${code}`, async ({ open }) => {
    await assert.rejects(async () => open(zmq.Pull).bind(address), { code, name: "Error" });
  });
}

check("EFSM, EBADF, EINVAL, EHOSTUNREACH, ENOENT", async ({ open }) => {
  const reply = open(zmq.Reply, { sendTimeout: 0 });
  await assert.rejects(async () => reply.send("before it was asked"), { code: "EFSM" });
  reply.close();
  assert.throws(() => reply.receive(), { code: "EBADF" });
  assert.throws(() => open(zmq.Push, { sendHighWaterMark: -5 }), { code: "EINVAL" });
  const router = open(zmq.Router, { mandatory: true });
  await router.bind(freeAddress("tcp"));
  await assert.rejects(router.send(["nobody", "x"]), { code: "EHOSTUNREACH" });
  assert.throws(() => router.disconnect("tcp://127.0.0.1:1"), { code: "ENOENT" });
});

check("a refused connection is told as an event, with its cause, and reaches no call", async ({ open }) => {
  const probe = open(zmq.Pull);
  await probe.bind("tcp://127.0.0.1:*");
  const address = probe.lastEndpoint;
  await probe.unbind(address);
  const push = open(zmq.Push, { reconnectInterval: 10 });
  const closed = new Promise((resolve) => push.events.on("close", resolve));
  const retried = new Promise((resolve) => push.events.on("connect:retry", resolve));
  push.connect(address);
  const { cause } = await closed;
  assert.equal(cause.code, "ECONNREFUSED");
  assert.ok((await retried).interval >= 10);
});

check("bytes that are no ZMTP end their connection and nothing else", async ({ open }) => {
  const pull = open(zmq.Pull);
  await pull.bind("tcp://127.0.0.1:*");
  const failed = new Promise((resolve) => pull.events.on("handshake:error:protocol", resolve));
  const stream = open(zmq.Stream);
  stream.connect(pull.lastEndpoint);
  const [id] = await stream.receive();
  await stream.send([id, Buffer.from("ff00000000000000017f0300".padEnd(128, "5a"), "hex")]);
  assert.match((await failed).error.code, /^ERR_ZMTP_/);
  const push = open(zmq.Push);
  push.connect(pull.lastEndpoint);
  await push.send("all the same");
  assert.equal(String(await pull.receive()), "all the same");
});
