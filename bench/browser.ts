/**
 * `npm run bench -- --browser [--rounds 5] [--duration 700] [--json FILE]`: a page in Chromium and Node. Messages of 64 bytes
 * each way over the stream of ZMTP, the same with libzmq over bare ZWS beside it, and REQ/REP beside a bare WebSocket echo in the
 * same page; all of them alternately. Chromium runs without DevTools, which make WebSockets two to three times slower: the page
 * asks this program for its jobs and posts what came of them.
 */

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { fileURLToPath } from "node:url";
import type * as Library from "../src/index.ts";
import { HttpHeaders } from "../src/wire/http-head.ts";
import { BINARY, WebSocketReader, writeFrameHead } from "../src/wire/websocket.ts";
import { acceptance, upgradeRequest } from "../src/wire/websocket-upgrade.ts";
import { executablePath } from "../test/browser/chromium.ts";
import { short } from "./report.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const SIZE = 64;
/** Received before the clock runs. */
const WARM = 20_000;
const WARM_BARE = 2000;
const ROUND_TRIPS = 3000;
const LIMIT_MS = 60_000;
const PAGE = `<!doctype html><link rel="icon" href="data:,"><script type="module" src="/page.js"></script>`;

interface Told {
  readonly count?: number;
  readonly seconds?: number;
  readonly us?: number;
  readonly error?: string;
}
type Job = Readonly<Record<string, string | number>>;

/** The page, as far as this program knows it. */
class Page {
  readonly server: Server;
  readonly #folder = mkdtempSync(join(tmpdir(), "zmq-bench-"));
  #browser: ChildProcess | undefined = undefined;
  #asks: ((job: Job) => void) | undefined = undefined;
  #job: Job | undefined = undefined;
  #tell: (told: Told) => void = () => {};

