/** Messages that are too long for their connection, whose link carries plain ZWS 2.0 from a page. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../test/fake-clock.ts";
import { FakeLink } from "../../test/fake-link.ts";
import { DEAF_OWNER } from "../../test/fake-pipe.ts";
import type { FarEnd, Outlet } from "../base/far-end.ts";
import type { Message } from "../base/message.ts";
import type { PipeOwner } from "../base/near-end.ts";
import { createPipe } from "../base/pipe.ts";
import { bareZws } from "../wire/bare-zws.ts";
import { Outgoing } from "./outgoing.ts";

const MOST_BYTES = 65_535;
const HEADER_BYTES = 9;
const SHORT: Message = [new Uint8Array(MOST_BYTES)];
const LONG: Message = [new Uint8Array(1), new Uint8Array(MOST_BYTES + 1)];

function outgoing() {
  const clock = new FakeClock();
  const link = new FakeLink();
  const told: string[] = [];
  const owner: PipeOwner = {
    ...DEAF_OWNER,
    discarded: (_pipe, message, reason) => told.push(`${message.length} frames ${reason}`),
  };
  const pipe = createPipe(owner, "ws://fake", true, {
    sendHighWaterMark: 10,
    receiveHighWaterMark: 10,
    conflate: false,
  });
  const opening = bareZws.open({
    mechanism: "NULL",
    socketType: "PUSH",
    routingId: new Uint8Array(0),
    needsMechanism: false,
  });
  const encoder = opening.agreed?.encoder();
  assert.ok(encoder !== undefined);
  const out = new Outgoing(link, pipe, encoder, clock, {
    isBlocked: false,
    duePing: undefined,
    broken: () => told.push("broken"),
  });
  return { clock, link, pipe, out, told };
}

/** The outlet of a pipe that is served by `out`. */
function outletOf(out: Outgoing): Outlet {
  return {
    queues: true,
    canWrite: true,
    write: (message) => out.write(message),
    writeShared: (message) => out.writeShared(message),
    writeControl: (control) => out.writeControl(control),
    resume() {},
    close() {},
  };
}

test("a message that is too long is refused within the call, and those behind it leave", () => {
  const { clock, link, out, told } = outgoing();
  out.start();
  assert.throws(() => out.write(LONG), { code: "EMSGSIZE" });
  assert.equal(out.write(SHORT), true);
  clock.turn();
  assert.equal(link.sentBytes, HEADER_BYTES + MOST_BYTES);
  assert.deepEqual(told, []);
});

test("a message that waited, or goes to others too, is discarded when it is too long", () => {
  const { clock, link, pipe, out, told } = outgoing();
  for (const message of [LONG, SHORT]) pipe.write(message.slice());
  const far: FarEnd = pipe;
  far.attach(outletOf(out));
  out.start();
  clock.turn();
  assert.deepEqual(told.splice(0), ["2 frames tooLong"]);
  assert.equal(link.sentBytes, HEADER_BYTES + MOST_BYTES);
  assert.equal(out.writeShared(LONG.slice()), true);
  clock.turn();
  assert.deepEqual(told, ["2 frames tooLong"]);
  assert.equal(link.sentBytes, HEADER_BYTES + MOST_BYTES);
});
