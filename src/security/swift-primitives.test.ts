import assert from "node:assert/strict";
import { test } from "node:test";
import { primitives } from "../../test/crypto.ts";
import { Crypto, type Primitives, TAG_BYTES } from "./crypto.ts";
import { smallPrimitives } from "./small-primitives.ts";
import { swiftPrimitives } from "./swift-primitives.ts";

const MEBIBYTE = 1_048_576;
const key = Uint8Array.from({ length: 32 }, (_, i) => i);
const nonce = new Uint8Array(24).fill(7);

/** What a test loads later, and the calls of both libraries. */
function swift(loadFast: () => Promise<Primitives>) {
  const calls = { fast: 0, loads: 0 };
  const counted = async (): Promise<Primitives> => {
    calls.loads++;
    const library = await loadFast();
    const { boxes } = library;
    return {
      ...library,
      boxes: {
        streamKey: (...of) => boxes.streamKey(...of),
        seal: (...of) => {
          calls.fast++;
          boxes.seal(...of);
        },
        open: (...of) => boxes.open(...of),
      },
    };
  };
  const library = swiftPrimitives(smallPrimitives(), counted);
  return { crypto: new Crypto(() => library), library, calls };
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

test("the fast library is loaded once much was sealed, and goes on with the same keys", async () => {
  const { crypto, library, calls } = swift(() => Promise.resolve(primitives()));
  const box = crypto.boxKey(key, nonce);
  const body = new Uint8Array(MEBIBYTE).fill(1);
  const boxes: Uint8Array[] = [];
  for (let i = 0; i < 5; i++) {
    assert.equal(calls.loads, i < 4 ? 0 : 1);
    const sealed = new Uint8Array(body.length + TAG_BYTES);
    library.boxes.seal(box, -1, body, sealed, 0);
    boxes.push(sealed);
    await settled();
  }
  assert.deepEqual(calls, { loads: 1, fast: 1 });
  assert.deepEqual(boxes[4], boxes[0]);
  const opened = new Uint8Array(body.length);
  assert.equal(library.boxes.open(box, boxes[0]!, 0, body.length + TAG_BYTES, opened, 0), true);
  assert.deepEqual(opened, body);
});

test("where the fast library cannot be loaded the small one goes on, and it is not asked for again", async () => {
  const { crypto, library, calls } = swift(() => Promise.reject(new Error("forbidden by the policy of the page")));
  const box = crypto.boxKey(key, nonce);
  const body = new Uint8Array(MEBIBYTE);
  const sealed = new Uint8Array(body.length + TAG_BYTES);
  for (let i = 0; i < 10; i++) {
    library.boxes.seal(box, -1, body, sealed, 0);
    await settled();
  }
  assert.deepEqual(calls, { loads: 1, fast: 0 });
  assert.equal(library.boxes.open(box, sealed, 0, sealed.length, body, 0), true);
});
