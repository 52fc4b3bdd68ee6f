/**
 * Target: ZAP requests to an `Authenticator`, over inproc as connections of its
 * context ask. Each gets one reply, whatever it is and whatever the callbacks
 * do; 200 only for whom a naive reading of the rules lets in. What is told of
 * it holds no password, and somebody else who asks meanwhile is answered.
 */

import { type AuthenticationDecision, Authenticator } from "../../../src/authenticator/authenticator.ts";
import type { PlainAttempt, Verdict } from "../../../src/authenticator/rules.ts";
import { fromText } from "../../../src/base/bytes.ts";
import { encodeZ85 } from "../../../src/base/z85.ts";
import type { OpenSocket } from "../../../src/core/context-core.ts";
import { PATTERNS } from "../../../src/core/patterns.ts";
import { parseZapReply, ZAP_ENDPOINT } from "../../../src/security/zap.ts";
import { contextCore } from "../../../src/socket/context.ts";
import { parseMetadata } from "../../../src/wire/metadata.ts";
import { fakeContext } from "../../fake-link.ts";
import { joined } from "../mutate.ts";
import type { Random } from "../random.ts";
import { referenceFrames } from "../reference.ts";
import { corpus, expectBytes, expectSame, finding, maker, type Target } from "../target.ts";

const TIMEOUT_MS = 1000;
const PASSWORD = "correct horse";
const KEY = new Uint8Array(32).fill(7);
const ALIKE = new Uint8Array(32).fill(7, 1);
const ODD = [1, "yes", null, undefined, [], { allow: "true" }, { allow: 1 }, { allow: false, userId: "x" }];
const BROKEN = [
  { allow: true, userId: 5 },
  { allow: true, reason: {} },
  { allow: true, metadata: null },
  { allow: true, metadata: { "": "x" } },
];
const DOMAINS = ["", "open", "closed", "other"];
const ADDRESSES = ["127.0.0.1", "127.0.0.1", "", "10.1.2.3", "::ffff:10.1.2.3", "::1"];
const USERS = ["admin", "admin", "named", "throws", "rejects", "late", "odd", "broken", "", "toString", "\xff"];

/** The callback of the general rules. `turn` chooses among the odd ones. */
let turn = 0;
function plainRule({ username, password }: PlainAttempt): Verdict | Promise<Verdict> {
  switch (username) {
    case "admin":
      return password === PASSWORD;
    case "named":
      return Promise.resolve({ allow: true, userId: "bob", metadata: { "X-a": "b" } });
    case "throws":
      throw new Error("no database");
    case "rejects":
      return Promise.reject("no error at all");
    case "late":
      return new Promise(() => {});
    case "odd":
      return ODD[turn % ODD.length] as Verdict;
    case "broken":
      return BROKEN[turn % BROKEN.length] as Verdict;
    default:
      return false;
  }
}

/** The status that the rules come to. */
function expected(text: readonly string[], frames: readonly Uint8Array[]): readonly number[] {
  const [delimiter, version, , domain, address, , mechanism, ...credentials] = text;
  if (text.length < 7 || delimiter !== "" || version !== "1.0") return [500];
  const form = `${mechanism} ${credentials.length}`;
  if (!["NULL 0", "PLAIN 2", "CURVE 1"].includes(form)) return [500];
  if (form === "CURVE 1" && frames[7]?.length !== 32) return [500];
  if (form === "PLAIN 2" && credentials.some((one) => Buffer.from(one, "latin1").toString().includes("\ufffd")))
    return [400];
  if (/^(::ffff:)?10\.(\d{1,2}\.){2}\d{1,2}$/.test(address ?? "")) return [400];
  const isSure = address === "127.0.0.1" || (address === "" && domain !== "closed");
  const yes = isSure ? [200] : [200, 400];
  const no = [400];
  const [first, second] = credentials;
  if (domain === "closed" && address !== "127.0.0.1") return no;
  if (form === "NULL 0") return yes;
  if (form === "CURVE 1") {
    if (domain === "open") return yes;
    return Buffer.compare(frames[7] as Uint8Array, KEY) === 0 ? yes : no;
  }
  if (domain === "closed") return first === "admin" && second === PASSWORD ? yes : no;
  if (first === "admin") return second === PASSWORD ? yes : no;
  if (first === "named") return yes;
  return ["throws", "rejects", "late", "broken"].includes(first ?? "") ? (isSure ? [300] : [300, 400]) : no;
}

/** An Authenticator, and two who ask it. */
class Rig {
  readonly #fake = fakeContext();
  readonly clock = this.#fake.clock;
  readonly decisions: AuthenticationDecision[] = [];
  readonly bad: OpenSocket;
  readonly good: OpenSocket;

  constructor() {
    new Authenticator({
      context: this.#fake.context,
      timeout: TIMEOUT_MS,
      deny: ["10.0.0.0/8"],
      plain: plainRule,
      curve: [encodeZ85(KEY)],
      domains: {
        open: { curve: "any" },
        closed: { allow: ["127.0.0.1"], plain: { admin: PASSWORD } },
      },
    })
      .on("decision", (decision) => this.decisions.push(decision))
      .start();
    this.bad = this.#connected();
    this.good = this.#connected();
  }

