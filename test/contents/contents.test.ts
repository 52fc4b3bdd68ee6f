/** A short round of each pattern and transport; `npm run contents` is the long run. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { type Round, roundOf } from "./round.ts";
import { play } from "./rounds.ts";

const plain: Partial<Round> = {
  isSealed: false,
  sendingThreads: 0,
  receivingThreads: 0,
  isSlow: false,
  isCut: false,
  isShredded: false,
  isZws: false,
};
const ROUNDS: readonly Partial<Round>[] = [
  { pattern: "pipeline", transport: "tcp", kinds: ["tiny", "small", "middling", "chunky", "large", "many"] },
  { pattern: "pipeline", transport: "ws", kinds: ["small", "middling", "chunky", "large"], isShredded: true },
  {
    pattern: "pipeline",
    transport: "tcp",
    kinds: ["small", "middling", "chunky", "large"],
    isSealed: true,
    isCut: true,
  },
  { pattern: "pipeline", transport: "ipc", kinds: ["small", "large"], sendingThreads: 1, receivingThreads: 1 },
  { pattern: "pipeline", transport: "ws", kinds: ["small", "middling", "chunky"], isZws: true },
  { pattern: "echo", transport: "ws", kinds: ["small", "chunky"], isSealed: true, isZws: true },
  { pattern: "callbacks", transport: "tcp", kinds: ["small", "middling", "many"] },
  { pattern: "echo", transport: "tcp", kinds: ["small", "middling", "chunky"], highWaterMark: 7 },
  { pattern: "echo", transport: "ws", kinds: ["small", "chunky"], isSealed: true },
  { pattern: "echo", transport: "inproc", kinds: ["small", "middling"] },
  { pattern: "publish", transport: "tcp", kinds: ["small", "middling"], conflate: true, isSlow: true },
  { pattern: "publish", transport: "ws", kinds: ["tiny", "chunky"] },
  {
    pattern: "proxy",
    transport: "tcp",
    kinds: ["small", "middling", "chunky"],
    sendingThreads: 1,
    receivingThreads: 1,
  },
  { pattern: "threads", transport: "inproc", kinds: ["small", "middling", "chunky"], highWaterMark: 7 },
  { pattern: "threads", transport: "tcp", kinds: ["small", "middling"], isCut: true },
];

for (const [i, given] of ROUNDS.entries()) {
  const round = roundOf(i, { ...plain, ...given });
  const { pattern, transport, isSealed, isZws, isCut, sendingThreads } = round;
  const name = [
    pattern,
    transport,
    isSealed && "sealed",
    isZws && "ZWS",
    isCut && "cut",
    sendingThreads > 0 && "I/O threads",
  ];
  test(`what a program holds stays what its sender made: ${name.filter(Boolean).join(", ")}`, {
    timeout: 120_000,
  }, async () => {
    const { messages } = await play(round, 300, 6e6);
    assert.ok(messages > 0);
  });
}
