/** What the suites use of node:test, for a page: tests are noted, and run one after the other when they are asked for. */

type Body = (context: object) => unknown;
type Options = { readonly timeout?: number; readonly skip?: boolean | string };

interface Hooks {
  readonly before: Body[];
  readonly after: Body[];
  readonly beforeEach: Body[];
  readonly afterEach: Body[];
}

interface Suite extends Hooks {
  readonly name: string;
  readonly tests: { readonly name: string; readonly body: Body; readonly timeoutMs: number }[];
}

export interface Result {
  readonly name: string;
  readonly error?: string;
}

/** In a page nothing waits for another process. */
const LIMIT_MS = 4000;
const suite = (name: string): Suite => ({ name, tests: [], before: [], after: [], beforeEach: [], afterEach: [] });
const suites: Suite[] = [suite("")];
let current = suites[0] as Suite;

const isSkipped = (options: Options): boolean => options.skip !== undefined && options.skip !== false;

export function describe(name: string, options: Options | Body, body = options as Body): void {
  if (typeof options === "object" && isSkipped(options)) return;
  const outer = current;
  current = suite(outer.name === "" ? name : `${outer.name} > ${name}`);
  suites.push(current);
  body({});
  current = outer;
}

export function test(name: string, options: Options | Body, body = options as Body): void {
  const { timeout = LIMIT_MS } = typeof options === "object" ? options : {};
  const timeoutMs = Math.min(timeout, LIMIT_MS);
  if (typeof options === "object" && isSkipped(options)) return;
  current.tests.push({ name, body, timeoutMs });
}

export const it = test;
export const before = (body: Body): void => void current.before.push(body);
export const after = (body: Body): void => void current.after.push(body);
export const beforeEach = (body: Body): void => void current.beforeEach.push(body);
export const afterEach = (body: Body): void => void current.afterEach.push(body);
export default test;

/** Runs all that was noted. */
export async function run(): Promise<Result[]> {
  const results: Result[] = [];
  for (const { name: group, tests, ...hooks } of suites) {
    await each(hooks.before);
    for (const { name, body, timeoutMs } of tests) {
      const whole = group === "" ? name : `${group} > ${name}`;
      try {
        await each(hooks.beforeEach);
        await within(timeoutMs, body);
        results.push({ name: whole });
      } catch (error) {
        results.push({
          name: whole,
          error: error instanceof Error ? `${error.message}\n${error.stack}` : String(error),
        });
      }
      await each(hooks.afterEach);
    }
    await each(hooks.after);
  }
  return results;
}

async function each(bodies: readonly Body[]): Promise<void> {
  for (const body of bodies) await body({});
}

/** A context has what the suites ask it for: subtests, and functions that run when the test is over. */
async function within(timeoutMs: number, body: Body): Promise<void> {
  const late: (() => unknown)[] = [];
  const context = {
    after: (clean: () => unknown) => void late.push(clean),
    test: async (_name: string, part: Body) => void (await part(context)),
    diagnostic() {},
  };
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    await Promise.race([
      body(context),
      new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error(`not done after ${timeoutMs} ms`)), timeoutMs);
      }),
    ]);
  } finally {
    clearTimeout(timer);
    for (const clean of late.reverse()) await clean();
  }
}
