/**
 * The checks of arguments that every call shares, in zeromq.js's words where it
 * has any: a callback that would never be called, or a frame that would never
 * be sent, is a mistake worth telling.
 */

/** Every call that may wait takes one. */
export interface WaitOptions {
  /** Rejects the call with the signal's reason; one that has fired already, before anything is sent or received. */
  readonly signal?: AbortSignal | undefined;
}

/** Of calls that receive many messages at a time. */
export interface BatchOptions extends WaitOptions {
  /** Messages at most, 1 or more; 256 when it is absent. */
  readonly max?: number | undefined;
}

/** Larger batches take no less time. */
const DEFAULT_MAX = 256;

/** Throws RangeError for what is no count. */
export function maxOf(options: BatchOptions | undefined): number {
  const max = options?.max ?? DEFAULT_MAX;
  if (typeof max !== "number") throw new TypeError("max: a number was expected");
  if (!(max >= 1)) throw new RangeError(`max: expected 1 or more, not ${max}`);
  return max;
}

/** Throws TypeError when more arguments were `given` than the `most` that mean something. */
export function expectArguments(most: number, given: number): void {
  if (given <= most) return;
  throw tooMany(most, given);
}

/**
 * Throws TypeError when what stands where options may stand, behind `most` other arguments, is none: a callback, or
 * the second frame of a message that should have been an array.
 */
export function expectOptions(options: unknown, most: number): void {
  if (options === undefined) return;
  if (typeof options === "object" && options !== null && !Array.isArray(options) && !ArrayBuffer.isView(options))
    return;
  throw tooMany(most, most + 1, "after these come options, such as { signal }; the frames of a message are one array");
}

/** The signal among the options of a call that may wait. Throws TypeError for what is no AbortSignal, and as `expectOptions`. */
export function signalOf(options: unknown, most: number): AbortSignal | undefined {
  expectOptions(options, most);
  const signal = (options as { signal?: unknown } | undefined)?.signal;
  if (signal !== undefined && !isSignal(signal)) throw new TypeError("Signal must be an AbortSignal");
  return signal;
}

/** By its shape: one of another realm or of a library serves as well. */
function isSignal(value: unknown): value is AbortSignal {
  if (typeof value !== "object" || value === null) return false;
  const { aborted, addEventListener } = value as { aborted?: unknown; addEventListener?: unknown };
  return typeof aborted === "boolean" && typeof addEventListener === "function";
}

function tooMany(most: number, given: number, detail?: string): TypeError {
  const error = new TypeError(`Expected ${most} argument${most === 1 ? "" : "s"} but received ${given}`);
  return detail === undefined ? error : Object.assign(error, { detail });
}
