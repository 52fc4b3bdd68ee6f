/** What the ZAP handler's answer does to a handshake. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { handshake, hex, join, NULL_TAIL, plain, ready, toHex, toSend, V31 } from "../../test/handshakes.ts";
import { NO_PROPERTIES } from "../base/message.ts";
import type { ZapReply } from "../security/mechanism.ts";

const zapReply = (status: ZapReply["status"], metadata = NO_PROPERTIES): ZapReply => ({
  status,
  text: "",
  userId: "",
  metadata,
});

test("the ZAP handler is asked after the greeting, and READY waits for its answer", () => {
  const pull = handshake("PULL", { zap: true });
  assert.equal(pull.state, "opening");
  pull.produce();
  pull.push(hex(V31));
  assert.equal(pull.state, "authorizing");
  assert.deepEqual(pull.mechanism.zap, { mechanism: "NULL", credentials: [] });
  assert.equal(toSend(pull), plain(`03 ${NULL_TAIL}`));
  pull.push(hex(ready("PUSH")));
  assert.equal(pull.produce(), undefined);
  pull.authorize(zapReply(200));
  assert.equal(pull.mechanism.zap, undefined);
  assert.equal(toSend(pull), ready("PULL"));
  assert.equal(pull.state, "done");
});

test("400 sends ERROR, which the peer reports; the peer's READY ends ours", () => {
  const pull = handshake("PULL", { zap: true });
  const push = handshake("PUSH");
  join(pull, push);
  pull.authorize(zapReply(400));
  const error = pull.produce();
  assert.equal(toHex(error), plain("04 0a 05 45 52 52 4f 52 03 34 30 30"));
  assert.equal(pull.state, "failed");
  assert.throws(() => push.push(error as Uint8Array), { status: 400 });
});

test("300 sends nothing; the peer's READY ends it", () => {
  const pull = handshake("PULL", { zap: true });
  pull.push(hex(V31));
  pull.produce();
  pull.authorize(zapReply(300));
  assert.equal(pull.produce(), undefined);
  assert.equal(pull.state, "mechanism");
  pull.push(hex(ready("PUSH")));
  assert.equal(pull.state, "failed");
});

test("a Socket-Type among the handler's metadata is checked as the peer's", () => {
  const pull = handshake("PULL", { zap: true });
  pull.push(hex(V31));
  assert.throws(() => pull.authorize(zapReply(200, new Map([["Socket-Type", Buffer.from("SUB")]]))), {
    code: "ERR_ZAP_INVALID_METADATA",
  });
});
