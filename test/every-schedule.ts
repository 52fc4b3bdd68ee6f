/**
 * Runs two actors in every order in which they can reach shared words: at each
 * access by `Atomics` the other one may go on. A step of an actor is its plain
 * code up to its next access, and that access; it is reached by running the actor
 * again from its beginning, with what it saw. So actors begin with the memory as
 * it is, and what they do follows from what they see. Plain memory has one writer.
 */

import assert from "node:assert/strict";

class Suspended extends Error {}

/** An access that happened: what it saw, and the memory that the plain code ahead of it worked on. */
interface Access {
  readonly value: number;
  readonly memory: Uint8Array;
}
type Logs = readonly [readonly Access[], readonly Access[]];

/** Returns how many different states it saw. Fails when a schedule ends with an actor that waits for ever. */
export function everySchedule(actors: readonly [() => void, () => void], buffer: SharedArrayBuffer): number {
  const { load, store, wait, notify, compareExchange } = Atomics;
  const seen = new Set<string>();
  const all = new Uint8Array(buffer);

  const run = (who: 0 | 1, log: readonly Access[], state: Uint8Array) => {
    let at = 0;
    let next: Access | undefined;
    let isSuspended = false;
    const restore = () => all.set(log[at]?.memory ?? state);
    /** `act` returns undefined when it must wait. */
    const access = (act: () => number | undefined): number => {
      const known = isSuspended ? undefined : log[at];
      if (known !== undefined) {
        at++;
        restore();
        return known.value;
      }
      const value = isSuspended || next !== undefined ? undefined : act();
      if (value === undefined) {
        isSuspended = true;
        throw new Suspended();
      }
      next = { value, memory: state };
      return value;
    };
    restore();
    let isDone = false;
    Object.assign(Atomics, {
      load: (words: Int32Array, index: number) => access(() => load(words, index)),
      store: (words: Int32Array, index: number, value: number) => access(() => store(words, index, value)),
      compareExchange: (words: Int32Array, index: number, old: number, value: number) =>
        access(() => compareExchange(words, index, old, value)),
      // Whoever wakes a thread here changes the word that it waits on.
      wait: (words: Int32Array, index: number, value: number) =>
        access(() => (load(words, index) === value ? undefined : 0)),
      notify: () => 0,
    });
    try {
      actors[who]();
      isDone = true;
    } catch (error) {
      if (!(error instanceof Suspended)) throw error;
    } finally {
      Object.assign(Atomics, { load, store, wait, notify, compareExchange });
    }
    return { next, after: Uint8Array.from(all), isDone };
  };

  const visit = (logs: Logs, state: Uint8Array): void => {
    const values = logs.map((log) => log.map(({ value }) => value).join());
    const key = `${values.join("|")}|${Buffer.from(state).toString("latin1")}`;
    if (seen.has(key)) return;
    seen.add(key);
    const done = [false, false];
    let isStuck = true;
    for (const who of [0, 1] as const) {
      const { next, after, isDone } = run(who, logs[who], state);
      done[who] = isDone;
      if (next === undefined) continue;
      isStuck = false;
      visit(who === 0 ? [[...logs[0], next], logs[1]] : [logs[0], [...logs[1], next]], after);
    }
    if (isStuck) assert.deepEqual(done, [true, true], "somebody sleeps for ever");
  };

  visit([[], []], Uint8Array.from(all));
  return seen.size;
}
