/**
 * Random byte streams of a peer, from a seed: handshakes and traffic by
 * grammar, of which most have a few octets changed, in two to four
 * steps. What would only show that the two libraries allow for different
 * amounts of memory is left out: every socket has a `maxMessageSize`.
 */

import { bytes, command, frame, GREETING, ready } from "../fake-link.ts";
import { mutate } from "../fuzz/mutate.ts";
import type { Random } from "../fuzz/random.ts";
import { PARTNER } from "../partners.ts";
import type { Case } from "./case.ts";
import { CURVE_SERVER, type CurveAct, type Edit } from "./curve-peer.ts";

const MAX_MESSAGE_BYTES = 20_000;
const text = (value: string): Uint8Array => new Uint8Array(Buffer.from(value, "latin1"));
const SIGNATURE = [0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f];
const TYPES = Object.keys(PARTNER);
const LENGTHS = [0, 0, 1, 1, 2, 3, 8, 30, 254, 255, 256, 257, 8191, 8192, 8193];
const SENDERS = ["PUB", "XPUB", "PUSH", "PAIR", "DEALER"];
const TOPICS = ["", "a", "ab", "b", "\0"];

function greeting(random: Random, mechanism: string): Uint8Array {
  const field = new Uint8Array(20);
  field.set(text(mechanism));
  const [major, minor] = random.pick([
    [3, 1],
    [3, 1],
    [3, 0],
    [2, 0],
    [4, 2],
  ] as const);
  return bytes(SIGNATURE, [major, minor], field, [random.below(2)], new Uint8Array(31));
}

function property(random: Random): Uint8Array {
  const name = random.pick(["X-a", "Resource", "Socket-Type", "", "Peer-Address", "User-Id"]);
  const value = random.pick(["", "a", "PUSH", "SUB", "x".repeat(300)]);
  return bytes([name.length], text(name), [0, 0, value.length >> 8, value.length & 255], text(value));
}

/** One frame, or a few that belong together. */
function piece(random: Random, type: string): Uint8Array {
  switch (random.below(12)) {
    case 0:
      return command("PING", [0, 0], random.bytes(random.below(20)));
    case 1:
      return command("PONG", random.bytes(random.below(20)));
    case 2:
    case 3:
      // To others: libzmq delivers it as a message; cases.ts has that.
      if (type !== "PUB" && type !== "XPUB") return command("PONG");
      return command(random.pick(["SUBSCRIBE", "CANCEL"]), text(random.pick(TOPICS)));
    case 4:
      return frame(random.oneIn(4) ? 1 : 0, bytes([random.below(3)], text(random.pick(TOPICS))));
    case 5:
      return frame(4 | random.below(2), random.bytes(random.below(12)));
    case 6:
      return command(
        random.pick(["ERROR", "READY", "HELLO", "JOIN", "LEAVE", "FOO", ""]),
        random.bytes(random.below(9)),
      );
    case 7:
      if (type === "REQ") return bytes(frame(1, []), frame(random.oneIn(3) ? 1 : 0, text("reply")));
      return bytes(frame(1, text("id")), frame(1, []), frame(0, text("request")));
    case 8:
      return bytes([random.next32() & 0xf9 & ~4, 3], text("res"));
    case 9:
      return bytes([2 | random.below(2), 0, 0, 0, 0, 0, 0, 0, 3], text("abc"));
    default:
      return frame(random.oneIn(3) ? 1 : 0, new Uint8Array(random.pick(LENGTHS)).fill(97 + random.below(3)));
  }
}

function traffic(random: Random, type: string): Uint8Array {
  return bytes(...Array.from({ length: random.below(6) }, () => piece(random, type)));
}

/** Frames of ZMTP 1.0 and 2.0 peers. */
function legacy(random: Random, type: string): Uint8Array[] {
  if (random.oneIn(2)) {
    const short = (body: Uint8Array, more = 0): Uint8Array => bytes([body.length + 1, more], body);
    return [
      bytes(short(text(random.pick(["", "id"])))),
      bytes(short(text("ab"), 1), short(text("c")), short(text("\x01a"))),
    ];
  }
  const ids: Readonly<Record<string, number>> = {
    PAIR: 0,
    PUB: 1,
    SUB: 2,
    REQ: 3,
    REP: 4,
    DEALER: 5,
    ROUTER: 6,
    PULL: 7,
    PUSH: 8,
  };
  const id = random.oneIn(8) ? random.below(13) : (ids[PARTNER[type] as string] ?? 0);
  return [
    bytes(SIGNATURE, [1, id]),
    frame(0, text(random.pick(["", "id"]))),
    bytes(frame(1, text("ab")), frame(0, text("c")), frame(0, text("\x01a"))),
  ];
}

