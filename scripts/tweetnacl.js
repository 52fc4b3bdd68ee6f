/**
 * Cuts tweetnacl down to what is called. Its file is one function in CommonJS that keeps all it has, signatures and hashes
 * included, and asks for Node's `crypto`; here its functions stand in an ES module, so that the bundler leaves out the rest.
 */

const BEGIN = "(function(nacl) {\n'use strict';\n";
const END = "nacl.lowlevel = {";

/** `code` is nacl-fast.js, `declarations` the types of the functions to keep. */
export function keepLowLevel(code, declarations) {
  const end = code.indexOf(END);
  if (!code.startsWith(BEGIN) || end < 0) throw new Error("tweetnacl is not as scripts/tweetnacl.js expects it");
  const names = [...declarations.matchAll(/\b(crypto_\w+)\(/g)].map(([, name]) => name);
  const functions = code.slice(BEGIN.length, end).replaceAll(/ = gf\(/g, " = /* @__PURE__ */ gf(");
  return `${functions}\nexport default { lowlevel: { ${names.join(", ")} } };\n`;
}
