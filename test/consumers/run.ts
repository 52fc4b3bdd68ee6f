/**
 * `npm run consumers [-- --only jest,vitest,bundlers,single,pages,servers,types,hover,install] [--tarball file]`: the packed project with the tools of those who use it.
 * Small programs are tested by Jest and vitest, bundled by webpack, Vite, esbuild and Rollup and then run, also as a single
 * executable, and compiled by the
 * TypeScripts of tools.ts without `skipLibCheck`; a page's program is bundled by the same four and run in Chromium; sockets
 * sit on the servers of Express and Fastify beside npm `ws` and Socket.IO; it is installed in the place of `zeromq`. A warning is a failure. The last line is `N passed, M failed`.
 *
 * The tools are not part of the project: npm brings them into `.build/consumers`, where they stay for the next run.
 * When it cannot, that is told as NOT RUN and counts as nothing.
 */

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { optionRow, optionsOf } from "../../src/base/options.ts";
import { noBrowser } from "../browser/chromium.ts";
import { NotAvailable, npmInstall, pack } from "../npm.ts";
import { installs, makeInstall } from "./installs.ts";
import { openPages } from "./pages.ts";
import { COMPILERS, type Compiler, TOOLS } from "./tools.ts";

const here = dirname(fileURLToPath(import.meta.url));
const cache = resolve(here, "../../.build/consumers");
const LIMIT_MS = 120_000;
const BUNDLERS = ["webpack", "vite", "esbuild", "rollup"];
/** Marks where a program goes in Node's binary. */
const SEA_FUSE = "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2";

const { values } = parseArgs({ options: { only: { type: "string" }, tarball: { type: "string" } } });
const COMPILER_OPTIONS = {
  target: "es2022",
  strict: true,
  noEmit: true,
  skipLibCheck: false,
  esModuleInterop: true,
  types: ["node"],
};

/** The socket classes and their types. */
const CLASSES = {
  Pair: "PAIR",
  Publisher: "PUB",
  Subscriber: "SUB",
  Request: "REQ",
  Reply: "REP",
  Dealer: "DEALER",
  Router: "ROUTER",
  Pull: "PULL",
  Push: "PUSH",
  XPublisher: "XPUB",
  XSubscriber: "XSUB",
  Stream: "STREAM",
} as const;

const counts = { passed: 0, failed: 0 };

/** The parts, by the names that `--only` takes. */
const PARTS: Readonly<Record<string, (user: string, tools: string) => Promise<void>>> = {
  jest,
  vitest,
  bundlers,
  pages,
  servers,
  single,
  types,
  hover,
  install,
};
const parts = (values.only?.split(",") ?? Object.keys(PARTS)).map((name) => {
  const part = PARTS[name];
  if (part === undefined) throw new Error(`--only: expected some of ${Object.keys(PARTS).join(", ")}, not ${name}`);
  return part;
});

try {
  const [user, tools] = await Promise.all([installUser(values.tarball), installTools()]);
  await Promise.all(parts.map((part) => part(user, tools)));
} catch (error) {
  if (!(error instanceof NotAvailable)) throw error;
  console.log(`NOT RUN  consumers: ${error.message}`);
}
console.log(`\n${counts.passed} passed, ${counts.failed} failed`);
if (counts.failed > 0) process.exitCode = 1;

async function jest(user: string, tools: string): Promise<void> {
  const command = [join(tools, "node_modules/jest/bin/jest.js"), "--rootDir", join(user, "program"), "--ci"];
  await check("jest: require, mocks and CURVE", async () => {
    const { stdout, stderr } = await node(command, user);
    if (!/Tests: +\d+ passed/.test(stderr) || /warning/i.test(stdout + stderr)) throw new Error(stdout + stderr);
  });
  await check("jest: two files in threads of one process", () =>
    inThreads((folder) => {
      const threads = [...command.slice(0, 2), join(user, "threads"), "--ci", "--workerThreads", "--maxWorkers=2"];
      return node(threads, user, { NAMES_FOLDER: folder });
    }),
  );
}

