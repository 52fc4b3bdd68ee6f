/**
 * A live dashboard: a feed on Node publishes figures of this machine, and a page draws them and sends commands back.
 *
 *     npm run dashboard [-- PORT]
 *
 * Open the address that it prints. The page and both sockets share one HTTP server: PUB is bound at the path /feed and
 * REP at /commands, so that the page needs no other port and no origin is foreign.
 */

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { cpus, freemem, loadavg, totalmem } from "node:os";
import { dirname, join } from "node:path";
import { Publisher, Reply } from "zmq-ts";

/** The folder of the library's files, of which pages load browser.js. */
const LIBRARY = dirname(createRequire(import.meta.url).resolve("zmq-ts/browser"));
/** What the page loads, and from where. */
const FILES: Readonly<Record<string, { readonly type: string; readonly file: string | URL }>> = {
  "/": { type: "text/html", file: new URL("./dashboard.html", import.meta.url) },
  "/dashboard.js": { type: "text/javascript", file: new URL("./dashboard.js", import.meta.url) },
  "/zmq.js": { type: "text/javascript", file: join(LIBRARY, "browser.js") },
};
const POLICY = "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; connect-src 'self' ws:";

const server = createServer((request, response) => {
  const found = FILES[request.url ?? ""];
  if (found === undefined) response.writeHead(404).end();
  else
    response
      .writeHead(200, { "content-type": `${found.type}; charset=utf-8`, "content-security-policy": POLICY })
      .end(readFileSync(found.file));
});

const feed = new Publisher({ wsServer: server });
const commands = new Reply({ wsServer: server });
await feed.bind("ws://127.0.0.1:*/feed");
await commands.bind("ws://127.0.0.1:*/commands");
server.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () => {
  const address = server.address();
  if (typeof address === "object") console.log(`open http://127.0.0.1:${address?.port}/`);
});

let everyMs = 500;
let before = cpus();

/** The part of each processor that was busy since the last call, 0 to 1. */
function busy(): number[] {
  const now = cpus();
  const parts = now.map(({ times }, i) => {
    const was = before[i]?.times ?? times;
    const idle = times.idle - was.idle;
    const all = Object.values(times).reduce((sum, each) => sum + each) - Object.values(was).reduce((a, b) => a + b);
    return all === 0 ? 0 : 1 - idle / all;
  });
  before = now;
  return parts;
}

async function publish(): Promise<void> {
  const figures: Record<string, number> = {
    memory: 1 - freemem() / totalmem(),
    load: (loadavg()[0] ?? 0) / cpus().length,
  };
  for (const [i, part] of busy().entries()) figures[`cpu.${i}`] = part;
  for (const [topic, value] of Object.entries(figures)) await feed.send([topic, String(value)]);
  setTimeout(publish, everyMs);
}
publish();

/** `every MS` sets how often figures come. */
for await (const [command] of commands) {
  const ms = Number(/^every (\d+)$/.exec(String(command))?.[1]);
  const isGood = ms >= 20 && ms <= 10_000;
  if (isGood) everyMs = ms;
  await commands.send(isGood ? `figures come every ${ms} ms` : "expected: every 20 to every 10000");
}
