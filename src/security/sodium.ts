/**
 * The primitives of crypto.ts by libsodium's WebAssembly build, without its
 * wrappers: those allocate some five arrays a call, these functions copy
 * straight between the caller's arrays and one scratch region of the module's
 * memory, where boxes are sealed and opened in place.
 *
 * The package starts its module asynchronously. Keys must be made and
 * connections accepted synchronously, so its own hook for custom instantiation
 * is given an instance compiled here (8 ms, once, at the first use of CURVE).
 * The octets of the module are a Base64 string inside the package's one
 * function, which bundlers and minifiers keep.
 */

import instantiate, { type SodiumModule } from "libsodium";
import { uninitialized } from "../base/bytes.ts";
import { ZmqError } from "../base/errors.ts";
import type { Primitives } from "./crypto.ts";

const KEY_BYTES = 32;
const NONCE_BYTES = 24;
const TAG_BYTES = 16;

/** Room for a box at the start; a larger frame makes the region grow. */
const FIRST_ROOM = 65_536 + 64;
/** The most that the module's 32-bit memory can be asked for. */
const LARGEST_ROOM = 1_900_000_000;
/** Up to here a loop copies faster than `set`, which must be given a view: bench/crypto.ts. */
const LOOPED_BYTES = 96;
/** Base64 of the first octets of every WebAssembly module. */
const WASM_START = "AGFzbQ";

/** What is used of the platform; its full types are not the same in every runtime. */
interface Platform {
  WebAssembly: {
    Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
    Instance: new (module: object, imports: object) => object;
  };
  atob(base64: string): string;
  crypto: { getRandomValues(words: Uint32Array): Uint32Array };
}
const platform = globalThis as unknown as Platform;

/** Throws ENOTSUP where WebAssembly is missing or forbidden. */
export function loadSodium(): Primitives {
  try {
    return new Sodium(start());
  } catch (cause) {
    throw new ZmqError("ENOTSUP", { message: "CURVE needs WebAssembly, which could not be started", cause });
  }
}

function start(): SodiumModule {
  const packaged: unknown = instantiate;
  // Tools that turn all modules into CommonJS get the package's other build, which starts by itself in some milliseconds.
  if (typeof packaged !== "function") return started(packaged, new Error("libsodium has not started yet"));
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
  return started(module, new Error("libsodium did not take the instance at once"));
}

function started(module: unknown, failure: unknown): SodiumModule {
  if (!isComplete(module) || module._sodium_init() < 0) throw failure;
  return module;
}

function isComplete(module: unknown): module is SodiumModule {
  if (typeof module !== "object" || module === null) return false;
  return "HEAPU8" in module && "_sodium_init" in module && "_crypto_box_easy_afternm" in module;
}

