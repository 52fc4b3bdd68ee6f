/** A real Jupyter kernel, from Node and from a page. PYTHON: the Python that has ipykernel. */

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { chromium } from "playwright-core";
import * as zmq from "zmq-ts";
import { executablePath, noBrowser } from "../../test/browser/chromium.ts";
import { Run } from "../testing.ts";
import { Kernel, type KernelAddress } from "./kernel.js";

const PYTHON = process.env.PYTHON ?? "python3";
const noKernel =
  spawnSync(PYTHON, ["-c", "import ipykernel"], { stdio: "ignore" }).status === 0
    ? false
    : `${PYTHON} has no ipykernel (pip install ipykernel, PYTHON=that python)`;
const NOTEBOOK = ["--import", "tsx", "examples/browser/notebook.ts"];

describe("a Jupyter kernel driven from Node", { skip: noKernel, timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "zmq-kernel-"));
  const file = join(folder, "connection.json");
  let process_: ReturnType<typeof spawn>;
  let address: KernelAddress;
  let kernel: Kernel;

  before(async () => {
    process_ = spawn(PYTHON, ["-m", "ipykernel_launcher", "-f", file], { stdio: "ignore" });
    for (;;) {
      try {
        const written = JSON.parse(readFileSync(file, "utf8"));
        const channels = ["shell", "control", "stdin", "iopub", "hb"];
        const endpoints = channels.map((name) => [name, `tcp://127.0.0.1:${written[`${name}_port`]}`]);
        address = { endpoints: Object.fromEntries(endpoints), key: written.key };
        break;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 50)); // It is not there, or not whole.
      }
    }
    kernel = await Kernel.connect(zmq, address);
  });
  after(() => {
    kernel.close();
    process_.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });

  async function output(code: string, onInput?: () => string): Promise<string[]> {
    const told: string[] = [];
    const { status } = await kernel.execute(code, {
      onOutput: (kind, text) => told.push(`${kind} ${text.trim()}`),
      ...(onInput && { onInput }),
    });
    return [...told, status];
  }

  it("code runs, and what it prints, shows and fails with comes back", async () => {
    assert.deepEqual(await output("import sys\nprint('out'); sys.stdout.flush(); print('err', file=sys.stderr); sys.stderr.flush(); 6 * 7"), ["stdout out", "stderr err", "result 42", "ok"]); // biome-ignore format: one row
    assert.deepEqual(await output("1 / 0"), ["error ZeroDivisionError: division by zero", "error"]);
  });

  it("a hundred requests at once are answered, each its own", async () => {
    const all = await Promise.all(Array.from({ length: 100 }, (_, i) => output(`${i} ** 2`)));
    assert.deepEqual(all, Array.from({ length: 100 }, (_, i) => [`result ${i ** 2}`, "ok"])); // biome-ignore format: one row
  });

  it("megabytes of output arrive whole", async () => {
    const [text = ""] = await output("print('x' * 5_000_000)");
    assert.equal(text.length, "stdout ".length + 5_000_000);
  });

  it("running code asks its user by stdin", async () => {
    assert.deepEqual(await output("f'hello {input()}'", () => "Ada"), ["result 'hello Ada'", "ok"]);
  });

  it("the heartbeat answers while code runs, which control interrupts", async () => {
    let wake = () => {};
    const isRunning = new Promise<void>((resolve) => {
      wake = resolve;
    });
    const running = kernel.execute("import time\nprint('begun', flush=True)\ntime.sleep(100)", { onOutput: wake });
    await isRunning;
    assert.equal(await kernel.isAlive(10_000), true);
    await kernel.interrupt();
    const { status, ename } = await running;
    assert.deepEqual([status, ename], ["error", "KeyboardInterrupt"]);
  });

  it("a request that another key signed runs nothing", async () => {
    const stranger = new zmq.Dealer({ routingId: "stranger", linger: 0 });
    stranger.connect(address.endpoints.shell);
    await stranger.send(["<IDS|MSG>", "00".repeat(32), JSON.stringify({ msg_id: "1", session: "s", username: "", date: "", msg_type: "execute_request", version: "5.3" }), "{}", "{}", JSON.stringify({ code: "intruded = True", silent: false })]); // biome-ignore format: one row
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.deepEqual(await output("'intruded' in globals()"), ["result False", "ok"]);
    stranger.close();
  });
});

it("notebook.ts runs code from Node", { skip: noKernel, timeout: 120_000 }, async (t) => {
  const output = await new Run(t, process.execPath, [...NOTEBOOK, "run", "print('hello'); 6 * 7"]).output();
  assert.match(output, /hello\n42/);
});

it("a page runs code in the kernel, through relays", {
  skip: noKernel || (noBrowser ?? false),
  timeout: 120_000,
}, async (t) => {
  const [, origin = ""] = await new Run(t, process.execPath, NOTEBOOK).prints(/open (http:\S+)/);
  const browser = await chromium.launch({ executablePath: executablePath(), args: ["--no-sandbox"] });
  try {
    const page = await browser.newPage();
    const wrong: string[] = [];
    page.on("pageerror", (error) => wrong.push(String(error)));
    await page.goto(origin);
    const run = async (code: string) => {
      await page.fill("#code", code);
      await page.click("#run:enabled");
    };
    await run("print('from Python')\n6 * 7");
    await page.locator("#output .result", { hasText: "42" }).waitFor();
    assert.match((await page.textContent("#output")) ?? "", /from Python/);
    await run("input('your name: ').upper()");
    await page.fill("#answer", "grace");
    await page.press("#answer", "Enter");
    await page.locator("#output .result", { hasText: "GRACE" }).waitFor();
    await run("import time; time.sleep(100)");
    await page.click("#interrupt:enabled");
    await page.locator("#output .error", { hasText: "KeyboardInterrupt" }).waitFor();
    await page.locator("#state", { hasText: "idle; the last run ended with error" }).waitFor();
    await run("print('x' * 1_000_000)");
    await page.waitForFunction("document.querySelector('#output').textContent.length === 1_000_001");
    assert.deepEqual(wrong, []);
  } finally {
    await browser.close();
  }
});
