/**
 * `node --import tsx --import ./test/libzmq/hook.js FILE`: the file and what it starts get npm `zeromq` where they import
 * `src/index.ts`, so that tests of behaviour through the public API show how libzmq behaves.
 */

import { register } from "node:module";
import { isMainThread } from "node:worker_threads";

if (isMainThread) register(import.meta.url);

const TEST = new URL("./node-test.js", import.meta.url).href;
const OURS = new URL("../../src/index.ts", import.meta.url).href;
const THEIRS = new URL("./library.js", import.meta.url).href;

/** Node's hook for imports. */
export async function resolve(specifier, context, next) {
  if (specifier === "node:test" && context.parentURL !== TEST)
    return { url: TEST, format: "module", shortCircuit: true };
  const resolved = await next(specifier, context);
  return resolved.url.split("?")[0] === OURS ? { ...resolved, url: THEIRS, format: "module" } : resolved;
}