/** Files in threads of one process, which know nothing of each other. */
async function inThreads(run: (folder: string) => Promise<{ stdout: string; stderr: string }>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "zmq-ts-"));
  try {
    const { stdout, stderr } = await run(folder);
    if (!/Tests:? +4 passed/.test(stdout + stderr)) throw new Error(stdout + stderr);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function vitest(user: string, tools: string): Promise<void> {
  await check("vitest: two files in threads of one process", () =>
    inThreads((folder) => {
      const command = [join(tools, "node_modules/vitest/vitest.mjs"), "run", "--root", join(user, "vitest")];
      // Its own packages are where the tools are.
      symlinkSync(join(tools, "node_modules", "vitest"), join(user, "node_modules", "vitest"), "junction");
      return node([...command, "--pool=threads", "--maxWorkers=2"], user, { NAMES_FOLDER: folder, NO_COLOR: "1" });
    }),
  );
}

/** Node's own way: the bundled program in a copy of Node. */
async function single(user: string, tools: string): Promise<void> {
  const out = mkdtempSync(join(tmpdir(), "zmq-ts-"));
  try {
    await check("a single executable, with an I/O thread", async () => {
      cpSync(join(here, "bundle.mjs"), join(tools, "bundle.mjs"));
      const main = join(out, "main.cjs");
      await node([join(tools, "bundle.mjs"), "esbuild", join(user, "program", "require.cjs"), main], user);
      const settings = { main, output: join(out, "blob"), disableExperimentalSEAWarning: true };
      writeFileSync(join(out, "sea.json"), JSON.stringify(settings));
      await node(["--experimental-sea-config", join(out, "sea.json")], out);
      const program = join(out, "program");
      cpSync(process.execPath, program);
      const postject = join(tools, "node_modules/postject/dist/cli.js");
      await node([postject, program, "NODE_SEA_BLOB", settings.output, "--sentinel-fuse", SEA_FUSE], out);
      rmSync(main);
      const { stdout, stderr } = await promisify(execFile)(program, {
        cwd: out,
        timeout: LIMIT_MS,
        killSignal: "SIGKILL",
      });
      if (stdout + stderr !== "bundled\n") throw new Error(stdout + stderr);
    });
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

async function bundlers(user: string, tools: string): Promise<void> {
  cpSync(join(here, "bundle.mjs"), join(tools, "bundle.mjs"));
  // Where no package is to be found: a bundle has all that it needs.
  const out = mkdtempSync(join(tmpdir(), "zmq-ts-"));
  try {
    for (const bundler of BUNDLERS) {
      for (const program of ["import.mjs", "require.cjs"]) {
        await check(`${bundler}: a program with ${program.replace(/\..*/, "")}`, async () => {
          const bundle = join(out, `${bundler}-${program}`);
          const told = await node([join(tools, "bundle.mjs"), bundler, join(user, "program", program), bundle], user);
          if (told.stdout + told.stderr !== "") throw new Error(told.stdout + told.stderr);
          const printed = await node([bundle], out);
          if (printed.stdout + printed.stderr !== "bundled\n") throw new Error(printed.stdout + printed.stderr);
        });
      }
    }
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

async function pages(user: string, tools: string): Promise<void> {
  if (noBrowser !== undefined) {
    console.log(`NOT RUN  pages: ${noBrowser}`);
    return;
  }
  cpSync(join(here, "bundle.mjs"), join(tools, "bundle.mjs"));
  const out = mkdtempSync(join(tmpdir(), "zmq-ts-"));
  await using runner = await openPages();
  try {
    for (const bundler of BUNDLERS) {
      await check(`${bundler}: a page's program, in Chromium`, async () => {
        const bundle = join(out, `${bundler}.mjs`);
        const program = join(user, "program", "page.mjs");
        const told = await node([join(tools, "bundle.mjs"), bundler, program, bundle, "browser"], user);
        if (told.stdout + told.stderr !== "") throw new Error(told.stdout + told.stderr);
        const title = await runner.run(bundle);
        if (title !== "bundled in a page") throw new Error(title);
      });
    }
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

/** On the HTTP servers that people have, beside the other WebSockets that they have there. */
async function servers(user: string, tools: string): Promise<void> {
  const { stdout } = await node([join(user, "program", "servers.mjs"), tools], user);
  for (const line of stdout.trimEnd().split("\n")) {
    await check(`servers: ${line.replace(/^(ok|FAIL) /, "")}`, async () => {
      if (!line.startsWith("ok ")) throw new Error(line);
    });
  }
}

async function types(user: string, tools: string): Promise<void> {
  for (const compiler of COMPILERS) await compile(user, tools, compiler);
}

/** Editors show the text of each option, on sockets and in constructors. The compilers from 7 on show none for mapped types yet. */
async function hover(user: string, tools: string): Promise<void> {
  const classes = Object.fromEntries(
    Object.entries(CLASSES).map(([name, type]) => {
      const readable = optionsOf(type);
      return [name, { readable, writable: readable.filter((option) => optionRow(option).access === "rw") }];
    }),
  );
  const version = "5.9.3";
  const others = [
    "new Proxy({} as never, {} as never)",
    ...["frontEnd", "backEnd", "statistics", "run", "pause", "resume", "terminate"].map(
      (name) => `({} as Proxy).${name}`,
    ),
    ...["frontEnd", "backEnd"].map((name) => `({} as Proxy["statistics"]).${name}`),
    ...["close", "disconnect"].map((type) => `({} as EventOfType<"${type}">).cause`),
    ...["reason", "address", "firstFrame"].map((name) => `({} as DropEvent).${name}`),
  ];
  await check(`hover help of every option, its default, and of proxies and events: typescript ${version}`, async () => {
    const compiler = join(tools, "node_modules", `typescript-${version}`);
    await node([join(here, "hover.mjs"), compiler, user, JSON.stringify({ classes, others })], user);
  });
}

/** Outside of `user`, below which the package would be found anyway. */
async function install(user: string): Promise<void> {
  const found = readdirSync(user).find((name) => name.endsWith(".tgz"));
  const tarball = values.tarball === undefined ? join(user, String(found)) : resolve(values.tarball);
  const folder = mkdtempSync(join(tmpdir(), "zmq-ts-"));
  try {
    for (const [name, each] of Object.entries(installs(tarball))) {
      await check(`in the place of zeromq: ${name}`, async () => {
        const { stdout, stderr } = await node([await makeInstall(join(folder, "user"), each)], folder);
        if (stdout + stderr !== "hello from 4\n") throw new Error(stdout + stderr);
      });
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function compile(user: string, tools: string, { version, nodeTypes, modules }: Compiler): Promise<void> {
  const packages = join(tools, "node_modules");
  const folder = join(user, `types-${version}`);
  cpSync(join(here, "program"), folder, { recursive: true });
  mkdirSync(join(folder, "node_modules", "@types"), { recursive: true });
  // Beside the program, so that the package finds them: its own folder is above both.
  const found = join(user, "node_modules", "@types", "node");
  symlinkSync(join(packages, `node-types-${nodeTypes}`), found, "junction");
  // Not `.ts` where they stand: this project's own compiler would take them for its own.
  for (const name of ["types.mts", "types.cts", "page-types.mts"])
    renameSync(join(folder, `${name}.txt`), join(folder, name));
  try {
    for (const [module, resolution] of modules) {
      await check(`typescript ${version}: ${module}, ${resolution}`, async () => {
        const files = ["types.mts", "page-types.mts", ...(module === "node16" ? ["types.cts"] : [])];
        const compilerOptions = { ...COMPILER_OPTIONS, module, moduleResolution: resolution };
        writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
        await node([join(packages, `typescript-${version}`, "bin/tsc"), "-p", folder], folder);
      });
    }
  } finally {
    rmSync(found, { recursive: true, force: true });
  }
}

async function check(name: string, run: () => Promise<void>): Promise<void> {
  try {
    await run();
    counts.passed += 1;
    console.log(`ok   ${name}`);
  } catch (error) {
    counts.failed += 1;
    console.log(`FAIL ${name}\n${String(error instanceof Error ? error.message : error).replace(/^/gm, "     ")}`);
  }
}

/** Runs Node. Rejects, with all that was printed, unless it ends with 0. */
function node(
  args: readonly string[],
  cwd: string,
  variables: NodeJS.ProcessEnv = {},
): Promise<{ stdout: string; stderr: string }> {
  const env = { ...process.env, ...variables };
  const options = { cwd, env, timeout: LIMIT_MS, killSignal: "SIGKILL", maxBuffer: 2 ** 26 } as const;
  return promisify(execFile)(process.execPath, args, options).catch((error) => {
    throw new Error(`${error.message}\n${error.stdout}${error.stderr}`);
  });
}

/** A folder with the programs, and the packed project as their only package. */
async function installUser(tarball: string | undefined): Promise<string> {
  const user = join(cache, "user");
  rmSync(user, { recursive: true, force: true });
  mkdirSync(user, { recursive: true });
  writeFileSync(join(user, "package.json"), JSON.stringify({ private: true }));
  // Bundlers look for the nearest: that of this project maps the package to its sources.
  writeFileSync(join(user, "tsconfig.json"), "{}");
  const packed = tarball === undefined ? await pack(user) : resolve(tarball);
  await npmInstall(user, "zmq-ts with its dependencies", ["--prefer-offline", packed]);
  for (const name of ["program", "threads", "vitest"]) cpSync(join(here, name), join(user, name), { recursive: true });
  mkdirSync(join(user, "node_modules", "@types"), { recursive: true });
  return user;
}

/** A folder with the tools and all compilers, each by its version; the one of the last run where they are the same. */
async function installTools(): Promise<string> {
  const wanted = new Set(Object.entries(TOOLS).map(([name, version]) => `${name}@${version}`));
  for (const { version, nodeTypes } of COMPILERS) {
    wanted.add(`typescript-${version}@npm:typescript@${version}`);
    wanted.add(`node-types-${nodeTypes}@npm:@types/node@${nodeTypes}`);
  }
  const hash = createHash("sha256")
    .update([...wanted].join())
    .digest("hex");
  const folder = join(cache, `tools-${hash.slice(0, 8)}`);
  if (existsSync(join(folder, "complete"))) return folder;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true }));
  await npmInstall(folder, "the tools of test/consumers/tools.ts", [...wanted]);
  writeFileSync(join(folder, "complete"), "");
  return folder;
}
