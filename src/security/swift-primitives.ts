/**
 * The primitives of crypto.ts for pages: a small library at first, and a fast one once much was sealed or opened. The
 * fast one takes longer to load than the small one takes for a few messages, and where a content security policy
 * forbids WebAssembly it never comes.
 */

import type { Boxes, BoxKey, Primitives } from "./crypto.ts";

/** So many octets the small library seals in the time that libsodium takes to start, about 25 ms. */
const MUCH_BYTES = 4_194_304;

/** `loadFast` is called once. If it fails, everything stays as it is. */
export function swiftPrimitives(small: Primitives, loadFast: () => Promise<Primitives>): Primitives {
  return { name: small.name, keys: small.keys, boxes: new SwiftBoxes(small.boxes, loadFast) };
}

class SwiftBoxes implements Boxes {
  #boxes: Boxes;
  readonly #loadFast: () => Promise<Primitives>;
  /** Octets that still go through the small library. */
  #left = MUCH_BYTES;

  constructor(small: Boxes, loadFast: () => Promise<Primitives>) {
    this.#boxes = small;
    this.#loadFast = loadFast;
  }

  streamKey(key: Uint8Array, nonce: Uint8Array): Uint8Array {
    return this.#boxes.streamKey(key, nonce);
  }

  seal(box: BoxKey, lead: number, body: Uint8Array, target: Uint8Array, offset: number): void {
    if (this.#left > 0) this.#count(body.length);
    this.#boxes.seal(box, lead, body, target, offset);
  }

  open(box: BoxKey, source: Uint8Array, start: number, end: number, target: Uint8Array, offset: number): boolean {
    if (this.#left > 0) this.#count(end - start);
    return this.#boxes.open(box, source, start, end, target, offset);
  }

  forget(): void {
    this.#boxes.forget?.();
  }

  #count(bytes: number): void {
    this.#left -= bytes;
    if (this.#left > 0) return;
    this.#loadFast().then(
      ({ boxes }) => {
        this.#boxes = boxes;
      },
      () => {}, // The file is not there, or WebAssembly is forbidden: the small library does as well.
    );
  }
}
