/** Pages and workers in Chromium that sleep, or lose their network, and are woken. */

import assert from "node:assert/strict";
import { type Socket as Connection, connect, createServer } from "node:net";
import { after, before, describe, it } from "node:test";
import type { Page, Worker } from "playwright-core";
import { Reply, type Socket } from "../../src/index.ts";
import { noBrowser, TestPage } from "./chromium.ts";

/** What the tests keep in the page. */
interface Kept {
  request: InstanceType<typeof zmq.Request>;
  lost: Promise<unknown>;
}

const LONG_MS = 600_000;

describe("a page that sleeps", { skip: noBrowser ?? false, timeout: 120_000 }, () => {
  let browser: TestPage;
  const open: Socket[] = [];
  before(async () => {
    browser = await TestPage.open({ canGoBack: true });
  });
  after(async () => {
    for (const socket of open) socket.close();
    await browser[Symbol.asyncDispose]();
  });

  /** REP at a path of the page's server; pages of all origins may come. */
  async function reply(address: string): Promise<string> {
    const socket = new Reply({ wsServer: browser.server, wsAllowedOrigins: "*" });
    open.push(socket);
    return socket.bind(address);
  }

  /** A REQ whose first attempt has failed, and which would not try again for minutes. */
  async function waitingFor(address: string, place: Page | Worker = browser.page): Promise<void> {
    await (place as Page).evaluate(
      ([to, reconnectInterval]) => {
        const request = new zmq.Request({ reconnectInterval });
        Object.assign(globalThis, { request });
        const waits = new Promise<void>((resolve) => request.events.on("connect:retry", () => resolve()));
        request.connect(to);
        return waits;
      },
      [address, LONG_MS] as const,
    );
  }

  /** It is connected: the call waits, and would do so until the test's time is over. */
  async function connected(place: Page | Worker = browser.page): Promise<void> {
    await (place as Page).evaluate(async () => {
      const { request } = globalThis as unknown as Kept;
      await request.connected();
      request.close();
    });
  }

  /** The page goes to the cache of the Back button, and out of it again. */
  async function leaveAndComeBack(): Promise<void> {
    await browser.page.goto(`http://localhost:${browser.port}/elsewhere`);
    await browser.page.goBack({ waitUntil: "commit" });
  }

  const wakeUps: [string, () => Promise<void>][] = [
    [
      "the network is back",
      async () => {
        await browser.page.context().setOffline(true);
        await browser.page.context().setOffline(false);
      },
    ],
    ["the page is thawed", () => browser.page.evaluate(`void document.dispatchEvent(new Event("resume"))`)],
    [
      "the page is shown again",
      () => browser.page.evaluate(`void document.dispatchEvent(new Event("visibilitychange"))`),
    ],
    [
      "the user comes back to it",
      async () => {
        await browser.page.evaluate(() => void Object.assign(globalThis, { isKept: true }));
        await leaveAndComeBack();
        assert.equal(await browser.page.evaluate("globalThis.isKept"), true, "the page was kept");
      },
    ],
  ];
  for (const [when, wake] of wakeUps) {
    it(`a dialer that waits tries at once when ${when}`, async () => {
      const address = `ws://127.0.0.1:${browser.port}/${when.replaceAll(" ", "-")}`;
      await waitingFor(address);
      await reply(address);
      await wake();
      await connected();
    });
  }

  it("a page that the user comes back to is connected anew, for the browser closed its connection", async () => {
    const address = await reply("ws://127.0.0.1:*/back");
    await browser.page.evaluate(async (to) => {
      const request = new zmq.Request();
      Object.assign(globalThis, { request, lost: new Promise((resolve) => request.events.on("disconnect", resolve)) });
      request.connect(to);
      await request.connected();
    }, address);
    await leaveAndComeBack();
    await browser.page.evaluate(() => (globalThis as unknown as Kept).lost.then(() => {}));
    await connected();
  });

  it("a dialer in a worker tries at once when the network is back", async () => {
    const address = `ws://127.0.0.1:${browser.port}/worker`;
    const began = browser.page.waitForEvent("worker");
    await browser.page.evaluate(`void new Worker("/worker.js", { type: "module" })`);
    const worker = await began;
    await worker.evaluate(`import("/worker.js").then(() => {})`);
    await waitingFor(address, worker);
    await reply(address);
    await browser.page.context().setOffline(true);
    await browser.page.context().setOffline(false);
    await worker.evaluate(`void dispatchEvent(new Event("online"))`);
    await connected(worker);
  });

  it("a connection whose peer has fallen silent is found out at once when the network is back", async () => {
    const address = await reply("ws://127.0.0.1:*/silent");
    const passes: Connection[] = [];
    const relay = createServer((front) => {
      const back = connect(browser.port, "127.0.0.1");
      front
        .on("error", () => {})
        .pipe(back.on("error", () => {}))
        .pipe(front);
      passes.push(front, back);
    });
    await new Promise<void>((resolve) => relay.listen(0, "127.0.0.1", resolve));
    const { port } = relay.address() as { port: number };
    try {
      await browser.page.evaluate(
        async (to) => {
          const request = new zmq.Request({ heartbeatInterval: 600_000, heartbeatTimeout: 300, reconnectInterval: 20 });
          Object.assign(globalThis, {
            request,
            lost: new Promise((resolve) => request.events.on("disconnect", resolve)),
          });
          request.connect(to);
          await request.connected();
        },
        address.replace(String(browser.port), String(port)),
      );
      for (const end of passes.splice(0)) end.unpipe().pause();
      await browser.page.context().setOffline(true);
      await browser.page.context().setOffline(false);
      await browser.page.evaluate(() => (globalThis as unknown as Kept).lost.then(() => {}));
      await connected();
    } finally {
      relay.close();
      for (const end of passes) end.destroy();
    }
  });
});