function byMechanism(random: Random, type: string, options: Record<string, unknown>): Uint8Array[] {
  const partner = PARTNER[type] as string;
  const fitting = random.oneIn(12) ? random.pick(TYPES) : partner;
  const id = text(type === "ROUTER" || random.oneIn(4) ? "id" : "");
  switch (random.below(10)) {
    case 0: {
      options.plainServer = true;
      const hello = command("HELLO", random.pick([text("\x05admin\x06secret"), text("\0\0"), text("\x05adm")]));
      const initiate = bytes(ready(fitting, id).subarray(8));
      return [
        bytes(greeting(random, "PLAIN"), hello),
        bytes([4, initiate.length + 9], text("\x08INITIATE"), initiate),
        traffic(random, type),
      ];
    }
    case 1: {
      Object.assign(options, CURVE_SERVER);
      return [greeting(random, "CURVE")];
    }
    case 2:
      return legacy(random, type);
    case 3:
      return [
        bytes(greeting(random, random.pick(["NULL", "PLAIN", "NULLX"])), ready(fitting, id)),
        traffic(random, type),
      ];
    case 4: {
      const properties = Array.from({ length: random.below(4) }, () => property(random));
      const known = random.oneIn(3) ? new Uint8Array(0) : ready(fitting, id).subarray(8);
      return [bytes(GREETING, command("READY", bytes(...properties, known))), traffic(random, type)];
    }
    default:
      return [bytes(GREETING, ready(fitting, id)), traffic(random, type)];
  }
}

/** One edit in `rarely` cases. */
function edit(random: Random, rarely: number): { readonly edit?: Edit } {
  return random.oneIn(rarely) ? { edit: { mutate: random.next32() } } : {};
}

/** What a CURVE client says behind its greeting. */
function curveActs(random: Random, type: string): (readonly CurveAct[])[] {
  const acts = Array.from({ length: 1 + random.below(5) }, () => curveAct(random, type));
  const half = random.below(acts.length + 1);
  const handshake: (readonly CurveAct[])[] = [
    [{ say: "HELLO", ...edit(random, 8) }],
    [{ say: "INITIATE", ...edit(random, 8) }],
  ];
  return [...handshake, acts.slice(0, half), acts.slice(half)].filter((step) => step.length > 0);
}

function curveAct(random: Random, type: string): CurveAct {
  const ofCommand = (framed: Uint8Array): CurveAct => {
    return { say: "sealed", flags: 2, body: framed.subarray(2), ...edit(random, 12) };
  };
  switch (random.below(12)) {
    case 0:
      return random.oneIn(3) ? { say: "again" } : { say: "clear", octets: piece(random, type) };
    case 1:
      return ofCommand(command("PING", [0, 0], random.bytes(random.below(20))));
    case 2:
      return ofCommand(
        command(random.pick(["PONG", "ERROR", "READY", "FOO", "JOIN", ""]), random.bytes(random.below(9))),
      );
    case 3:
      if (type !== "PUB" && type !== "XPUB") return ofCommand(command("PONG"));
      return ofCommand(command(random.pick(["SUBSCRIBE", "CANCEL"]), text(random.pick(TOPICS))));
    case 4: {
      const body = bytes([random.below(3)], text(random.pick(TOPICS)));
      return { say: "sealed", flags: random.oneIn(4) ? 1 : 0, body, ...edit(random, 12) };
    }
    case 5:
      return { say: "sealed", flags: 1, body: new Uint8Array(0) };
    default: {
      const body = new Uint8Array(random.pick(LENGTHS)).fill(97 + random.below(3));
      const reserved = random.oneIn(10) ? random.next32() & 0xfc : 0;
      return { say: "sealed", flags: (random.oneIn(3) ? 1 : 0) | reserved, body, ...edit(random, 12) };
    }
  }
}

/** `steps` without what libzmq answers with its memory, a PING that is cut short, and without a TTL: cases.ts has both. */
function withoutPings(steps: readonly Uint8Array[]): Uint8Array[] {
  const whole = Buffer.concat(steps);
  for (let at = whole.indexOf("\x04PING"); at >= 0; at = whole.indexOf("\x04PING", at + 1)) {
    const isShort = at < 1 || (whole[at - 1] as number) < 7;
    if (isShort || whole[at + 5] !== 0 || whole[at + 6] !== 0) whole.write("X", at + 1);
  }
  let end = 0;
  return steps.map((step) => {
    end += step.length;
    return new Uint8Array(whole.subarray(end - step.length, end));
  });
}

/** Case number `index` of a seed. */
export function generate(random: Random, seed: number, index: number): Case {
  random.seed(seed, index);
  const type = random.pick(TYPES);
  const options: Record<string, unknown> = { maxMessageSize: MAX_MESSAGE_BYTES };
  if (SENDERS.includes(type)) options.sendTimeout = 50; // a peer that is not there must not hold the run up
  let steps = byMechanism(random, type, options);
  const changed = random.below(steps.length + 1);
  steps = steps.map((step, at) => (at === changed ? mutate(random, step, steps) : step));
  if (random.oneIn(4)) {
    // Never joined: libzmq takes nothing behind READY before its own is sent. cases.ts has that, and silence after a TTL.
    const one = random.below(steps.length);
    const at = random.below((steps[one] as Uint8Array).length + 1);
    steps = steps.flatMap((step, n) => (n === one ? [step.subarray(0, at), step.subarray(at)] : [step]));
  }
  return {
    name: `${type}: --seed ${seed} --first ${index} --inputs 1`,
    type,
    options,
    steps: withoutPings(steps.filter((step) => step.length > 0)),
    ...(options.curveServer === true ? { curve: curveActs(random, type) } : {}),
    ...(type === "SUB" ? { subscribe: random.pick(TOPICS) } : {}),
    ...(SENDERS.includes(type) && random.oneIn(2)
      ? { send: [Buffer.from(random.pick(["a", "ab", "b", "c"])).toString("hex")] }
      : {}),
  };
}
