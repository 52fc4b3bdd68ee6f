/** A short run of random programs of whole sockets, the same each time; `npm run differential -- --sockets` is the long one. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../../fuzz/random.ts";
import { generate } from "./generate.ts";
import type { SocketSpec, Step } from "./program.ts";
import { reasonOf } from "./reasons.ts";
import { describeFinding, socketDifferential } from "./run.ts";

for (const [where, limits] of [
  ["", { seed: 6, first: 0, programs: 190, seconds: 25 }],
  [" over ws", { seed: 7, first: 0, programs: 120, seconds: 12, overWs: true }],
] as const) {
  test(`random programs come to the same on libzmq and here${where}, or differ for a reason that is known`, {
    timeout: 120_000,
  }, async (context) => {
    const { programs, known, unsteady, findings } = await socketDifferential(limits);
    context.diagnostic(`${programs} programs, ${unsteady} unsteady; known differences: ${JSON.stringify(known)}`);
    assert.deepEqual(findings.map(describeFinding), []);
    assert.ok(programs - unsteady >= 20);
  });
}

test("the same seed makes the same programs, of every type and over every transport", () => {
  const make = (seed: number) => Array.from({ length: 190 }, (_, index) => generate(new Random(0), seed, index));
  assert.deepEqual(make(3), make(3));
  assert.notDeepEqual(make(3), make(4));
  const programs = make(3);
  assert.equal(new Set(programs.flatMap(({ sockets }) => sockets.map(({ type }) => type))).size, 12);
  assert.equal(new Set(programs.map(({ endpoints }) => endpoints[0])).size, 3);
});

test("no reason covers a code that differs, a value that is refused, peers that starve, or what is lost", () => {
  const sockets: SocketSpec[] = ["PULL", "PUSH", "PUSH"].map((type) => ({
    type: type === "PULL" ? "PULL" : "PUSH",
    options: {},
    isWatched: false,
  }));
  const reason = (step: Step, theirs: string, ours: string): string | undefined => {
    const program = { sockets, endpoints: ["tcp"] as const, steps: [step] };
    return reasonOf({ program, at: 0, step, theirs, ours, outcomes: { theirs: [theirs], ours: [ours] } });
  };
  assert.equal(reason({ act: "unbind", socket: 1, endpoint: 0 }, "done", "rejects ENOENT"), undefined);
  const message = { list: ["x", { kind: "undefined" }] };
  const refused = "throws TypeError: Message must be present";
  assert.equal(reason({ act: "send", socket: 1, message }, "done", refused), undefined);
  const clients = [1, 2];
  assert.equal(
    reason({ act: "serve", socket: 0, clients, rounds: 4, depth: 1 }, "1 2 1 2 done", "1 1 1 1 done"),
    undefined,
  );
  const crowd: Step = { act: "crowd", socket: 0, clients, rounds: 4 };
  assert.equal(reason(crowd, "never served: nobody; done", "never served: 2; done"), undefined);
  assert.equal(reason({ act: "drain", socket: 0 }, '"a", "b", rejects EAGAIN', '"b", "a", rejects EAGAIN'), undefined);
  assert.equal(reason({ act: "drain", socket: 0 }, '"a", rejects EAGAIN', "rejects EAGAIN"), undefined);
});

test("a reason covers only what comes after that which it names", () => {
  const sockets: SocketSpec[] = [
    { type: "ROUTER", options: { handover: true }, isWatched: false },
    { type: "DEALER", options: { routingId: "r1", immediate: true }, isWatched: false },
  ];
  const reason = (before: { step: Step; came: string }[], step: Step, theirs: string, ours: string) => {
    const steps = [...before.map((each) => each.step), step];
    const came = before.map((each) => each.came);
    const outcomes = { theirs: [...came, theirs], ours: [...came, ours] };
    return reasonOf({
      program: { sockets, endpoints: ["tcp"], steps },
      at: before.length,
      step,
      theirs,
      ours,
      outcomes,
    });
  };
  const connect: Step = { act: "connect", socket: 1, endpoint: 0 };
  const end: Step = { act: "disconnect", socket: 1, endpoint: 0 };
  const receive: Step = { act: "receive", socket: 0 };
  const joined = { step: connect, came: "done" };
  assert.equal(reason([joined], receive, "rejects EAGAIN", '"r1" "a"'), undefined);
  assert.notEqual(reason([joined, joined], receive, "rejects EAGAIN", '"r1" "a"'), undefined);
  assert.equal(reason([joined, joined], receive, '"r1" "a"', "rejects EAGAIN"), undefined);
  const message: Step = { act: "send", socket: 1, message: "a" };
  assert.equal(reason([joined, { step: end, came: "throws ENOENT" }], message, "done", "rejects EAGAIN"), undefined);
  assert.notEqual(reason([joined, { step: end, came: "done" }], message, "done", "rejects EAGAIN"), undefined);
});
