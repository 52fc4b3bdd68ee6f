import assert from "node:assert/strict";
import crypto from "node:crypto";
import { createRequire } from "node:module";
import { test } from "node:test";
import instantiate, { type SodiumModule } from "libsodium-sumo";
import { boxKey, curveKeyPair, curvePublicKey, newKeyPair, openBox, primitives } from "../../test/crypto.ts";
import { agrees, nativeBoxes, withSodiumNative } from "../node/sodium-native.ts";
import { OpenSslKeys, withOpenSsl } from "../node/x25519.ts";
import { type Boxes, Crypto, equalSecrets, type KeyPairs, randomBytes, TAG_BYTES } from "./crypto.ts";
import { decodeKey } from "./keys.ts";
import { sodiumSalsa20 } from "./salsa20.ts";
import { SodiumBoxes } from "./sodium-boxes.ts";

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(/\s/g, ""), "hex"));
const hex = (array: Uint8Array) => Buffer.from(array).toString("hex");

/** The test vectors of "Cryptography in NaCl", sections 2, 4, 5, 9 and 10, and RFC 7748 section 6.1. */
const NACL = {
  alicePublic: bytes("8520f0098930a754748b7ddcb43ef75a 0dbf3a0d26381af4eba4a98eaa9b4e6a"),
  bobPublic: bytes("de9edb7d7b7dc1b4d35b61c2ece43537 3f8343c85b78674dadfc7e146f882b4f"),
  bobSecret: bytes("5dab087e624a8a4b79e17f8b83800ee6 6f3bb1292618b6fd1c2f8b27ff88e0eb"),
  shared: bytes("1b27556473e985d462cd51197a9a46c7 6009549eac6474f206c4ee0844f68389"),
  nonce: bytes("69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37"),
  message: bytes(
    `be075fc53c81f2d5cf141316ebeb0c7b 5228c52a4c62cbd44b66849b64244ffc e5ecbaaf33bd751a1ac728d45e6c6129
     6cdc3c01233561f41db66cce314adb31 0e3be8250c46f06dceea3a7fa1348057 e2f6556ad6b1318a024a838f21af1fde
     048977eb48f59ffd4924ca1c60902e52 f0a089bc76897040e082f93776384864 5e0705`,
  ),
  box: bytes(
    `f3ffc7703f9400e52a7dfb4b3d3305d9 8e993b9f48681273c29650ba32fc76ce 48332ea7164d96a4476fb8c531a1186a
     c0dfc17c98dce87b4da7f011ec48c972 71d2c20f9b928fe2270d6fb863d51738 b48eeee314a7cc8ab932164548e526ae
     90224368517acfeabd6bb3732bc0e9da 99832b61ca01b6de56244a9e88d5f9b3 7973f622a43d14a6599b1f654cb45a74
     e355a5`,
  ),
};

const library = primitives();

const KEY_PAIRS: [string, KeyPairs][] = [
  ["libsodium's WebAssembly", library.keys],
  ["OpenSSL", new OpenSslKeys(library)],
];

for (const [name, keys] of KEY_PAIRS) {
  test(`${name}: NaCl's key vectors hold`, () => {
    const bob = keys.pairOf(NACL.bobSecret.slice());
    assert.equal(hex(bob.publicKey), hex(NACL.bobPublic));
    assert.equal(hex(bob.secretKey), hex(NACL.bobSecret));
    assert.equal(hex(bob.sharedKey(NACL.alicePublic)!), hex(NACL.shared));
  });

  test(`${name}: new pairs differ, and agree with pairs of the default library`, () => {
    const [pair, other] = [keys.newPair?.() ?? keys.pairOf(randomBytes(32)), newKeyPair()];
    assert.notEqual(hex(pair.publicKey), hex(other.publicKey));
    assert.equal(pair.secretKey.buffer.byteLength, 32, "shares no memory with other buffers");
    const known = library.keys.pairOf(pair.secretKey.slice());
    assert.equal(hex(known.publicKey), hex(pair.publicKey));
    assert.equal(hex(pair.sharedKey(other.publicKey)!), hex(other.sharedKey(pair.publicKey)!));
  });

  test(`${name}: a pair that has forgotten its secret key makes no more keys of it`, () => {
    const secretKey = NACL.bobSecret.slice();
    const bob = keys.pairOf(secretKey);
    bob.sharedKey(NACL.alicePublic);
    bob.forget();
    assert.ok(secretKey.every((octet) => octet === 0));
    let late: Uint8Array | undefined;
    try {
      late = bob.sharedKey(NACL.alicePublic);
    } catch {
      // As well.
    }
    assert.notEqual(late && hex(late), hex(NACL.shared));
  });

  test(`${name}: a public key of small order is refused`, () => {
    const pair = keys.pairOf(randomBytes(32));
    for (const order of ["00".repeat(32), `01${"00".repeat(31)}`])
      assert.equal(pair.sharedKey(bytes(order)), undefined);
  });
}

