/** Names of inproc that nobody in this thread binds: told once, where another thread may have bound them. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { program } from "../../test/api/child.ts";
import { crypto } from "../../test/crypto.ts";
import { FakeClock } from "../../test/fake-clock.ts";
import { LocalHost } from "../engine/local-host.ts";
import { ContextCore } from "./context-core.ts";
import { PATTERNS } from "./patterns.ts";
import { Turn } from "./turn.ts";

const ENTRY = new URL("../index.ts", import.meta.url).href;

function context(hasOtherThreads: boolean) {
  const clock = new FakeClock();
  const codes: (string | undefined)[] = [];
  const core = new ContextCore({
    turn: new Turn(clock),
    engine: new LocalHost(clock, [], crypto),
    crypto,
    hasOtherThreads: () => hasOtherThreads,
    warn: (_message, code) => codes.push(code),
  });
  return { clock, codes, open: () => core.open("PAIR", PATTERNS.PAIR).endpoints };
}

test("a name that nobody binds is told, where the process has other threads", () => {
  const { clock, codes, open } = context(true);
  open().connect("inproc://elsewhere", {});
  assert.deepEqual(codes, []);
  clock.advance(1000);
  assert.deepEqual(codes, ["ZMQ_INPROC_THREAD"]);
});

test("nothing is told of a name that is bound before or soon, nor of one that is given up, nor where there is one thread", () => {
  const many = context(true);
  many.open().connect("inproc://soon", {});
  many.open().bindSync("inproc://soon");
  many.open().connect("inproc://soon", {});
  const endpoints = many.open();
  endpoints.connect("inproc://given-up", {});
  endpoints.end("inproc://given-up");
  many.clock.advance(10_000);
  assert.deepEqual(many.codes, []);
  const one = context(false);
  one.open().connect("inproc://nobody", {});
  one.clock.advance(10_000);
  assert.deepEqual(one.codes, []);
});

test("a worker thread that connects to a name of the main thread is warned, once", { timeout: 60_000 }, async () => {
  const { stderr } = await program(`
    const { Worker } = await import("node:worker_threads");
    setTimeout(() => process.exit(), 30_000).unref();
    const reply = new zmq.Reply();
    await reply.bind("inproc://main");
    new Worker(\`
      import("tsx/esm/api").then(({ register }) => register()).then(() => import("${ENTRY}")).then((zmq) => {
        for (const _ of [1, 2]) {
          const request = new zmq.Request();
          request.connect("inproc://main");
          request.receive();
        }
        process.once("warning", () => setImmediate(() => process.exit()));
      });
    \`, { eval: true });
  `);
  assert.equal(stderr.match(/ZMQ_INPROC_THREAD/g)?.length, 1, stderr);
  assert.match(stderr, /inproc:\/\/main is bound by no socket of this thread/);
});
