/**
 * Target: boxes of CURVE, whatever their length and wherever they are in memory,
 * are those of libsodium's own function for them. Ten million of these are
 * asked for when anything of src/security/salsa20*.ts changes:
 * `npm run fuzz -- --target boxes --inputs 10000000`.
 */

import instantiate, { type SodiumModule } from "libsodium-sumo";
import { type Boxes, type BoxKey, KEY_BYTES, NONCE_BYTES, TAG_BYTES } from "../../../src/security/crypto.ts";
import { sodiumSalsa20 } from "../../../src/security/salsa20.ts";
import { SodiumBoxes } from "../../../src/security/sodium-boxes.ts";
import { boxKey, primitives } from "../../crypto.ts";
import type { Random } from "../random.ts";
import { expectBytes, finding, type Target } from "../target.ts";

type Secretbox = Record<"_crypto_secretbox_easy", (...args: number[]) => number>;
const sodium = (await instantiate({ getRandomValue: () => 0 })) as SodiumModule & Secretbox;
const LONGEST = 200_000;
const [key, nonce] = [sodium._malloc(KEY_BYTES), sodium._malloc(NONCE_BYTES)];
const [text, box] = [sodium._malloc(LONGEST), sodium._malloc(LONGEST + TAG_BYTES)];

/** What is used, and what is used where there are no vectors. */
const SUBJECTS: readonly (readonly [string, Boxes])[] = [
  [primitives().name, primitives().boxes],
  ["without vectors", new SodiumBoxes(sodium, sodiumSalsa20(sodium))],
];

/** libsodium's box, as a view of its memory. */
function expectedBox(keys: BoxKey, content: Uint8Array): Uint8Array {
  const heap = sodium.HEAPU8;
  heap.set(keys.key, key);
  heap.set(keys.nonce, nonce);
  heap.set(content, text);
  sodium._crypto_secretbox_easy(box, text, content.length, 0, nonce, key);
  return heap.subarray(box, box + TAG_BYTES + content.length);
}

function length(random: Random): number {
  if (random.oneIn(20_000)) return random.below(LONGEST);
  if (random.oneIn(20)) return random.below(5000);
  return random.below(random.oneIn(4) ? 600 : 200);
}

/** An array of so many octets, anywhere in its memory; all of that is filled with `octet`. */
function placed(random: Random, octets: number, octet: number): Uint8Array {
  const at = random.below(32);
  return new Uint8Array(at + octets + random.below(32)).fill(octet).subarray(at, at + octets);
}

const EDGE = 0xc5;

function check(boxes: Boxes, name: string, keys: BoxKey, content: Uint8Array, random: Random): void {
  const body = placed(random, content.length, 0);
  body.set(content);
  const expected = expectedBox(keys, content);
  const [front, behind] = [random.below(100), random.below(40)];
  const sealed = placed(random, front + expected.length + behind, EDGE);
  const end = front + expected.length;
  const hasLead = content.length > 0 && random.oneIn(2);
  if (hasLead) boxes.seal(keys, body[0] as number, body.subarray(1), sealed, front);
  else boxes.seal(keys, -1, body, sealed, front);
  expectBytes(sealed.subarray(front, end), expected, `${name}, sealed`);
  const opened = placed(random, front + content.length + behind, EDGE);
  if (!boxes.open(keys, sealed, front, end, opened, front)) finding(`${name}: its own box does not open`);
  expectBytes(opened.subarray(front, front + content.length), content, `${name}, opened`);
  for (const [bytes, last] of [
    [sealed, end],
    [opened, front + content.length],
  ] as const) {
    if (bytes.some((octet, i) => octet !== EDGE && (i < front || i >= last)))
      finding(`${name}: wrote beside its place`);
  }
  const changed = front + random.below(expected.length);
  sealed[changed] = (sealed[changed] as number) ^ (1 << random.below(8));
  opened.fill(0);
  if (boxes.open(keys, sealed, front, end, opened, front)) finding(`${name}: opens what was changed`);
  if (opened.some((octet) => octet !== 0)) finding(`${name}: shows what is not authentic`);
}

const boxesTarget: Target = {
  name: "boxes",
  make: (random) => random.bytes(length(random)),
  check(input, random) {
    const keys = boxKey(random.bytes(KEY_BYTES), random.bytes(NONCE_BYTES));
    for (const [name, boxes] of SUBJECTS) check(boxes, name, keys, input, random);
  },
};

export const BOX_TARGETS: readonly Target[] = [boxesTarget];
