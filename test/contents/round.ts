/** What is different from one round to the next: who sends how much of what to whom, over what. Drawn from a seed. */

import { Random } from "../fuzz/random.ts";
import type { Kind } from "./messages.ts";
import { WAYS, type Way } from "./receiver.ts";

const TRANSPORTS = ["tcp", "ipc", "inproc", "ws", "wss"] as const;
const PATTERNS = ["pipeline", "callbacks", "echo", "publish", "proxy", "threads"] as const;

/** Sizes that go together. */
const MIXES: readonly (readonly Kind[])[] = [
  ["tiny", "small"],
  ["small", "small", "small", "middling", "chunky"],
  ["tiny", "small", "middling", "chunky", "large", "many"],
  ["large", "small"],
  ["chunky", "huge", "tiny", "tiny"],
  ["many", "middling"],
];

export interface Round {
  readonly seed: number;
  readonly pattern: (typeof PATTERNS)[number];
  readonly transport: (typeof TRANSPORTS)[number];
  readonly isSealed: boolean;
  readonly sendingThreads: number;
  readonly receivingThreads: number;
  readonly senders: number;
  readonly receivers: number;
  readonly highWaterMark: number;
  readonly kinds: readonly Kind[];
  readonly ways: readonly Way[];
  readonly isSlow: boolean;
  readonly isCut: boolean;
  readonly isShredded: boolean;
  /** Over ws the peers speak ZWS, as with libzmq and pages, in place of the stream. */
  readonly isZws: boolean;
  readonly conflate: boolean;
  readonly maxMessageSize: number;
  readonly aborts: boolean;
}

/** What round number `index` of a run is; `given` overrides some of it. */
export function roundOf(seed: number, given: Partial<Round> = {}): Round {
  const random = new Random(seed);
  const pattern = given.pattern ?? random.pick(PATTERNS);
  const isOld = pattern === "callbacks";
  const transport = given.transport ?? random.pick(isOld ? (["tcp", "ipc", "ws"] as const) : TRANSPORTS);
  const isRelayed = transport === "tcp" || transport === "ws" || transport === "wss";
  const receivers = 1 + random.below(3);
  return {
    seed,
    pattern,
    transport,
    isSealed: transport !== "inproc" && !isOld && random.oneIn(3),
    sendingThreads: random.oneIn(3) ? 1 : 0,
    receivingThreads: random.oneIn(3) ? 1 : 0,
    senders: 1 + random.below(6),
    receivers,
    highWaterMark: random.pick([1, 7, 100, 1000, 0]),
    kinds: random.pick(MIXES),
    ways: Array.from({ length: receivers }, () => random.pick(WAYS)),
    isSlow: random.oneIn(2),
    isCut: isRelayed && random.oneIn(3),
    isShredded: isRelayed && random.oneIn(3),
    isZws: transport === "ws" && random.oneIn(2),
    conflate: pattern === "publish" && random.oneIn(3),
    maxMessageSize: random.oneIn(4) ? 200_000 : -1,
    aborts: random.oneIn(2),
    ...given,
  };
}
