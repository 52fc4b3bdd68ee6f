/**
 * The mask of WebSocket frames by vectors of WebAssembly: 64 KiB take 2 us by them, and 7 us by words of JavaScript. They
 * work in memory of their own alone, so that links read into it, and writers copy into it. It is taken in parts that
 * are never given back.
 */

import { uninitialized, view } from "../base/bytes.ts";
import {
  get,
  int,
  isGreater,
  load,
  moduleOf,
  plus,
  repeatWhile,
  set,
  store,
  V128,
  when,
  withLane,
  xor,
} from "../base/wasm-code.ts";
import { webAssembly } from "../base/web-assembly.ts";

/** Of 64 KiB: enough for what a thread reads into and for the blocks that its writers keep. The system gives them as they are used. */
const PAGES = 36;
/** So much is masked at a time. */
const STEP_BYTES = 64;

interface MaskVectors {
  readonly buffer: ArrayBuffer;
  readonly run: Run;
}

/** Masks the octets from `from` to `to`, a multiple of STEP_BYTES apart; the lowest octet of `key` is for the first. */
type Run = (from: number, to: number, key: number) => void;

let vectors: MaskVectors | undefined;
let isTried = false;
let used = 0;

/** Memory in which `maskByVectors` works, or any other where the runtime has no vectors or all of it is taken. */
export function maskableMemory(length: number): Uint8Array {
  if (!isTried) {
    isTried = true;
    vectors = start();
  }
  const from = used;
  if (vectors === undefined || from + length > vectors.buffer.byteLength) return uninitialized(length);
  used = (from + length + STEP_BYTES - 1) & -STEP_BYTES;
  return view(vectors.buffer, from, length);
}

/** Whether `maskByVectors` works there. */
export function isMaskable({ buffer }: Uint8Array): boolean {
  return vectors !== undefined && buffer === vectors.buffer;
}

/** Masks as many of the octets from `from` to `to` as make whole steps; returns where it ended. In memory that `isMaskable`. */
export function maskByVectors({ byteOffset }: Uint8Array, from: number, to: number, key: number): number {
  const end = to - ((to - from) & (STEP_BYTES - 1));
  vectors?.run(byteOffset + from, byteOffset + end, key);
  return end;
}

/** Undefined where there are no vectors, or they do something else. */
function start(): MaskVectors | undefined {
  try {
    const { validate, Module, Instance, Memory } = webAssembly();
    const code = maskModule();
    if (!validate(code)) return undefined;
    const memory = new Memory({ initial: PAGES });
    const { exports } = new Instance(new Module(code), { env: { memory } });
    if (!hasRun(exports)) return undefined;
    const { buffer } = memory;
    return isRight(exports.run, new Uint8Array(buffer)) ? { buffer, run: exports.run } : undefined;
  } catch {
    return undefined; // What this runtime does not start is of no use.
  }
}

function hasRun(exports: object): exports is { readonly run: Run } {
  return "run" in exports && typeof exports.run === "function";
}

function isRight(run: Run, octets: Uint8Array): boolean {
  const [from, to] = [3, 3 + 3 * STEP_BYTES];
  run(from, to, 0x8421_3d05 | 0);
  const expected = (at: number) => (at < from || at >= to ? 0 : [0x05, 0x3d, 0x21, 0x84][(at - from) & 3]);
  const isSame = octets.subarray(0, to + STEP_BYTES).every((octet, at) => octet === expected(at));
  octets.fill(0, 0, to + STEP_BYTES);
  return isSame;
}

function maskModule(): Uint8Array<ArrayBuffer> {
  const [at, end, key, lanes] = [0, 1, 2, 3];
  const covered = (offset: number) => store(get(at), offset, xor(load(get(at), offset), get(lanes)));
  return moduleOf({
    parameters: 3,
    locals: [[1, V128]],
    body: [
      [0, 1, 2, 3].map((lane) => set(lanes, withLane(lane, get(lanes), get(key)))),
      when(
        isGreater(get(end), get(at)),
        repeatWhile(
          isGreater(get(end), get(at)),
          [0, 16, 32, 48].map(covered),
          set(at, plus(get(at), int(STEP_BYTES))),
        ),
      ),
    ],
  });
}
