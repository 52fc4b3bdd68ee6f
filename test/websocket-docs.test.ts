/**
 * The vectors of docs/zmtp-over-websocket.md are what the page says.
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { concat, ownCopyOf, toText } from "../src/base/bytes.ts";
import { WebSocketReader } from "../src/wire/websocket.ts";
import { decoded, handshake, ready, V31 } from "./handshakes.ts";

const page = readFileSync(new URL("../docs/zmtp-over-websocket.md", import.meta.url), "utf8");
const blocks = [...page.matchAll(/```text\n([\s\S]*?)```/g)].map(([, text = ""]) =>
  Buffer.from(text.replace(/\s/g, ""), "hex"),
);

/** The stream in the frames of a peer, and how many messages and PINGs it took. */
function streamOf(peer: "client" | "server", bytes: Uint8Array) {
  const pieces: Uint8Array[] = [];
  let messages = 0;
  let pings = 0;
  const reader = new WebSocketReader(peer, "messages", {
    payload(piece, isEnd) {
      pieces.push(ownCopyOf(piece));
      if (isEnd) messages++;
    },
    signal() {
      pings++;
    },
    closing() {},
  });
  reader.push(ownCopyOf(bytes));
  return { stream: Buffer.from(concat(pieces)).toString("hex"), messages, pings };
}

test("the vectors of the page are a greeting, a READY and a message, cut in several ways", () => {
  const [whole, staged, ready2, masked] = blocks;
  assert.deepEqual(streamOf("server", whole as Buffer), { stream: V31, messages: 1, pings: 0 });
  assert.deepEqual(streamOf("server", staged as Buffer), { stream: V31, messages: 3, pings: 0 });
  const { stream } = streamOf("server", ready2 as Buffer);
  const message = stream.slice(ready("PULL").length);
  assert.equal(stream, `${ready("PULL")}${message}`);
  assert.deepEqual(streamOf("client", masked as Buffer), { stream: message, messages: 2, pings: 1 });

  const peer = handshake("PULL");
  while (peer.produce() !== undefined);
  peer.push(Buffer.from(V31, "hex"));
  while (peer.produce() !== undefined);
  peer.push(Buffer.from(ready("PUSH") + message, "hex"));
  assert.deepEqual(decoded(peer.outcome), [["hi", "you"]]);
  assert.equal(toText(peer.outcome.peer.get("Socket-Type") as Uint8Array), "PUSH");
});
