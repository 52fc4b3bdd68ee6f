/**
 * Bare ZWS 2.0 with jszmq, either side binding: its server chooses whatever name comes first, its client knows no other.
 */

import { describe, it } from "node:test";
import { freeAddress, JSZMQ_PAIRS, JszmqPeer, type Ours } from "./jszmq.ts";
import { CLASSES } from "./matrix.ts";

describe("jszmq", () => {
  for (const weBind of [true, false]) {
    for (const { ours: type, theirs, flow, options } of JSZMQ_PAIRS) {
      const title = `${type} and ${theirs} of jszmq exchange messages, ${weBind ? "we bind" : "jszmq binds"}`;
      it(title, { timeout: 20_000 }, async () => {
        const ours = new CLASSES[type](options);
        if (weBind) await ours.bind("ws://127.0.0.1:*/x");
        const address = weBind ? String(ours.lastEndpoint) : await freeAddress();
        const peer = new JszmqPeer(theirs, weBind ? "connect" : "bind", address);
        try {
          await peer.opened();
          if (!weBind) ours.connect(address);
          await flow(ours as unknown as Ours, peer);
        } finally {
          ours.linger = 0;
          ours.close();
          await peer.end();
        }
      });
    }
  }
});
