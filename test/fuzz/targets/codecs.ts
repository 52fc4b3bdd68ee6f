/**
 * Targets: what stands inside frames (commands, metadata, ZAP replies) and
 * before them (the greeting), against what the RFCs say in the plainest form.
 */

import { fromText, toText } from "../../../src/base/bytes.ts";
import { parseZapReply } from "../../../src/security/zap.ts";
import { commandName, controlBody, parseCommand, parseErrorReason, pongBody } from "../../../src/wire/command.ts";
import { Greeting } from "../../../src/wire/greeting.ts";
import { encodeProperty, parseMetadata } from "../../../src/wire/metadata.ts";
import { cut, joined } from "../mutate.ts";
import type { Random } from "../random.ts";
import { referenceFrames } from "../reference.ts";
import { codeOf, corpus, expectBytes, expectSame, finding, maker, type Target } from "../target.ts";

const NAMES = ["PING", "PONG", "SUBSCRIBE", "CANCEL", "JOIN", "LEAVE", "READY", "ERROR", "HELLO", "MESSAGE", "X"];

function makeCommand(random: Random): Uint8Array {
  const name = random.pick(NAMES);
  return joined([random.oneIn(20) ? random.below(256) : name.length], fromText(name), random.bytes(random.below(30)));
}

const commands: Target = {
  name: "commands",
  make: maker(corpus("commands"), makeCommand),
  check(input) {
    const command = parseCommand(input);
    const named = input.length > 0 && input.length > (input[0] as number);
    const name = named ? Buffer.from(input.subarray(1, 1 + (input[0] as number))).toString("latin1") : "";
    const data = input.subarray(1 + name.length);
    const isKnown =
      ["PONG", "SUBSCRIBE", "CANCEL", "JOIN", "LEAVE"].includes(name) || (name === "PING" && data.length > 1);
    expectSame(command?.kind, isKnown ? name.toLowerCase() : undefined, "kind");
    if (command?.kind === "ping") {
      expectSame(command.ttlDeciseconds, (input[5] as number) * 256 + (input[6] as number), "TTL");
      expectBytes(command.context, input.subarray(7), "context");
      if (pongBody(command.context).length > 5 + 16) finding("a PONG of more than 16 octets");
    } else if (command?.kind === "pong") expectBytes(command.context, data, "context");
    else if (command !== undefined) expectBytes(controlBody(command), input, "encoded again");
    if (!/^[ -~]{0,32}$/.test(commandName(input))) finding("a name that cannot be printed");
    const code = codeOf(() => {
      if (parseErrorReason(input).length > 255) finding("a long reason");
    });
    const isWhole = input.length > 0 && input.length > (input[0] as number);
    expectSame(code, isWhole ? undefined : "ERR_ZMTP_MALFORMED_COMMAND_ERROR", "reason");
  },
};

const CANONICAL = ["Socket-Type", "Identity", "User-Id", "Peer-Address"];
const PROPERTIES = [...CANONICAL, "socket-type", "IDENTITY", "user-ID", "X-a", "Resource", "", "ä", "__proto__"];

function makeMetadata(random: Random): Uint8Array {
  const parts: ArrayLike<number>[] = [];
  const isFlood = random.oneIn(10);
  for (let count = isFlood ? 60 + random.below(10) : random.below(5); count > 0; count--) {
    const name = fromText(random.pick(PROPERTIES));
    const length = random.pick([0, 1, 3, 6, 255, 256, 300]);
    const announced = random.oneIn(20) ? random.next32() : length;
    const size = new Uint8Array(4);
    new DataView(size.buffer).setUint32(0, announced);
    parts.push([name.length], name, size, random.bytes(length));
  }
  return joined(...parts);
}

/** Name and value of each property, or undefined: cut short. */
function referenceProperties(bytes: Uint8Array): [string, Uint8Array][] | undefined {
  const found: [string, Uint8Array][] = [];
  let rest = bytes;
  while (rest.length > 0) {
    const nameEnd = 1 + (rest[0] as number);
    if (rest.length < nameEnd + 4) return undefined;
    const length = Buffer.from(rest).readUInt32BE(nameEnd);
    if (rest.length < nameEnd + 4 + length) return undefined;
    found.push([toText(rest.slice(1, nameEnd)), rest.slice(nameEnd + 4, nameEnd + 4 + length)]);
    rest = rest.slice(nameEnd + 4 + length);
  }
  return found;
}

