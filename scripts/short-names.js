/**
 * Short names for what is internal in the part of the build that pages load, and fields that are undefined without a word.
 * Minifiers leave the names of properties alone, for they cannot know who else uses them; we do. A name is replaced, in all files of pages alike, if the code defines it and it is
 *
 * - in no declaration that users see (the tree of `.d.cts` files below the entries),
 * - the name of nothing that the language or a browser has (TypeScript's `lib.*.d.ts`), but for what is far from this library,
 * - and in no string: what is read by a name that is a string, or found by `in`, has that name in a string somewhere.
 *
 * What this cannot see is a name whose string never stands whole in the code: the keys of a table that `Object.keys` goes over.
 * Those here are public. test/browser/names.test.ts compares what users can reach with a build that has the names of the source.
 */

import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { parseAst } from "rolldown/parseAst";

/** What has no object that this library comes near: elements, drawings, media, files, devices. The suites in Chromium prove it. */
const ELSEWHERE =
  /^(HTML|SVG|CSS|GPU|RTC|IDB|XR|Audio|Media|WebGL|OffscreenCanvas|Canvas|Node|Element|Range|Animation|Performance.|Payment|Presentation|ServiceWorker|Video|Image|Font|Pointer|Mouse|Text(Track|Metrics)|Document(Fragment|Type|Timeline)|Report|Credential|Crypto.|RsaHashed|Geolocation|Sensor|Permission|Notification|Push|Cache|Location|History|Storage|File|Blob|Request|Response|Body|Readable|Writable|Transform|URLPattern)/;

/** Gives internal properties short names in `chunks`, in their `code`. `declarations` are the files of the entries. */
export function shortenNames(chunks, declarations, foreign) {
  const sites = chunks.map(({ code }) => propertySites(code));
  const declared = declaredNames(declarations);
  const kept = new Set([...declared, ...platformNames(), ...foreign]);
  for (const { strings } of sites) for (const text of strings) kept.add(text);

  const uses = new Map();
  for (const { properties } of sites) for (const { name } of properties) uses.set(name, (uses.get(name) ?? 0) + 1);
  const defined = new Set(
    sites.flatMap(({ properties }) => properties.filter((site) => site.defines).map(({ name }) => name)),
  );
  const replaced = [...defined].filter((name) => name.length > 2 && !kept.has(name));
  // The most used get the shortest; the order among equals is that of the alphabet, so that a build can be repeated.
  replaced.sort((a, b) => uses.get(b) - uses.get(a) || (a < b ? -1 : 1));
  // Browsers and libsodium have properties of one letter, such as the `x` of a point. No object of ours is one of those.
  const letters = new Set(declared);
  for (const [index, { fileName }] of chunks.entries()) {
    if (fileName.includes("sodium")) continue;
    for (const { name } of sites[index].properties) letters.add(name);
    for (const text of sites[index].strings) letters.add(text);
  }
  const names = shortNames((name) => (name.length === 1 ? letters.has(name) : uses.has(name) || kept.has(name)));
  const short = new Map(replaced.map((name) => [name, names.next().value]));

  for (const [index, chunk] of chunks.entries()) {
    const { properties, voids } = sites[index];
    const renamed = properties.filter(({ name }) => short.has(name));
    const edits = [
      ...renamed.map(({ name, start, end, shorthand }) => ({
        start,
        end,
        text: shorthand ? `${short.get(name)}: ${name}` : short.get(name),
      })),
      ...voids.map((range) => ({ ...range, text: "" })),
    ].sort((one, other) => one.start - other.start);
    let code = "";
    let end = 0;
    for (const edit of edits) {
      code += chunk.code.slice(end, edit.start) + edit.text;
      end = edit.end;
    }
    chunk.code = code + chunk.code.slice(end);
  }
}

/** The names of all properties in `code`. */
export function propertyNames(code) {
  return new Set(propertySites(code).properties.map(({ name }) => name));
}

/** Where `code` names properties, and where it says that fields begin as undefined, as they do anyway; the texts of its strings. */
function propertySites(code) {
  const properties = [];
  const voids = [];
  const strings = new Set();
  const note = (key, defines, shorthand = false) => {
    if (key.type !== "Identifier") return;
    properties.push({ name: key.name, start: key.start, end: key.start + key.name.length, defines, shorthand });
  };
  walk(parseAst(code), (node) => {
    if (node.type === "Literal" && typeof node.value === "string") strings.add(node.value);
    if (node.type === "TemplateElement") strings.add(node.value.cooked);
    if (node.computed) return;
    if (node.type === "PropertyDefinition" && node.value?.operator === "void") {
      voids.push({ start: node.key.end, end: node.value.end });
    }
    if (node.type === "MemberExpression") note(node.property, false);
    if (node.type === "Property") note(node.key, true, node.shorthand);
    if (/^(Method|Property)Definition$|^AccessorProperty$/.test(node.type)) note(node.key, true);
  });
  return { properties, voids, strings };
}

