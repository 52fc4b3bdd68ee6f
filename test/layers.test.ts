/**
 * Holds the layers of docs/architecture.md: which folder of `src` may import which, where `node:*` may be named, and
 * where time, randomness and output may come from. Each rule is a row of a table below. Tests are free of all but one:
 * the length of a file.
 */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix, relative, resolve, sep } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const LIBRARY = [
  "base",
  "wire",
  "pattern",
  "security",
  "transport",
  "engine",
  "thread",
  "core",
  "socket",
  "device",
  "authenticator",
  "sync",
] as const;

/**
 * What a layer may import besides itself: layers, or single files. "entry" is a file directly in `src`. The core
 * drives inproc itself, because inproc crosses two pipes and has no Link; every other transport is handed to it.
 */
const LAYERS: Record<string, readonly string[]> = {
  base: [],
  wire: ["base"],
  pattern: ["base"],
  security: ["base", "wire"],
  transport: ["base", "wire"],
  engine: ["base", "wire", "security"],
  thread: ["base", "wire", "security", "engine"],
  core: [
    "base",
    "wire",
    "security",
    "pattern",
    "engine",
    "thread",
    "transport/inproc.ts",
    "transport/shared-inproc.ts",
  ],
  socket: ["base", "security", "pattern", "core"],
  device: ["base", "pattern", "engine", "thread", "core", "socket"],
  authenticator: ["base", "wire", "security", "core", "socket"],
  sync: ["base", "engine", "core", "socket", "device", "thread"],
  node: ["base", "wire", "security", "engine", "thread", "core", "device", "authenticator", "transport"],
  web: ["base", "security", "engine", "thread", "core", "transport"],
  entry: [...LIBRARY, "node", "web", "v5-compat"],
  "v5-compat": ["base", "core", "socket", "entry"],
  cli: [...LIBRARY, "node", "entry"],
};

/** A file is one concept; beyond so many lines it is two. */
const MOST_LINES = 400;

