/**
 * Targets: PLAIN and CURVE, a client and a server joined in memory; one of
 * their commands is changed on its way, or another comes in its place. Under
 * CURVE nobody takes a changed command for a good one, nor a changed message.
 */

import type { FrameCipher } from "../../../src/base/protocol.ts";
import { Crypto, type KeyPair, type Primitives } from "../../../src/security/crypto.ts";
import { CurveClient } from "../../../src/security/curve-client.ts";
import { CurveServer } from "../../../src/security/curve-server.ts";
import type { Mechanism, MechanismConfig, ZapReply } from "../../../src/security/mechanism.ts";
import { PlainClient, PlainServer } from "../../../src/security/plain.ts";
import { loadSodium } from "../../../src/security/sodium.ts";
import { countedRandom } from "../../vectors/security.ts";
import { joined, mutate } from "../mutate.ts";
import type { Random } from "../random.ts";
import { codeOf, corpus, expectBytes, expectSame, finding, maker, type Target } from "../target.ts";

const CONFIG: MechanismConfig = {
  socketType: "DEALER",
  routingId: Uint8Array.of(65),
  metadata: new Map([["X-a", "b"]]),
};
const CODES = /^ERR_ZMTP_|^EPROTO$|^EACCES$/;
const STEPS = 6;

function injected(random: Random): Uint8Array {
  const name = random.pick(["HELLO", "WELCOME", "INITIATE", "READY", "ERROR", "MESSAGE", "PING"]);
  const length = random.pick([0, 1, 5, 31, 80, 161, 194, 248, 300]);
  return joined([name.length], Buffer.from(name), random.bytes(length));
}

/** Hands commands to and fro until neither side has one. Returns whether a command was changed and taken all the same. */
function exchange(
  client: Mechanism,
  server: Mechanism,
  input: Uint8Array,
  random: Random,
  reply: ZapReply,
): Uint8Array[] {
  const turn = random.below(STEPS);
  const taken: Uint8Array[] = [];
  let sent = 0;
  let failed = false;
  for (let idle = 0; idle < 2 && !failed; ) {
    idle++;
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      for (let body = from.produce(); body !== undefined && !failed; body = from.produce()) {
        if (++sent > 20) finding("a handshake of more than 20 commands");
        idle = 0;
        let changed = body;
        if (sent - 1 === turn) changed = random.oneIn(2) ? mutate(random, body, [input]) : input;
        const code = codeOf(() => to.consume(changed));
        if (code !== undefined) {
          if (!CODES.test(code)) finding(`${to.name}: ${code}`);
          if (to.name !== "NULL") expectSame(to.state, "failed", "state behind an error");
          failed = true;
        } else if (Buffer.compare(changed, body) !== 0) taken.push(body, changed);
        if (to.state === "authorizing") {
          if (to.zap === undefined) finding("authorizing without a request");
          to.authorize?.(reply);
        }
      }
    }
  }
  return taken;
}

const plain: Target = {
  name: "plain",
  make: maker(corpus("plain"), injected),
  check(input, random) {
    const client = new PlainClient(CONFIG, { username: "admin", password: "secret" });
    const server = new PlainServer(CONFIG);
    const status = random.pick([200, 200, 200, 300, 400, 500] as const);
    exchange(client, server, input, random, { status, text: "", userId: "", metadata: new Map() });
    if (status !== 200 && server.state === "ready") finding("let in against the ZAP handler's word");
  },
};

const MEMORY_ENTRIES = 5000;

/** Key exchanges repeat from input to input: they are computed once. */
function remembered(base: Primitives): Primitives {
  const known = new Map<string, Uint8Array | undefined>();
  const remember = (key: string, compute: () => Uint8Array | undefined): Uint8Array | undefined => {
    if (known.has(key)) return known.get(key)?.slice();
    if (known.size > MEMORY_ENTRIES) known.clear();
    const result = compute();
    known.set(key, result?.slice());
    return result;
  };
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");
  const pairOf = (secretKey: Uint8Array): KeyPair => {
    const own = text(secretKey);
    return {
      publicKey: remember(own, () => base.keys.pairOf(secretKey.slice()).publicKey) as Uint8Array,
      secretKey,
      sharedKey: (key) => remember(`${text(key)} ${own}`, () => base.keys.pairOf(secretKey.slice()).sharedKey(key)),
      forget: () => void secretKey.fill(0),
    };
  };
  return { ...base, name: `${base.name}, remembered`, keys: { pairOf } };
}

const HELLO_PADDING = { start: 8, end: 80 };
const HIGHEST_OF_KEY = 111;
const crypto = new Crypto(() => remembered(loadSodium()));

const curve: Target = {
  name: "curve",
  make: maker(corpus("curve"), injected),
  check(input, random) {
    // Not the keys of the captures, whose commands would be good ones.
    const serverKeys = crypto.newKeyPair(() => new Uint8Array(32).fill(17));
    const own = crypto.newKeyPair(() => new Uint8Array(32).fill(34));
    const client = new CurveClient(CONFIG, { own, server: serverKeys.publicKey }, crypto, countedRandom());
    const asksZap = random.oneIn(2);
    const server = new CurveServer(CONFIG, serverKeys, asksZap, crypto, countedRandom());
    const status = random.pick([200, 200, 200, 300, 400, 500] as const);
    const taken = exchange(client, server, input, random, { status, text: "", userId: "", metadata: new Map() });
    if (asksZap && status !== 200 && server.state === "ready") finding("let in against the ZAP handler's word");
    for (let i = 0; i < taken.length; i += 2) {
      const [sent, got] = [taken[i] as Uint8Array, (taken[i + 1] as Uint8Array).slice()];
      got.set(sent.subarray(HELLO_PADDING.start, HELLO_PADDING.end), HELLO_PADDING.start);
      if (Buffer.compare(got, sent) === 0) continue;
      // X25519 does not see the highest bit of C'; the vouch does.
      got[HIGHEST_OF_KEY] = sent[HIGHEST_OF_KEY] as number;
      if (sent.length !== 200 || Buffer.compare(got, sent) !== 0) finding("a changed command was taken");
      if (server.state === "ready" || client.state === "ready") finding("ready with a changed key");
    }
    if (client.cipher !== undefined && server.cipher !== undefined && taken.length === 0) {
      talk(client.cipher, server.cipher, input, random);
    }
  },
};

/** Sealed frames from one side to the other, one of them changed, dropped or repeated. */
function talk(from: FrameCipher, to: FrameCipher, input: Uint8Array, random: Random): void {
  const bad = random.below(4);
  for (let i = 0; i < 4; i++) {
    const body = random.bytes(random.pick([0, 1, 20, 200]));
    const flags = random.below(4);
    const sealed = new Uint8Array(body.length + from.overhead);
    from.seal(flags, body, sealed, 0);
    if (i === bad && random.oneIn(4)) continue;
    const changed = i === bad ? (random.oneIn(4) ? input : mutate(random, sealed, [input])) : sealed;
    const isSame = Buffer.compare(changed, sealed) === 0;
    let opened: Uint8Array | undefined;
    const code = codeOf(() => {
      opened = to.open(changed, 0, changed.length);
    });
    if (!isSame) {
      if (code === undefined) finding("a changed frame was opened");
      return;
    }
    expectBytes(opened, body, "opened frame");
    if (to.flags !== flags) finding("other flags");
    if (random.oneIn(3) && codeOf(() => to.open(sealed, 0, sealed.length)) !== "ERR_ZMTP_INVALID_SEQUENCE")
      finding("a repeated frame");
  }
}

export const HANDSHAKE_TARGETS: readonly Target[] = [plain, curve];