const sodium = (await instantiate({ getRandomValue: () => 0 })) as SodiumModule &
  Record<"_crypto_secretbox_easy", (...args: number[]) => number>;

/** The default library, with its Salsa20 and ours, and sodium-native where a developer has it. */
function implementations(): [string, Boxes][] {
  const all: [string, Boxes][] = [
    ["Salsa20 in vectors", library.boxes],
    ["libsodium's WebAssembly alone", new SodiumBoxes(sodium, sodiumSalsa20(sodium))],
  ];
  try {
    const native = createRequire(import.meta.url)("sodium-native") as Parameters<typeof nativeBoxes>[1];
    all.push(["sodium-native", nativeBoxes(library.boxes, native)]);
  } catch {
    // Optional.
  }
  return all;
}

for (const [name, implementation] of implementations()) {
  test(`${name}: NaCl's box vector seals and opens, whole and with its first octet apart`, () => {
    const { shared, nonce, message, box } = NACL;
    const target = new Uint8Array(box.length + 5);
    implementation.seal(boxKey(shared, nonce), -1, message, target, 3);
    assert.equal(hex(target.subarray(3, 3 + box.length)), hex(box));
    assert.deepEqual([target[2], target[target.length - 1]], [0, 0]);
    target.fill(0);
    implementation.seal(boxKey(shared, nonce), message[0]!, message.subarray(1), target, 0);
    assert.equal(hex(target.subarray(0, box.length)), hex(box));
    const opened = new Uint8Array(message.length);
    assert.equal(implementation.open(boxKey(shared, nonce), target, 0, box.length, opened, 0), true);
    assert.equal(hex(opened), hex(message));
  });

  test(`${name}: boxes of every size survive, from empty ones to ones that go through in pieces`, () => {
    const key = randomBytes(32);
    const nonce = randomBytes(24);
    for (const length of [
      0, 1, 31, 32, 33, 79, 80, 81, 95, 96, 97, 511, 512, 513, 4095, 4096, 4097, 65_536, 65_600, 300_000, 9_000_000, 7,
    ]) {
      const body = new Uint8Array(length).map((_, i) => i * 7);
      const box = new Uint8Array(length + 1 + TAG_BYTES + 2);
      implementation.seal(boxKey(key, nonce), 0xab, body, box, 2);
      const content = new Uint8Array(length + 1);
      assert.equal(implementation.open(boxKey(key, nonce), box, 2, box.length, content, 0), true, `${length}`);
      assert.equal(content[0], 0xab);
      assert.deepEqual(Buffer.compare(content.subarray(1), body), 0, `${length}`);
    }
  });

  test(`${name}: a box with any bit turned does not open and nothing of its content is shown`, () => {
    for (const length of [20, 600, 4100, 1_100_000]) {
      const key = randomBytes(32);
      const nonce = randomBytes(24);
      const box = new Uint8Array(length + TAG_BYTES);
      implementation.seal(boxKey(key, nonce), -1, new Uint8Array(length).fill(9), box, 0);
      for (let at = 0; at < box.length; at += length > 5000 ? 99_991 : length > 1000 ? 97 : 1) {
        box[at]! ^= 1 << (at % 8);
        const content = new Uint8Array(length);
        assert.equal(implementation.open(boxKey(key, nonce), box, 0, box.length, content, 0), false);
        assert.ok(content.every((octet) => octet === 0));
        box[at]! ^= 1 << (at % 8);
      }
      assert.equal(implementation.open(boxKey(key, nonce), box, 0, box.length, new Uint8Array(length), 0), true);
    }
  });

  test(`${name}: a box opens in its own place`, () => {
    for (const length of [1, 40, 3000, 65_537, 300_000]) {
      const box = boxKey(randomBytes(32), randomBytes(24));
      const body = new Uint8Array(length).map((_, i) => i * 5);
      const memory = new Uint8Array(7 + TAG_BYTES + length + 3).fill(0xc5);
      implementation.seal(box, -1, body, memory, 7);
      const end = 7 + TAG_BYTES + length;
      assert.equal(implementation.open(box, memory, 7, end, memory, 7 + TAG_BYTES), true);
      assert.equal(Buffer.compare(memory.subarray(7 + TAG_BYTES, end), body), 0, `${length}`);
      assert.deepEqual([memory[6], memory[end]], [0xc5, 0xc5]);
    }
  });

  test(`${name}: keys of connections that take turns are not mixed up`, () => {
    const keys = [randomBytes(32), randomBytes(32)] as const;
    const nonce = randomBytes(24);
    const body = new Uint8Array(10).fill(3);
    for (let turn = 0; turn < 6; turn++) {
      const key = keys[turn % 2]!;
      const box = new Uint8Array(10 + TAG_BYTES);
      implementation.seal(boxKey(key, nonce), -1, body, box, 0);
      assert.equal(
        implementation.open(boxKey(keys[(turn + 1) % 2]!, nonce), box, 0, box.length, new Uint8Array(10), 0),
        false,
      );
      assert.equal(implementation.open(boxKey(key, nonce), box, 0, box.length, new Uint8Array(10), 0), true);
    }
  });
}

