/**
 * The program of an I/O thread as source text: text survives every bundler,
 * and a single executable. The build puts the bundled program in the place of
 * this file; from the sources it is loaded by tsx.
 */

import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

export function ioThreadText(): string {
  const program = JSON.stringify(new URL("./io-thread-program.ts", import.meta.url).href);
  const tsx = dirname(createRequire(import.meta.url).resolve("tsx/package.json"));
  const loader = JSON.stringify(pathToFileURL(join(tsx, "dist/esm/api/index.mjs")).href);
  return `
    import(${loader})
      .then(({ tsImport }) => tsImport(${program}, ${program}))
      .catch((error) => setImmediate(() => { throw error; }));
  `;
}
