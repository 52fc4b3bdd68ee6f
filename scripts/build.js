/**
 * Builds the package: `node scripts/build.js [--if-stale]`.
 *
 *   src/<entry>.ts --rolldown--> dist/<entry>.cjs      the library as CommonJS, code shared by entries in dist/chunks/
 *                                dist/<entry>.js       re-exports <entry>.cjs: one instance for `import` and `require`
 *                                dist/esm/<entry>.js   as an ES module, for bundlers and the command line
 *   src/node/io-thread-program.ts --rolldown--> a string, in place of src/node/io-thread-text.ts, in a chunk of its own
 *   src/browser*.ts --rolldown-> dist/esm/browser*.js   for bundlers of pages
 *                                dist/browser*.js       the same minified, for pages without a bundler
 *                                dist/browser*.cjs      for test runners that require it
 *   src/<entry>.ts --tsc-------> dist/**\/*.d.cts       one tree of declarations, only what the entries reach
 *                                dist/<entry>.d.ts     re-exports <entry>.d.cts
 *   src/browser-types.ts ------> dist/browser-types.d.* those of src/browser.ts, without what pages lack
 *
 * Why the declarations are `.d.cts`: an ES module may always import a CommonJS one, the other way round is an error
 * under `node16`. With one tree a class with `#private` members has one identity, whichever way it was imported, and
 * the package carries its types once.
 *
 * Everything is written to a folder beside `dist` that then takes its place, so that a reader never sees half a build.
 * CommonJS is why the library has no top-level await.
 */

