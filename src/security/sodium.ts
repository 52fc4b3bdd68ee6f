/**
 * The primitives of crypto.ts by libsodium's WebAssembly build, without its
 * wrappers: those allocate some five arrays a call, these functions copy
 * straight between the caller's arrays and a scratch region of the module's
 * memory.
 *
 * A box is made as NaCl defines it, of libsodium's Salsa20 and Poly1305: the
 * first 32 octets of the key stream are the key of the tag, the rest covers
 * the content. libsodium's own function for it computes HSalsa20 anew for each
 * box, and the start of the stream up to three times: at 64 bytes it opens
 * 2.1 million boxes a second, this way 3.4 million (bench/crypto.ts).
 *
 * Longer texts go through in pieces: sodium-pieces.ts.
 *
 * The package starts its module asynchronously. Keys must be made and
 * connections accepted synchronously, so its own hook for custom instantiation
 * is given an instance compiled here (14 ms, once, at the first use of CURVE).
 * The octets of the module are a Base64 string inside the package's one
 * function, which bundlers and minifiers keep. The package's ES module is made
 * part of ours: its CommonJS one starts by itself, too late for the first call.
 */

import instantiate, { type SodiumModule } from "libsodium-sumo";
import { ByteArray, uninitialized } from "../base/bytes.ts";
import { ZmqError } from "../base/errors.ts";
import type { Boxes, BoxKey, KeyPair, KeyPairs, Primitives } from "./crypto.ts";
import { SodiumPieces } from "./sodium-pieces.ts";

const KEY_BYTES = 32;
const TAG_BYTES = 16;
/** Where in a nonce the octets begin that the stream itself takes. */
const STREAM_NONCE_AT = 16;
/** The first octets of a stream are the key of the tag. */
const STREAM_START = 32;

/** Keys, a nonce and a tag. */
const BLOCK_BYTES = 112;
/**
 * The longest text that is covered in one piece; two of these fit into the memory that the module begins with. Pieces cost
 * a quarter more, for libsodium lays the stream over them octet by octet.
 */
const ROOM = 1_048_576 + 64;
/** Octets in front of the region, so that a frame can be copied whole with its box in its place. */
const MARGIN = 64;
/** Up to here a loop copies faster than `set`: bench/crypto.ts. */
const LOOPED_BYTES = 32;
/** Base64 of the first octets of every WebAssembly module. */
const WASM_START = "AGFzbQ";

/** What is used of the platform; its full types are not the same in every runtime. */
interface Platform {
  WebAssembly: {
    Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
    Instance: new (module: object, imports: object) => { readonly exports: object };
  };
  atob(base64: string): string;
  crypto: { getRandomValues<T extends Uint8Array | Uint32Array>(array: T): T };
}
const platform = globalThis as unknown as Platform;

/** Throws ENOTSUP where WebAssembly is missing or forbidden. */
export function loadSodium(): Primitives {
  try {
    return start();
  } catch (cause) {
    throw new ZmqError("ENOTSUP", { message: "CURVE needs WebAssembly, which could not be started", cause });
  }
}

function start(): Primitives {
  const compiled = new platform.WebAssembly.Module(embeddedModule(String(instantiate)));
  const module = {
    getRandomValue: () => platform.crypto.getRandomValues(new Uint32Array(1))[0] as number,
    instantiateWasm(imports: object, receive: (instance: object) => void) {
      receive(new platform.WebAssembly.Instance(compiled, imports));
      return {};
    },
  };
  // The promise tells nothing that is not seen below; a rejection must only not go unhandled.
  instantiate(module).catch(() => {});
  if (!isComplete(module) || module._sodium_init() < 0) throw new Error("libsodium did not take the instance at once");
  const sodium = new Sodium(module);
  return { name: "libsodium (WebAssembly)", keys: sodium, boxes: sodium };
}

function isComplete(module: unknown): module is SodiumModule {
  if (typeof module !== "object" || module === null) return false;
  return "HEAPU8" in module && "_sodium_init" in module && "_crypto_stream_salsa20" in module;
}

