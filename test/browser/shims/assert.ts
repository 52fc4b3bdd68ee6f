/** What the suites use of node:assert/strict, for a page. */

class AssertionError extends Error {
  override readonly name = "AssertionError";
}

function fail(message: unknown, fallback: string): never {
  if (message instanceof Error) throw message;
  throw new AssertionError(message === undefined ? fallback : `${message}: ${fallback}`);
}

function shown(value: unknown): string {
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  try {
    return (JSON.stringify(value) ?? String(value)).slice(0, 300);
  } catch {
    return String(value);
  }
}

function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (a instanceof Uint8Array && b instanceof Uint8Array) {
    return a.length === b.length && a.every((octet, i) => octet === b[i]);
  }
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => key in b && isSame(a[key as keyof typeof a], b[key as keyof typeof b]))
  );
}

type Expected = RegExp | ((error: never) => unknown) | object | string | undefined;

/** As node's: a pattern of the text, a class, a check, or properties of which patterns and values hold. */
function checkError(error: unknown, expected: Expected): void {
  if (expected === undefined || typeof expected === "string") return;
  if (expected instanceof RegExp) {
    if (!expected.test(String(error))) fail(undefined, `${error} does not match ${expected}`);
  } else if (typeof expected === "function") {
    const isClass = expected === Error || expected.prototype instanceof Error;
    if (isClass ? error instanceof expected : expected(error as never) === true) return;
    fail(error instanceof Error && !isClass ? error : undefined, `${error} is not as expected`);
  } else {
    for (const [key, value] of Object.entries(expected)) {
      const actual = (error as Record<string, unknown>)[key];
      const isRight = value instanceof RegExp ? value.test(String(actual)) : isSame(actual, value);
      if (!isRight) fail(undefined, `${key} of ${error}: ${shown(actual)}, expected ${shown(value)}`);
    }
  }
}

const assert = {
  AssertionError,
  ok(value: unknown, message?: unknown) {
    if (!value) fail(message, `${shown(value)} is not truthy`);
  },
  equal(actual: unknown, expected: unknown, message?: unknown) {
    if (!Object.is(actual, expected)) fail(message, `${shown(actual)}, expected ${shown(expected)}`);
  },
  notEqual(actual: unknown, expected: unknown, message?: unknown) {
    if (Object.is(actual, expected)) fail(message, `${shown(actual)}, expected another`);
  },
  deepEqual(actual: unknown, expected: unknown, message?: unknown) {
    if (!isSame(actual, expected)) fail(message, `${shown(actual)}, expected ${shown(expected)}`);
  },
  notDeepEqual(actual: unknown, expected: unknown, message?: unknown) {
    if (isSame(actual, expected)) fail(message, `${shown(actual)}, expected another`);
  },
  match(actual: string, pattern: RegExp, message?: unknown) {
    if (!pattern.test(actual)) fail(message, `${shown(actual)} does not match ${pattern}`);
  },
  doesNotMatch(actual: string, pattern: RegExp, message?: unknown) {
    if (pattern.test(actual)) fail(message, `${shown(actual)} matches ${pattern}`);
  },
  fail: (message?: unknown) => fail(message, "failed"),
  throws(call: () => unknown, expected?: Expected, message?: unknown) {
    try {
      call();
    } catch (error) {
      checkError(error, expected);
      return;
    }
    fail(message, "nothing was thrown");
  },
  doesNotThrow: (call: () => unknown) => void call(),
  async rejects(call: Promise<unknown> | (() => Promise<unknown>), expected?: Expected, message?: unknown) {
    try {
      await (typeof call === "function" ? call() : call);
    } catch (error) {
      checkError(error, expected);
      return;
    }
    fail(message, "nothing was rejected");
  },
  async doesNotReject(call: Promise<unknown> | (() => Promise<unknown>)) {
    await (typeof call === "function" ? call() : call);
  },
};

export default Object.assign((value: unknown, message?: unknown) => assert.ok(value, message), assert);
