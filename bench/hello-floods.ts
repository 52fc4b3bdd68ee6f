/**
 * How long a new CURVE client waits for its handshake while others flood the
 * server with HELLO from another address, beside libzmq: `tsx bench/hello-floods.ts [--seconds 5]`.
 *
 * Server, client and attacker are processes; the latter two are the same for both servers. "at once": so many
 * connections that all say HELLO at the same moment and then nothing; else so many that
 * begin anew when they were answered. Needs as many open files (`ulimit -n`).
 */

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket as TcpSocket } from "node:net";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { curvePeer, hello, helloFlood, SERVER_OPTIONS } from "./hostile-curve.ts";

const ATTACKER = "127.0.0.2";
const GREETING_BYTES = 64;
const PAUSE_MS = 20;
const WARM_MS = 1500;

const FLOODS: Readonly<Record<string, (port: number) => void>> = {
  "5000 at once": (port) => burst(port, 5000),
  "64 again and again": helloFlood(true, 64, ATTACKER),
  "1000 again and again": helloFlood(true, 1000, ATTACKER),
  "64 again and again, which do not open": helloFlood(false, 64, ATTACKER),
};

function burst(port: number, count: number): void {
  const bytes = hello(true);
  const open: TcpSocket[] = [];
  let begun = 0;
  const more = (): void => {
    for (let i = 0; i < 100 && begun < count; i++, begun++) {
      const tcp = connect({ port, host: "127.0.0.1", localAddress: ATTACKER, noDelay: true });
      tcp.on("error", () => {}); // Cut off: that is the server's right.
      tcp.on("connect", () => {
        tcp.write(bytes.subarray(0, GREETING_BYTES));
        if (open.push(tcp) < count) return;
        for (const each of open) each.write(bytes.subarray(GREETING_BYTES));
        process.send?.("fired");
      });
      tcp.resume();
    }
    if (begun < count) setTimeout(more, 5);
  };
  more();
}

/** Connects again and again, one at a time, and tells how many milliseconds each handshake took. */
function behave(port: number): void {
  const begun = performance.now();
  curvePeer(port, "PUSH", (tcp) => {
    process.send?.(performance.now() - begun);
    tcp.destroy();
    setTimeout(behave, PAUSE_MS, port);
  });
}

async function serve(module: string): Promise<void> {
  const zmq = (await import(module)) as typeof import("../src/index.ts");
  const socket = new zmq.Pull(SERVER_OPTIONS);
  await socket.bind("tcp://127.0.0.1:*");
  process.send?.(Number(socket.lastEndpoint?.split(":").at(-1)));
  for await (const _ of socket); // Nobody sends.
}

async function measure(module: string, name: string, seconds: number): Promise<string> {
  const children: ChildProcess[] = [];
  const child = (...args: string[]): ChildProcess => {
    const made = fork(fileURLToPath(import.meta.url), args, { execArgv: ["--no-warnings", "--import", "tsx"] });
    children.push(made);
    return made;
  };
  const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  try {
    const [port] = (await once(child("serve", module), "message")) as [number];
    let times: number[] = [];
    child("behave", String(port)).on("message", (ms: number) => times.push(ms));
    await sleep(WARM_MS);
    const attacker = child("attack", String(port), name);
    await Promise.race([once(attacker, "message"), sleep(name.includes("at once") ? 20_000 : WARM_MS)]);
    times = [];
    await sleep(seconds * 1000);
    times.sort((a, b) => a - b);
    const [median = Number.NaN, worst = Number.NaN] = [times[times.length >> 1], times.at(-1)];
    return `${times.length} | ${median.toFixed(0)} | ${worst.toFixed(0)}`;
  } finally {
    for (const each of children) each.kill("SIGKILL");
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { seconds: { type: "string" } } });
  const servers = { "zmq-ts": new URL("../src/index.ts", import.meta.url).href, libzmq: "zeromq" };
  console.log("| HELLOs | server | handshakes of the client | median ms | worst ms |");
  console.log("|---|---|---|---|---|");
  for (const name of Object.keys(FLOODS)) {
    for (const [library, module] of Object.entries(servers)) {
      console.log(`| ${name} | ${library} | ${await measure(module, name, Number(values.seconds ?? 5))} |`);
    }
  }
}

const [role, first = "", second = ""] = process.argv.slice(2);
if (role === "serve") await serve(first);
else if (role === "behave") behave(Number(first));
else if (role === "attack") FLOODS[second]?.(Number(first));
else await main();
