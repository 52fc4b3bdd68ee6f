/**
 * libsodium as it goes into the build: of its WebAssembly the functions that are called, and what they need. Their code
 * stays as it is; what goes is a quarter of a megabyte of Argon2, signatures and the like. binaryen does it.
 */

import binaryen from "binaryen";

/** The Base64 of the module: what every such module begins with, and the rest. */
const EMBEDDED = /AGFzbQ[\w+/]+=*/;

/** What gives an exported function its name: `module._malloc=exports.lm`. */
const NAMED = /\.(_\w+)=\w+\.([\w$]+)/g;

/** The functions that a declaration file of the module has: `_malloc(bytes: number): number`. */
export function declaredFunctions(declarations) {
  return new Set(declarations.match(/\b_\w+(?=\()/g));
}

/** `source` of libsodium's ES module, of which `functions` are left. Throws when one of them is not there. */
export function keepFunctions(source, functions) {
  const [embedded] = source.match(EMBEDDED);
  const module = binaryen.readBinary(Buffer.from(embedded, "base64"));
  const missing = new Set(functions);
  for (const [, name, exported] of source.matchAll(NAMED)) {
    if (!missing.delete(name)) module.removeExport(exported);
  }
  if (missing.size > 0) throw new Error(`libsodium has no ${[...missing].join(", ")}`);
  module.runPasses(["remove-unused-module-elements"]);
  const kept = module.emitBinary();
  module.dispose();
  return source.replace(embedded, () => Buffer.from(kept).toString("base64"));
}