function embeddedModule(source: string): Uint8Array<ArrayBuffer> {
  const first = source.indexOf(WASM_START);
  if (first < 1) throw new Error("libsodium holds no WebAssembly module");
  const text = platform.atob(source.slice(first, source.indexOf(source.charAt(first - 1), first)));
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

class Sodium implements KeyPairs, Boxes {
  readonly #module: SodiumModule;
  readonly #salsa20: SodiumModule["_crypto_stream_salsa20"];
  readonly #auth: SodiumModule["_crypto_onetimeauth"];
  /** Pointers into the module's memory. */
  readonly #key: number;
  readonly #nonce: number;
  readonly #tag: number;
  readonly #publicKey: number;
  /** Where a text is covered and uncovered; its tag stands in front of it. */
  readonly #text: number;
  /** The key of the tag, and behind it what covers the text. */
  readonly #stream: number;
  readonly #pieces: SodiumPieces;
  /** The longest text since `forget`. */
  #used = 0;
  /** The module's memory, which does not grow any more. */
  readonly #heap: Uint8Array<ArrayBuffer>;
  readonly #words: Int32Array<ArrayBuffer>;
  /** The array whose octets stand at `#key`. */
  #loadedKey: Uint8Array | undefined = undefined;
  /** The box and the content of the last size, as views: frames of one size follow each other. */
  #boxView: Uint8Array;
  #contentView: Uint8Array;

  constructor(module: SodiumModule) {
    this.#module = module;
    this.#salsa20 = module._crypto_stream_salsa20;
    this.#auth = module._crypto_onetimeauth;
    const block = aligned(module._malloc(BLOCK_BYTES + 16));
    this.#key = block;
    this.#publicKey = block + 32;
    this.#nonce = block + 64;
    this.#tag = block + 80;
    const size = aligned(MARGIN + TAG_BYTES + ROOM);
    const region = aligned(module._malloc(2 * size + 16));
    this.#text = region + MARGIN + TAG_BYTES;
    this.#stream = region + size;
    this.#pieces = new SodiumPieces(module, this.#key, this.#nonce);
    this.#heap = module.HEAPU8;
    this.#words = new Int32Array(this.#heap.buffer);
    this.#boxView = this.#heap.subarray(0, 0);
    this.#contentView = this.#boxView;
  }

  pairOf(secretKey: Uint8Array): KeyPair {
    this.#loadKey(secretKey);
    this.#module._crypto_scalarmult_base(this.#publicKey, this.#key);
    return {
      publicKey: this.#takeKey(),
      secretKey,
      sharedKey: (publicKey) => this.#sharedKey(publicKey, secretKey),
      forget: () => void secretKey.fill(0),
    };
  }

  #sharedKey(publicKey: Uint8Array, secretKey: Uint8Array): Uint8Array | undefined {
    this.#loadKey(secretKey);
    this.#heap.set(publicKey, this.#publicKey);
    const failed = this.#module._crypto_box_beforenm(this.#publicKey, this.#publicKey, this.#key);
    const key = this.#takeKey();
    return failed === 0 ? key : undefined;
  }

  streamKey(key: Uint8Array, nonce: Uint8Array): Uint8Array {
    this.#loadKey(key);
    for (let i = 0; i < STREAM_NONCE_AT; i++) this.#heap[this.#nonce + i] = nonce[i] as number;
    this.#module._crypto_core_hsalsa20(this.#publicKey, this.#nonce, this.#key, 0);
    return this.#takeKey();
  }

  seal(box: BoxKey, lead: number, body: Uint8Array, target: Uint8Array, offset: number): void {
    const bodyLength = body.length;
    const length = lead < 0 ? bodyLength : bodyLength + 1;
    if (length > ROOM) {
      this.#load(box);
      this.#pieces.seal(lead, body, target, offset);
      return;
    }
    const heap = this.#heap;
    const text = this.#text;
    let to = text;
    if (lead >= 0) heap[to++] = lead;
    if (bodyLength > LOOPED_BYTES) heap.set(body, to);
    else for (let i = 0; i < bodyLength; i++) heap[to + i] = body[i] as number;
    this.#begin(box, length);
    this.#cover(length);
    const tag = text - TAG_BYTES;
    this.#auth(tag, text, length, 0, this.#stream);
    const boxLength = TAG_BYTES + length;
    if (boxLength > LOOPED_BYTES) {
      if (this.#boxView.length !== boxLength) this.#boxView = heap.subarray(tag, tag + boxLength);
      target.set(this.#boxView, offset);
    } else for (let i = 0; i < boxLength; i++) target[offset + i] = heap[tag + i] as number;
  }

  open(box: BoxKey, source: Uint8Array, start: number, end: number, target: Uint8Array, offset: number): boolean {
    const boxLength = end - start;
    const length = boxLength - TAG_BYTES;
    if (length > ROOM) {
      this.#load(box);
      return this.#pieces.open(source, start, end, target, offset);
    }
    const heap = this.#heap;
    const text = this.#text;
    const tag = text - TAG_BYTES;
    if (boxLength > LOOPED_BYTES) {
      if (start <= MARGIN && end === source.length) heap.set(source, tag - start);
      else heap.set(new ByteArray(source.buffer, source.byteOffset + start, boxLength), tag);
    } else for (let i = 0; i < boxLength; i++) heap[tag + i] = source[start + i] as number;
    this.#begin(box, length);
    this.#auth(this.#tag, text, length, 0, this.#stream);
    if (!this.#isEqualTag(tag)) return false;
    this.#cover(length);
    if (length > LOOPED_BYTES) {
      if (this.#contentView.length !== length) this.#contentView = heap.subarray(text, text + length);
      target.set(this.#contentView, offset);
    } else for (let i = 0; i < length; i++) target[offset + i] = heap[text + i] as number;
    return true;
  }

  forget(): void {
    const heap = this.#heap;
    heap.fill(0, this.#key, this.#key + BLOCK_BYTES);
    const used = aligned(this.#used);
    heap.fill(0, this.#text - TAG_BYTES, this.#text + used);
    heap.fill(0, this.#stream, this.#stream + STREAM_START + used);
    this.#pieces.forget();
    this.#loadedKey = undefined;
    this.#used = 0;
  }

  /** The key of the tag and the stream for a text of `length` octets. */
  #begin(box: BoxKey, length: number): void {
    if (length > this.#used) this.#used = length;
    this.#load(box);
    this.#salsa20(this.#stream, STREAM_START + length, 0, this.#nonce, this.#key);
  }

  #load(box: BoxKey): void {
    if (box.streamKey !== this.#loadedKey) {
      this.#loadKey(box.streamKey);
      this.#loadedKey = box.streamKey;
    }
    const { nonce } = box;
    for (let i = 0; i < 8; i++) this.#heap[this.#nonce + i] = nonce[STREAM_NONCE_AT + i] as number;
  }

  /** Covers the text with the stream, or uncovers it: four octets at a time, which libsodium does one by one. */
  #cover(length: number): void {
    const words = this.#words;
    const text = this.#text >> 2;
    const stream = (this.#stream + STREAM_START) >> 2;
    const count = (length + 3) >> 2;
    for (let i = 0; i < count; i++) words[text + i] = (words[text + i] as number) ^ (words[stream + i] as number);
  }

  /** Looks at every bit, as libsodium's own comparison does, which takes longer than the tag of a small frame. */
  #isEqualTag(pointer: number): boolean {
    const words = this.#words;
    const [a, b] = [pointer >> 2, this.#tag >> 2];
    let difference = 0;
    for (let i = 0; i < TAG_BYTES / 4; i++) difference |= (words[a + i] as number) ^ (words[b + i] as number);
    return difference === 0;
  }

  #loadKey(key: Uint8Array): void {
    this.#heap.set(key, this.#key);
    this.#loadedKey = undefined;
  }

  /** The key just computed. It and what it was computed from do not stay in the module's memory. */
  #takeKey(): Uint8Array {
    const key = uninitialized(KEY_BYTES);
    key.set(this.#heap.subarray(this.#publicKey, this.#publicKey + KEY_BYTES));
    this.#heap.fill(0, this.#key, this.#publicKey + KEY_BYTES);
    return key;
  }
}

/** The next multiple of 16. */
function aligned(pointer: number): number {
  return (pointer + 15) & ~15;
}
