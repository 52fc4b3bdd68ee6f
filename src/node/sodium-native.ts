/**
 * `sodium-native`, libsodium as native code, when the user installed it: for
 * frames large enough that its speed makes up for the call. Small frames stay
 * with WebAssembly, into which a call costs less (bench/crypto.ts). It is used
 * where it seals and opens what the library does; package.json has the versions
 * that were tested.
 */

import module from "node:module";
import { equal, uninitialized } from "../base/bytes.ts";
import {
  type Boxes,
  type BoxKey,
  KEY_BYTES,
  NONCE_BYTES,
  type Primitives,
  randomBytes,
  TAG_BYTES,
} from "../security/crypto.ts";

/** From here on native code is faster: docs/security.md. */
const NATIVE_FROM_BYTES = 2048;

const NAME = ["sodium", "native"].join("-");

/** The used part of sodium-native. It takes buffers, works in place and throws on wrong lengths. */
interface SodiumNative {
  crypto_secretbox_easy(box: Uint8Array, text: Uint8Array, nonce: Uint8Array, key: Uint8Array): void;
  crypto_secretbox_open_easy(text: Uint8Array, box: Uint8Array, nonce: Uint8Array, key: Uint8Array): boolean;
}

/** `base` with sodium-native for large frames; `base` itself where that is not there, or cannot be loaded. */
export function withSodiumNative(base: Primitives): Primitives {
  const native = find();
  if (native === undefined) return base;
  const boxes = nativeBoxes(base.boxes, native);
  if (!agrees(boxes, base.boxes)) return base;
  return { ...base, name: `${base.name}, sodium-native from ${NATIVE_FROM_BYTES} bytes`, boxes };
}

/** Whether both seal a frame alike, and `boxes` open it and refuse one that was changed. */
export function agrees(boxes: Boxes, reference: Boxes): boolean {
  try {
    const [key, nonce] = [randomBytes(KEY_BYTES), randomBytes(NONCE_BYTES)];
    const box: BoxKey = { key, nonce, streamKey: reference.streamKey(key, nonce) };
    const text = randomBytes(NATIVE_FROM_BYTES);
    const [sealed, expected] = [uninitialized(text.length + TAG_BYTES), uninitialized(text.length + TAG_BYTES)];
    boxes.seal(box, -1, text, sealed, 0);
    reference.seal(box, -1, text, expected, 0);
    const opened = uninitialized(text.length);
    if (!equal(sealed, expected) || !boxes.open(box, sealed, 0, sealed.length, opened, 0)) return false;
    sealed[TAG_BYTES] = (sealed[TAG_BYTES] as number) ^ 1;
    return equal(opened, text) && !boxes.open(box, sealed, 0, sealed.length, opened, 0);
  } catch {
    return false; // One that throws is of no use.
  }
}

function find(): SodiumNative | undefined {
  // A bundler that made this file part of a program may not tell where it is; then the program's own folder counts.
  for (const place of [import.meta.url, process.argv[1]]) {
    try {
      // Bundlers look at calls of `require`, and complain of a package that is not there. This one they leave alone.
      const load = module.createRequire(place ?? "");
      const found: unknown = load(NAME);
      if (isSodiumNative(found)) return found;
    } catch {
      // It is optional: not there, or not for this platform.
    }
  }
  return undefined;
}

function isSodiumNative(found: unknown): found is SodiumNative {
  const { crypto_secretbox_easy, crypto_secretbox_open_easy } = (found ?? {}) as Partial<SodiumNative>;
  return typeof crypto_secretbox_easy === "function" && typeof crypto_secretbox_open_easy === "function";
}

/** `small` for small frames, `native` for the others. */
export function nativeBoxes(small: Boxes, native: SodiumNative): Boxes {
  return {
    streamKey: (key, nonce) => small.streamKey(key, nonce),
    forget: () => small.forget?.(),
    seal(box, lead, body, target, offset) {
      if (body.length < NATIVE_FROM_BYTES) {
        small.seal(box, lead, body, target, offset);
        return;
      }
      const textAt = offset + TAG_BYTES;
      let end = textAt;
      if (lead >= 0) target[end++] = lead;
      target.set(body, end);
      end += body.length;
      native.crypto_secretbox_easy(target.subarray(offset, end), target.subarray(textAt, end), box.nonce, box.key);
    },
    open(box, source, start, end, target, offset) {
      const length = end - start - TAG_BYTES;
      if (length < NATIVE_FROM_BYTES) return small.open(box, source, start, end, target, offset);
      const content = target.subarray(offset, offset + length);
      return native.crypto_secretbox_open_easy(content, source.subarray(start, end), box.nonce, box.key);
    },
  };
}
