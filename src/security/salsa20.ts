/**
 * The Salsa20 key stream (D. J. Bernstein, "Salsa20 specification"), four blocks
 * at a time with WebAssembly's 128-bit vectors. libsodium's WebAssembly build
 * computes one block after the other without vectors, half as fast, and
 * most of the time of a large CURVE frame goes there (bench/crypto.ts).
 *
 * Salsa20 is additions, rotations and exclusive ors of words: no branch, no
 * table and no address depends on a secret. The module works in libsodium's own
 * memory, and sodium.ts uses it only after it gave the same stream as libsodium.
 */

/** Octets of one step; what is beyond the text in the last step is changed too. */
export const STEP_BYTES = 256;
/** Octets of a state: constants, key, nonce and block counter in the order of the specification. */
export const STATE_BYTES = 64;
/** Where the state has its parts. */
export const STATE = { keyStart: 4, nonce: 24, counter: 32, keyEnd: 44 } as const;
/** "expand 32-byte k", and where its four words stand. */
export const CONSTANTS = [
  [0, 0x61707865],
  [20, 0x3320646e],
  [40, 0x79622d32],
  [60, 0x6b206574],
] as const;

/** Adds the stream that begins with the block counter of `state` to `steps` times STEP_BYTES of `text`; advances the counter. */
export type XorStream = (out: number, text: number, state: number, steps: number) => void;

interface Platform {
  WebAssembly: {
    Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
    Instance: new (module: object, imports: object) => { readonly exports: object };
  };
}

/** Throws where WebAssembly has no vectors. */
export function loadXorStream(memory: object): XorStream {
  const { WebAssembly } = globalThis as unknown as Platform;
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(assemble()), { "": { "": memory } });
  return (exports as { xor: XorStream }).xor;
}

// --- The module ---

/** Parameters and locals by index: words of four blocks, four more vectors, a counter of rounds. */
const OUT = 0;
const TEXT = 1;
const STATE_AT = 2;
const STEPS = 3;
const WORD = 4;
const TEMPORARY = 20;
const ROUND = 24;

const COLUMNS = [
  [0, 4, 8, 12],
  [5, 9, 13, 1],
  [10, 14, 2, 6],
  [15, 3, 7, 11],
] as const;
const ROWS = [
  [0, 1, 2, 3],
  [5, 6, 7, 4],
  [10, 11, 8, 9],
  [15, 12, 13, 14],
] as const;
const DOUBLE_ROUNDS = 10;

const get = (local: number) => [0x20, local];
const set = (local: number) => [0x21, local];
const tee = (local: number) => [0x22, local];
const constant = (value: number) => [0x41, ...signed(value)];
const vector = (opcode: number) => [0xfd, ...unsigned(opcode)];
const LOOP = [0x03, 0x40];
const BRANCH_IF = [0x0d, 0];
const END = [0x0b];
const I32_ADD = [0x6a];
const I32_SUB = [0x6b];
const loadWord = (offset: number) => [0x28, 2, offset];
const storeWord = (offset: number) => [0x36, 2, offset];
const OR = vector(0x50);
const XOR = vector(0x51);
const SHIFT_LEFT = vector(0xab);
const SHIFT_RIGHT = vector(0xad);
const ADD = vector(0xae);
const loadVector = (offset: number) => [...vector(0x00), 0, ...unsigned(offset)];
const storeVector = (offset: number) => [...vector(0x0b), 0, ...unsigned(offset)];
const loadSplat = (offset: number) => [...vector(0x09), 2, ...unsigned(offset)];
/** Words 0, 1, 2 and 3: what the four blocks' counters differ by. */
const BLOCK_NUMBERS = [...vector(0x0c), 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0];
/** A vector of four words out of the eight of two vectors. */
const pick = (...words: number[]) => [
  ...vector(0x0d),
  ...words.flatMap((word) => [0, 1, 2, 3].map((i) => word * 4 + i)),
];

/** Word `index` of the state, in all four lanes; of the counter's lower word, each block's own. */
function initial(index: number): number[] {
  const word = [...get(STATE_AT), ...loadSplat(index * 4)];
  return index === STATE.counter / 4 ? [...word, ...BLOCK_NUMBERS, ...ADD] : word;
}

