/**
 * Sources and receivers of PGM over a network that loses, doubles, delays and reorders, by seed: every message says
 * which one it is and holds what follows from that, so that anything wrong is seen. Run by itself it takes the number of
 * packets and a seed: `tsx test/pgm/faults.ts 1000000 7`.
 */

import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import type { Message } from "../../src/base/message.ts";
import { FakeClock } from "../fake-clock.ts";
import { Random } from "../fuzz/random.ts";
import { PgmNetwork } from "../pgm-network.ts";

export interface FaultRun {
  packets: number;
  sent: number;
  delivered: number;
  /** Packets that a receiver was told are lost. */
  lost: number;
  /** Messages that no receiver should have missed and one did. */
  missed: number;
}

/** The message with this number from this source: its frames follow from both. */
function made(host: number, number: number): Message {
  const random = new Random(host * 0x1_0000 + number);
  const frames: Message = [Buffer.from(`${host} ${number}`)];
  const count = random.below(4);
  for (let i = 0; i < count; i++) frames.push(random.bytes(random.oneIn(20) ? random.below(3000) : random.below(60)));
  return frames;
}

/** One network for about `packets` packets. Throws when a receiver gets what was not sent, or out of order, or twice. */
export function faultRun(seed: number, packets: number): FaultRun {
  const clock = new FakeClock();
  const random = new Random(seed);
  const heavy = random.oneIn(4);
  const network = new PgmNetwork(clock, seed, {
    loss: random.pick([0, 0.01, 0.1, heavy ? 0.4 : 0.2]),
    twice: random.pick([0, 0.05, 0.3]),
    late: random.pick([0, 0.1, 0.5]),
    delayMs: random.pick([1, 20, 150]),
  });
  const windowPackets = random.pick([20, 200, 2000]);
  const firstSequence = random.pick([0, 0xffff_fff0, 0x7fff_fff0]);
  const hosts = [1, 2, 3].slice(0, 1 + random.below(3));
  const apduBytes = random.pick([16, 100, 1428]);
  const sources = hosts.map((host) => network.source(host, { windowPackets, firstSequence, apduBytes }));
  const receivers = Array.from({ length: 1 + random.below(3) }, () => {
    const test = network.receiver(windowPackets);
    const last = new Map<number, number>();
    const state = { test, last, delivered: 0, gaps: 0 };
    test.onMessage = (message) => {
      const [host = 0, number = 0] = String(message[0]).split(" ").map(Number);
      assert.deepEqual(message.map(Buffer.from), made(host, number).map(Buffer.from));
      const before = last.get(host) ?? -1;
      assert.ok(number > before, `message ${number} of source ${host} came behind ${before}`);
      if (before >= 0 && number !== before + 1) state.gaps++;
      last.set(host, number);
      state.delivered++;
    };
    return state;
  });
  let sent = 0;
  const numbers = hosts.map(() => 0);
  const next = (i: number) => {
    const number = numbers[i] as number;
    numbers[i] = number + 1;
    return number;
  };
  network.run(200);
  while (network.packets < packets) {
    for (const [i, source] of sources.entries()) {
      const count = random.below(random.oneIn(10) ? 30 : 5);
      for (let n = 0; n < count; n++) source.write(made(hosts[i] as number, next(i)));
      sent += count;
    }
    for (const { test } of receivers) {
      test.room = random.oneIn(20) ? random.below(3) : Number.POSITIVE_INFINITY;
      if (test.room > 0) test.receiver.resume();
    }
    network.run(random.oneIn(50) ? 1000 : random.below(10));
  }
  for (const { test } of receivers) {
    test.room = Number.POSITIVE_INFINITY;
    test.receiver.resume();
  }
  network.faults = {};
  network.run(60_000);
  let missed = 0;
  let lost = 0;
  for (const { test, gaps, last } of receivers) {
    for (const { packets: count } of test.losses) lost += count;
    assert.deepEqual(test.errors, []);
    if (test.losses.length > 0) continue;
    missed += gaps;
    // The stream of each source is complete to its end.
    for (const [i, host] of hosts.entries()) if (last.get(host) !== (numbers[i] as number) - 1) missed++;
  }
  let delivered = 0;
  for (const state of receivers) delivered += state.delivered;
  return { packets: network.packets, sent, delivered, lost, missed };
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [packets = 1_000_000, seed = 1] = process.argv.slice(2).map(Number);
  const total: FaultRun = { packets: 0, sent: 0, delivered: 0, lost: 0, missed: 0 };
  for (let run = 0; total.packets < packets; run++) {
    const { missed, ...counts } = faultRun(seed + run, 5000);
    if (missed > 0) throw new Error(`seed ${seed + run}: ${missed} gaps that no loss explains`);
    for (const name of ["packets", "sent", "delivered", "lost"] as const) total[name] += counts[name];
  }
  process.stdout.write(`${JSON.stringify(total)}\n`);
}
