/**
 * The crypto libraries that could carry CURVE, and what one sealed frame costs:
 * `node --import tsx bench/crypto.ts`. Libraries that are not installed where it
 * is started are left out: `npm i --no-save libsodium-wrappers @noble/ciphers
 * @noble/curves tweetnacl sodium-native` brings them. Rounds of all candidates
 * alternate; the best of each counts. docs/security.md has the figures.
 */

import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import instantiate from "libsodium-sumo";
import { nativeBoxes } from "../src/node/sodium-native.ts";
import { OpenSslKeys } from "../src/node/x25519.ts";
import { type Boxes, type KeyPairs, randomBytes } from "../src/security/crypto.ts";
import { CurveCipher } from "../src/security/curve-cipher.ts";
import { boxKey, crypto, newKeyPair, primitives } from "../test/crypto.ts";

const ROUNDS = 5;
const ROUND_MS = 60;
const SIZES = [64, 1024, 65_536];

type Job = () => void;
const jobs = new Map<string, Map<string, Job>>();
function add(what: string, library: string, job: Job): void {
  const group = jobs.get(what) ?? new Map<string, Job>();
  jobs.set(what, group.set(library, job));
}

const here = createRequire(join(process.cwd(), "package.json"));
// biome-ignore lint/suspicious/noExplicitAny: libraries without common types, called once each below
async function optional(name: string): Promise<any> {
  try {
    return await import(pathToFileURL(here.resolve(name)).href);
  } catch {
    console.error(`${name}: not installed here, left out`);
    return undefined;
  }
}

const key = randomBytes(32);
const nonce = randomBytes(24);
const startedAt = performance.now();
const wasm = primitives();
console.log(`first use of ${wasm.name}: ${(performance.now() - startedAt).toFixed(1)} ms`);
const pair = newKeyPair();
const keyed = boxKey(key, nonce);

function addBoxes(library: string, candidate: Boxes): void {
  for (const size of SIZES) {
    const body = new Uint8Array(size).fill(7);
    const box = new Uint8Array(size + 16);
    const content = new Uint8Array(size);
    const good = new Uint8Array(size + 16);
    candidate.seal(keyed, -1, body, good, 0);
    add(`seal ${size}`, library, () => candidate.seal(keyed, -1, body, box, 0));
    add(`open ${size}`, library, () => {
      if (!candidate.open(keyed, good, 0, good.length, content, 0)) throw new Error("does not open");
    });
  }
}

function addKeys(library: string, candidate: KeyPairs): void {
  const own = candidate.pairOf(pair.secretKey);
  add("new pair", library, () => candidate.newPair?.() ?? candidate.pairOf(randomBytes(32)));
  add("shared key", library, () => own.sharedKey(pair.publicKey));
}

addBoxes("libsodium wasm", wasm.boxes);
addKeys("libsodium wasm", wasm.keys);
addKeys("OpenSSL", new OpenSslKeys(wasm));

const native = await optional("sodium-native");
if (native !== undefined) addBoxes("sodium-native from 2 KiB", nativeBoxes(wasm.boxes, native.default));

// libsodium's functions alone, without copies into and out of its memory: what sodium.ts composes boxes of, and the box it does not use.
// biome-ignore lint/suspicious/noExplicitAny: the raw module has hundreds of functions
const raw: any = await instantiate({ getRandomValue: () => Buffer.from(randomBytes(4)).readUInt32LE() } as never);
const [rawKey, rawNonce] = [raw._malloc(64), raw._malloc(64)];
for (const size of SIZES) {
  const [box, text] = [raw._malloc(size + 64), raw._malloc(size + 64)];
  raw._crypto_box_easy_afternm(box, text, size, 0, rawNonce, rawKey);
  const whole = "function alone: box";
  add(`seal ${size}`, whole, () => raw._crypto_box_easy_afternm(box, text, size, 0, rawNonce, rawKey));
  add(`open ${size}`, whole, () => raw._crypto_box_open_easy_afternm(text, box, size + 16, 0, rawNonce, rawKey));
  const out = raw._malloc(size + 64);
  const stream = () => raw._crypto_stream_salsa20(out, size + 32, 0, rawNonce, rawKey);
  const tag = () => raw._crypto_onetimeauth(rawNonce + 16, out, size, 0, rawKey);
  add(`seal ${size}`, "function alone: Salsa20", stream);
  add(`seal ${size}`, "function alone: Poly1305", tag);
  add(`seal ${size}`, "functions alone: both", () => {
    stream();
    tag();
  });
}

