/** What a peer says of itself in its handshake: bounded, kept once, shown once, and never what only this side may say. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fromText } from "../../src/base/bytes.ts";
import { Dealer, Pull, Router } from "../../src/socket/sockets.ts";
import { encodeProperty } from "../../src/wire/metadata.ts";
import { bytes, command, type FakeTransport, frame, GREETING } from "../fake-link.ts";
import { bound } from "./bound.ts";

type Property = readonly [name: string, value: string];

/** A peer with these properties behind its Socket-Type. */
function peer(transport: FakeTransport, type: string, ...properties: readonly Property[]) {
  const link = transport.connection();
  link.handler.data(GREETING);
  const all: readonly Property[] = [["Socket-Type", type], ...properties];
  link.handler.data(command("READY", ...all.map(([name, value]) => encodeProperty(name, fromText(value)))));
  return link;
}

const numbered = (count: number) => Array.from({ length: count }, (_, i): Property => [`X-${i}`, ""]);

describe("properties of a handshake", () => {
  it("are 64 at most, and a peer with more is cut off", async () => {
    const { socket, transport } = bound(Pull);
    const { events } = socket;
    assert.equal(peer(transport, "PUSH", ...numbered(63)).isOpen, true);
    assert.equal(peer(transport, "PUSH", ...numbered(64)).isOpen, false);
    assert.equal(peer(transport, "PUSH", ...numbered(5000)).isOpen, false);
    socket.close();
    const codes: unknown[] = [];
    for await (const event of events) if (event.type === "handshake:error:protocol") codes.push(event.error.code);
    assert.deepEqual(codes, ["ERR_ZMTP_INVALID_METADATA", "ERR_ZMTP_INVALID_METADATA"]);
  });

  it("are shown as one object for all messages of a connection", async () => {
    const { socket, transport } = bound(Pull);
    const link = peer(transport, "PUSH", ["X-a", "1"]);
    link.handler.data(frame(0, fromText("x")));
    link.handler.data(frame(0, fromText("y")));
    const first = await socket.receiveFrom();
    const second = await socket.receiveFrom();
    assert.equal(first.metadata, second.metadata);
    assert.equal(first.metadata, first.peer?.metadata);
    assert.equal(first.metadata["X-a"], "1");
    assert.ok(Object.isFrozen(first.metadata));
  });

  it("are names of the peer's choice, so the object has no prototype", async () => {
    const { socket, transport } = bound(Pull);
    peer(transport, "PUSH", ["__proto__", "1"], ["constructor", "2"]).handler.data(frame(0, fromText("x")));
    const { metadata } = await socket.receiveFrom();
    assert.equal(Object.getPrototypeOf(metadata), null);
    assert.deepEqual(Object.keys(metadata), ["Socket-Type", "__proto__", "constructor", "Peer-Address"]);
    assert.equal(metadata.toString, undefined);
  });

  it("are never User-Id or Peer-Address in the peer's words, in any case of letters", async () => {
    const { socket, transport } = bound(Pull);
    const forged: readonly Property[] = [
      ["User-Id", "root"],
      ["user-id", "root"],
      ["USER-ID", "root"],
      ["peer-address", "::1"],
    ];
    for (const property of forged) {
      peer(transport, "PUSH", property).handler.data(frame(0, fromText("x")));
      const { metadata } = await socket.receiveFrom();
      assert.deepEqual({ ...metadata }, { "Socket-Type": "PUSH", "Peer-Address": "127.0.0.1" }, property[0]);
    }
  });
});

describe("a routing id", () => {
  it("of more than 255 octets is refused, by socket types that do not route too", () => {
    for (const Type of [Router, Dealer]) {
      const { transport } = bound(Type as typeof Router);
      assert.equal(peer(transport, "DEALER", ["Identity", "x".repeat(255)]).isOpen, true);
      assert.equal(peer(transport, "DEALER", ["Identity", "x".repeat(256)]).isOpen, false);
    }
  });

  it("of more than 255 octets is refused in the identity frame of ZMTP 2.0", () => {
    const { transport } = bound(Router);
    const greeting = bytes([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 1, 5]);
    for (const length of [255, 256]) {
      const link = transport.connection();
      link.handler.data(greeting);
      link.handler.data(frame(0, new Uint8Array(length).fill(1)));
      assert.equal(link.isOpen, length === 255, `${length} octets`);
    }
  });
});