function embeddedModule(source: string): Uint8Array<ArrayBuffer> {
  const first = source.indexOf(WASM_START);
  if (first < 1) throw new Error("libsodium holds no WebAssembly module");
  const text = platform.atob(source.slice(first, source.indexOf(source.charAt(first - 1), first)));
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

class Sodium implements Primitives {
  readonly name = "libsodium (WebAssembly)";
  readonly #module: SodiumModule;
  readonly #sealAt: SodiumModule["_crypto_box_easy_afternm"];
  readonly #openAt: SodiumModule["_crypto_box_open_easy_afternm"];
  /** Pointers into the module's memory. */
  readonly #key: number;
  readonly #nonce: number;
  readonly #publicKey: number;
  #text: number;
  /** Octets at `#text`. */
  #room = FIRST_ROOM;
  /** The module's memory; another array once it grew. */
  #heap: Uint8Array<ArrayBuffer>;
  /** The array whose octets stand at `#key`. */
  #loadedKey: Uint8Array | undefined = undefined;

  constructor(module: SodiumModule) {
    this.#module = module;
    this.#sealAt = module._crypto_box_easy_afternm;
    this.#openAt = module._crypto_box_open_easy_afternm;
    const block = module._malloc(2 * KEY_BYTES + 32);
    this.#key = block;
    this.#publicKey = block + KEY_BYTES;
    this.#nonce = block + 2 * KEY_BYTES;
    this.#text = module._malloc(FIRST_ROOM);
    this.#heap = module.HEAPU8;
  }

  publicKey(secretKey: Uint8Array): Uint8Array {
    this.#loadKey(secretKey);
    this.#module._crypto_scalarmult_base(this.#publicKey, this.#key);
    this.#forgetKey();
    return this.#copyOut(this.#publicKey);
  }

  sharedKey(publicKey: Uint8Array, secretKey: Uint8Array): Uint8Array | undefined {
    this.#loadKey(secretKey);
    this.#heap.set(publicKey, this.#publicKey);
    const failed = this.#module._crypto_box_beforenm(this.#publicKey, this.#publicKey, this.#key);
    this.#forgetKey();
    return failed === 0 ? this.#copyOut(this.#publicKey) : undefined;
  }

  seal(key: Uint8Array, nonce: Uint8Array, lead: number, body: Uint8Array, target: Uint8Array, offset: number): void {
    const bodyLength = body.length;
    const length = lead < 0 ? bodyLength : bodyLength + 1;
    const boxLength = length + TAG_BYTES;
    if (boxLength > this.#room) this.#grow(boxLength);
    if (key !== this.#loadedKey) this.#loadKey(key);
    const heap = this.#heap;
    for (let i = 0, to = this.#nonce; i < NONCE_BYTES; i++) heap[to + i] = nonce[i] as number;
    const text = this.#text;
    let to = text + TAG_BYTES;
    if (lead >= 0) heap[to++] = lead;
    if (bodyLength > LOOPED_BYTES) heap.set(body, to);
    else for (let i = 0; i < bodyLength; i++) heap[to + i] = body[i] as number;
    this.#sealAt(text, text + TAG_BYTES, length, 0, this.#nonce, this.#key);
    if (boxLength > LOOPED_BYTES) target.set(heap.subarray(text, text + boxLength), offset);
    else for (let i = 0; i < boxLength; i++) target[offset + i] = heap[text + i] as number;
  }

  open(
    key: Uint8Array,
    nonce: Uint8Array,
    source: Uint8Array,
    start: number,
    target: Uint8Array,
    offset: number,
  ): boolean {
    const boxLength = source.length - start;
    if (boxLength > this.#room) this.#grow(boxLength);
    if (key !== this.#loadedKey) this.#loadKey(key);
    const heap = this.#heap;
    for (let i = 0, to = this.#nonce; i < NONCE_BYTES; i++) heap[to + i] = nonce[i] as number;
    const box = this.#text;
    if (boxLength > LOOPED_BYTES) heap.set(source.subarray(start), box);
    else for (let i = 0; i < boxLength; i++) heap[box + i] = source[start + i] as number;
    const text = box + TAG_BYTES;
    if (this.#openAt(text, box, boxLength, 0, this.#nonce, this.#key) !== 0) return false;
    const length = boxLength - TAG_BYTES;
    if (length > LOOPED_BYTES) target.set(heap.subarray(text, text + length), offset);
    else for (let i = 0; i < length; i++) target[offset + i] = heap[text + i] as number;
    return true;
  }

  #loadKey(key: Uint8Array): void {
    this.#heap.set(key, this.#key);
    this.#loadedKey = key;
  }

  /** A secret key does not stay in the module's memory. */
  #forgetKey(): void {
    this.#heap.fill(0, this.#key, this.#key + KEY_BYTES);
    this.#loadedKey = undefined;
  }

  #copyOut(pointer: number): Uint8Array {
    const copy = uninitialized(KEY_BYTES);
    copy.set(this.#heap.subarray(pointer, pointer + KEY_BYTES));
    return copy;
  }

  #grow(boxLength: number): void {
    this.#module._free(this.#text);
    this.#room = 0;
    const room = Math.min(boxLength * 2, LARGEST_ROOM);
    const text = boxLength > LARGEST_ROOM ? 0 : this.#module._malloc(room);
    this.#heap = this.#module.HEAPU8;
    if (text === 0) {
      this.#text = this.#module._malloc(FIRST_ROOM);
      this.#room = FIRST_ROOM;
      throw new ZmqError("EMSGSIZE", { message: `CURVE: no memory to seal or open a frame of ${boxLength} bytes` });
    }
    this.#text = text;
    this.#room = room;
  }
}