const metadata: Target = {
  name: "metadata",
  make: maker(corpus("metadata"), makeMetadata),
  check(input) {
    const theirs = referenceProperties(input);
    const code = codeOf(() => {
      const ours = parseMetadata(input);
      const expected = new Map<string, Uint8Array>();
      for (const [name, value] of theirs ?? []) {
        const key = CANONICAL.find((each) => each.toLowerCase() === name.toLowerCase()) ?? name;
        if (!expected.has(key)) expected.set(key, value);
      }
      expectSame(ours.size, expected.size, "properties");
      for (const [name, value] of expected) {
        expectBytes(ours.get(name), value, "value");
        const size = fromText(name).length;
        if (size === 0 || size > 255) continue;
        expectBytes(parseMetadata(encodeProperty(name, value)).get(name), value, "encoded again");
      }
    });
    const isLong = ([name, value]: [string, Uint8Array]) => name.toLowerCase() === "identity" && value.length > 255;
    const isGood = theirs !== undefined && theirs.length <= 64 && !theirs.some(isLong);
    expectSame(code, isGood ? undefined : "ERR_ZMTP_INVALID_METADATA", "error");
  },
};

const zap: Target = {
  name: "zap",
  make: maker(corpus("zap"), (random) => {
    const frames = ["", "1.0", "1", random.pick(["200", "300", "400", "500", "20", "999"]), "OK", "user", ""];
    const parts: ArrayLike<number>[] = [];
    for (const [i, text] of frames.entries()) {
      const body = i === 6 ? makeMetadata(random) : fromText(text);
      if (body.length < 256) parts.push([i < 6 ? 1 : 0, body.length], body);
    }
    return joined(...parts);
  }),
  check(input) {
    const frames = referenceFrames(input, "v2", -1, false).frames.map(({ body }) => body);
    const text = frames.map((frame) => Buffer.from(frame).toString("latin1"));
    const isGood =
      frames.length === 7 &&
      text[0] === "" &&
      text[1] === "1.0" &&
      text[2] === "1" &&
      ["200", "300", "400", "500"].includes(text[3] ?? "") &&
      referenceProperties(frames[6] as Uint8Array) !== undefined;
    const code = codeOf(() => {
      const reply = parseZapReply(frames);
      expectSame(String(reply.status), text[3], "status");
      expectBytes(fromText(reply.userId), fromText(toText(frames[5] as Uint8Array)), "user id");
    });
    if (isGood !== (code === undefined)) finding(`a reply that is ${isGood ? "good" : "bad"}: ${code}`);
    if (code !== undefined && !code.startsWith("ERR_ZAP_")) finding(code);
  },
};

const GREETING_CODES = [undefined, "EPROTO", "ERR_ZMTP_MECHANISM_MISMATCH"];

const greeting: Target = {
  name: "greeting",
  make: maker(corpus("greeting"), (random) => {
    const version = random.pick([0, 1, 2, 3, 3, 3, 4, 255]);
    const mechanism = new Uint8Array(20);
    mechanism.set(fromText(random.pick(["NULL", "PLAIN", "CURVE", "NUL", "NULL\0x"])));
    const head = [0xff, 0, 0, 0, 0, 0, 0, 0, random.below(256), random.oneIn(8) ? random.below(256) : 0x7f, version];
    return joined(
      head,
      [random.below(12)],
      mechanism,
      [random.below(2)],
      new Uint8Array(31),
      random.bytes(random.below(20)),
    );
  }),
  check(input, random) {
    const config = {
      mechanism: random.pick(["NULL", "PLAIN", "CURVE"]),
      socketType: random.pick(["PUB", "ROUTER", "PAIR"] as const),
      routingId: new Uint8Array(random.below(256)),
      refusesLegacy: random.oneIn(3),
    };
    const whole = new Greeting(config);
    const code = codeOf(() => input.length > 0 && whole.push(input));
    if (!GREETING_CODES.includes(code)) finding(`${code}`);
    const split = new Greeting(config);
    let sent = 0;
    let rest: readonly Uint8Array[] = [];
    const splitCode = codeOf(() =>
      cut(random, input, (piece) => {
        if (split.outcome !== undefined) rest = [...rest, piece];
        else split.push(piece.slice());
        for (let bytes = split.produce(); bytes !== undefined; bytes = split.produce()) sent += bytes.length;
        return true;
      }),
    );
    expectSame(splitCode, code, "error when cut");
    if (sent > 64) finding(`${sent} octets sent`);
    expectSame(split.outcome?.version, whole.outcome?.version, "version");
    expectSame(split.outcome?.unversioned, whole.outcome?.unversioned, "unversioned");
    expectSame(split.outcome?.socketTypeId, whole.outcome?.socketTypeId, "socket type");
    if (whole.outcome === undefined || split.outcome === undefined) return;
    expectBytes(joined(split.outcome.rest, ...rest), whole.outcome.rest, "rest");
    const used = input.length - whole.outcome.rest.length;
    const legacy = whole.outcome.version === "1.0" || whole.outcome.version === "2.0";
    expectSame(used, whole.outcome.unversioned ? 0 : legacy ? 12 : 64, "octets used");
  },
};

export const CODEC_TARGETS: readonly Target[] = [greeting, commands, metadata, zap];
