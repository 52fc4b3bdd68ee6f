/** What a connecting socket writes when its listener hangs up, to listeners written by hand. */

import assert from "node:assert/strict";
import { afterEach, describe } from "node:test";
import * as zmq from "../../src/index.ts";
import { it } from "./opener.ts";
import { ascii, command, greetingRest, ourReady, RawListener, ready, SIGNATURE } from "./raw-peer.ts";

const open: { close(): void }[] = [];
afterEach(() => {
  for (const each of open.splice(0).reverse()) each.close();
});

const later = (what: { close(): void }) => void open.push(what);

function ours<S extends zmq.Socket>(socket: S): S {
  open.push(socket);
  if (!socket.closed) socket.linger = 0;
  return socket;
}

describe("a connecting socket", () => {
  it("comes back to a listener that hung up, with what was queued", async () => {
    const listener = new RawListener();
    later(listener);
    const push = ours(new zmq.Push({ reconnectInterval: 1 }));
    push.connect(await listener.listen());
    await push.send("kept");
    (await listener.next()).close();
    const second = await listener.next();
    later(second);
    second.write(SIGNATURE, greetingRest(1), ready("PULL"));
    await second.expect(SIGNATURE, greetingRest(1), ourReady("PUSH"), `00 04 ${ascii("kept")}`);
  });

  it("does not come back after a mismatch of socket types", async () => {
    const listener = new RawListener();
    later(listener);
    const push = ours(new zmq.Push({ reconnectInterval: 1 }));
    push.connect(await listener.listen());
    const peer = await listener.next();
    later(peer);
    peer.write(SIGNATURE, greetingRest(1), ready("SUB"));
    await peer.ended();
    await new Promise((resolve) => setTimeout(resolve, 50)); // Fifty of its intervals.
    assert.equal(listener.count, 1);
  });

  it("sends its messages once per connection, whole, and starts the next with a fresh greeting", async () => {
    const listener = new RawListener();
    later(listener);
    const sub = ours(new zmq.Subscriber({ reconnectInterval: 1 }));
    sub.subscribe("b", "a", "a");
    sub.connect(await listener.listen());
    for (let round = 0; round < 3; round++) {
      const peer = await listener.next();
      later(peer);
      peer.write(SIGNATURE, greetingRest(1), ready("PUB"));
      await peer.expect(SIGNATURE, greetingRest(1), ourReady("SUB"));
      await peer.expect(command("SUBSCRIBE", ascii("a")), command("SUBSCRIBE", ascii("b")));
      assert.equal(peer.unread, "");
      peer.close();
    }
  });
});
