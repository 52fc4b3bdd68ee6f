/** Large frames that come by mail, ahead of the notice of their pipe, in time, and too late. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { FramesOfPipes } from "./transferred-frames.ts";

const reference = (frame: number): Uint8Array => new Uint8Array(Float64Array.of(frame).buffer);

test("a large frame that comes ahead of its pipe waits for it", () => {
  const frames = new FramesOfPipes(() => {});
  frames.came(2, 1, Uint8Array.of(7).buffer);
  assert.deepEqual([...(frames.begun(2).frameOf(reference(1)) ?? [])], [7]);
});

test("a large frame of a pipe that is over is not kept, and one of the next pipe is", () => {
  const frames = new FramesOfPipes(() => {});
  frames.begun(0);
  frames.begun(1);
  frames.ended(0);
  frames.came(0, 1, new ArrayBuffer(1));
  assert.equal(frames.size, 1);
  frames.ended(1);
  frames.came(1, 1, new ArrayBuffer(1));
  assert.equal(frames.size, 0);
  frames.came(2, 1, new ArrayBuffer(1));
  assert.equal(frames.size, 1);
});
