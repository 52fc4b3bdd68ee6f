import assert from "node:assert/strict";
import { test } from "node:test";
import { Greeting, type GreetingConfig, type GreetingOutcome } from "./greeting.ts";
import { Greeting as SmallGreeting } from "./small-greeting.ts";

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));
const toHex = (bytes: Uint8Array | undefined): string | undefined => bytes && Buffer.from(bytes).toString("hex");
const plain = (string: string): string => string.replaceAll(" ", "");

const SIGNATURE = "ff 00 00 00 00 00 00 00 01 7f";
const NULL_FIELD = `4e554c4c${"00".repeat(16)}`;
const V31 = plain(`${SIGNATURE} 03 01 ${NULL_FIELD}${"00".repeat(32)}`);

interface Settings {
  mechanism?: string;
  routingId?: string;
  refusesLegacy?: boolean;
}

/** `Of`: that of Node, or that of pages. */
function greeting(settings: Settings = {}, Of: new (config: GreetingConfig) => Like = Greeting): Like {
  return new Of({
    mechanism: settings.mechanism ?? "NULL",
    socketType: "DEALER",
    routingId: Buffer.from(settings.routingId ?? ""),
    refusesLegacy: settings.refusesLegacy ?? false,
  });
}

type Like = Pick<Greeting, keyof Greeting>;

/** Pushes in two parts; what lies behind the outcome of the first part is handed on by the second. */
function outcomeOf(
  machine: Like,
  bytes: Uint8Array,
  at: number,
): { outcome: GreetingOutcome; rest: string; sent: string } {
  let sent = toHex(machine.produce()) ?? "";
  const late: Uint8Array[] = [];
  for (const chunk of [bytes.subarray(0, at), bytes.subarray(at)]) {
    if (machine.outcome === undefined) machine.push(chunk);
    else late.push(chunk);
    sent += toHex(machine.produce()) ?? "";
  }
  const outcome = machine.outcome;
  assert.ok(outcome !== undefined, `no outcome when split at ${at}`);
  return { outcome, rest: Buffer.concat([outcome.rest, ...late]).toString("hex"), sent };
}

test("the stages are libzmq's: signature, then 03, then the other 53 octets", () => {
  const machine = greeting({ routingId: "BOB" });
  assert.equal(toHex(machine.produce()), plain("ff 00 00 00 00 00 00 00 04 7f"));
  assert.equal(machine.produce(), undefined);
  const peer = hex(V31);
  machine.push(peer.subarray(0, 9));
  assert.equal(machine.produce(), undefined);
  machine.push(peer.subarray(9, 10));
  assert.equal(toHex(machine.produce()), "03");
  machine.push(peer.subarray(10, 11));
  assert.equal(toHex(machine.produce()), `01${NULL_FIELD}${"00".repeat(32)}`);
  machine.push(peer.subarray(11, 63));
  assert.equal(machine.outcome !== undefined, false, "63 octets are no greeting yet");
  machine.push(peer.subarray(63));
  assert.equal(machine.outcome?.version, "3.1");
  assert.equal(machine.produce(), undefined);
});

const PEERS: readonly [string, string, string, Partial<GreetingOutcome>][] = [
  ["3.1", V31, `03 01 ${NULL_FIELD}${"00".repeat(32)}`, { version: "3.1", unversioned: false }],
  ["3.0", V31.replace("7f0301", "7f0300"), `03 01 ${NULL_FIELD}${"00".repeat(32)}`, { version: "3.0" }],
  ["revision 2", V31.replace("7f0301", "7f0201"), `03 01 ${NULL_FIELD}${"00".repeat(32)}`, { version: "3.1" }],
  ["revision 2 minor 0", V31.replace("7f0301", "7f0200"), `03 01 ${NULL_FIELD}${"00".repeat(32)}`, { version: "3.1" }],
  ["major 4", V31.replace("7f0301", "7f0400"), `03 01 ${NULL_FIELD}${"00".repeat(32)}`, { version: "3.1" }],
  [
    "server flag 1",
    `${V31.slice(0, 64)}01${V31.slice(66)}`,
    `03 01 ${NULL_FIELD}${"00".repeat(32)}`,
    { version: "3.1" },
  ],
  ["odd octet 9", V31.replace("7f03", "0103"), `03 01 ${NULL_FIELD}${"00".repeat(32)}`, { version: "3.1" }],
  ["2.0", `${SIGNATURE} 01 08`, "03 05", { version: "2.0", unversioned: false, socketTypeId: 8 }],
  ["1.0 versioned", `${SIGNATURE} 00 06`, "03 05", { version: "1.0", unversioned: false, socketTypeId: 6 }],
];

