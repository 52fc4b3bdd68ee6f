/**
 * The program of an I/O thread as source text: text survives every bundler,
 * and a single executable. The build puts the bundled program in the place of
 * this file; from the sources it is loaded by tsx.
 */

const program = new URL("./io-thread-program.ts", import.meta.url).href;
const loader = import.meta.resolve("tsx/esm/api");

export const ioThreadText = `
  import(${JSON.stringify(loader)})
    .then(({ tsImport }) => tsImport(${JSON.stringify(program)}, ${JSON.stringify(program)}))
    .catch((error) => setImmediate(() => { throw error; }));
`;
