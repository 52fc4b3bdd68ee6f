/**
 * What the program needs, below `.build/runtimes`: the project as its users install it, and the runtimes, which stay
 * there for the next run.
 */

import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Runtime } from "./runtimes.ts";

const root = resolve(fileURLToPath(import.meta.url), "../../..");
const cache = join(root, ".build", "runtimes");
const run = promisify(execFile);

/** Npm is not asked for long: a registry that cannot be reached is told, not waited for. */
const NPM = [
  "--loglevel=error",
  "--no-audit",
  "--no-fund",
  "--ignore-scripts",
  "--fetch-retries=1",
  "--fetch-timeout=30000",
];

let isReachable = true;

/** Why something is not there; a sentence for people, and no failure of the project. */
export class NotAvailable extends Error {}

/** The project, packed unless `tarball` is given, and the program in a folder of its own. Returns the program's file. */
export async function installProgram(tarball: string | undefined): Promise<string> {
  const folder = emptyFolder("user");
  const packed = tarball === undefined ? await pack() : resolve(tarball);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  await npm(folder, "zmq-ts with its dependencies", ["install", ...NPM, "--prefer-offline", packed]);
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
    await npm(folder, `${pinned}@${version}`, ["install", ...NPM, "--no-save", `${pinned}@${version}`]);
  }
  await run(file, ["--version"]).catch((error: { signal?: string; message: string }) => {
    throw new NotAvailable(`${pinned}@${version} does not start here: ${error.signal ?? error.message}`);
  });
  return file;
}

async function pack(): Promise<string> {
  const folder = emptyFolder("packed");
  await npm(root, "the package", ["pack", "--loglevel=error", "--pack-destination", folder]);
  return join(folder, String(readdirSync(folder)[0]));
}

async function npm(cwd: string, what: string, args: readonly string[]): Promise<void> {
  if (!isReachable) throw new NotAvailable(`the registry cannot be reached for ${what}`);
  const isWindows = process.platform === "win32";
  await run(isWindows ? "npm.cmd" : "npm", args, { cwd, shell: isWindows }).catch(({ stderr }: { stderr: string }) => {
    const said = String(stderr);
    if (/\bE404\b|\bETARGET\b|\bEBADPLATFORM\b/.test(said)) throw new NotAvailable(`the registry has no ${what}`);
    if (
      /\b(ENOTFOUND|EAI_AGAIN|ECONN\w+|ETIMEDOUT|ERR_SOCKET_TIMEOUT|ENETUNREACH|EHOSTUNREACH|E[45]\d\d)\b/.test(said)
    ) {
      isReachable = false;
      throw new NotAvailable(`the registry cannot be reached for ${what}`);
    }
    throw new Error(`npm ${args.join(" ")}\n${said}`);
  });
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
