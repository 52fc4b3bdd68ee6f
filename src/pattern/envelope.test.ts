import assert from "node:assert/strict";
import { test } from "node:test";
import { message, text } from "../../test/fake-pipe.ts";
import { prepend } from "./envelope.ts";

test("a frame goes before a message of any number of frames", () => {
  for (const frames of [["a"], ["a", "b"], ["a", "b", "c"], ["a", "b", "c", "d", "e"]]) {
    const [id] = message("id");
    assert.deepEqual(text(prepend(id as Uint8Array, message(...frames))), ["id", ...frames]);
  }
});
