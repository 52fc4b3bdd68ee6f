/**
 * Everything that a test replaces: time, turns of the event loop, randomness,
 * and what keeps a process alive. The only file of the neutral code that
 * touches timers, `performance` and random numbers.
 */

export type Timer = { readonly timer: unique symbol } | object;

export interface Clock {
  /** Milliseconds from an arbitrary start; never goes back. */
  now(): number;
  /** Runs `task` once after `delayMs`. A timer alone never keeps the process alive. */
  setTimer(task: () => void, delayMs: number): Timer;
  clearTimer(timer: Timer): void;
  /**
   * Runs `task` in this turn of the event loop, after the microtask queue is
   * empty. A loop of `await send()` thus fills a whole batch before `task`
   * flushes it, while a lone request still leaves in the same turn.
   */
  defer(task: () => void): void;
  /** Runs `task` in a later turn, after I/O and due timers had theirs. */
  yield(task: () => void): void;
  /** A uniformly distributed integer, 0 to 2^32-1, that cannot be guessed from earlier ones. Hash tables take their keys from it. */
  random32(): number;
  /** Keeps the process alive until a matching `unref`. Calls nest. */
  ref(): void;
  unref(): void;
}

interface UnrefTimer {
  ref?(): void;
  unref?(): void;
}
interface Platform {
  setTimeout(task: () => void, delayMs: number): UnrefTimer;
  clearTimeout(timer: unknown): void;
  setInterval(task: () => void, delayMs: number): UnrefTimer;
  setImmediate?(task: () => void): unknown;
  performance: { now(): number };
  crypto: { getRandomValues(array: Uint32Array): void };
  process?: { nextTick?(task: () => void): void };
  MessageChannel?: new () => { port1: { onmessage: (() => void) | null }; port2: { postMessage(value: null): void } };
}

const LONGEST_TIMER_MS = 2 ** 31 - 1;
const RANDOM_AT_ONCE = 256;

/** The clock of this runtime. */
export function systemClock(): Clock {
  const platform = globalThis as unknown as Platform;
  const nextTick = platform.process?.nextTick;
  const nextTurn = platform.setImmediate ?? messageChannelTurns(platform);
  let refs = 0;
  let anchor: UnrefTimer | undefined;
  return {
    now: () => platform.performance.now(),
    setTimer(task, delayMs) {
      const timer = platform.setTimeout(task, Math.min(delayMs, LONGEST_TIMER_MS));
      timer.unref?.();
      return timer;
    },
    clearTimer: (timer) => platform.clearTimeout(timer),
    defer: nextTick ?? nextTurn,
    yield: nextTurn,
    random32: randomNumbers(platform),
    ref() {
      if (refs++ > 0) return;
      if (anchor === undefined) anchor = platform.setInterval(() => {}, LONGEST_TIMER_MS);
      else anchor.ref?.();
    },
    unref() {
      if (--refs === 0) anchor?.unref?.();
    },
  };
}

/** Drawn by the hundred, for one draw takes as long as many. */
function randomNumbers(platform: Platform): () => number {
  let drawn = new Uint32Array(0);
  let used = 0;
  return () => {
    if (used === drawn.length) {
      drawn = new Uint32Array(RANDOM_AT_ONCE);
      platform.crypto.getRandomValues(drawn);
      used = 0;
    }
    const number = drawn[used] as number;
    drawn[used++] = 0;
    return number;
  };
}

/** Browsers have no `setImmediate`, and clamp nested `setTimeout` to 4 ms; a MessageChannel does neither. jsdom has none. */
function messageChannelTurns(platform: Platform): (task: () => void) => void {
  if (platform.MessageChannel === undefined) return (task) => void platform.setTimeout(task, 0);
  const queue: (() => void)[] = [];
  const { port1, port2 } = new platform.MessageChannel();
  port1.onmessage = () => queue.shift()?.();
  return (task) => {
    queue.push(task);
    port2.postMessage(null);
  };
}
