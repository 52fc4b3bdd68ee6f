/**
 * What an editor shows at the name of an option: asks TypeScript's language service, on the packed package. Arguments: the
 * module of the compiler, the folder of the user, and JSON with the option names of each class. Prints what has no text.
 */

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [compiler = "", user = "", json = "{}"] = process.argv.slice(2);
const ts = createRequire(import.meta.url)(compiler);
const classes = Object.entries(JSON.parse(json));
const lines = classes.flatMap(([name, { readable, writable }]) => [
  ...readable.map((option) => `({} as ${name}).${option};`),
  ...writable.map((option) => `new ${name}({ ${option}: {} as never });`),
]);
const names = classes.map(([name]) => name);
const text = `import { ${names.join(", ")} } from "zmq-ts";\n${lines.join("\n")}\n`;
const file = join(user, "hover.mts");
writeFileSync(file, text);

const settings = {
  strict: true,
  module: ts.ModuleKind.Node16,
  target: ts.ScriptTarget.ES2022,
  lib: ["lib.es2023.d.ts", "lib.esnext.disposable.d.ts"],
  types: [],
  skipLibCheck: true,
};
const service = ts.createLanguageService({
  getScriptFileNames: () => [file],
  getScriptVersion: () => "1",
  getScriptSnapshot: (name) =>
    existsSync(name) ? ts.ScriptSnapshot.fromString(readFileSync(name, "utf8")) : undefined,
  getCurrentDirectory: () => user,
  getCompilationSettings: () => settings,
  getDefaultLibFileName: ts.getDefaultLibFilePath,
  fileExists: ts.sys.fileExists,
  readFile: ts.sys.readFile,
  readDirectory: ts.sys.readDirectory,
  directoryExists: ts.sys.directoryExists,
  getDirectories: ts.sys.getDirectories,
});

let at = text.indexOf("\n") + 1;
let missing = 0;
for (const line of lines) {
  const { index } = /(?<=\)\.|\{ )\w+(?=;|:)/.exec(line);
  const info = service.getQuickInfoAtPosition(file, at + index);
  const shown = ts.displayPartsToString(info?.documentation);
  if (!/^(ZMQ_\w+|Not in libzmq)\b.*\. |^The endpoint of the last|^libzmq's number/s.test(shown)) {
    missing++;
    console.log(`${line} ${JSON.stringify(shown)}`);
  }
  at += line.length + 1;
}
if (lines.length === 0) console.log("no options were asked for");
if (missing > 0) process.exitCode = 1;
