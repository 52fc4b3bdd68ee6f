/**
 * epgm over the loopback interface, this library and libzmq in turns: `tsx bench/multicast.ts [rounds]`.
 *
 * Ours sends without a limit. libzmq gets the rates of a list, of which the best counts, for beyond it libzmq's
 * subscriber loses more than can be repaired. A figure is what came, divided by the time from the first to the last.
 */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const [rounds = 3] = process.argv.slice(2).map(Number);
/** Kilobits a second, for libzmq. */
const RATES = [100_000, 200_000, 400_000];
const UNLIMITED = 100_000_000;
const JOBS = [
  { label: "64 B", size: 64, count: 1_500_000 },
  { label: "1 KiB", size: 1024, count: 200_000 },
];

interface Result {
  readonly rate: number;
  /** Of the messages that came, a second; and the share of all that came. */
  readonly perSecond: number;
  readonly share: number;
}

const ours = [process.execPath, "--import", "tsx", join(root, "bench", "peers", "multicast.ts")];

function compiled(): string[] {
  const out = join(root, ".build", "bench");
  mkdirSync(out, { recursive: true });
  const program = join(out, "multicast");
  execFileSync("gcc", ["-O2", "-o", program, join(root, "bench", "peers", "multicast.c"), "-lzmq"]);
  return [program];
}

let port = 20_000 + (process.pid % 20_000);

async function measured(command: readonly string[], size: number, count: number, rate: number): Promise<Result> {
  const endpoint = `epgm://127.0.0.1;239.192.113.5:${port++}`;
  const [program = "", ...before] = command;
  const start = (role: string) =>
    spawn(program, [...before, role, endpoint, `${size}`, `${count}`, `${rate}`, "1000"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
  const subscriber = start("sub");
  const lines = createInterface({ input: subscriber.stdout })[Symbol.asyncIterator]();
  await lines.next();
  const publisher = start("pub");
  const ended = once(publisher, "exit");
  for (let line = await lines.next(); !line.done; line = await lines.next()) {
    const [word, received, seconds] = line.value.split(" ");
    if (word !== "RESULT") continue;
    publisher.kill("SIGKILL");
    await ended;
    return { rate, perSecond: Number(received) / Number(seconds), share: Number(received) / count };
  }
  publisher.kill("SIGKILL");
  await ended;
  // libzmq's subscriber aborts at times, when more was lost than it can repair.
  return { rate, perSecond: 0, share: 0 };
}

const best = (results: Result[]) => results.reduce((a, b) => (a.perSecond * a.share >= b.perSecond * b.share ? a : b));
const shown = ({ perSecond, share, rate }: Result) =>
  `${Math.round(perSecond).toLocaleString("en")} msg/s, ${(share * 100).toFixed(1)} % came${rate === UNLIMITED ? "" : ` (rate ${rate})`}`;

const libzmq = compiled();
for (const { label, size, count } of JOBS) {
  const results: { ours: Result[]; libzmq: Result[] } = { ours: [], libzmq: [] };
  for (let round = 0; round < rounds; round++) {
    results.ours.push(await measured(ours, size, count, UNLIMITED));
    for (const rate of RATES) results.libzmq.push(await measured(libzmq, size, count, rate));
  }
  const [a, b] = [best(results.ours), best(results.libzmq)];
  console.log(`${label}: ours ${shown(a)}; libzmq ${shown(b)}; ratio ${(a.perSecond / b.perSecond).toFixed(2)}`);
}