import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { builtinModules, createRequire } from "node:module";
import { dirname, join, posix, relative, resolve, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/**
 * The entries. One line adds one; `package.json` must then name it in `exports` (or `bin`).
 * - `types`: which global types its declarations need: "node", "none" (neutral code), or false for no declarations.
 * - `require`: whether it is a module for users, by `import` and `require`; else it is a program.
 * - `web`: for browsers. The first is one file; the others import it, and what they need of its inside.
 */
const ENTRIES = [
  { source: "src/index.ts", types: "node", require: true },
  { source: "src/v5-compat.ts", types: "node", require: true },
  { source: "src/draft.ts", types: "node", require: true },
  { source: "src/sync.ts", types: "node", require: true },
  { source: "src/cli/zmq.ts", types: false, require: false },
  { source: "src/browser.ts", types: "none", require: false, web: true },
  { source: "src/browser-curve.ts", types: "none", require: false, web: true },
  { source: "src/browser-threads.ts", types: "none", require: false, web: true },
  { source: "src/browser-sodium.ts", types: false, require: false, web: true },
];

/** What TypeScript is told of the first entry for browsers. */
const PAGE_TYPES = { source: "src/browser-types.ts", types: "none" };

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");

/** What a build depends on besides `src`. */
const INPUTS = [
  "package.json",
  "tsconfig.json",
  "scripts/build.js",
  "scripts/libsodium.js",
  "scripts/pages.js",
  "scripts/short-names.js",
  "scripts/tweetnacl.js",
];

/** Its time of change is the moment the last good build began. */
const STAMP = ".build/built";

/** The modules of libsodium, which becomes part of the bundle. */
const LIBSODIUM = /\bnode_modules[\\/]libsodium-sumo\b/;

/** The text of an I/O thread's program. */
const IO_THREAD_TEXT = /\bsrc[\\/]node[\\/]io-thread-text\.ts$/;

/** Packages that become part of the build with their licences: what is CommonJS would ask users of Rollup for a plug-in. */
const BUNDLED = ["socks", "ip-address", "smart-buffer", "tweetnacl"];

/** How a CommonJS chunk requires those that are large and seldom needed. */
const REQUIRED_LATER = [
  /^const (\w*libsodium\w*) = (require\("[^"]*libsodium\.cjs"\));\n/m,
  /^const (\w*io_thread_text\w*) = (require\("[^"]*io-thread-text\.cjs"\));\n/m,
];

/** Whether `dist` is missing or older than what it is made of. */
export function isStale(from = root) {
  const stamp = join(from, STAMP);
  if (!existsSync(stamp) || !existsSync(join(from, "dist"))) return true;
  const builtAt = statSync(stamp).mtimeMs;
  const sources = filesUnder(join(from, "src")).filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"));
  return [...sources, ...INPUTS.map((name) => join(from, name))].some((file) => statSync(file).mtimeMs > builtAt);
}

/**
 * Builds `dist` from `src`. Resolves to the type errors `tsc` reported, as text ("" when there are none): the
 * JavaScript is complete in either case, and it is for the caller to say whether types matter.
 */
export async function build(from = root) {
  const startedAt = new Date(); // a source that changes while we build must count as newer than the build
  const work = join(from, ".build", `${process.pid}`);
  const out = join(work, "dist");
  rmSync(work, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  try {
    const typeErrors = declare(from, work, out); // what pages have internally gets short names, unless it is declared
    await bundle(from, out);
    swap(out, join(from, "dist"), join(work, "old"));
    writeFileSync(join(from, STAMP), "");
    utimesSync(join(from, STAMP), startedAt, startedAt);
    return typeErrors;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** The JavaScript, each format by one rolldown run, so that code used by two entries lands in one shared chunk. */
async function bundle(from, out) {
  const { declaredFunctions, keepFunctions } = await import("./libsodium.js");
  const { writePages } = await import("./pages.js");
  const required = ENTRIES.filter((entry) => entry.require);
  const sodium = join(from, "node_modules/libsodium-sumo");
  const libsodium = keepFunctions(
    readFileSync(join(sodium, "dist/modules-sumo-esm/libsodium-sumo.mjs"), "utf8"),
    declaredFunctions(readFileSync(join(from, "src/security/libsodium-sumo.d.ts"), "utf8")),
  );
  const replaced = { libsodium, ioThread: await ioThreadProgram(from, libsodium) };
  const exported = await write(from, out, "cjs", required, replaced);
  const onNode = ENTRIES.filter(({ web }) => !web);
  await write(from, out, "esm", onNode, replaced);
  await writePages(
    from,
    out,
    ENTRIES.filter(({ web }) => web),
    libsodium,
  );
  for (const entry of required) {
    const name = nameOf(entry);
    writeFileSync(join(out, `${name}.js`), reexport(`./${posix.basename(name)}.cjs`, exported.get(name)));
  }
  for (const entry of ENTRIES.filter(({ require, web }) => !require && !web)) {
    const file = join(out, `${nameOf(entry)}.js`);
    if (readFileSync(file, "utf8").startsWith("#!")) chmodSync(file, 0o755);
  }
  copyFileSync(join(sodium, "LICENSE"), join(out, "LICENSE.libsodium.txt"));
  for (const name of BUNDLED) {
    copyFileSync(join(from, "node_modules", name, "LICENSE"), join(out, `LICENSE.${name}.txt`));
  }
}

/** What a bundled CommonJS package requires of Node, as an ES module: so that our ES modules have no `require`. */
const requiredOfNode = {
  name: "required-of-node",
  resolveId: (id, importer) =>
    importer !== undefined && BUNDLED.includes(nodeModuleOf(importer)) && builtinModules.includes(id)
      ? `\0node:${id}`
      : null,
  load: (id) =>
    id.startsWith("\0node:") ? `export * from "${id.slice(1)}"; export { default } from "${id.slice(1)}";` : null,
};

/** The package that a file below `node_modules` belongs to. */
function nodeModuleOf(file) {
  return packageOf(file.split(`${sep}node_modules${sep}`).at(-1) ?? "");
}

/** The program of an I/O thread as one script, which needs nothing but Node: a worker is started with its text. */
async function ioThreadProgram(from, libsodium) {
  const { rolldown } = await import("rolldown");
  const bundled = await rolldown({
    cwd: from,
    input: "./src/node/io-thread-program.ts",
    platform: "node",
    resolve: { mainFields: ["module", "main"], conditionNames: ["import"] },
    external: (id) => id.startsWith("node:"),
    transform: { target: "es2022", define: { "import.meta.url": "undefined" } },
    plugins: [{ name: "libsodium", transform: (_code, id) => (LIBSODIUM.test(id) ? libsodium : null) }],
    onLog(level, log, report) {
      if (level === "warn") throw new Error(`rolldown: ${log.message}`);
      report(level, log);
    },
  });
  const { output } = await bundled.generate({ format: "cjs", minify: true, keepNames: true, codeSplitting: false });
  await bundled.close();
  if (output.length !== 1) throw new Error("the program of an I/O thread is not one script");
  return output[0].code;
}

/** Writes one format of `entries`, with `replaced` as the source of some. Returns the names that each exports. */
async function write(from, out, format, entries, replaced) {
  const { rolldown } = await import("rolldown");
  const { dependencies = {}, peerDependencies = {} } = readJson(join(from, "package.json"));
  const outside = new Set([...Object.keys(dependencies), ...Object.keys(peerDependencies)]);
  const isCommonJs = format === "cjs";
  const bundled = await rolldown({
    cwd: from,
    input: Object.fromEntries(entries.map((entry) => [nameOf(entry), `./${entry.source}`])),
    platform: "neutral",
    resolve: { mainFields: ["module", "main"], conditionNames: ["import"] },
    external: (id) => id.startsWith("node:") || outside.has(packageOf(id)),
    transform: { target: "es2022", define: isCommonJs ? { "import.meta.url": "__filename" } : {} },
    plugins: [
      requiredOfNode,
      {
        name: "sources",
        transform(code, id) {
          if (LIBSODIUM.test(id)) return replaced.libsodium;
          if (IO_THREAD_TEXT.test(id))
            return `export const ioThreadText = () => ${JSON.stringify(replaced.ioThread)};\n`;
          // Who requires an entry gets the default export below instead.
          if (isCommonJs) return code.replace(DEFAULT_EXPORT, "\n");
          // Bundlers cannot tell in every format where a module is. Only our own programs may ask.
          return id.includes(`${sep}cli${sep}`) ? code : code.replaceAll("import.meta.url", "undefined");
        },
        renderChunk: (code) => (isCommonJs ? REQUIRED_LATER.reduce(requireLater, code) : null),
      },
    ],
    // A package imported but not declared, a missing export, a cycle through an entry: all are our mistakes.
    onLog(level, log, report) {
      if (level === "warn") throw new Error(`rolldown: ${log.message}`);
      report(level, log);
    },
  });
  const { output } = await bundled.write({
    dir: out,
    format,
    exports: "named",
    // What Babel and tsc look for when they turn `import zmq from` and `import * as zmq from` into `require`.
    esModule: true,
    footer: ({ isEntry }) =>
      isCommonJs && isEntry ? 'Object.defineProperty(exports, "default", { value: exports });' : "",
    generatedCode: { symbols: false },
    entryFileNames: ({ name }) =>
      isCommonJs ? `${name}.cjs` : name.startsWith("cli/") ? `${name}.js` : `esm/${name}.js`,
    chunkFileNames: isCommonJs ? "chunks/[name].cjs" : "esm/chunks/[name].js",
    codeSplitting: {
      groups: [
        { name: "libsodium", test: LIBSODIUM },
        { name: "io-thread-text", test: IO_THREAD_TEXT },
      ],
    },
    keepNames: true,
  });
  await bundled.close();
  return new Map(output.filter((chunk) => chunk.isEntry).map((chunk) => [chunk.name, chunk.exports]));
}

/** The declarations: tsc emits `.d.ts`, and what the entries reach is written again as `.d.cts`. */
function declare(from, work, out) {
  const typed = [...ENTRIES.filter((entry) => entry.types !== false), PAGE_TYPES];
  const emitted = join(work, "types");
  const project = join(work, "tsconfig.json");
  const ambient = filesUnder(join(from, "src")).filter((file) => file.endsWith(".d.ts"));
  writeFileSync(
    project,
    JSON.stringify({
      extends: "../../tsconfig.json",
      compilerOptions: {
        noEmit: false,
        declaration: true,
        emitDeclarationOnly: true,
        stripInternal: true,
        rootDir: "../../src",
        outDir: "types",
      },
      files: [...typed.map((entry) => `../../${entry.source}`), ...ambient],
      include: [],
    }),
  );
  const { status, stdout, stderr, error } = spawnSync(process.execPath, [tscOf(from), "-p", project], {
    cwd: from,
    encoding: "utf8",
  });
  if (error) throw error;

  const queue = typed.map((entry) => `${nameOf(entry)}.d.ts`);
  const seen = new Set(queue);
  for (const file of queue) {
    const source = join(emitted, file);
    if (!existsSync(source)) throw new Error(`tsc emitted no ${file}:\n${stdout}${stderr}`);
    const text = readFileSync(source, "utf8").replace(SPECIFIER, (_whole, before, path, quote) => {
      const target = posix.normalize(posix.join(posix.dirname(file), `${path}.d.ts`));
      if (!seen.has(target)) {
        seen.add(target);
        queue.push(target);
      }
      return `${before}${path}.cjs${quote}`;
    });
    const entry = typed.find((candidate) => `${nameOf(candidate)}.d.ts` === file);
    const head = entry?.types === "node" ? '/// <reference types="node" />\n' : "";
    const destination = join(out, file.replace(/\.d\.ts$/, ".d.cts"));
    mkdirSync(dirname(destination), { recursive: true });
    writeFileSync(destination, head + forOlderCompilers(text));
    if (!entry) continue;
    const path = `./${posix.basename(nameOf(entry))}.cjs`;
    const hasDefault = DEFAULT_EXPORT.test(text);
    writeFileSync(
      join(out, file),
      `export * from "${path}";\n${hasDefault ? `export { default } from "${path}";\n` : ""}`,
    );
  }
  return status === 0 ? "" : `${stdout}${stderr}`;
}

/** A chunk that requires another at each use, not when it is loaded itself: the first key may never be made. */
function requireLater(code, required) {
  const [line, name, call] = code.match(required) ?? [];
  return line === undefined ? code : code.replace(line, "").replaceAll(`${name}.`, `${call}.`);
}

/** An ES module with the names of a CommonJS one, each written out, so that every tool finds them without running it. */
function reexport(path, names) {
  return `export { ${["default", ...names].join(", ")} } from "${path}";\n`;
}

/** Before TypeScript 5.7 typed arrays have no parameter, and from then on this is what they have without one. */
function forOlderCompilers(declarations) {
  return declarations.replaceAll("Uint8Array<ArrayBufferLike>", "Uint8Array");
}

/** A relative module specifier in a declaration: `from "./x.ts"`, `import("./x.ts")`, `import "./x.ts"`. */
const SPECIFIER = /(\bfrom\s*["']|\bimport\s*\(\s*["']|\bimport\s*["'])(\.{1,2}\/[^"']*?)\.[jt]s(["'])/g;

/** The line of an entry that makes its namespace its default export too. */
const DEFAULT_EXPORT = /^export \* as default from .*\n/m;

/** Puts `fresh` in the place of `current`; two renames, because a folder that is not empty cannot be replaced in one. */
function swap(fresh, current, old) {
  if (existsSync(current)) renameSync(current, old);
  renameSync(fresh, current);
}

/** `src/cli/zmq.ts` -> `cli/zmq`. */
function nameOf(entry) {
  return entry.source.slice("src/".length, -".ts".length);
}

/** `@scope/name/deep` -> `@scope/name`, `name/deep` -> `name`. */
function packageOf(id) {
  return id
    .split("/")
    .slice(0, id.startsWith("@") ? 2 : 1)
    .join("/");
}

/** The path of TypeScript's command, without a shell between us and it. */
function tscOf(from) {
  const manifest = createRequire(join(from, "package.json")).resolve("typescript/package.json");
  return join(dirname(manifest), readJson(manifest).bin.tsc);
}

function readJson(file) {
  return JSON.parse(readFileSync(file, "utf8"));
}

function filesUnder(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((item) => item.isFile())
    .map((item) => join(item.parentPath, item.name));
}

if (process.argv[1] && pathToFileURL(resolve(process.argv[1])).href === import.meta.url) {
  const begun = performance.now();
  if (process.argv.includes("--if-stale") && !isStale()) {
    console.log("dist is up to date");
  } else {
    const typeErrors = await build();
    const files = filesUnder(join(root, "dist"));
    const bytes = files.filter((file) => file.endsWith(".js")).reduce((sum, file) => sum + statSync(file).size, 0);
    if (typeErrors) console.error(typeErrors);
    console.log(
      `dist: ${files.length} files, ${(bytes / 1024).toFixed(0)} KiB of JavaScript, ${(performance.now() - begun).toFixed(0)} ms`,
    );
    for (const file of files.filter((name) => /\.(js|cjs)$/.test(name))) {
      console.log(`  ${relative(root, file).split(sep).join("/")}`);
    }
    if (typeErrors) process.exitCode = 1;
  }
}
