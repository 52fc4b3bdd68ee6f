/**
 * A small assembler for WebAssembly: each function here gives the code of one
 * instruction behind the code of its operands. `xor(get(a), get(b))` is two
 * reads and an exclusive or.
 *
 * Numbers of instructions, types and sections are those of the WebAssembly Core
 * Specification, chapter 5, "Binary Format". It has what salsa20-code.ts uses and no more.
 */

/** An octet, or code in turn. It is laid flat at the end: copying it at each level took 13 ms at the first use. */
export type Code = number | readonly Code[];

export const I32 = 0x7f;
export const V128 = 0x7b;

/** Instructions of vectors have this octet in front of their number. */
const VECTOR = 0xfd;
/** The type of a block that takes and gives nothing. */
const NO_RESULT = 0x40;

// Locals, and integers of 32 bits.

export const get = (local: number): Code => [0x20, unsigned(local)];
export const set = (local: number, value: Code): Code => [value, 0x21, unsigned(local)];
export const int = (value: number): Code => [0x41, signed(value)];
export const plus = (a: Code, b: Code): Code => [a, b, 0x6a];
export const minus = (a: Code, b: Code): Code => [a, b, 0x6b];
/** Whether `a` is greater than `b`, both with a sign. */
export const isGreater = (a: Code, b: Code): Code => [a, b, 0x4a];

/** Runs `body`, and again as long as `condition` holds behind it. */
export function repeatWhile(condition: Code, ...body: readonly Code[]): Code {
  const [loop, branchIf, end] = [0x03, 0x0d, 0x0b];
  return [loop, NO_RESULT, body, condition, branchIf, 0, end];
}

export function when(condition: Code, ...body: readonly Code[]): Code {
  const [begin, end] = [0x04, 0x0b];
  return [condition, begin, NO_RESULT, body, end];
}

// Vectors of four integers of 32 bits, called lanes. Those in memory may be at any address.

type Lanes = readonly [number, number, number, number];

export const load = (address: Code, offset: number): Code => [address, VECTOR, 0x00, 0, unsigned(offset)];
/** Two integers, and two zeros. */
export const loadHalf = (address: Code, offset: number): Code => [address, VECTOR, 0x5d, 0, unsigned(offset)];
export const store = (address: Code, offset: number, value: Code): Code => [
  [address, value],
  [VECTOR, 0x0b, 0, unsigned(offset)],
];
export const constant = (lanes: Lanes): Code => [VECTOR, 0x0c, lanes.map(littleEndian)];
export const withLane = (lane: number, a: Code, value: Code): Code => [a, value, VECTOR, 0x1c, lane];
/** Lanes of `a` are 0 to 3, those of `b` 4 to 7. */
export const shuffle = (a: Code, b: Code, lanes: Lanes): Code => [a, b, VECTOR, 0x0d, lanes.map(octetsOfLane)];
export const xor = (a: Code, b: Code): Code => [a, b, VECTOR, 0x51];
export const add = (a: Code, b: Code): Code => [a, b, VECTOR, unsigned(0xae)];
export const shiftLeft = (a: Code, bits: number): Code => [a, int(bits), VECTOR, unsigned(0xab)];
/** Zeros come in from the left. */
export const shiftRight = (a: Code, bits: number): Code => [a, int(bits), VECTOR, unsigned(0xad)];

function littleEndian(value: number): Code {
  return [value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, value >>> 24];
}

function octetsOfLane(lane: number): Code {
  return [4 * lane, 4 * lane + 1, 4 * lane + 2, 4 * lane + 3];
}

export interface WasmFunction {
  /** How many integers it takes: its locals from 0 on. */
  readonly parameters: number;
  /** Types of its other locals, which follow, and how many of each. */
  readonly locals: readonly (readonly [count: number, type: number])[];
  readonly body: Code;
}

/** A module that exports this function as "run"; its memory is imported as "memory" of "env". */
export function moduleOf({ parameters, locals, body }: WasmFunction): Uint8Array<ArrayBuffer> {
  const types = Array<Code>(parameters).fill(I32);
  const code = [list(locals.map(([count, type]) => [unsigned(count), type])), body, 0x0b];
  return flat([
    [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00], // "\0asm", version 1
    section(1, list([[0x60, list(types), list([])]])), // types: one of a function that returns nothing
    section(2, list([[name("env"), name("memory"), 0x02, 0x00, 1]])), // imports: a memory of a page or more
    section(3, list([[0]])), // functions: one, of type 0
    section(7, list([[name("run"), 0x00, 0]])), // exports: function 0
    section(10, list([sized(code)])), // code
  ]);
}

function section(id: number, content: Code): Code {
  return [id, sized(content)];
}

function sized(content: Code): Code {
  const octets: number[] = [];
  lay(content, octets);
  return [unsigned(octets.length), octets];
}

function list(items: readonly Code[]): Code {
  return [unsigned(items.length), items];
}

function name(text: string): Code {
  return list(Array.from(text, (letter) => [letter.charCodeAt(0)]));
}

/** A number from 0 on, in LEB128. */
function unsigned(value: number): Code {
  return value < 0x80 ? value : [(value & 0x7f) | 0x80, unsigned(value >>> 7)];
}

/** An integer of 32 bits, in LEB128 with a sign. */
function signed(value: number): Code {
  return value >= -0x40 && value < 0x40 ? value & 0x7f : [(value & 0x7f) | 0x80, signed(value >> 7)];
}

function lay(code: Code, octets: number[]): void {
  if (typeof code === "number") octets.push(code);
  else for (let i = 0; i < code.length; i++) lay(code[i] as Code, octets);
}

function flat(code: Code): Uint8Array<ArrayBuffer> {
  const octets: number[] = [];
  lay(code, octets);
  return Uint8Array.from(octets);
}
