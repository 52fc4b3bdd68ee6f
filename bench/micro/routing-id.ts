/**
 * What ROUTER does to a message beyond the pipe: the look-up of a 5-byte routing
 * id, against a Map with string keys, and a frame put before a message, against
 * `Array.unshift`. Run: `node --import tsx bench/micro/routing-id.ts`.
 */

import { toKey } from "../../src/base/bytes.ts";
import type { Message } from "../../src/base/message.ts";
import { createPipe, type Pipe } from "../../src/base/pipe.ts";
import { prepend } from "../../src/pattern/envelope.ts";
import { PeerTable } from "../../src/pattern/peer-table.ts";

const ROUNDS = 2_000_000;
let sink: unknown;

function measure(name: string, task: (i: number) => unknown): void {
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 4; run++) {
    const start = process.cpuUsage().user;
    for (let i = 0; i < ROUNDS; i++) sink = task(i);
    best = Math.min(best, (process.cpuUsage().user - start) / 1000);
  }
  console.log(`${name.padEnd(40)} ${((best * 1e6) / ROUNDS).toFixed(1)} ns`);
}

const owner = { readable() {}, writable() {}, connected() {}, disconnected() {}, control() {}, ended() {} };
const limits = { sendHighWaterMark: 1000, receiveHighWaterMark: 1000, conflate: false };

for (const count of [1, 1000, 10_000]) {
  const table = new PeerTable(() => (Math.random() * 2 ** 32) >>> 0);
  const map = new Map<string, Pipe>();
  const ids: Uint8Array[] = [];
  for (let i = 0; i < count; i++) {
    const pipe = createPipe(owner, "", false, limits);
    const id = table.freshId();
    table.add(pipe, id);
    map.set(toKey(id), pipe);
    ids.push(Buffer.from(id));
  }
  const shuffled = ids.map((_, i) => ids[(i * 7919) % count] as Uint8Array);
  let next = 0;
  const id = () => {
    if (++next >= count) next = 0;
    return shuffled[next] as Uint8Array;
  };
  measure(`PeerTable, ${count} peers`, () => table.get(id()));
  measure(`Map of strings, ${count} peers`, () => map.get(toKey(id())));
}

const frame = Buffer.alloc(5);
for (const count of [1, 2, 5]) {
  const build = (): Message => {
    if (count === 1) return [frame];
    return count === 2 ? [frame, frame] : [frame, frame, frame, frame, frame];
  };
  measure(`prepend to ${count} frames`, () => prepend(frame, build()));
  measure(`unshift to ${count} frames`, () => {
    const message = build();
    message.unshift(frame);
    return message;
  });
}
if (sink === undefined) throw new Error("nothing was measured");
