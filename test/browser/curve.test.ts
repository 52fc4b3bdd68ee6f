/** CURVE in a page that seals much: libsodium takes over where the content security policy lets it. */

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { curveKeyPair, Router, type Socket } from "../../src/index.ts";
import { noBrowser, TestPage } from "./chromium.ts";

const MEBIBYTE = 1_048_576;

describe("much CURVE in a page", { skip: noBrowser ?? false, timeout: 120_000 }, () => {
  const open: Socket[] = [];
  after(() => {
    for (const socket of open) socket.close();
  });

  /** Echoes so many MiB; resolves to how often libsodium's file was loaded by then, and whether all came back. */
  async function echoed(browser: TestPage, count: number): Promise<{ loads: number; isSame: boolean }> {
    const { publicKey, secretKey } = curveKeyPair();
    const router = new Router({ wsServer: browser.server, curveServer: true, curveSecretKey: secretKey });
    open.push(router);
    const address = await router.bind(`ws://127.0.0.1:*/curve-${open.length}`);
    const echo = (async () => {
      for (let i = 0; i < count; i++) await router.send(await router.receive());
    })();
    const result = await browser.page.evaluate(
      async ([to, curveServerKey, count, length]) => {
        await import("/browser-curve.js" as string);
        const { publicKey: curvePublicKey, secretKey: curveSecretKey } = zmq.curveKeyPair();
        const dealer = new zmq.Dealer({ curveServerKey, curvePublicKey, curveSecretKey });
        dealer.connect(to);
        let isSame = true;
        for (let i = 0; i < count; i++) {
          const body = new Uint8Array(length).fill(i);
          await dealer.send(body);
          const frame = (await dealer.receive())[0] as Uint8Array;
          isSame &&= frame.length === length && frame.every((octet) => octet === i);
        }
        dealer.close();
        const loads = performance
          .getEntriesByType("resource")
          .filter(({ name }) => name.endsWith("/browser-sodium.js"));
        return { loads: loads.length, isSame };
      },
      [address, publicKey, count, MEBIBYTE] as const,
    );
    await echo;
    return result;
  }

  it("loads nothing for little, and goes on by libsodium for much", async () => {
    await using browser = await TestPage.open({ hasWebAssembly: true });
    const refused: string[] = [];
    browser.page.on("console", (message) => refused.push(message.text()));
    assert.deepEqual(await echoed(browser, 1), { loads: 0, isSame: true });
    assert.deepEqual(await echoed(browser, 6), { loads: 1, isSame: true });
    assert.deepEqual(refused, []);
  });

  it("goes on by tweetnacl where the policy forbids WebAssembly", async () => {
    await using browser = await TestPage.open();
    assert.deepEqual(await echoed(browser, 6), { loads: 1, isSame: true });
  });
});
