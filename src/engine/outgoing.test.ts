import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeClock } from "../../test/fake-clock.ts";
import { FakeLink } from "../../test/fake-link.ts";
import { DEAF_OWNER } from "../../test/fake-pipe.ts";
import { createPipe } from "../base/pipe.ts";
import { Encoder } from "../wire/encoder.ts";
import { Outgoing } from "./outgoing.ts";

/** An established connection, and how many octets each write had. */
function connection(isPrompt = false) {
  const writes: number[] = [];
  class CountingLink extends FakeLink {
    readonly isPrompt = isPrompt;
    override write(chunks: readonly Uint8Array[]): boolean {
      writes.push(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
      return true;
    }
  }
  const limits = { sendHighWaterMark: 1000, receiveHighWaterMark: 1000, conflate: false };
  const pipe = createPipe(DEAF_OWNER, "tcp://fake", false, limits);
  const clock = new FakeClock();
  const outgoing = new Outgoing(new CountingLink(), pipe, new Encoder("v2"), clock, {
    isBlocked: false,
    duePing: undefined,
    broken: (error) => assert.fail(String(error)),
  });
  outgoing.start();
  const send = (count: number) => {
    for (let i = 0; i < count; i++) assert.ok(outgoing.write([new Uint8Array(62)]));
  };
  return { clock, outgoing, writes, send };
}

describe("a connection that sends", () => {
  it("writes at the end of the turn what nobody asked for", () => {
    const { clock, writes, send } = connection();
    send(200);
    assert.deepEqual(writes, []);
    clock.turn();
    assert.deepEqual(writes, [12_800]);
  });

  it("writes the first message of a turn at once, and gathers the others, where the end of a turn is far", () => {
    const { clock, writes, send } = connection(true);
    send(1);
    assert.deepEqual(writes, [64]);
    send(10);
    assert.deepEqual(writes, [64]);
    clock.turn();
    send(2);
    assert.deepEqual(writes, [64, 640, 64]);
    clock.turn();
    assert.deepEqual(writes, [64, 640, 64, 64]);
    clock.turn();
    send(1);
    assert.deepEqual(writes, [64, 640, 64, 64, 64]);
  });

  it("writes half of the answers to many requests before all are made, and the others together", () => {
    const { clock, outgoing, writes, send } = connection();
    outgoing.asked(6400);
    send(99);
    assert.deepEqual(writes, [3200]);
    clock.turn();
    assert.deepEqual(writes, [3200, 3136]);
  });

  it("writes the answers to few requests together", () => {
    const { clock, outgoing, writes, send } = connection();
    outgoing.asked(6400);
    outgoing.asked(640);
    send(110);
    assert.deepEqual(writes, []);
    clock.turn();
    assert.deepEqual(writes, [7040]);
  });
});