test("boxes in pieces are those that libsodium makes in one", () => {
  const module = sodium;
  const [key, nonce] = [randomBytes(32), randomBytes(24)];
  for (const length of [65_599, 65_600, 65_601, 65_602, 131_071, 131_072, 131_073, 196_608, 1_500_003]) {
    const text = new Uint8Array(length).map((_, i) => i * 11);
    const at = module._malloc(length * 2 + 200);
    module.HEAPU8.set(key, at);
    module.HEAPU8.set(nonce, at + 32);
    module.HEAPU8.set(text, at + 64);
    module._crypto_secretbox_easy(at + 64 + length, at + 64, length, 0, at + 32, at);
    const expected = module.HEAPU8.slice(at + 64 + length, at + 64 + length + TAG_BYTES + length);
    module._free(at);
    const [whole, apart] = [new Uint8Array(expected.length), new Uint8Array(expected.length)];
    library.boxes.seal(boxKey(key, nonce), -1, text, whole, 0);
    library.boxes.seal(boxKey(key, nonce), text[0] as number, text.subarray(1), apart, 0);
    assert.equal(Buffer.compare(whole, expected), 0, `${length}`);
    assert.equal(Buffer.compare(apart, expected), 0, `${length}`);
    const content = new Uint8Array(length);
    assert.equal(library.boxes.open(boxKey(key, nonce), whole, 0, whole.length, content, 0), true);
    assert.equal(Buffer.compare(content, text), 0, `${length}`);
  }
});

test("large frames take no more of the memory of WebAssembly, which is never given back", (t) => {
  const { prototype } = (
    globalThis as unknown as { WebAssembly: { Memory: { prototype: { grow(pages: number): number } } } }
  ).WebAssembly.Memory;
  const grow = t.mock.method(prototype, "grow");
  const box = new Uint8Array(40_000_000 + TAG_BYTES);
  const [key, nonce] = [randomBytes(32), randomBytes(24)];
  library.boxes.seal(boxKey(key, nonce), -1, new Uint8Array(40_000_000), box, 0);
  assert.equal(library.boxes.open(boxKey(key, nonce), box, 0, box.length, new Uint8Array(40_000_000), 0), true);
  assert.equal(grow.mock.callCount(), 0);
});

test("a box too short for its tag is refused", () => {
  assert.throws(() => openBox(randomBytes(32), randomBytes(24), new Uint8Array(15), "it"), {
    code: "ERR_ZMTP_CRYPTOGRAPHIC",
  });
});

