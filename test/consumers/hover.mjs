/**
 * What an editor shows at the name of an option, and at some others: asks TypeScript's language service, on the packed package. Arguments: the
 * module of the compiler, the folder of the user, and JSON with the option names of each class, and
 * expressions whose last name is asked for. Prints what has no text, and options whose text does not end with the default.
 */

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [compiler = "", user = "", json = "{}"] = process.argv.slice(2);
const ts = createRequire(import.meta.url)(compiler);
const { classes: options, others } = JSON.parse(json);
const classes = Object.entries(options);
/** A line of the program, and what the text of its last name must look like. */
const WITHOUT_DEFAULT = /^(ZMQ_\w+|Not in libzmq)\b.*\. |^The endpoint of the last|^libzmq's number/s;
const WITH_DEFAULT = /^(ZMQ_\w+|Not in libzmq)\b.* Default \S.*\.$/s;
const asked = [
  ...classes.flatMap(([name, { readable, writable }]) => [
    ...readable.map((option) => [
      `({} as ${name}).${option};`,
      writable.includes(option) ? WITH_DEFAULT : WITHOUT_DEFAULT,
    ]),
    ...writable.map((option) => [`new ${name}({ ${option}: {} as never });`, WITH_DEFAULT]),
  ]),
  ...others.map((expression) => [`${expression};`, /\w/]),
];
const lines = asked.map(([line]) => line);
const names = classes.map(([name]) => name);
const text = `import { ${names.join(", ")}, Proxy, type EventOfType, type DropEvent } from "zmq-ts";\n${lines.join("\n")}\n`;
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
for (const [line, expected] of asked) {
  const { index } = /(?<=\)\.|\{ |new )\w+(?=;|:|\(\{\} as never, )/.exec(line);
  const info = service.getQuickInfoAtPosition(file, at + index);
  const shown = ts.displayPartsToString(info?.documentation);
  if (!expected.test(shown)) {
    missing++;
    console.log(`${line} ${JSON.stringify(shown)}`);
  }
  at += line.length + 1;
}
if (lines.length === 0) console.log("no options were asked for");
if (missing > 0) process.exitCode = 1;
