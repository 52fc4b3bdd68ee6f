import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeClock } from "../../../test/fake-clock.ts";
import { FakeLink } from "../../../test/fake-link.ts";
import { concat, EMPTY, fromText } from "../../base/bytes.ts";
import { BARE, STREAM } from "../../wire/subprotocols.ts";
import { BINARY, PING } from "../../wire/websocket.ts";
import { WebSocketWriter } from "../../wire/websocket-writer.ts";
import { WebSocketLink } from "./websocket-link.ts";

const peer = new WebSocketWriter("messages", () => 0x01020304);

function open(subprotocol: string): { below: FakeLink; link: WebSocketLink } {
  const below = new FakeLink();
  return { below, link: new WebSocketLink(below, new FakeClock(), "client", subprotocol, EMPTY) };
}

describe("a peer", () => {
  for (const subprotocol of [STREAM, BARE]) {
    it(`that breaks the frames behind a message for which it is cut off breaks nothing else: ${subprotocol}`, () => {
      const { below, link } = open(subprotocol);
      let messages = 0;
      link.handler = {
        data() {
          messages++;
          link.destroy();
        },
        drained() {},
        closed() {},
      };
      const message = peer.control(BINARY, fromText("no ZMTP"));
      below.handler.data(concat([message, message, Uint8Array.of(0xff, 0xff)]));
      assert.equal(messages, 1, "nothing is read behind the end");
    });
  }

  it("that sends many PINGs at once is answered once, with the last one's payload", () => {
    const { below, link } = open(STREAM);
    let writes = 0;
    const write = below.write.bind(below);
    below.write = (chunks) => {
      writes++;
      return write(chunks);
    };
    link.handler = { data() {}, drained() {}, closed() {} };
    const pings = Array.from({ length: 1000 }, (_, i) => peer.control(PING, fromText(String(i))));
    below.handler.data(concat(pings));
    assert.equal(writes, 1);
    assert.deepEqual(below.lastSent, concat([Uint8Array.of(0x8a, 3), fromText("999")]));
  });
});
