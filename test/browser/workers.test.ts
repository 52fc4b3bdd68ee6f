/** The browser entry in workers of Chromium: dedicated ones, and a shared one with two pages as its users. */

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { curveKeyPair, Router, type Socket } from "../../src/index.ts";
import { noBrowser, TestPage } from "./chromium.ts";

/** One DEALER for all pages of an origin: it sends what a page asks it to, and gives all pages what comes. */
const SHARED = `
import { Dealer } from "/browser.js";
const dealer = new Dealer({ routingId: "shared" });
const ports = new Set();
onconnect = ({ ports: [port] }) => {
  ports.add(port);
  port.onmessage = ({ data }) => {
    if (data.connect === undefined) dealer.send(data.send);
    else if (dealer.lastEndpoint === null) dealer.connect(data.connect);
  };
};
(async () => {
  for await (const [frame] of dealer) for (const port of ports) port.postMessage(new TextDecoder().decode(frame));
})();
`;

describe("workers in Chromium", { skip: noBrowser ?? false, timeout: 120_000 }, () => {
  let browser: TestPage;
  const open: Socket[] = [];
  before(async () => {
    browser = await TestPage.open({ scripts: { "/shared.js": SHARED } });
  });
  after(async () => {
    for (const socket of open) socket.close();
    await browser[Symbol.asyncDispose]();
  });

  it("a dedicated worker has ws, inproc and CURVE", async () => {
    const { publicKey, secretKey } = curveKeyPair();
    const router = new Router({ wsServer: browser.server, curveServer: true, curveSecretKey: secretKey });
    open.push(router);
    const address = await router.bind("ws://127.0.0.1:*/dedicated");
    const began = browser.page.waitForEvent("worker");
    await browser.page.evaluate(`void new Worker("/worker.js", { type: "module" })`);
    const worker = await began;
    await worker.evaluate(`import("/worker.js").then(() => import("/browser-curve.js")).then(() => {})`);
    const got = worker.evaluate(
      async ([to, curveServerKey]) => {
        const { publicKey: curvePublicKey, secretKey: curveSecretKey } = zmq.curveKeyPair();
        const [front, back] = [new zmq.Pair(), new zmq.Pair()];
        await front.bind("inproc://pair");
        back.connect("inproc://pair");
        const dealer = new zmq.Dealer({ curveServerKey, curvePublicKey, curveSecretKey });
        dealer.connect(to);
        await dealer.send("from a worker");
        await front.send(await dealer.receive());
        const [frame] = await back.receive();
        for (const socket of [dealer, front, back]) socket.close();
        return new TextDecoder().decode(frame);
      },
      [address, publicKey] as const,
    );
    const [id, body] = await router.receive();
    assert.equal(String(body), "from a worker");
    await router.send([id as Buffer, "to a worker"]);
    assert.equal(await got, "to a worker");
  });

  it("two pages share the one connection of a shared worker, and one may leave", async () => {
    const router = new Router({ wsServer: browser.server });
    open.push(router);
    const address = await router.bind("ws://127.0.0.1:*/shared");
    const second = await browser.page.context().newPage();
    await second.goto(`http://127.0.0.1:${browser.port}/`);
    for (const page of [browser.page, second]) {
      await page.evaluate((connect) => {
        const { SharedWorker } = globalThis as unknown as {
          SharedWorker: new (url: string, options: object) => Shared;
        };
        const { port } = new SharedWorker("/shared.js", { type: "module" });
        const came: string[] = [];
        port.onmessage = ({ data }) => {
          came.push(data);
          (globalThis as unknown as EventTarget).dispatchEvent(new Event("came"));
        };
        Object.assign(globalThis, { port, came });
        port.postMessage({ connect });
      }, address);
    }
    const send = (page: Page, text: string) => page.evaluate(`port.postMessage({ send: ${JSON.stringify(text)} })`);
    const came = (page: Page, text: string) =>
      page.evaluate(`(async () => {
        while (came.at(-1) !== ${JSON.stringify(text)})
          await new Promise((resolve) => addEventListener("came", resolve, { once: true }));
      })()`);
    await send(browser.page, "of the first");
    assert.deepEqual((await router.receive()).map(String), ["shared", "of the first"]);
    await send(second, "of the second");
    assert.deepEqual((await router.receive()).map(String), ["shared", "of the second"]);
    assert.equal(router.peers.length, 1);
    await router.send(["shared", "to all"]);
    await Promise.all([came(browser.page, "to all"), came(second, "to all")]);
    await second.close();
    await send(browser.page, "still here");
    assert.deepEqual((await router.receive()).map(String), ["shared", "still here"]);
    await router.send(["shared", "good"]);
    await came(browser.page, "good");
    assert.equal(router.peers.length, 1);
  });
});

interface Shared {
  readonly port: { onmessage: (event: { data: string }) => void; postMessage(data: object): void };
}
