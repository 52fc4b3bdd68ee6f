/**
 * The types: a TypeScript program for zeromq.js compiles with only its import
 * changed, and each class has the properties that it has there.
 */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type * as reference from "zeromq";
import type * as zmq from "../../src/index.ts";

// --- Compared by the compiler, with everything else (`npm run typecheck`) ---

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
type Name = "Pair" | "Publisher" | "Subscriber" | "Request" | "Reply" | "Dealer" | "Router" | Name2;
type Name2 = "Pull" | "Push" | "XPublisher" | "XSubscriber" | "Stream" | "Socket" | "Context" | "Observer" | "Proxy";
type Theirs = { [N in Name]: (typeof reference)[N]["prototype"] };
type Ours = { [N in Name]: (typeof zmq)[N]["prototype"] };

/** Keys of `theirs` that `ours` has not, cannot write, or has with a value of another type. Methods and the classes' own types aside. */
type Missing<A, B> = Exclude<keyof A, keyof B>;
type NotWritable<A, B> = Exclude<zmq.WritableKeys<A>, zmq.WritableKeys<B>>;
type Different<A, B> = {
  [K in keyof A & keyof B]: A[K] extends Method | Theirs[Name] ? never : Same<A[K], B[K]> extends true ? never : K;
}[keyof A & keyof B];
type Method = (...args: never[]) => unknown;
type Faults<A, B> = Missing<A, B> | NotWritable<A, B> | Exclude<Different<A, B>, "type">;

/** The value is checked, not used: each name must have no faults. */
const FAULTLESS: { [N in Name]: [Faults<Theirs[N], Ours[N]>] extends [never] ? true : Faults<Theirs[N], Ours[N]> } = {
  Pair: true,
  Publisher: true,
  Subscriber: true,
  Request: true,
  Reply: true,
  Dealer: true,
  Router: true,
  Pull: true,
  Push: true,
  XPublisher: true,
  XSubscriber: true,
  Stream: true,
  Socket: true,
  Context: true,
  Observer: true,
  Proxy: true,
};

/** Types of the same name say the same. */
const SAME: [
  Same<reference.MessageLike, zmq.MessageLike>,
  Same<reference.Message, zmq.Message>,
  Same<reference.EventType, zmq.EventType>,
  Same<keyof reference.SocketOptions<reference.Dealer>, keyof reference.SocketOptions<reference.Dealer>>,
  Same<reference.EventOfType<"connect:retry">, zmq.EventOfType<"connect:retry">>,
  Same<reference.EventOfType<"end">, zmq.EventOfType<"end">>,
] = [true, true, true, true, true, true];

/** Those that zeromq.js's declarations have but its entry does not hand on. */
export type Internal = [
  zmq.Options<{ a: number; readonly b: string }>,
  zmq.ReadableKeys<{ a: 1 }>,
  zmq.EventFor<"x", zmq.EventAddress & zmq.EventInterval & zmq.EventError<zmq.ErrnoError>>,
  zmq.EventSubscriber,
  zmq.AuthError,
  zmq.ProtoError,
  zmq.RouterConnectOptions,
  zmq.StreamConnectOptions,
  zmq.Expand<{ a: 1 }>,
  zmq.IfEquals<1, 1, true>,
];
const OPTIONS: Same<zmq.Options<{ a: number; readonly b: string; c(): void }>, { a?: number }> = true;

test("classes have the properties of zeromq.js, with the same types", () => {
  assert.ok(Object.values(FAULTLESS).every(Boolean));
  assert.ok(SAME.every(Boolean) && OPTIONS);
});

// --- A whole program, compiled ---

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const tsc = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin", "tsc");
const source = readFileSync(join(root, "test/api/typed-program.ts"), "utf8");
let folder: string;

before(() => {
  mkdirSync(join(root, ".build"), { recursive: true });
  folder = mkdtempSync(join(root, ".build", "typed-program-"));
});

after(() => rmSync(folder, { recursive: true, force: true }));

for (const [name, specifier] of [
  ["zeromq.js", "zeromq"],
  ["this library", "../../src/index.ts"],
] as const) {
  test(`a program for zeromq.js compiles with the types of ${name}`, async () => {
    const file = join(folder, `${name.replace(/\W/g, "-")}.mts`);
    writeFileSync(file, source.replace('"zmq-ts"', JSON.stringify(specifier)));
    const settings = {
      extends: "../../tsconfig.json",
      compilerOptions: { target: "ES2022", paths: {}, exactOptionalPropertyTypes: false },
      include: [],
      files: [file, join(root, "src/security/libsodium-sumo.d.ts")],
    };
    const project = join(folder, `tsconfig.${name.replace(/\W/g, "-")}.json`);
    writeFileSync(project, JSON.stringify(settings));
    const { stdout } = await promisify(execFile)(process.execPath, [tsc, "-p", project], { cwd: root }).catch(
      (error: { stdout: string }) => error,
    );
    assert.equal(stdout, "");
  });
}
