/** With an I/O thread peers do not notice that a program computes. With figures: `npx tsx bench/io-thread.ts --computing`. */

import assert from "node:assert/strict";
import { test } from "node:test";
import * as library from "../../src/index.ts";
import { computing } from "./computing.ts";

/** 10 and more shows it in full length. */
const SECONDS = Number(process.env.ZMQ_TS_TEST_COMPUTING_SECONDS ?? 2);

test("peers keep their connections, and are answered, served and heard while the program computes", {
  timeout: 60_000,
}, async () => {
  const entry = new URL("../../src/index.ts", import.meta.url).href;
  const { lost, pings, arrived, taken, answers, waited, sent } = await computing(library, entry, SECONDS);
  assert.equal(lost, 0, "connections were lost");
  assert(pings.length > 0, "no PING was answered");
  assert(answers.length > 0, "no request was answered through the proxy");
  assert.equal(arrived, 10_000, "what the program had sent did not leave");
  assert.equal(waited, sent, "what came did not wait in order");
  assert(taken >= 2000 && taken < 4000, `${taken} messages were taken beyond the high-water marks`);
});