test("secrets compare equal only when every octet is", () => {
  const secret = Uint8Array.from(randomBytes(96));
  assert.equal(equalSecrets(secret, secret.slice()), true);
  assert.equal(equalSecrets(secret, secret.subarray(1)), false);
  for (let at = 0; at < secret.length; at++) {
    const other = secret.slice();
    other[at]! ^= 1;
    assert.equal(equalSecrets(secret, other), false);
  }
});

test("curveKeyPair gives two keys of 40 characters that belong together, and others each time", () => {
  const pair = curveKeyPair();
  assert.equal(pair.publicKey.length, 40);
  assert.equal(pair.secretKey.length, 40);
  assert.equal(curvePublicKey(pair.secretKey), pair.publicKey);
  assert.notEqual(curveKeyPair().secretKey, pair.secretKey);
});

test("curvePublicKey computes RFC 26's example", () => {
  assert.equal(curvePublicKey("JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6"), "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7");
});

test("what is no key is refused without being shown", () => {
  const secret = "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh~";
  for (const text of ["", "short", secret, `${secret}x`]) {
    assert.throws(
      () => curvePublicKey(text),
      (error: Error & { code: string }) => error.code === "EINVAL" && (text === "" || !error.message.includes(text)),
    );
  }
  assert.throws(() => decodeKey(7 as unknown as string, "curveServerKey"), TypeError);
});

test("a crypto library is loaded at its first use, once", () => {
  let loads = 0;
  const late = new Crypto(() => {
    loads++;
    return library;
  });
  assert.equal(loads, 0);
  late.newKeyPair();
  late.newKeyPair();
  assert.equal(loads, 1);
});

test("sodium-native is looked for, and its absence changes nothing", () => {
  const found = withSodiumNative(library);
  assert.equal(found.keys, library.keys);
  if (found.boxes === library.boxes) assert.equal(found, library);
  else assert.match(found.name, /sodium-native/);
});

test("Node's OpenSSL makes the keys, unless it computes others than the default library", () => {
  assert.match(withOpenSsl(library).name, /OpenSSL/);
  const broken = {
    ...library,
    keys: { pairOf: (key: Uint8Array) => library.keys.pairOf(key.map((octet) => octet ^ 8)) },
  };
  assert.equal(withOpenSsl(broken), broken);
});

test("where OpenSSL is told to compute approved things alone, the default library makes the keys", (t) => {
  if (!setFips(true)) return t.skip("this OpenSSL has no such mode");
  setFips(false);
  const keys = new OpenSslKeys(library);
  const [early, known] = [keys.newPair(), keys.pairOf(NACL.bobSecret.slice())];
  const other = library.keys.pairOf(randomBytes(32));
  setFips(true);
  t.after(() => setFips(false));
  for (const pair of [early, known, keys.newPair(), keys.pairOf(NACL.bobSecret.slice())]) {
    assert.equal(hex(pair.sharedKey(other.publicKey)!), hex(other.sharedKey(pair.publicKey)!));
    assert.equal(pair.sharedKey(new Uint8Array(32)), undefined);
  }
});

function setFips(on: boolean): boolean {
  try {
    crypto.setFips(on);
    return crypto.getFips() === (on ? 1 : 0);
  } catch {
    return false;
  }
}

test("native boxes that seal otherwise, or open what was changed, are not used", () => {
  const { boxes } = primitives();
  assert.equal(agrees(boxes, boxes), true);
  const sealsClear: Boxes = { ...bound(boxes), seal: (_box, _lead, body, target, offset) => target.set(body, offset) };
  const opensAll: Boxes = {
    ...bound(boxes),
    open(box, source, start, end, target, offset) {
      boxes.open(box, source, start, end, target, offset);
      return true;
    },
  };
  const throws: Boxes = { ...bound(boxes), seal: () => assert.fail() };
  for (const wrong of [sealsClear, opensAll, throws]) assert.equal(agrees(wrong, boxes), false);
});

function bound(boxes: Boxes): Boxes {
  return {
    streamKey: (key, nonce) => boxes.streamKey(key, nonce),
    seal: (...given) => boxes.seal(...given),
    open: (...given) => boxes.open(...given),
  };
}