const wrappers = await optional("libsodium-wrappers");
if (wrappers !== undefined) {
  const sodium = wrappers.default;
  await sodium.ready;
  for (const size of SIZES) {
    const body = new Uint8Array(size).fill(7);
    const box = sodium.crypto_box_easy_afternm(body, nonce, key);
    add(`seal ${size}`, "libsodium-wrappers", () => sodium.crypto_box_easy_afternm(body, nonce, key));
    add(`open ${size}`, "libsodium-wrappers", () => sodium.crypto_box_open_easy_afternm(box, nonce, key));
  }
  add("shared key", "libsodium-wrappers", () => sodium.crypto_box_beforenm(pair.publicKey, pair.secretKey));
}

const salsa = await optional("@noble/ciphers/salsa.js");
if (salsa !== undefined) {
  for (const size of SIZES) {
    const body = new Uint8Array(size).fill(7);
    const box = salsa.xsalsa20poly1305(key, nonce).encrypt(body);
    add(`seal ${size}`, "noble", () => salsa.xsalsa20poly1305(key, nonce).encrypt(body));
    add(`open ${size}`, "noble", () => salsa.xsalsa20poly1305(key, nonce).decrypt(box));
  }
}
const curves = await optional("@noble/curves/ed25519.js");
if (curves !== undefined) {
  add("new pair", "noble", () => curves.x25519.getPublicKey(randomBytes(32)));
  add("shared key", "noble", () => curves.x25519.getSharedSecret(pair.secretKey, pair.publicKey));
}

const tweet = await optional("tweetnacl");
if (tweet !== undefined) {
  const nacl = tweet.default;
  const plain = Uint8Array.from(key);
  const plainNonce = Uint8Array.from(nonce);
  for (const size of SIZES) {
    const body = new Uint8Array(size).fill(7);
    const box = nacl.secretbox(body, plainNonce, plain);
    add(`seal ${size}`, "tweetnacl", () => nacl.secretbox(body, plainNonce, plain));
    add(`open ${size}`, "tweetnacl", () => nacl.secretbox.open(box, plainNonce, plain));
  }
  const secret = Uint8Array.from(pair.secretKey);
  add("shared key", "tweetnacl", () => nacl.box.before(Uint8Array.from(pair.publicKey), secret));
}

for (const size of SIZES) {
  const body = new Uint8Array(size).fill(7);
  const frame = Buffer.alloc(size + 33);
  const none = new Uint8Array(8);
  const client = new CurveCipher(crypto, { role: "client", key, nextCounter: 3, peerCounter: none });
  const server = new CurveCipher(crypto, { role: "server", key, nextCounter: 3, peerCounter: none });
  add(`seal ${size}`, "whole MESSAGE command", () => client.seal(0, body, frame, 0));
  add(`seal and open ${size}`, "whole MESSAGE command", () => {
    client.seal(0, body, frame, 0);
    server.open(frame, 0, frame.length);
  });
}

/** Calls a second in one round. */
function measure(job: Job): number {
  let calls = 0;
  let batch = 1;
  const begin = performance.now();
  for (;;) {
    for (let i = 0; i < batch; i++) job();
    calls += batch;
    const spent = performance.now() - begin;
    if (spent >= ROUND_MS) return (calls / spent) * 1000;
    if (batch < 256) batch *= 2;
  }
}

for (const [what, group] of jobs) {
  const best = new Map<string, number>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const [library, job] of group) best.set(library, Math.max(best.get(library) ?? 0, measure(job)));
  }
  for (const [library, rate] of best) {
    const size = Number(what.split(" ").at(-1));
    const volume = size > 0 ? `${((rate * size) / 1e6).toFixed(0)} MB/s` : "";
    console.log(`${what.padEnd(20)} ${library.padEnd(26)} ${rate.toFixed(0).padStart(9)}/s ${volume.padStart(10)}`);
  }
}
