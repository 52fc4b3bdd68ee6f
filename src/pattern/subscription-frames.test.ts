import assert from "node:assert/strict";
import { test } from "node:test";
import { message, text } from "../../test/fake-pipe.ts";
import { fromText, toText } from "../base/bytes.ts";
import { subscriptionFrame } from "../base/message.ts";
import { subscriptionIn, takeApart } from "./subscription-frames.ts";

function apart(frames: string[], onlyFirst: boolean) {
  const { controls, data } = takeApart(message(...frames), onlyFirst);
  return { controls: controls.map(({ kind, topic }) => `${kind} ${toText(topic)}`), data: data && text(data) };
}

test("a change and its frame are the same in both directions", () => {
  for (const [kind, first] of [
    ["subscribe", 1],
    ["cancel", 0],
  ] as const) {
    const frame = subscriptionFrame({ kind, topic: fromText("abc") });
    assert.deepEqual([...frame], [first, 0x61, 0x62, 0x63]);
    assert.deepEqual({ ...subscriptionIn(frame) }, { kind, topic: fromText("abc") });
  }
});

test("an empty frame and one with another first octet are the user's", () => {
  assert.equal(subscriptionIn(fromText("")), undefined);
  assert.equal(subscriptionIn(Uint8Array.of(2, 0x61)), undefined);
});

test("every frame of a multipart message may be a change", () => {
  assert.deepEqual(apart(["data", "\x01a", "more", "\x00b"], false), {
    controls: ["subscribe a", "cancel b"],
    data: ["data", "more"],
  });
});

test("with onlyFirst the later frames are changes only if the first is one", () => {
  assert.deepEqual(apart(["data", "\x01a"], true), { controls: [], data: ["data", "\x01a"] });
  assert.deepEqual(apart(["\x01a", "\x01b", "c"], true), { controls: ["subscribe a", "subscribe b"], data: ["c"] });
});
