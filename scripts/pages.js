/**
 * The part of the build that pages load:
 *
 *   src/browser*.ts -> dist/esm/browser*.js   for bundlers, with short names for internal properties (short-names.js)
 *                      dist/browser*.js       the same minified, with maps to those, for pages without a bundler
 *                      dist/browser*.cjs      for test runners that require it
 *
 * All that the entries share is in the file of the first, which exports it to the others under short names. So there is
 * one instance of everything, and a page without a bundler loads one file for each entry.
 */

import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { rolldown } from "rolldown";
import { propertyNames, shortenNames } from "./short-names.js";
import { keepLowLevel } from "./tweetnacl.js";

/** Tables of options that no page could use: its sockets do not have them. */
const LEFT_OUT = /\bsrc[\\/]base[\\/]options[\\/](transport|websocket|gssapi|process|server)s?\.ts$/;

/** libzmq's numbers in the tables of options, which a page knows by name alone. */
const OPTION_TABLES = /\bsrc[\\/]base[\\/](options[\\/]\w+|context-options)\.ts$/;
const OPTION_NUMBER = /\bid: -?\d+,?\s*/g;

/** The constants that say so. */
const TARGET = /\bsrc[\\/]base[\\/]target\.ts$/;

const LIBSODIUM = /\bnode_modules[\\/]libsodium-sumo\b/;
const TWEETNACL = /\bnode_modules[\\/]tweetnacl\b/;

/** `entries` are those of `ENTRIES` in build.js, `libsodium` the source of it that takes its place. */
export async function writePages(from, out, entries, libsodium) {
  const tweetnaclTypes = readFileSync(join(from, "src/security/tweetnacl.d.ts"), "utf8");
  const pages = (usesBuffer) => ({
    name: "pages",
    resolveId(id, importer) {
      if (importer === undefined || !id.startsWith(".")) return null;
      // A file beside which is a smaller one with the same names in it.
      const smaller = join(dirname(importer), dirname(id), `small-${basename(id)}`);
      return existsSync(smaller) ? smaller : null;
    },
    transform(code, id) {
      if (TARGET.test(id)) return `export const IN_PAGE = true;\nexport const USES_BUFFER = ${usesBuffer};\n`;
      // What it asks for on a Node without WebCrypto.
      if (LIBSODIUM.test(id)) return libsodium.replaceAll('require("crypto")', "undefined");
      if (TWEETNACL.test(id)) return keepLowLevel(code, tweetnaclTypes);
      const [, table] = LEFT_OUT.exec(id) ?? [];
      if (table !== undefined) return `export const ${table.toUpperCase()}_OPTIONS = {};\n`;
      return OPTION_TABLES.test(id) ? code.replaceAll(OPTION_NUMBER, "") : null;
    },
  });
  const declarations = entries
    .filter(({ types }) => types !== false)
    .map((entry) => join(out, `${nameOf(entry)}.d.cts`));
  const shortNames = {
    name: "short-names",
    // libsodium and its WebAssembly know each other by names.
    generateBundle: (_, files) => shortenNames(Object.values(files), declarations, propertyNames(libsodium)),
  };
  const fromSource = (some) => inputs(some, ({ source }) => `./${source}`);
  await bundle(
    from,
    out,
    fromSource(entries),
    { plugins: [pages(false), unchangedProxy, shortNames] },
    { format: "esm", entryFileNames: "esm/[name].js" },
  );

  // Test runners go without libsodium: tweetnacl, which it takes over from, is all that they load. jsdom lacks what
  // takes the place of `Buffer`.
  const [parts, users] = [
    entries.filter(({ types }) => types === false),
    entries.filter(({ types }) => types !== false),
  ];
  const external = parts.map(({ source }) => `./${basename(source)}`);
  await bundle(
    from,
    out,
    fromSource(users),
    { plugins: [pages(true), unchangedProxy], external },
    { format: "cjs", entryFileNames: "[name].cjs", exports: "named", esModule: true },
  );

  await bundle(
    from,
    out,
    inputs(entries, (entry) => join(out, "esm", `${nameOf(entry)}.js`)),
    {},
    { format: "esm", entryFileNames: "[name].js", minify: true, sourcemap: true, sourcemapExcludeSources: true },
  );
}

/** rolldown gives the class `Proxy` another name beside the language's own, which nothing here uses. */
const unchangedProxy = { name: "proxy", renderChunk: (code) => code.replaceAll("Proxy$1", "Proxy") };

async function bundle(from, out, input, options, output) {
  const bundled = await rolldown({
    cwd: from,
    input,
    platform: "neutral",
    preserveEntrySignatures: "allow-extension",
    resolve: { mainFields: ["module", "main"], conditionNames: ["import"] },
    transform: { target: "es2022" },
    checks: { bundlerTimings: false },
    ...options,
    onLog(level, log, report) {
      if (level === "warn") throw new Error(`rolldown: ${log.message}`);
      report(level, log);
    },
  });
  const written = await bundled.write({ dir: out, generatedCode: { symbols: false }, ...output });
  await bundled.close();
  const chunks = written.output.filter(({ type }) => type === "chunk").map(({ name }) => name);
  if (chunks.length !== Object.keys(input).length) {
    throw new Error(`a page would load ${chunks.join(", ")}: entries import the first, whose file has what they share`);
  }
}

function inputs(entries, fileOf) {
  return Object.fromEntries(entries.map((entry) => [nameOf(entry), fileOf(entry)]));
}

function nameOf({ source }) {
  return basename(source, ".ts");
}
