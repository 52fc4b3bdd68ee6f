/**
 * The peers under test: how each is made ready, and the command line of one process of it.
 *
 * Workers for Node are bundled to plain JavaScript first, so that no loader runs in a measured process. The C peer is
 * compiled when there are a compiler and libzmq's headers.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "rolldown";
import type { PeerName } from "./workloads.ts";

export interface Peer {
  readonly name: string;
  /** Version, or what else tells one build from another. */
  readonly about: string;
  /** Executable and leading arguments. */
  readonly command: readonly string[];
  /** The same of the side that connects, where it is another. */
  readonly clientCommand?: readonly string[];
}

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const OUT = join(ROOT, ".build", "bench");

/** The process that plays the thousands of clients of a `crowd`, for every peer. */
export const CROWD: readonly string[] = [process.execPath, join(OUT, "crowd.js")];

/** Builds what `names` need. Foreign peers that cannot be had are left out, and `warn` says why; zmq-ts must be there. */
export async function preparePeers(names: readonly PeerName[], warn: (line: string) => void): Promise<Peer[]> {
  mkdirSync(OUT, { recursive: true });
  await bundle(["node", "raw", "web", "crowd"].map((name) => join(ROOT, "bench", "peers", `${name}.ts`)));
  const peers: Peer[] = [];
  for (const name of names) {
    try {
      peers.push(PREPARE[name]());
    } catch (error) {
      if (name === "zmq-ts") throw error;
      warn(`${name} is left out: ${error instanceof Error ? error.message.split("\n")[0] : error}`);
    }
  }
  return peers;
}

const PREPARE: Record<PeerName, () => Peer> = {
  "zmq-ts": ours,
  "zeromq.js": () => ({
    name: "zeromq.js",
    about: `zeromq ${npmVersion("zeromq")}`,
    command: worker("node", "module=zeromq"),
  }),
  libzmq: compileC,
  "node:net": () => ({ name: "node:net", about: `Node ${process.versions.node}`, command: worker("raw") }),
  "npm ws": () => ({ name: "npm ws", about: `ws ${npmVersion("ws8")}, corked`, command: worker("web", "module=ws") }),
  jszmq: () => ({ name: "jszmq", about: `jszmq ${npmVersion("jszmq")}`, command: worker("web", "module=jszmq") }),
  "to libzmq": () => mixed("to libzmq", compileC(), ours()),
  "from libzmq": () => mixed("from libzmq", ours(), compileC()),
};

function mixed(name: PeerName, server: Peer, client: Peer): Peer {
  return {
    name,
    about: `${client.about}, connects to ${server.about}`,
    command: server.command,
    clientCommand: client.command,
  };
}

/** One more build of a module with this API, to be measured beside the others: `name=path`. */
export function extraPeer(nameAndPath: string): Peer {
  const [name = "", path = ""] = nameAndPath.split("=");
  if (!existsSync(path)) throw new Error(`--module ${nameAndPath}: expected name=path of a built module`);
  return { name, about: path, command: worker("node", `module=${resolve(path)}`) };
}

function worker(name: string, ...args: string[]): string[] {
  return [process.execPath, "--expose-gc", join(OUT, `${name}.js`), ...args];
}

async function bundle(input: string[]): Promise<void> {
  await build({
    input,
    platform: "node",
    external: (id) => !/^[./]/.test(id),
    logLevel: "warn",
    output: { dir: OUT, format: "esm", entryFileNames: "[name].js" },
  });
}

/** The built library, made anew where its sources are newer. */
function ours(): Peer {
  execFileSync(process.execPath, [join(ROOT, "scripts", "build.js"), "--if-stale"], { stdio: "inherit" });
  const entry = join(ROOT, "dist", "index.js");
  return { name: "zmq-ts", about: "dist/index.js", command: worker("node", `module=${entry}`) };
}

export function compileC(): Peer {
  const source = join(ROOT, "bench", "peers", "libzmq.c");
  const binary = join(OUT, "libzmq");
  mkdirSync(OUT, { recursive: true });
  const compiler = process.env.CC ?? "cc";
  try {
    execFileSync(compiler, ["-O2", "-o", binary, source, "-lzmq", "-lpthread"], {
      stdio: ["ignore", "ignore", "pipe"],
    });
  } catch {
    throw new Error(`${compiler} could not compile bench/peers/libzmq.c; a C compiler and libzmq's headers are needed`);
  }
  const version = execFileSync(binary, ["version"], { encoding: "utf8" }).trim();
  return { name: "libzmq", about: `libzmq ${version}, C`, command: [binary] };
}

function npmVersion(name: string): string {
  const manifest = join(ROOT, "node_modules", name, "package.json");
  return execFileSync(process.execPath, ["-p", `require(${JSON.stringify(manifest)}).version`], {
    encoding: "utf8",
  }).trim();
}
