/**
 * The sizes of the browser entry: `npm run size`. It bundles small pages with the built package, as a page's author would,
 * by esbuild, and prints what comes out, minified and gzipped. Exits 1 when one is larger than it may be; the test of that
 * is test/browser/size.test.ts. `npm run size -- --modules` adds the minified bytes of each file of the source.
 */

import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire, SourceMap } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import type { Metafile } from "esbuild";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");

/** Bytes, gzipped. `beyond`: it counts what comes on top of that page. */
const PAGES: readonly { name: string; program: string; limit: number; beyond?: string }[] = [
  { name: "all classes", program: 'export * from "zmq-ts";', limit: 40_000 },
  {
    name: "Subscriber and Request",
    program: 'import { Request, Subscriber } from "zmq-ts"; globalThis.sockets = [Request, Subscriber];',
    limit: 31_000,
  },
  {
    name: "CURVE, on top of all classes",
    program: 'export * from "zmq-ts"; import "zmq-ts/browser/curve";',
    limit: 9_300,
    beyond: "all classes",
  },
];

export interface PageSize {
  readonly name: string;
  /** Bytes. */
  readonly minified: number;
  readonly gzipped: number;
  /** Of `gzipped`. */
  readonly limit: number;
  /** Minified bytes by file of the source, the largest first. */
  readonly modules: readonly (readonly [file: string, bytes: number])[];
}

/** tsx brings it. */
const esbuild: typeof import("esbuild") = createRequire(createRequire(import.meta.url).resolve("tsx/package.json"))(
  "esbuild",
);

/** The pages, in the order of the table. */
export async function pageSizes(): Promise<PageSize[]> {
  const folder = mkdtempSync(join(tmpdir(), "zmq-ts-size-"));
  try {
    const installed = join(folder, "node_modules/zmq-ts");
    mkdirSync(installed, { recursive: true });
    cpSync(join(root, "package.json"), join(installed, "package.json"));
    cpSync(join(root, "dist"), join(installed, "dist"), { recursive: true });
    writeFileSync(join(folder, "package.json"), "{}");
    const sizes: PageSize[] = [];
    for (const { name, program, limit, beyond } of PAGES) {
      const { outputFiles, metafile, warnings } = await esbuild.build({
        stdin: { contents: program, resolveDir: folder },
        outdir: folder,
        absWorkingDir: folder,
        bundle: true,
        splitting: true,
        minify: true,
        metafile: true,
        sourcemap: "external",
        format: "esm",
        platform: "browser",
        write: false,
        logLevel: "silent",
      });
      if (warnings.length > 0) throw new Error(`${name}: ${warnings[0]?.text}`);
      const loaded = loadedFiles(metafile.outputs);
      const files = outputFiles.filter(({ path }) => loaded.has(basename(path)));
      const contents = Buffer.concat(files.map((file) => file.contents));
      const modules = new Map<string, number>();
      for (const { path, text } of files) {
        const map = outputFiles.find((other) => other.path === `${path}.map`)?.text ?? "";
        countModules(modules, text, new SourceMap(JSON.parse(map)), folder);
      }
      const before = sizes.find((size) => size.name === beyond) ?? { minified: 0, gzipped: 0 };
      sizes.push({
        name,
        minified: contents.length - before.minified,
        gzipped: gzipSync(contents, { level: 9 }).length - before.gzipped,
        limit,
        modules: [...modules].sort(([, a], [, b]) => b - a),
      });
    }
    return sizes;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The names of the files that a page loads at once: what it imports by `import()` it may never load. */
function loadedFiles(outputs: Metafile["outputs"]): ReadonlySet<string> {
  const loaded = new Set(Object.keys(outputs).filter((name) => outputs[name]?.entryPoint === "<stdin>"));
  for (const name of loaded) {
    for (const { path, kind } of outputs[name]?.imports ?? []) if (kind === "import-statement") loaded.add(path);
  }
  return new Set([...loaded].map((name) => basename(name)));
}

/** Adds the bytes of each module in `text`. A line of comment before each in the build has its name. */
function countModules(modules: Map<string, number>, text: string, map: SourceMap, folder: string): void {
  const regions = new Map<string, string[]>();
  const regionsOf = (file: string): string[] => {
    let region = "bundler";
    const lines = readFileSync(resolve(folder, file), "utf8").split("\n");
    return lines.map((line) => {
      region = /^\/\/ ((?:src|node_modules)\/\S+)$/.exec(line)?.[1] ?? region;
      return region;
    });
  };
  for (const [line, { length }] of text.split("\n").map((content, index) => [index, content] as const)) {
    for (let column = 0; column <= length; column++) {
      const { originalSource = "", originalLine = 0 } = { ...map.findEntry(line, column) };
      if (originalSource !== "" && !originalSource.includes("<stdin>") && !regions.has(originalSource)) {
        regions.set(originalSource, regionsOf(originalSource));
      }
      const module = regions.get(originalSource)?.[originalLine] ?? "bundler";
      modules.set(module, (modules.get(module) ?? 0) + 1);
    }
  }
}

if (process.argv[1] && pathToFileURL(resolve(process.argv[1])).href === import.meta.url) {
  const kilobytes = (bytes: number) => `${(bytes / 1000).toFixed(1)} KB`.padStart(9);
  for (const { name, minified, gzipped, limit, modules } of await pageSizes()) {
    console.log(`${name.padEnd(30)}${kilobytes(minified)}  gzipped${kilobytes(gzipped)}  limit${kilobytes(limit)}`);
    if (gzipped > limit) process.exitCode = 1;
    if (process.argv.includes("--modules"))
      for (const [file, bytes] of modules) console.log(`${bytes}`.padStart(8), file);
  }
}
