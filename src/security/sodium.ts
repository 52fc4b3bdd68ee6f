/**
 * The primitives of crypto.ts by libsodium's WebAssembly build, without its
 * wrappers: X25519 here, boxes in sodium-boxes.ts.
 *
 * The package starts its module asynchronously. Keys must be made and
 * connections accepted synchronously, so its own hook for custom instantiation
 * is given an instance compiled here (14 ms, once, at the first use of CURVE).
 * The octets of the module are a Base64 string inside the package's one
 * function, which bundlers and minifiers keep. The package's ES module is made
 * part of ours: its CommonJS one starts by itself, too late for the first call.
 */

import instantiate, { type SodiumModule } from "libsodium-sumo";
import { uninitialized } from "../base/bytes.ts";
import { ZmqError } from "../base/errors.ts";
import { webAssembly } from "../base/web-assembly.ts";
import type { KeyPair, KeyPairs, Primitives } from "./crypto.ts";
import { sodiumSalsa20, vectorSalsa20 } from "./salsa20.ts";
import { SodiumBoxes } from "./sodium-boxes.ts";

const KEY_BYTES = 32;
/** Base64 of the first octets of every WebAssembly module. */
const WASM_START = "AGFzbQ";

/** What is used of the platform; its full types are not the same in every runtime. */
interface Platform {
  atob(base64: string): string;
  crypto: { getRandomValues<T extends Uint8Array | Uint32Array>(array: T): T };
}
const platform = globalThis as unknown as Platform;

/** Throws ENOTSUP where WebAssembly is missing or forbidden. */
export function loadSodium(): Primitives {
  try {
    const { module, memory } = start();
    const vectors = vectorSalsa20(module, memory);
    return {
      name: vectors === undefined ? "libsodium (WebAssembly)" : "libsodium (WebAssembly), Salsa20 in vectors",
      keys: new SodiumKeys(module),
      boxes: new SodiumBoxes(module, vectors ?? sodiumSalsa20(module)),
    };
  } catch (cause) {
    throw new ZmqError("ENOTSUP", { message: "CURVE needs WebAssembly, which could not be started", cause });
  }
}

function start(): { readonly module: SodiumModule; readonly memory: object } {
  const { Module, Instance, Memory } = webAssembly();
  const compiled = new Module(embeddedModule(String(instantiate)));
  let memory: object | undefined;
  const module = {
    getRandomValue: () => platform.crypto.getRandomValues(new Uint32Array(1))[0] as number,
    instantiateWasm(imports: object, receive: (instance: object) => void) {
      const instance = new Instance(compiled, imports);
      memory = Object.values(instance.exports).find((part) => part instanceof Memory);
      receive(instance);
      return {};
    },
  };
  // The promise tells nothing that is not seen below; a rejection must only not go unhandled.
  instantiate(module).catch(() => {});
  if (memory === undefined || !isComplete(module) || module._sodium_init() < 0) {
    throw new Error("libsodium did not take the instance at once");
  }
  return { module, memory };
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

class SodiumKeys implements KeyPairs {
  readonly #module: SodiumModule;
  /** Pointers into the module's memory: a secret key, and a public or shared one. */
  readonly #secret: number;
  readonly #other: number;

  constructor(module: SodiumModule) {
    this.#module = module;
    this.#secret = module._malloc(2 * KEY_BYTES);
    this.#other = this.#secret + KEY_BYTES;
  }

  pairOf(secretKey: Uint8Array): KeyPair {
    this.#module.HEAPU8.set(secretKey, this.#secret);
    this.#module._crypto_scalarmult_base(this.#other, this.#secret);
    return {
      publicKey: this.#takeKey(),
      secretKey,
      sharedKey: (publicKey) => this.#sharedKey(publicKey, secretKey),
      forget: () => void secretKey.fill(0),
    };
  }

  #sharedKey(publicKey: Uint8Array, secretKey: Uint8Array): Uint8Array | undefined {
    this.#module.HEAPU8.set(secretKey, this.#secret);
    this.#module.HEAPU8.set(publicKey, this.#other);
    const failed = this.#module._crypto_box_beforenm(this.#other, this.#other, this.#secret);
    const key = this.#takeKey();
    return failed === 0 ? key : undefined;
  }

  /** The key just computed. It and what it was computed from do not stay in the module's memory. */
  #takeKey(): Uint8Array {
    const heap = this.#module.HEAPU8;
    const key = uninitialized(KEY_BYTES);
    key.set(heap.subarray(this.#other, this.#other + KEY_BYTES));
    heap.fill(0, this.#secret, this.#other + KEY_BYTES);
    return key;
  }
}
