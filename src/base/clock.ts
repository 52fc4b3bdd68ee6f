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
  /** A uniformly distributed integer, 0 to 2^32-1; not for secrets. */
  random32(): number;
  /** Keeps the process alive until a matching `release`. Calls nest. */
  hold(): void;
  release(): void;
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
  process?: { nextTick?(task: () => void): void };
  MessageChannel: new () => { port1: { onmessage: (() => void) | null }; port2: { postMessage(value: null): void } };
}

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The clock of this runtime. */
export function systemClock(): Clock {
  const platform = globalThis as unknown as Platform;
  const nextTick = platform.process?.nextTick;
  const nextTurn = platform.setImmediate ?? messageChannelTurns(platform);
  let holds = 0;
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
    random32: () => (Math.random() * 0x1_0000_0000) >>> 0,
    hold() {
      if (holds++ > 0) return;
      if (anchor === undefined) anchor = platform.setInterval(() => {}, LONGEST_TIMER_MS);
      else anchor.ref?.();
    },
    release() {
      if (--holds === 0) anchor?.unref?.();
    },
  };
}

/** Browsers have no `setImmediate`, and clamp nested `setTimeout` to 4 ms; a MessageChannel does neither. */
function messageChannelTurns(platform: Platform): (task: () => void) => void {
  const queue: (() => void)[] = [];
  const { port1, port2 } = new platform.MessageChannel();
  port1.onmessage = () => queue.shift()?.();
  return (task) => {
    queue.push(task);
    port2.postMessage(null);
  };
}