/** Which part of `src` may know which contract of a pipe. Whoever makes pipes sees them whole. */
const PIPE_ENDS: readonly { readonly file: string; readonly where: RegExp }[] = [
  { file: "src/base/near-end.ts", where: /^src\/(base|pattern|core|socket)\// },
  { file: "src/base/far-end.ts", where: /^src\/(base|engine|thread|transport|core)\// },
  { file: "src/base/pipe.ts", where: /^src\/core\// },
];

/** Files that Node alone runs. All others compile without Node's types (tsconfig.neutral.json) and run in browsers. */
const NODE_ONLY = /^src\/(transport\/node\/|node\/|cli\/|v5-compat\/|(?!(browser[-\w]*|api|version)\.ts$)[^/]+\.ts$)/;

/** Packages that a part of `src` may import. */
const PACKAGES: readonly { readonly name: string; readonly where: RegExp }[] = [
  { name: "libsodium-sumo", where: /^src\/security\// },
  { name: "tweetnacl", where: /^src\/security\/small-primitives\.ts/ },
  { name: "commander", where: /^src\/cli\// },
  { name: "socks", where: /^src\/transport\/node\/socks\.ts/ },
];

/** Names of the runtime, where they may stand, and what takes their place elsewhere. */
const GLOBALS: readonly { readonly name: string; readonly where: RegExp; readonly instead: string }[] = [
  { name: "setTimeout", where: /^src\/(base\/clock\.ts|cli\/)/, instead: "Clock.setTimer" },
  { name: "setInterval", where: /^src\/(base\/clock\.ts|cli\/)/, instead: "Clock.setTimer" },
  { name: "setImmediate", where: /^src\/(base\/clock\.ts|cli\/)/, instead: "Clock.yield" },
  { name: "queueMicrotask", where: /^src\/(base\/clock\.ts|cli\/)/, instead: "Clock.defer" },
  { name: "Date", where: /^src\/(base\/clock\.ts|cli\/)/, instead: "Clock.now" },
  { name: "performance", where: /^src\/(base\/clock\.ts|cli\/)/, instead: "Clock.now" },
  { name: "Math.random", where: /^src\/(base\/clock\.ts|cli\/)/, instead: "Clock.random32" },
  {
    name: "systemClock",
    where: /^src\/(base\/clock|node\/platform|web\/platform|node\/io-thread-program)\.ts/,
    instead: "the clock that is handed in",
  },
  { name: "console", where: /^src\/(cli\/|web\/platform\.ts)/, instead: "an event or an error" },
  { name: "Buffer", where: NODE_ONLY, instead: "Uint8Array and base/bytes.ts" },
  { name: "process", where: NODE_ONLY, instead: "Clock, or an option" },
];

/** Comments, strings and templates, in that order. */
const COMMENT_OR_STRING = /\/\*[\s\S]*?\*\/|\/\/.*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`/g;

/** `import … from "x"`, `export … from "x"`, `import "x"` and `import("x")`. */
const IMPORT =
  /^\s*(?:import|export)\s+(?:type\s+)?(?:[\w*{][^;"']*?\sfrom\s+)?["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']/gm;

interface SourceFile {
  /** From the root of the repository, with `/`. */
  readonly path: string;
  /** Without comments and without the content of strings. */
  readonly code: string;
  /** The specifiers of imports and re-exports, those of types included. */
  readonly imports: readonly string[];
}

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
  .map((name) => read(join(root, "src", name)));

test("the rules see the sources", () => {
  assert.ok(sources.length > 10);
  const folders = new Set(sources.map((file) => layerOf(file.path)));
  for (const folder of folders) assert.ok(folder in LAYERS, `src/${folder} is in no row of LAYERS`);
});

test("a layer imports only the layers below it", () => {
  const offences = everyImport((file, specifier) => {
    if (!specifier.startsWith(".")) return undefined;
    const target = targetOf(file, specifier);
    const [from, to] = [layerOf(file.path), layerOf(target)];
    if (from === to || LAYERS[from]?.some((allowed) => allowed === to || `src/${allowed}` === target)) return undefined;
    return `${target} (${from} may import: ${LAYERS[from]?.join(", ") || "nothing"})`;
  });
  assert.deepEqual(offences, []);
});

test("patterns know the near end of a pipe, sessions and transports the far end, and the core alone all of it", () => {
  const offences = everyImport((file, specifier) => {
    const target = targetOf(file, specifier);
    return PIPE_ENDS.some((row) => row.file === target && !row.where.test(file.path)) ? target : undefined;
  });
  assert.deepEqual(offences, []);
});

test("no files import each other in a circle, types included", () => {
  assert.deepEqual(circles(), []);
});

test("the search for circles finds one of types, and one of three files", () => {
  const file = (path: string, ...imports: string[]) => ({ path, code: "", imports });
  const found = circles([
    file("src/a.ts", "./b.ts", "./d.ts"),
    file("src/b.ts", "./c/c.ts"),
    file("src/c/c.ts", "../a.ts"),
    file("src/d.ts", "node:fs"),
  ]);
  assert.deepEqual(found, ["src/a.ts, src/b.ts, src/c/c.ts"]);
});

test(`no file has more than ${MOST_LINES} lines`, () => {
  const offences = ["src", "test"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .map((name) => ({
        name,
        lines: readFileSync(join(root, folder, name), "utf8")
          .trimEnd()
          .split("\n").length,
      }))
      .filter(({ lines }) => lines > MOST_LINES)
      .map(({ name, lines }) => `${folder}/${posixPath(name)}: ${lines}`),
  );
  assert.deepEqual(offences, []);
});

test("node:* is imported only where Node alone runs", () => {
  const offences = everyImport(({ path }, specifier) =>
    specifier.startsWith("node:") && !NODE_ONLY.test(path) ? specifier : undefined,
  );
  assert.deepEqual(offences, []);
});

test("neutral code imports nothing that Node alone runs", () => {
  const offences = everyImport((file, specifier) => {
    const target = targetOf(file, specifier);
    return specifier.startsWith(".") && !NODE_ONLY.test(file.path) && NODE_ONLY.test(target) ? target : undefined;
  });
  assert.deepEqual(offences, []);
});

test("packages are imported only where the table names them", () => {
  const offences = everyImport(({ path }, specifier) => {
    if (specifier.startsWith(".") || specifier.startsWith("node:")) return undefined;
    return PACKAGES.some((row) => row.name === specifier && row.where.test(path)) ? undefined : specifier;
  });
  assert.deepEqual(offences, []);
});

for (const { name, where, instead } of GLOBALS) {
  test(`${name} is used only where it may be (instead: ${instead})`, () => {
    // Not after a dot (a property of that name), not before a colon (a key or a member's name).
    const use = new RegExp(`(?<![.#\\w$])${name.replace(".", "\\.")}(?![\\w$]|\\??\\s*:)`);
    const offences = sources
      .filter(({ path }) => !where.test(path))
      .flatMap(({ path, code }) =>
        code.split("\n").flatMap((line, index) => (use.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [])),
      );
    assert.deepEqual(offences, []);
  });
}

/** `path: offence` for each import that `judge` objects to. */
function everyImport(judge: (file: SourceFile, specifier: string) => string | undefined): string[] {
  return sources.flatMap((file) =>
    file.imports.flatMap((specifier) => {
      const offence = judge(file, specifier);
      return offence === undefined ? [] : [`${file.path} imports ${offence}`];
    }),
  );
}

/**
 * The groups of files in which each reaches each other through imports, each as its sorted paths: the strongly
 * connected components of more than one file (Tarjan).
 */
function circles(files: readonly SourceFile[] = sources): string[] {
  const imports = new Map(files.map((file) => [file.path, file.imports.map((specifier) => targetOf(file, specifier))]));
  const order = new Map<string, number>();
  const onPath = new Set<string>();
  const found: string[] = [];
  /** The lowest number in the order of visits that `path` reaches among files whose group is not known yet. */
  const visit = (path: string): number => {
    const own = order.size;
    let lowest = own;
    order.set(path, own);
    onPath.add(path);
    for (const next of imports.get(path) ?? []) {
      if (!imports.has(next)) continue;
      const visited = order.get(next);
      if (visited === undefined) lowest = Math.min(lowest, visit(next));
      else if (onPath.has(next)) lowest = Math.min(lowest, visited);
    }
    if (lowest === own) {
      const group = [...onPath].filter((member) => (order.get(member) ?? 0) >= own);
      for (const member of group) onPath.delete(member);
      if (group.length > 1) found.push(group.sort().join(", "));
    }
    return lowest;
  };
  for (const path of imports.keys()) if (!order.has(path)) visit(path);
  return found.sort();
}

/** The path from the root that a relative specifier names. */
function targetOf(file: SourceFile, specifier: string): string {
  return posix.join(posix.dirname(file.path), specifier);
}

function posixPath(name: string): string {
  return name.split(sep).join("/");
}

/** `src/wire/frame.ts` -> `wire`, `src/index.ts` -> `entry`. */
function layerOf(path: string): string {
  const [, folder, file] = path.split("/");
  return file === undefined || folder === undefined ? "entry" : folder;
}

function read(file: string): SourceFile {
  const text = readFileSync(file, "utf8");
  const withoutComments = text.replace(COMMENT_OR_STRING, (match) => (match.startsWith("/") ? blank(match) : match));
  const imports = [...withoutComments.matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? "");
  const code = text.replace(COMMENT_OR_STRING, (match) =>
    match.startsWith("`") ? match.replace(/(\$\{[^}]*\})|[^\n]/g, (_, expression) => expression ?? " ") : blank(match),
  );
  return { path: posixPath(relative(root, file)), code, imports };
}

/** The same lines, without a word. */
function blank(text: string): string {
  return text.replace(/[^\n]/g, " ");
}
