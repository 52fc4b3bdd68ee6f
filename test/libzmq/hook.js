/**
 * `node --import tsx --import ./test/libzmq/hook.js FILE`: the file and what it starts get npm `zeromq` where they import
 * `src/index.ts` or `src/draft.ts`, so that tests of behaviour through the public API show how libzmq behaves.
 */

import { register } from "node:module";
import { isMainThread } from "node:worker_threads";

if (isMainThread) register(import.meta.url);

const TEST = new URL("./node-test.js", import.meta.url).href;
const OURS = new URL("../../src/index.ts", import.meta.url).href;
const THEIRS = new URL("./library.js", import.meta.url).href;
const OUR_DRAFTS = new URL("../../src/draft.ts", import.meta.url).href;
const THEIR_DRAFTS = new URL("./draft-library.js", import.meta.url).href;

/** Node's hook for imports. */
export async function resolve(specifier, context, next) {
  if (specifier === "node:test" && context.parentURL !== TEST)
    return { url: TEST, format: "module", shortCircuit: true };
  const resolved = await next(specifier, context);
  const [url] = resolved.url.split("?");
  if (url === OURS) return { ...resolved, url: THEIRS, format: "module" };
  return url === OUR_DRAFTS ? { ...resolved, url: THEIR_DRAFTS, format: "module" } : resolved;
}