/** `target ^= (a + b) <<< bits`. */
function mix(target: number, a: number, b: number, bits: number): number[] {
  return [
    ...[...get(WORD + a), ...get(WORD + b), ...ADD, ...tee(TEMPORARY), ...constant(bits), ...SHIFT_LEFT],
    ...[...get(TEMPORARY), ...constant(32 - bits), ...SHIFT_RIGHT, ...OR],
    ...[...get(WORD + target), ...XOR, ...set(WORD + target)],
  ];
}

function quarterRound([a, b, c, d]: readonly [number, number, number, number]): number[][] {
  return [mix(b, a, d, 7), mix(c, b, a, 9), mix(d, c, b, 13), mix(a, d, c, 18)];
}

/** The four quarter rounds of a round do not depend on each other: interleaved, the processor computes them side by side. */
function round(lines: readonly (readonly [number, number, number, number])[]): number[] {
  const quarters = lines.map(quarterRound);
  return [0, 1, 2, 3].flatMap((step) => quarters.flatMap((quarter) => quarter[step] as number[]));
}

/** Words 4n to 4n+3 of the four blocks: from a vector for each word to a vector for each block, added to the text. */
function output(n: number): number[] {
  const [a, b, c, d] = [0, 1, 2, 3].map((i) => WORD + 4 * n + i) as [number, number, number, number];
  const [low1, high1, low2, high2] = [0, 1, 2, 3].map((i) => TEMPORARY + i) as [number, number, number, number];
  const code = [
    ...[...get(a), ...get(b), ...pick(0, 4, 1, 5), ...set(low1)],
    ...[...get(a), ...get(b), ...pick(2, 6, 3, 7), ...set(high1)],
    ...[...get(c), ...get(d), ...pick(0, 4, 1, 5), ...set(low2)],
    ...[...get(c), ...get(d), ...pick(2, 6, 3, 7), ...set(high2)],
  ];
  for (let block = 0; block < 4; block++) {
    const at = block * 64 + n * 16;
    const halves = block < 2 ? [...get(low1), ...get(low2)] : [...get(high1), ...get(high2)];
    const words = block % 2 === 0 ? pick(0, 1, 4, 5) : pick(2, 3, 6, 7);
    code.push(...get(OUT), ...halves, ...words, ...get(TEXT), ...loadVector(at), ...XOR, ...storeVector(at));
  }
  return code;
}

function assemble(): Uint8Array<ArrayBuffer> {
  const words = Array.from({ length: 16 }, (_, index) => index);
  const advance = (local: number) => [...get(local), ...constant(STEP_BYTES), ...I32_ADD, ...set(local)];
  const code = [
    ...LOOP,
    ...words.flatMap((index) => [...initial(index), ...set(WORD + index)]),
    ...[...constant(DOUBLE_ROUNDS), ...set(ROUND)],
    ...LOOP,
    ...round(COLUMNS),
    ...round(ROWS),
    ...[...get(ROUND), ...constant(1), ...I32_SUB, ...tee(ROUND), ...BRANCH_IF],
    ...END,
    ...words.flatMap((index) => [...initial(index), ...get(WORD + index), ...ADD, ...set(WORD + index)]),
    ...[0, 1, 2, 3].flatMap(output),
    ...[...get(STATE_AT), ...get(STATE_AT), ...loadWord(STATE.counter), ...constant(4), ...I32_ADD],
    ...storeWord(STATE.counter),
    ...advance(OUT),
    ...advance(TEXT),
    ...[...get(STEPS), ...constant(1), ...I32_SUB, ...tee(STEPS), ...BRANCH_IF],
    ...END,
    ...END,
  ];
  const locals = [2, 20, 0x7b, 1, 0x7f];
  const body = [...locals, ...code];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 4, 0x7f, 0x7f, 0x7f, 0x7f, 0]),
    ...section(2, [1, 0, 0, 2, 0, 1]),
    ...section(3, [1, 0]),
    ...section(7, [1, 3, 0x78, 0x6f, 0x72, 0, 0]),
    ...section(10, [1, ...unsigned(body.length), ...body]),
  ]);
}

function section(id: number, content: number[]): number[] {
  return [id, ...unsigned(content.length), ...content];
}

/** LEB128. */
function unsigned(value: number): number[] {
  const octets = [];
  for (; value > 0x7f; value >>>= 7) octets.push((value & 0x7f) | 0x80);
  return [...octets, value];
}

function signed(value: number): number[] {
  const octets = [];
  for (; value > 0x3f; value >>= 7) octets.push((value & 0x7f) | 0x80);
  return [...octets, value];
}