for (const [name, greetingHex, answer, expected] of PEERS) {
  test(`a peer of ${name} is understood split at every octet, and what follows is handed on`, () => {
    const following = "04 26 05 52 45 41 44 59";
    const bytes = hex(plain(greetingHex) + plain(following));
    for (let at = 0; at <= bytes.length; at++) {
      const { outcome, rest, sent } = outcomeOf(greeting(), bytes, at);
      for (const [key, value] of Object.entries(expected)) assert.equal(outcome[key as keyof GreetingOutcome], value);
      assert.equal(rest, plain(following));
      assert.equal(sent, plain(`${SIGNATURE}${answer}`));
    }
  });
}

test("an unversioned peer is recognized by its first octet, or by octet 9 of a long identity header", () => {
  for (const opener of [
    "01 00",
    "04 00 42 4f 42",
    "47 45 54 20 2f 20 48 54 54 50",
    "ff 00 00 00 00 00 00 01 00 00 61 62",
  ]) {
    const bytes = hex(opener);
    for (let at = 0; at <= bytes.length; at++) {
      const { outcome, rest, sent } = outcomeOf(greeting(), bytes, at);
      assert.deepEqual([outcome.version, outcome.unversioned], ["1.0", true]);
      assert.equal(rest, plain(opener), "every octet is handed on");
      assert.equal(sent, plain(SIGNATURE), "nothing but the signature is sent");
    }
  }
});

test("that of pages is sent at once, and understands the peers of 3.0 and later", () => {
  const following = "04 26 05 52 45 41 44 59";
  for (const [name, greetingHex, , expected] of PEERS.filter(([name]) => !/2\.0|1\.0/.test(name))) {
    const bytes = hex(plain(greetingHex) + plain(following));
    for (let at = 0; at <= bytes.length; at++) {
      const { outcome, rest, sent } = outcomeOf(greeting({}, SmallGreeting), bytes, at);
      for (const [key, value] of Object.entries(expected)) assert.equal(outcome[key as keyof GreetingOutcome], value);
      assert.equal(rest, plain(following), name);
      assert.equal(sent, V31);
    }
  }
});

for (const Of of [Greeting, SmallGreeting]) {
  const where = Of === Greeting ? "" : ", in pages";
  test(`another mechanism is refused with what was expected and what came${where}`, () => {
    const machine = greeting({ mechanism: "PLAIN" }, Of);
    assert.throws(() => machine.push(hex(V31)), {
      code: "ERR_ZMTP_MECHANISM_MISMATCH",
      detail: 'greeting: mechanism is "NULL", expected "PLAIN"',
    });
    const other = greeting({}, Of);
    const padded = hex(V31);
    padded[31] = 1;
    assert.throws(() => other.push(padded), { code: "ERR_ZMTP_MECHANISM_MISMATCH" });
  });

  test(`peers below 3.0 are refused where there is security${where}`, () => {
    for (const opener of ["01 00", `${SIGNATURE} 01 08`, `${SIGNATURE} 00 08`, "ff 00 00 00 00 00 00 01 00 00"]) {
      const bytes = hex(opener);
      for (let at = 0; at <= bytes.length; at++) {
        const machine = greeting({ refusesLegacy: true }, Of);
        assert.throws(
          () => {
            machine.push(bytes.subarray(0, at));
            machine.push(bytes.subarray(at));
          },
          { code: "EPROTO" },
        );
      }
    }
  });
}
