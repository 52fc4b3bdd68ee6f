/**
 * A page in Chromium under steady traffic: `npm run soak -- --browser --minutes 5`. Some 2000 messages a second each way, an
 * echo by CURVE, and a visitor each second. Prints by minute the page's heap after a collection, and the resident
 * memory of its process, of all processes of Chromium, and of this one, which holds the peers.
 */

import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Authenticator, curveKeyPair, Pull, Push, Reply, Router } from "../src/index.ts";
import { executablePath } from "../test/browser/chromium.ts";

const REPORT_MS = 10_000;
const MINUTE_MS = 60_000;
const PACE_MS = 20;
const AT_ONCE = 40;
const MIB = 1_048_576;

interface Report {
  readonly heap: number;
  readonly sent: number;
  readonly received: number;
  readonly echoed: number;
  readonly visits: number;
}

export async function soakBrowser(minutes: number): Promise<void> {
  const server = createServer((request, response) => {
    const file = /^\/(browser[-\w]*\.js)$/.exec(request.url ?? "")?.[1];
    const [type, body] =
      file !== undefined
        ? ["text/javascript", readFileSync(new URL(`../dist/${file}`, import.meta.url))]
        : request.url === "/soak-page.js"
          ? ["text/javascript", readFileSync(new URL("./soak-page.js", import.meta.url))]
          : ["text/html", `<!doctype html><script type="module" src="/soak-page.js"></script>`];
    response.writeHead(200, { "content-type": type }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const { publicKey, secretKey } = curveKeyPair();
  new Authenticator({ curve: "any" }).start();
  const pull = new Pull({ wsServer: server });
  const push = new Push({ wsServer: server });
  const echo = new Router({ wsServer: server, curveServer: true, curveSecretKey: secretKey });
  const reports = new Reply({ wsServer: server });
  for (const [socket, path] of [
    [pull, "in"],
    [push, "out"],
    [echo, "echo"],
    [reports, "reports"],
  ] as const) {
    await socket.bind(`ws://127.0.0.1:*/${path}`);
  }
  const fragment = encodeURIComponent(JSON.stringify({ curveServerKey: publicKey, reportMs: REPORT_MS }));
  const profile = mkdtempSync(join(tmpdir(), "zmq-soak-"));
  const browser = spawn(
    executablePath(),
    [
      ...["--headless", "--no-sandbox", "--disable-gpu", "--enable-precise-memory-info", "--js-flags=--expose-gc"],
      ...[`--user-data-dir=${profile}`, `http://127.0.0.1:${port}/#${fragment}`],
    ],
    { stdio: "ignore" },
  );
  const gone = new Promise<void>((resolve) => browser.once("exit", () => resolve()));

  let taken = 0;
  const work = [
    (async () => {
      for await (const _ of pull) taken++;
    })(),
    (async () => {
      for await (const [id, body] of echo) if (id !== undefined) await echo.send([id, body ?? ""]);
    })(),
    (async () => {
      for (;;) {
        for (let i = 0; i < AT_ONCE; i++) await push.send(new Uint8Array(64 + i * 20));
        await new Promise((resolve) => setTimeout(resolve, PACE_MS));
      }
    })().catch(() => {}),
  ];
  try {
    console.log("minute   heap MiB   page MiB   Chromium MiB   here MiB   sent   received   echoed   visits");
    const begun = performance.now();
    for await (const [frame] of reports) {
      await reports.send("");
      const passed = performance.now() - begun;
      if (passed % MINUTE_MS >= REPORT_MS) continue;
      const { heap, sent, received, echoed, visits } = JSON.parse(String(frame)) as Report;
      const memory = memoryOf(browser.pid ?? 0);
      const cells = [heap / MIB, memory.page, memory.all, process.memoryUsage().rss / MIB].map((mib) => mib.toFixed(1));
      console.log([Math.round(passed / MINUTE_MS), ...cells, sent, received, echoed, visits].join("   "));
      if (passed >= minutes * MINUTE_MS) break;
    }
    console.log(`${taken} messages of the page came`);
  } finally {
    for (const socket of [pull, push, echo, reports]) socket.close();
    browser.kill();
    await gone;
    await Promise.all(work);
    server.closeAllConnections();
    server.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Resident memory in MiB of the processes below `root`: of the page's, and of all together. */
function memoryOf(root: number): { page: number; all: number } {
  const processes = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const status = readFileSync(`/proc/${name}/status`, "utf8");
        const field = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? 0);
        const isPage = readFileSync(`/proc/${name}/cmdline`, "utf8").includes("--type=renderer");
        return [{ pid: Number(name), parent: field("PPid"), mib: field("VmRSS") / 1024, isPage }];
      } catch {
        return []; // It ended meanwhile.
      }
    });
  const ours = new Set([root]);
  for (let before = 0; before !== ours.size; ) {
    before = ours.size;
    for (const { pid, parent } of processes) if (ours.has(parent)) ours.add(pid);
  }
  const sum = (of: typeof processes) => of.reduce((all, { mib }) => all + mib, 0);
  const all = processes.filter(({ pid }) => ours.has(pid));
  return { page: Math.max(0, ...all.filter(({ isPage }) => isPage).map(({ mib }) => mib)), all: sum(all) };
}
