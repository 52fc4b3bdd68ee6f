/** For the tests of proxies in an I/O thread. */

import assert from "node:assert/strict";
import type { Dealer, Pull, Push, Router, XPublisher, XSubscriber } from "../../src/index.ts";

/** Keeps this thread from turning its event loop until `isOver`. */
export function compute(isOver: () => boolean): void {
  const word = new Int32Array(new SharedArrayBuffer(4));
  for (let ms = 0; !isOver(); ms++) {
    assert(ms < 15_000, "what the program waits for does not come to pass while it computes");
    Atomics.wait(word, 0, 0, 1);
  }
}

/** The two sockets of a proxy that is to run in an I/O thread, bound. */
export async function bound<F extends Router | XSubscriber | Pull, B extends Dealer | XPublisher | Push>(
  front: F,
  back: B,
) {
  await front.bind("tcp://127.0.0.1:*");
  await back.bind("tcp://127.0.0.1:*");
  return [front.lastEndpoint as string, back.lastEndpoint as string] as const;
}

export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

export const closing = async (...all: { close(): unknown }[]) => {
  for (const each of all) await each.close();
};