  /** The reply; undefined: none yet. The library promises no number of microtasks. */
  async reply(from: OpenSocket): Promise<readonly Uint8Array[] | undefined> {
    for (let tries = 0; tries < 30; tries++) {
      const message = from.core.pattern.receive?.();
      if (message !== undefined) return message;
      await undefined;
    }
    return undefined;
  }

  #connected(): OpenSocket {
    const socket = contextCore(this.#fake.context).open("DEALER", PATTERNS.DEALER);
    socket.endpoints.connect(ZAP_ENDPOINT, {});
    return socket;
  }
}

let rig: Rig | undefined;

function makeRequest(random: Random): Uint8Array {
  const credentials: Record<string, () => (string | Uint8Array)[]> = {
    NULL: () => [],
    PLAIN: () => [random.pick(USERS), random.pick([PASSWORD, PASSWORD, "", "wrong", "\xff"])],
    CURVE: () => [random.pick([KEY, KEY, ALIKE, random.bytes(31), random.bytes(32)])],
    GSSAPI: () => ["principal"],
  };
  const mechanism = random.pick(["NULL", "PLAIN", "PLAIN", "PLAIN", "CURVE", "CURVE", "GSSAPI"]);
  const head = ["", "1.0", random.pick(["1", "", "17"]), random.pick(DOMAINS), random.pick(ADDRESSES), "id", mechanism];
  const frames = [...head, ...(credentials[mechanism] as () => (string | Uint8Array)[])()];
  return joined(
    ...frames.flatMap((frame, at) => {
      const body = typeof frame === "string" ? new Uint8Array(Buffer.from(frame, "latin1")) : frame;
      return [[at < frames.length - 1 ? 1 : 0, body.length], body];
    }),
  );
}

const REQUEST = ["", "1.0", "1", "", "127.0.0.1", "", "PLAIN", "admin", PASSWORD].map(fromText);
const TOLD = [
  "allowed",
  "status",
  "reason",
  "mechanism",
  "domain",
  "address",
  "userId",
  "username",
  "publicKey",
  "error",
];

const authenticator: Target = {
  name: "authenticator",
  make: maker(corpus("zap-request"), makeRequest),
  async check(input, random) {
    const frames = referenceFrames(input, "v2", -1, false).frames.map(({ body }) => body.slice());
    if (frames.length === 0) return;
    rig ??= new Rig();
    const { bad, good, clock, decisions } = rig;
    const text = frames.map((frame) => Buffer.from(frame).toString("latin1"));
    turn = random.next32();
    bad.core.pattern.send?.(frames.slice());
    good.core.pattern.send?.(REQUEST.slice());
    let reply = await rig.reply(bad);
    const other = await rig.reply(good);
    if (other === undefined || parseZapReply(other).status !== 200) finding("somebody else was not let in");
    if (reply === undefined) {
      if (text[7] !== "late") finding("no reply");
      clock.advance(TIMEOUT_MS);
      reply = await rig.reply(bad);
    }
    if (reply === undefined) finding("no reply in time");
    expectSame(reply.length, 7, "frames of the reply");
    expectBytes(reply[2], frames[2] ?? new Uint8Array(0), "request id");
    if (text[2] === "1") parseZapReply(reply);
    const status = Number(Buffer.from(reply[3] as Uint8Array));
    const right = expected(text, frames);
    if (!right.includes(status)) finding(`status ${status}, expected ${right.join(" or ")}`);
    const [userId, metadata] = reply.slice(5) as [Uint8Array, Uint8Array];
    if (status !== 200 && userId.length + metadata.length > 0) finding("told who it is, though it is refused");
    if (status === 200 && text[6] === "PLAIN") {
      expectBytes(userId, fromText(text[7] === "named" ? "bob" : (text[7] as string)), "user id");
    }
    expectSame(
      parseMetadata(metadata).size,
      status === 200 && text[7] === "named" && text[6] === "PLAIN" ? 1 : 0,
      "metadata",
    );
    clock.turn();
    expectSame(decisions.length, 2, "decisions");
    for (const decision of decisions.splice(0)) {
      if (decision.allowed !== (decision.status === 200)) finding("allowed, and not");
      if (Object.keys(decision).some((name) => !TOLD.includes(name))) finding("more was told than is said");
      const isOwn = !text.some((frame, at) => at !== 8 && frame.includes(PASSWORD));
      if (isOwn && JSON.stringify(decision).includes(PASSWORD)) finding("a password was told");
    }
    if (bad.core.pattern.receive?.() !== undefined) finding("a second reply");
    if (clock.pending > 0) finding(`${clock.pending} timers are left`);
  },
};

export const AUTHENTICATOR_TARGETS: readonly Target[] = [authenticator];
