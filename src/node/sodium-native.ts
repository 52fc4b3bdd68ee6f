/**
 * `sodium-native`, libsodium as native code, when the user installed it: for
 * frames large enough that its speed makes up for the call. Small frames stay
 * with WebAssembly, into which a call costs less (bench/crypto.ts).
 */

import { createRequire } from "node:module";
import { extendPrimitives, type Primitives, TAG_BYTES } from "../security/crypto.ts";

/** From here on native code is faster: docs/security.md. */
const NATIVE_FROM_BYTES = 2048;

/** What is used of sodium-native. It takes buffers, works in place and throws on wrong lengths. */
interface SodiumNative {
  crypto_secretbox_easy(box: Uint8Array, text: Uint8Array, nonce: Uint8Array, key: Uint8Array): void;
  crypto_secretbox_open_easy(text: Uint8Array, box: Uint8Array, nonce: Uint8Array, key: Uint8Array): boolean;
}

/** Has sodium-native looked for when CURVE is used for the first time, and not before. Not there, or not loadable: nothing changes. */
export function detectSodiumNative(): void {
  extendPrimitives((base) => {
    const native = find();
    return native === undefined ? base : withNative(base, native);
  });
}

function find(): SodiumNative | undefined {
  try {
    const found: unknown = createRequire(import.meta.url)("sodium-native");
    return isSodiumNative(found) ? found : undefined;
  } catch {
    // It is optional: not there, or not for this platform.
    return undefined;
  }
}

function isSodiumNative(found: unknown): found is SodiumNative {
  const { crypto_secretbox_easy, crypto_secretbox_open_easy } = (found ?? {}) as Partial<SodiumNative>;
  return typeof crypto_secretbox_easy === "function" && typeof crypto_secretbox_open_easy === "function";
}

/** `small` for keys and small frames, `native` for the others. */
export function withNative(small: Primitives, native: SodiumNative): Primitives {
  return {
    name: `${small.name}, sodium-native from ${NATIVE_FROM_BYTES} bytes`,
    publicKey: (secretKey) => small.publicKey(secretKey),
    sharedKey: (publicKey, secretKey) => small.sharedKey(publicKey, secretKey),
    streamKey: (key, nonce) => small.streamKey(key, nonce),
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
    open(box, source, start, target, offset) {
      const length = source.length - start - TAG_BYTES;
      if (length < NATIVE_FROM_BYTES) return small.open(box, source, start, target, offset);
      const content = target.subarray(offset, offset + length);
      return native.crypto_secretbox_open_easy(content, source.subarray(start), box.nonce, box.key);
    },
  };
}
