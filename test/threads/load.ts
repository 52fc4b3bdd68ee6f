/**
 * Messages of many sizes between four threads, each checked: `npm run thread-load -- [messages]`, 10 million unless told
 * otherwise. Every thread sends to every other one; a receiver checks the order of each sender's messages and every octet.
 */

import { fileURLToPath } from "node:url";
import { thread } from "./worker.ts";

const THREADS = 4;

/** Resolves to the number of messages that arrived, all of them right; rejects with the first that is wrong. */
export async function load(messages: number): Promise<number> {
  const each = Math.floor(messages / (THREADS * (THREADS - 1)));
  const threads = Array.from({ length: THREADS }, (_, own) => thread(member, { own, count: THREADS, each }));
  const counts = await Promise.all(threads.map(({ result }) => result));
  await Promise.all(threads.map(({ ended }) => ended));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** One of `count` threads: binds a PULL, and sends `each` messages to every other one, small ones mostly. */
async function member(
  { Pull, Push }: typeof import("../../src/index.ts"),
  { own, count, each }: { own: number; count: number; each: number },
): Promise<number> {
  /** The sizes of a sender's messages; both sides draw the same ones. */
  const sizes = (seed: number) => () => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    const kind = (seed >>> 16) % 1000;
    if (kind === 0) return 70_000 + (seed % 300_000);
    return kind < 50 ? (seed >>> 8) % 9000 : (seed >>> 8) % 200;
  };
  const octet = (from: number, number: number, at: number) => (from * 31 + number + at * 7) & 0xff;
  const pull = new Pull();
  await pull.bind(`inproc://load-${own}`);
  const pushes = Array.from({ length: count }, (_, to) => {
    if (to === own) return undefined;
    const push = new Push();
    push.connect(`inproc://load-${to}`);
    return push;
  });
  const send = async () => {
    const next = pushes.map((_, to) => sizes(own * 100 + to));
    for (let number = 0; number < each; number++) {
      for (let to = 0; to < count; to++) {
        const size = to === own ? 0 : (next[to]?.() ?? 0);
        const body = Buffer.allocUnsafe(size);
        for (let at = 0; at < size; at += size < 300 ? 1 : 997) body[at] = octet(own, number, at);
        await pushes[to]?.send([String(own), String(number), body]);
      }
    }
  };
  const receive = async () => {
    const next = Array.from({ length: count }, (_, from) => ({ number: 0, size: sizes(from * 100 + own) }));
    const total = each * (count - 1);
    for (let i = 0; i < total; i++) {
      const [name, number, body] = await pull.receive();
      const from = Number(String(name));
      const sender = next[from];
      if (sender === undefined || body === undefined) throw new Error(`thread ${own}: a message from ${name}`);
      const size = sender.size();
      if (Number(String(number)) !== sender.number || body.length !== size) {
        throw new Error(
          `thread ${own}: ${number} of ${body.length} octets from ${from}, expected ${sender.number} of ${size}`,
        );
      }
      for (let at = 0; at < size; at += size < 300 ? 1 : 997) {
        if (body[at] !== octet(from, sender.number, at))
          throw new Error(`thread ${own}: octet ${at} of ${number} from ${from}`);
      }
      sender.number++;
    }
    return total;
  };
  const [received] = await Promise.all([receive(), send()]);
  return received;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const messages = Number(process.argv[2] ?? 10_000_000);
  const begun = performance.now();
  const count = await load(messages);
  console.log(
    `${count} messages between ${THREADS} threads, all right, in ${((performance.now() - begun) / 1000).toFixed(1)} s`,
  );
}
