/** An XPUB whose user does not read what its subscribers ask for: bounded, and never closed to new ones for it. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fromText } from "../../src/base/bytes.ts";
import { coreOf } from "../../src/socket/core-of.ts";
import { XPublisher } from "../../src/socket/sockets.ts";
import { bytes, command, frame } from "../fake-link.ts";
import { bound } from "./bound.ts";

const subscribe = (topic: string) => command("SUBSCRIBE", fromText(topic));
const cancel = (topic: string) => command("CANCEL", fromText(topic));

type Turns = { turn(): void };

async function readAll(socket: { receive(): Promise<Uint8Array[]> }, clock: Turns): Promise<string[]> {
  const all: string[] = [];
  for (;;) {
    const next = socket.receive().catch(() => undefined);
    clock.turn();
    const message = await next;
    clock.turn();
    if (message === undefined) return all;
    const [first = new Uint8Array(1)] = message;
    all.push(`${first[0] === 1 ? "+" : "-"}${Buffer.from(first.subarray(1))}`);
  }
}

describe("notifications that nobody reads", () => {
  it("of subscribers that are gone cancel each other out beyond maxUnreadSubscriptions", async () => {
    const { socket, clock, transport } = bound(XPublisher, { maxUnreadSubscriptions: 100, receiveTimeout: 0 });
    const stays = transport.peer("SUB");
    stays.handler.data(subscribe("kept"));
    for (let i = 0; i < 10_000; i++) {
      const link = transport.peer("SUB");
      assert.equal(link.isPaused, false, "new subscribers are served all the time");
      link.handler.data(bytes(subscribe(`topic${i}`), subscribe("common")));
      link.handler.closed();
      clock.turn();
    }
    const left = await readAll(socket, clock);
    assert.ok(left.length < 500, `${left.length} are left`);
    const view = new Set<string>();
    for (const each of left) {
      if (each[0] === "+") view.add(each.slice(1));
      else assert.ok(view.delete(each.slice(1)), `${each} follows its subscription`);
    }
    assert.deepEqual([...view], ["kept"]);
  });

  it("keep what the user was told of already: its end is told too", async () => {
    const { socket, clock, transport } = bound(XPublisher, { maxUnreadSubscriptions: 4, receiveTimeout: 0 });
    const link = transport.peer("SUB");
    link.handler.data(subscribe("a"));
    assert.deepEqual(await readAll(socket, clock), ["+a"]);
    link.handler.data(bytes(cancel("a"), subscribe("a"), subscribe("b")));
    link.handler.closed();
    for (let i = 0; i < 10; i++) {
      const other = transport.peer("SUB");
      other.handler.data(subscribe("c"));
      other.handler.closed();
    }
    const told = await readAll(socket, clock);
    assert.equal(told.filter((each) => each === "-a").length - told.filter((each) => each === "+a").length, 1);
  });

  for (const [what, options] of [
    ["that tells of everything", { verbosity: "allSubsUnsubs" }],
    ["in manual mode", { manual: true }],
  ] as const) {
    it(`of an XPUB ${what} hold new peers back instead, and none is lost`, async () => {
      const { socket, clock, transport } = bound(XPublisher, {
        ...options,
        departedHighWaterMarkBytes: 100_000,
        receiveTimeout: 0,
        maxUnreadSubscriptions: 10,
      });
      let count = 0;
      for (;;) {
        const link = transport.peer("SUB");
        if (link.isPaused) break;
        link.handler.data(subscribe("x"));
        link.handler.closed();
        assert.ok(++count < 1000);
      }
      const held = transport.peer("SUB");
      assert.equal((await readAll(socket, clock)).length, 2 * count);
      clock.turn();
      assert.equal(held.isPaused, false);
    });
  }

  it("are no more for it that there once were many which nothing cancelled", async () => {
    const { socket, clock, transport } = bound(XPublisher, { maxUnreadSubscriptions: 10, receiveTimeout: 0 });
    for (let i = 0; i < 200; i++) transport.peer("SUB").handler.data(subscribe(`topic${i}`));
    for (const most of [200, 20]) {
      for (let i = 0; i < 150; i++) {
        const link = transport.peer("SUB");
        link.handler.data(subscribe("passing"));
        link.handler.closed();
        clock.turn();
      }
      const { length } = await readAll(socket, clock);
      assert.ok(length <= most * 2, `${length} are left`);
    }
  });

  it("have the messages of departed subscribers beside them, which hold new peers back", async () => {
    const { socket, clock, transport } = bound(XPublisher, { departedHighWaterMarkBytes: 100_000, receiveTimeout: 0 });
    let count = 0;
    for (;;) {
      const link = transport.peer("SUB");
      if (link.isPaused) break;
      link.handler.data(frame(0, fromText("hello")));
      link.handler.closed();
      assert.ok(++count < 1000);
    }
    assert.equal((await readAll(socket, clock)).length, count);
  });

  it("are bounded in octets too, 256 each on average, and told once somebody reads", async () => {
    const { socket, clock, transport } = bound(XPublisher, { maxUnreadSubscriptions: 100, receiveTimeout: 0 });
    const bad = transport.peer("SUB");
    let sent = 0;
    for (; sent < 100 && !bad.isPaused; sent++) {
      const topic = String(sent).padStart(5000);
      bad.handler.data(bytes(subscribe(topic), cancel(topic)));
      clock.turn();
    }
    assert.ok(sent < 8, `${sent} topics of 5000 octets were taken in twice`);
    const told = await readAll(socket, clock);
    assert.equal(told.length, 2 * sent);
    assert.equal(bad.isPaused, false);
  });

  it("of subscribers that are gone are forgotten for their octets too", async () => {
    const { socket, clock, transport } = bound(XPublisher, { maxUnreadSubscriptions: 100, receiveTimeout: 0 });
    for (let i = 0; i < 45; i++) {
      const link = transport.peer("SUB");
      link.handler.data(subscribe(String(i).padStart(5000)));
      link.handler.closed();
      clock.turn();
    }
    const { length } = await readAll(socket, clock);
    assert.ok(length < 14, `${length} notifications of 5000 octets are left`);
  });

  it("of cancellations of what nobody held count like messages, once their peers are gone", () => {
    const { socket, transport } = bound(XPublisher, { maxUnreadSubscriptions: 100 });
    const { departedBacklog } = coreOf(socket);
    for (let visits = 1; visits <= 10; visits++) {
      const link = transport.peer("SUB");
      link.handler.data(bytes(...Array.from({ length: 90 }, (_, i) => cancel(`topic${i}`))));
      link.handler.closed();
      assert.ok(departedBacklog.bytes > visits * 90 * 64, `${departedBacklog.bytes} bytes after ${visits} visits`);
    }
  });

  it("stand behind messages, which are bounded although they are taken in for their sake", async () => {
    const { socket, clock, transport } = bound(XPublisher, { receiveHighWaterMark: 10, receiveTimeout: 0 });
    const bad = transport.peer("XSUB");
    let sent = 0;
    const message = frame(0, fromText("message".padEnd(20_000)));
    for (; sent < 1000 && !bad.isPaused; sent++) {
      bad.handler.data(bytes(message, subscribe("x")));
      clock.advance(100);
    }
    assert.ok(sent < 50, `${sent} messages were taken in`);
    const told = await readAll(socket, clock);
    assert.equal(told.filter((each) => each.startsWith("-essage")).length, sent);
    assert.equal(bad.isPaused, false);
  });

  it("of a flood of subscriptions and cancellations stop one peer, not the others", () => {
    const { clock, transport } = bound(XPublisher, { maxUnreadSubscriptions: 100 });
    const bad = transport.peer("SUB");
    const good = transport.peer("SUB");
    for (let i = 0; i < 100 && !bad.isPaused; i++) {
      for (let j = 0; j < 50; j++) bad.handler.data(bytes(subscribe("x"), cancel("x")));
      clock.turn();
    }
    assert.equal(bad.isPaused, true);
    for (let i = 0; i < 40; i++) good.handler.data(bytes(subscribe(`y${i}`)));
    assert.equal(good.isPaused, false);
  });
});