/** The names of all that users of the entries whose declarations are `files` can name: of exports, and of properties of these. */
function declaredNames(files) {
  const names = new Set();
  const seen = new Set();
  const modules = new Map();
  const moduleOf = (file) => {
    const known = modules.get(file) ?? readDeclarations(file);
    modules.set(file, known);
    return known;
  };
  const isExported = (file, name) => {
    const { exported, all } = moduleOf(file);
    return exported.has(name) || all.some((from) => isExported(from, name));
  };

  const reachAll = (file) => {
    const { exported, all } = moduleOf(file);
    for (const name of exported.keys()) {
      names.add(name);
      reachExport(file, name);
    }
    all.forEach(reachAll);
  };
  const reachExport = (file, name) => {
    const { exported, all } = moduleOf(file);
    const found = exported.get(name);
    if (found !== undefined) reach(file, found);
    else for (const from of all) if (isExported(from, name)) reachExport(from, name);
  };
  const reach = (file, { from, name }) => {
    const key = `${from === undefined ? "in" : "out of"} ${from ?? file} ${name}`;
    if (seen.has(key)) return;
    seen.add(key);
    if (from !== undefined) return name === "*" ? reachAll(from) : reachExport(from, name);
    const { imported, local } = moduleOf(file);
    if (imported.has(name)) return reach(file, imported.get(name));
    for (const declaration of local.get(name) ?? []) {
      walk(declaration, (node) => {
        // Only the library itself calls it.
        if (node.kind === "constructor" && node.accessibility === "protected") return false;
        noteDeclared(names, node);
        if (node.type === "Identifier" && (local.has(node.name) || imported.has(node.name)))
          reach(file, { name: node.name });
        return true;
      });
    }
  };
  files.forEach(reachAll);
  return names;
}

/** What a file of declarations has: `local` by name, `imported` and `exported` as places, and the files it exports `all` of. */
function readDeclarations(file) {
  const local = new Map();
  const imported = new Map();
  const exported = new Map();
  const all = [];
  const fileOf = ({ value }) => join(dirname(file), value.replace(/\.cjs$/, ".d.cts"));
  const declare = (statement) => {
    const declared = statement.type === "VariableDeclaration" ? statement.declarations : [statement];
    const ids = declared.map(({ id }) => id.name);
    for (const name of ids) local.set(name, [...(local.get(name) ?? []), statement]);
    return ids;
  };
  for (const statement of parseAst(readFileSync(file, "utf8"), { lang: "dts" }).body) {
    if (statement.type === "ImportDeclaration") {
      const from = fileOf(statement.source);
      for (const { local: own, imported: theirs } of statement.specifiers)
        imported.set(own.name, { from, name: theirs?.name ?? "*" });
    } else if (statement.type === "ExportAllDeclaration") {
      const from = fileOf(statement.source);
      if (statement.exported === null) all.push(from);
      else exported.set(statement.exported.name, { from, name: "*" });
    } else if (statement.type === "ExportNamedDeclaration") {
      const from = statement.source === null ? undefined : fileOf(statement.source);
      for (const { local: own, exported: name } of statement.specifiers)
        exported.set(name.name, { from, name: own.name });
      if (statement.declaration !== null)
        for (const name of declare(statement.declaration)) exported.set(name, { name });
    } else {
      declare(statement);
    }
  }
  return { local, imported, exported, all };
}

/** The names of all that the language and browsers have. */
function platformNames() {
  const compiler = createRequire(import.meta.url).resolve("typescript/package.json");
  const { optionalDependencies } = JSON.parse(readFileSync(compiler, "utf8"));
  const [native] = Object.keys(optionalDependencies).filter((name) =>
    name.endsWith(`${process.platform}-${process.arch}`),
  );
  const lib = join(dirname(createRequire(compiler).resolve(`${native}/package.json`)), "lib");
  const names = new Set();
  for (const file of readdirSync(lib).filter((name) => /^lib\..*\.d\.ts$/.test(name))) {
    walk(parseAst(readFileSync(join(lib, file), "utf8"), { lang: "dts" }), (node) => {
      if (node.type === "TSInterfaceDeclaration" && ELSEWHERE.test(node.id.name)) return false;
      noteDeclared(names, node);
      return true;
    });
  }
  return names;
}

/** Adds the name that `node` declares, and strings, which are names of options, events and the like. */
function noteDeclared(names, node) {
  const isNamed =
    node.type === "VariableDeclarator" || node.type === "TSDeclareFunction" || node.type === "ClassDeclaration";
  const name = isNamed ? node.id : node.key;
  if (name?.type === "Identifier") names.add(name.name);
  if (node.type === "Literal" && typeof node.value === "string") names.add(node.value);
}

/** Visits `node` and all below it; `visit` returns false for what it need not see the inside of. */
function walk(node, visit) {
  if (visit(node) === false) return;
  for (const child of Object.values(node)) {
    if (Array.isArray(child)) {
      for (const each of child) if (each !== null && typeof each === "object") walk(each, visit);
    } else if (child !== null && typeof child === "object" && typeof child.type === "string") {
      walk(child, visit);
    }
  }
}

/** `e`, `t`, ... `Z`, `ee`, ... without those that are `taken`: the letters that code has most of anyway come first. */
function* shortNames(taken) {
  const first = "etnrisoalcudhpmfgbvywxkqjzETNRISOALCUDHPMFGBVYWXKQJZ";
  for (const name of first) if (!taken(name)) yield name;
  for (const a of first) for (const b of `${first}0123456789`) if (!taken(a + b)) yield a + b;
}
