/** Connections whose handshake is not done: how many there may be, and which one makes room. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Pull } from "../../src/socket/sockets.ts";
import { bound } from "./bound.ts";

describe("handshakes", () => {
  it("may be maxPendingHandshakes at a time; the oldest makes room, and established peers are not counted", () => {
    const { transport } = bound(Pull, { maxPendingHandshakes: 3 });
    const established = Array.from({ length: 5 }, () => transport.peer("PUSH"));
    const pending = Array.from({ length: 5 }, () => transport.connection());
    assert.deepEqual(
      pending.map((link) => link.isOpen),
      [false, false, true, true, true],
    );
    assert.ok(established.every((link) => link.isOpen));
    const late = transport.peer("PUSH");
    assert.equal(late.isOpen, true, "a peer that is quick gets in");
  });

  it("make room at the cost of the network that has most of them: one that floods closes its own", () => {
    const { transport } = bound(Pull, { maxPendingHandshakes: 4 });
    const slow = transport.connection("10.0.0.1");
    const other = transport.connection("2001:db8::1");
    const flooding = Array.from({ length: 5 }, () => transport.connection("10.0.0.2"));
    assert.deepEqual(
      [slow, other, ...flooding].map((link) => link.isOpen),
      [true, true, false, false, false, true, true],
    );
    slow.handler.closed();
    const more = [transport.connection("2001:db8::2"), transport.connection("2001:db8::3")];
    assert.equal(other.isOpen, false, "the /64 of an IPv6 address is one network");
    assert.ok([...flooding.slice(3), ...more].every((link) => link.isOpen));
  });

  it("hold no more than the bound when ten thousand never finish", () => {
    const { transport } = bound(Pull);
    const links = Array.from({ length: 10_000 }, () => transport.connection());
    assert.equal(links.filter((link) => link.isOpen).length, 4096);
    assert.equal(transport.peer("PUSH").isOpen, true);
  });
});
