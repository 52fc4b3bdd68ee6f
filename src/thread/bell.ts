/**
 * The doorbell of a thread: one word in shared memory. Whoever puts something
 * where the thread will look, rings; nobody is woken who does not sleep.
 */

/** `words[index]`: ASLEEP while its thread sleeps and is to be woken, else 0. */
export interface Bell {
  readonly words: Int32Array;
  readonly index: number;
}

export const AWAKE = 0;
export const ASLEEP = 1;

/** Wakes the thread if it sleeps. One that is awake looks once more before it sleeps. */
export function ring({ words, index }: Bell): void {
  if (Atomics.load(words, index) !== ASLEEP) return;
  if (Atomics.compareExchange(words, index, ASLEEP, AWAKE) === ASLEEP) Atomics.notify(words, index);
}
