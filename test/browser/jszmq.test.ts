/** Every pair of types between a page in Chromium and jszmq, which binds. */

import { after, before, describe, it } from "node:test";
import { freeAddress, JSZMQ_PAIRS, JszmqPeer } from "../interop/jszmq.ts";
import { noBrowser, TestPage } from "./chromium.ts";
import { preparePage, RemoteSocket } from "./remote-socket.ts";

describe("a page and jszmq", { skip: noBrowser ?? false, timeout: 180_000 }, () => {
  let browser: TestPage;
  before(async () => {
    browser = await TestPage.open();
    await preparePage(browser.page);
  });
  after(() => browser[Symbol.asyncDispose]());

  for (const { ours: type, theirs, flow, options } of JSZMQ_PAIRS) {
    it(`${type} in the page and ${theirs} of jszmq`, { timeout: 20_000 }, async () => {
      const address = await freeAddress();
      const peer = new JszmqPeer(theirs, "bind", address);
      const ours = new RemoteSocket(browser.page, type, options ?? {});
      try {
        await peer.opened();
        ours.connect(address);
        await flow(ours, peer);
      } finally {
        await ours.close();
        await peer.end();
      }
    });
  }
});
