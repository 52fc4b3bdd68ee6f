/** A short run of random streams, the same each time; `npm run differential` is the long one. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../fuzz/random.ts";
import { compare } from "./alike.ts";
import type { Case } from "./case.ts";
import { CASES } from "./cases.ts";
import type { Ending } from "./compare.ts";
import { generate } from "./generate.ts";
import { describeDifference, differential } from "./run.ts";

test("random streams end alike, or differ for a reason that is known", { timeout: 120_000 }, async (context) => {
  const { inputs, known, differences } = await differential(1, 0, 300, 40);
  context.diagnostic(`${inputs} streams; known differences: ${JSON.stringify(known)}`);
  assert.deepEqual(differences.map(describeDifference), []);
  assert.ok(inputs >= 40);
});

test("the same seed makes the same streams, of every type", () => {
  const make = (seed: number) => Array.from({ length: 200 }, (_, index) => generate(new Random(0), seed, index));
  assert.deepEqual(make(3), make(3));
  assert.notDeepEqual(make(3), make(4));
  assert.equal(new Set(make(3).map(({ type }) => type)).size, 11);
});

test("a message more, a connection kept, and an event less are differences without a reason", () => {
  const [play] = CASES;
  assert.ok(play);
  const ending: Ending = { messages: ["6869"], events: ["handshake", "disconnect"], sent: "ff00", isKept: false };
  assert.deepEqual(compare(play, ending, { ...ending }), { isAlike: true });
  for (const other of [{ messages: ["6869", "6869"] }, { isKept: true }, { events: ["handshake"] }, { sent: "ff01" }]) {
    assert.deepEqual(compare(play, ending, { ...ending, ...other }), { isAlike: false, reason: undefined });
  }
});

test("a known reason covers its difference and nothing beside it", () => {
  const find = (name: string): Case => CASES.find((one) => one.name === name) ?? assert.fail(name);
  const reason = (play: Case, theirs: Partial<Ending>, ours: Partial<Ending>): string | undefined => {
    const ending: Ending = { messages: [], events: [], sent: "", isKept: false };
    return compare(play, { ...ending, ...theirs }, { ...ending, ...ours }).reason;
  };
  const protocol = (code: string): string => `handshake:error:protocol ERR_ZMTP_${code}`;

  const secret = find("PULL, CURVE: a frame again");
  const events = ["handshake", protocol("INVALID_SEQUENCE")];
  const closed = { events: [...events, "disconnect"] };
  assert.ok(reason(secret, { events, isKept: true }, closed));
  assert.equal(reason(secret, { events, isKept: true }, { ...closed, messages: ["61"] }), undefined);
  assert.equal(reason(secret, { ...closed, isKept: true }, { events }), undefined);
  assert.equal(reason(find("PULL: an unknown command"), { events, isKept: true }, closed), undefined);

  const form = { events: [protocol("MALFORMED_COMMAND_UNSPECIFIED"), "disconnect"] };
  const name = { events: [protocol("UNEXPECTED_COMMAND"), "disconnect"] };
  assert.ok(reason(secret, form, name));
  assert.equal(reason(secret, name, form), undefined);
  assert.equal(reason(find("PULL: an unknown command"), form, name), undefined);
  assert.equal(reason(secret, { events: [protocol("CRYPTOGRAPHIC"), "disconnect"] }, name), undefined);

  const request = find("REQ: a reply");
  const kept = { events: ["handshake"], isKept: true };
  assert.ok(reason(request, { events: ["handshake", "disconnect"] }, kept));
  assert.equal(reason(request, kept, { events: ["handshake", "disconnect"] }), undefined);
  assert.equal(reason(request, { events: ["handshake", "disconnect"] }, { ...kept, messages: ["61"] }), undefined);

  const over = { events: ["handshake", "disconnect"] };
  const pong = "040504504f4e47";
  assert.ok(reason(find("PULL: an unknown command"), { ...over, sent: `ff00${pong}` }, { ...over, sent: "ff00" }));
  assert.equal(
    reason(find("PULL: an unknown command"), { ...over, sent: "ff00000161" }, { ...over, sent: "ff00" }),
    undefined,
  );
});
