import assert from "node:assert/strict";
import { test } from "node:test";
import * as zmq from "../v5-compat.ts";

test("options by number and by short name", () => {
  const socket = zmq.createSocket("dealer", { identity: "me", linger: 5 });
  assert.equal(socket.identity, "me");
  assert.equal(socket.linger, 5);
  assert.equal(socket.getsockopt(zmq.ZMQ_LINGER), 5);
  assert.equal(socket.getsockopt("linger"), 5);
  socket.setsockopt("backlog", 7).setsockopt(zmq.ZMQ_SNDHWM, 8);
  assert.equal(socket.backlog, 7);
  assert.equal(socket.getsockopt(zmq.ZMQ_SNDHWM), 8);
  assert.equal(socket.getsockopt(zmq.ZMQ_TYPE), zmq.ZMQ_DEALER);
  assert.equal(socket._ioevents, 0);
  socket.close();
});

test("true and false are one and zero", () => {
  const router = zmq.socket("router");
  router.setsockopt(zmq.ZMQ_ROUTER_MANDATORY, 1).setsockopt(zmq.ZMQ_IPV4ONLY, 0);
  assert.equal(router.getsockopt(zmq.ZMQ_ROUTER_MANDATORY), 1);
  assert.equal(router.getsockopt(zmq.ZMQ_IPV6), 1);
  assert.equal(router.getsockopt(zmq.ZMQ_IPV4ONLY), 0);
  router.plain_server = 1;
  assert.equal(router.plain_server, 1);
  assert.equal(router.mechanism, 1);
  const xpub = zmq.socket("xpub").setsockopt(zmq.ZMQ_XPUB_VERBOSE, 1);
  assert.throws(() => xpub.getsockopt(zmq.ZMQ_XPUB_VERBOSE), /not supported/);
  router.close();
  xpub.close();
});

test("options that are gone and options that never were throw", () => {
  const socket = zmq.socket("dealer");
  for (const id of [zmq.ZMQ_FD, zmq.ZMQ_RCVMORE, zmq.ZMQ_ROUTER_RAW]) {
    assert.throws(() => socket.getsockopt(id), /is not supported in compatibility mode$/);
  }
  const unknown = (detail: string) => ({ name: "Error", message: "Unknown option", detail });
  assert.throws(() => socket.setsockopt(999, 1), unknown("999 is not the number of an option"));
  assert.throws(() => socket.getsockopt(999), unknown("999 is not the number of an option"));
  assert.throws(() => socket.getsockopt("identiy" as "identity"), unknown("identiy is not the name of an option"));
  assert.throws(
    () => socket.setsockopt(zmq.ZMQ_ROUTER_MANDATORY, 1),
    unknown("33 (mandatory) is not an option of Dealer sockets"),
  );
  assert.throws(() => socket.setsockopt(zmq.ZMQ_TYPE, 1), unknown("16 (type) can be read, not set"));
  assert.throws(() => socket.read(), /^Error: read\(\) has been removed from compatibility mode/);
  socket.close();
});