  private constructor() {
    this.server = createServer((request, response) => this.#serve(request, response));
  }

  static async open(): Promise<Page> {
    const page = new Page();
    await new Promise<void>((resolve) => page.server.listen(0, "127.0.0.1", resolve));
    const args = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", `--user-data-dir=${page.#folder}`];
    page.#browser = spawn(executablePath(), [...args, `http://127.0.0.1:${page.port}/`], { stdio: "ignore" });
    return page;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Has the page do a job. Rejects when it fails, or takes too long. */
  async run(job: Job): Promise<Told> {
    const told = new Promise<Told>((resolve) => {
      this.#tell = resolve;
    });
    if (this.#asks === undefined) this.#job = job;
    else this.#asks(job);
    this.#asks = undefined;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`the page did not do ${job.kind} within a minute`)), LIMIT_MS);
    });
    const result = await Promise.race([told, late]).finally(() => clearTimeout(timer));
    if (result.error !== undefined) throw new Error(`in the page: ${result.error}`);
    return result;
  }

  async close(): Promise<void> {
    const browser = this.#browser;
    if (browser !== undefined && browser.exitCode === null) {
      const over = new Promise((resolve) => browser.once("close", resolve));
      browser.kill();
      await over;
    }
    this.server.closeAllConnections();
    this.server.close();
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const { url = "/" } = request;
    const script = /^\/(browser[-\w]*\.js)$/.exec(url)?.[1];
    if (url === "/job") {
      const answer = (job: Job): void => void response.end(JSON.stringify(job));
      if (this.#job === undefined) this.#asks = answer;
      else answer(this.#job);
      this.#job = undefined;
    } else if (url === "/result") {
      let text = "";
      request.on("data", (chunk) => {
        text += chunk;
      });
      request.on("end", () => {
        response.end();
        this.#tell(JSON.parse(text) as Told);
      });
    } else {
      const file = script === undefined ? join(ROOT, "bench/peers/page.js") : join(ROOT, "dist", script);
      const isScript = url.endsWith(".js");
      response.writeHead(200, { "content-type": isScript ? "text/javascript" : "text/html" });
      response.end(isScript ? readFileSync(file) : PAGE);
    }
  }
}

/** Sends each message back, at `/echo`: what a bare WebSocket costs. */
function echoAt(server: Server): void {
  const sha1 = (text: string): string => createHash("sha1").update(text).digest("base64");
  server.on("upgrade", (request: IncomingMessage, socket: Duplex) => {
    if (request.url !== "/echo") return;
    const { key } = upgradeRequest({ start: "GET /echo HTTP/1.1", headers: new HttpHeaders(request.rawHeaders) });
    socket.write(acceptance(key, "echo", sha1));
    const reader = new WebSocketReader("client", "messages", {
      payload(bytes) {
        const frame = new Uint8Array(14 + bytes.length);
        const start = writeFrameHead(frame, 0, BINARY, bytes.length);
        frame.set(bytes, start);
        socket.write(frame.subarray(0, start + bytes.length));
      },
      signal() {},
      closing: () => socket.end(),
    });
    socket.on("data", (chunk: Buffer) => reader.push(chunk));
    socket.on("error", () => {}); // It leaves.
  });
}

/** What both libraries have. */
type Both = Pick<typeof Library, "Pull" | "Push" | "Reply">;
type Measure = (page: Page, ms: number) => Promise<number>;

/** Both kinds of servers: ours sits on the server of the page, libzmq has a port of its own. */
class Side {
  readonly #zmq: Both;
  readonly #options: object;

  constructor(zmq: Both, options: object = {}) {
    this.#zmq = zmq;
    this.#options = options;
  }

  /** Messages a second that come from the page. */
  async fromPage(page: Page, ms: number, warm: number): Promise<number> {
    const pull = new this.#zmq.Pull(this.#options);
    const endpoint = await bound(pull, page, "pull");
    const telling = page.run({ kind: "send", endpoint, size: SIZE, ms });
    let count = 0;
    let begun = 0;
    for await (const [body] of pull) {
      if (body?.length !== SIZE) break;
      if (++count === warm) begun = performance.now();
    }
    const seconds = (performance.now() - begun) / 1000;
    const { count: sent } = await telling;
    if (sent !== count) throw new Error(`${count} of ${sent} messages came from the page`);
    pull.close();
    return (count - warm) / seconds;
  }

  /** Messages a second that arrive in the page. */
  async toPage(page: Page, ms: number, warm: number): Promise<number> {
    const push = new this.#zmq.Push(this.#options);
    const endpoint = await bound(push, page, "push");
    const telling = page.run({ kind: "receive", endpoint, size: SIZE, warm });
    const body = new Uint8Array(SIZE);
    await push.send(body);
    const end = performance.now() + ms;
    let sent = 1;
    for (; (sent & 255) !== 0 || performance.now() < end; sent++) await push.send(body);
    await push.send(new Uint8Array(1));
    const { count = 0, seconds = Number.NaN } = await telling;
    if (sent !== count + warm) throw new Error(`${count + warm} of ${sent} messages came in the page`);
    push.close();
    return count / seconds;
  }

  async roundTrip(page: Page): Promise<number> {
    const reply = new this.#zmq.Reply(this.#options);
    const endpoint = await bound(reply, page, "reply");
    const answering = (async () => {
      for await (const message of reply) await reply.send(message);
    })();
    const { us = Number.NaN } = await page.run({ kind: "request", endpoint, size: SIZE, count: ROUND_TRIPS });
    reply.close();
    await answering.catch(() => {}); // The end.
    return us;
  }
}

async function bound(
  socket: { bind(address: string): Promise<unknown>; lastEndpoint: string | null },
  page: Page,
  name: string,
): Promise<string> {
  const isOnServer = "wsServer" in socket && socket.wsServer !== null;
  await socket.bind(isOnServer ? `ws://*:*/${name}` : "ws://127.0.0.1:*");
  const { port } = new URL(String(socket.lastEndpoint));
  return `ws://127.0.0.1:${port || page.port}/${name}`;
}

interface Row {
  readonly name: string;
  readonly unit: string;
  readonly measure: Measure;
  /** The least that is wanted, or with `times` the most that is, as a multiple of another row. */
  readonly bar?: number;
  readonly times?: string;
  readonly figures: number[];
}

function rowsOf(ours: Side, theirs: Side | undefined): Row[] {
  const row = (name: string, unit: string, measure: Measure, more: Partial<Row> = {}): Row => ({
    name,
    unit,
    measure,
    figures: [],
    ...more,
  });
  const rows = [
    row("page to Node, stream", "msg/s", (page, ms) => ours.fromPage(page, ms, WARM), { bar: 2e6 }),
    row("Node to page, stream", "msg/s", (page, ms) => ours.toPage(page, ms, WARM), { bar: 2e6 }),
  ];
  if (theirs !== undefined) {
    rows.push(
      row("page to libzmq, bare ZWS", "msg/s", (page, ms) => theirs.fromPage(page, ms, WARM_BARE)),
      row("libzmq to page, bare ZWS", "msg/s", (page, ms) => theirs.toPage(page, ms, WARM_BARE)),
    );
  }
  const echo: Measure = async (page) => {
    const told = await page.run({
      kind: "echo",
      endpoint: `ws://127.0.0.1:${page.port}/echo`,
      size: SIZE,
      count: ROUND_TRIPS,
    });
    return told.us ?? Number.NaN;
  };
  rows.push(
    row("bare WebSocket echo", "us", echo),
    row("REQ/REP, stream", "us", (page) => ours.roundTrip(page), { bar: 1.5, times: "bare WebSocket echo" }),
  );
  return rows;
}

const median = (figures: readonly number[]): number =>
  [...figures].sort((a, b) => a - b)[figures.length >> 1] ?? Number.NaN;

export interface BrowserBench {
  readonly rounds: number;
  readonly durationMs: number;
  readonly json?: string | undefined;
}

export async function benchBrowser({ rounds, durationMs, json }: BrowserBench): Promise<void> {
  execFileSync(process.execPath, [join(ROOT, "scripts", "build.js"), "--if-stale"], { stdio: "inherit" });
  const zmq = (await import(new URL("../dist/index.js", import.meta.url).href)) as typeof Library;
  const zeromq = await import("zeromq").then(
    (module) => module as unknown as Both,
    () => undefined,
  );
  const page = await Page.open();
  try {
    const rows = rowsOf(new Side(zmq, { wsServer: page.server, linger: 0 }), zeromq && new Side(zeromq, { linger: 0 }));
    echoAt(page.server);
    for (let round = 1; round <= rounds; round++) {
      for (const { name, unit, measure, figures } of rows) {
        const figure = await measure(page, durationMs);
        figures.push(figure);
        console.error(`round ${round} of ${rounds}, ${name}: ${short(figure)} ${unit}`);
      }
    }
    console.log(render(rows));
    if (json !== undefined) {
      const report = rows.map(({ name, unit, figures }) => ({ name, unit, median: median(figures), figures }));
      writeFileSync(json, `${JSON.stringify(report, null, 1)}\n`);
    }
  } finally {
    await page.close();
  }
}

function render(rows: readonly Row[]): string {
  const lines = [`| 64 bytes, Chromium and Node | median | spread | wanted | |`, "|---|---|---|---|---|"];
  for (const { name, unit, figures, bar, times } of rows) {
    const figure = median(figures);
    const spread = `${short(Math.min(...figures))} to ${short(Math.max(...figures))}`;
    const base = times === undefined ? 1 : median(rows.find((row) => row.name === times)?.figures ?? []);
    const ratio = figure / base;
    const wanted =
      bar === undefined ? "" : times === undefined ? `at least ${short(bar)}` : `at most ${bar} times the ${times}`;
    const verdict =
      bar === undefined ? "" : times === undefined ? mark(ratio >= bar) : `${ratio.toFixed(2)}, ${mark(ratio <= bar)}`;
    lines.push(`| ${name} | ${short(figure)} ${unit} | ${spread} | ${wanted} | ${verdict} |`);
  }
  return lines.join("\n");
}

function mark(isReached: boolean): string {
  return isReached ? "reached" : "missed";
}
