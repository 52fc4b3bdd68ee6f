/** npm for checks that need packages which are not the project's own: what it cannot get is told, and fails nothing. */

import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = resolve(fileURLToPath(import.meta.url), "../..");

/** It is not asked for long: a registry that cannot be reached is told, not waited for. */
const INSTALL = [
  "install",
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

/** Installs into `folder`; `what` names it for people. Throws NotAvailable. */
export function npmInstall(folder: string, what: string, args: readonly string[]): Promise<void> {
  return npm(folder, what, [...INSTALL, ...args]);
}

/** Packs the project into the empty `folder`. Returns the tarball. */
export async function pack(folder: string): Promise<string> {
  await npm(root, "the package", ["pack", "--loglevel=error", "--pack-destination", folder]);
  return join(folder, String(readdirSync(folder).find((name) => name.endsWith(".tgz"))));
}

async function npm(cwd: string, what: string, args: readonly string[]): Promise<void> {
  if (!isReachable) throw new NotAvailable(`the registry cannot be reached for ${what}`);
  const isWindows = process.platform === "win32";
  const run = promisify(execFile);
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
