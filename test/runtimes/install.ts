/**
 * What the program needs, below `.build/runtimes`: the project as its users install it, and the runtimes, which stay
 * there for the next run.
 */

import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { NotAvailable, npmInstall, pack } from "../npm.ts";
import type { Runtime } from "./runtimes.ts";

const root = resolve(fileURLToPath(import.meta.url), "../../..");
const cache = join(root, ".build", "runtimes");
const run = promisify(execFile);

/** The project, packed unless `tarball` is given, and the program in a folder of its own. Returns the program's file. */
export async function installProgram(tarball: string | undefined): Promise<string> {
  const folder = emptyFolder("user");
  const packed = tarball === undefined ? await pack(emptyFolder("packed")) : resolve(tarball);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  // Bun would find the paths of the repository's, by which `zmq-ts` means the source.
  writeFileSync(join(folder, "tsconfig.json"), "{}");
  await npmInstall(folder, "zmq-ts with its dependencies", ["--prefer-offline", packed]);
  cpSync(join(root, "test", "runtimes", "program"), join(folder, "program"), { recursive: true });
  return join(folder, "program", "main.js");
}

/** The binary of `runtime`, installed when it is not there yet. Throws NotAvailable. */
export async function installRuntime(runtime: Runtime): Promise<string> {
  const { name, version, binary } = runtime;
  const platform = `${process.platform}-${process.arch}`;
  const pinned = runtime.packages[platform];
  if (pinned === undefined || isMusl()) throw new NotAvailable(`no package for ${isMusl() ? "musl" : platform}`);
  const folder = join(cache, `${name}-${version}`);
  const file = join(folder, "node_modules", pinned, binary) + (process.platform === "win32" ? ".exe" : "");
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true }));
    await npmInstall(folder, `${pinned}@${version}`, ["--no-save", `${pinned}@${version}`]);
  }
  await run(file, ["--version"]).catch((error: { signal?: string; message: string }) => {
    throw new NotAvailable(`${pinned}@${version} does not start here: ${error.signal ?? error.message}`);
  });
  return file;
}

function emptyFolder(name: string): string {
  mkdirSync(cache, { recursive: true });
  for (const each of readdirSync(cache)) {
    if (each.startsWith(`${name}-`)) rmSync(join(cache, each), { recursive: true, force: true });
  }
  return mkdtempSync(join(cache, `${name}-`));
}

/** Whether this Linux has musl and not glibc, for which the packages are. */
function isMusl(): boolean {
  if (process.platform !== "linux") return false;
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return report.header?.glibcVersionRuntime === undefined;
}
