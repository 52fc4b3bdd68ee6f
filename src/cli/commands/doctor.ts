/**
 * `zmq doctor`: tries what this machine and runtime can do, and lists the options
 * that cannot be honoured here. With an endpoint: looks at the peer there.
 */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { networkInterfaces, release, tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { Authenticator, capability, curveKeyPair, Reply, Request, version } from "../../index.ts";
import { nodePlatform } from "../../node/platform.ts";
import { describe, EXIT } from "../failure.ts";
import { examples, type Finish } from "../help.ts";
import { painterOf } from "../terminal.ts";
import { wrap } from "../wrap.ts";
import { examine } from "./doctor-peer.ts";
import { type Limit, limitsIn } from "./options.ts";

interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  /** Nothing is broken without it. */
  readonly optional?: boolean;
}

interface Flags {
  readonly json?: boolean;
  readonly options?: boolean;
}

const EXAMPLES = [
  ["zmq doctor", "exit code 0 when all works, else 1"],
  ["zmq doctor tcp://host:5555", "names the peer, and what may talk to it"],
  ["zmq doctor ws://host:8080/feed", "the same at a path, or why nobody is there"],
  ["zmq doctor --options", "the options that are not honoured here"],
] as const;

/** How long one attempt may take. */
const PATIENCE_MS = 3000;

/** `page`: where docs/options.md is. */
export function addDoctor(program: Command, finish: Finish, page: URL): void {
  program
    .command("doctor")
    .argument("[endpoint]", "look at the peer there, instead of this machine")
    .summary("Check this machine and runtime, or the peer at an endpoint.")
    .description(
      "Try what this machine and runtime can do. With an endpoint: connect, and name the peer's socket type, security and version.",
    )
    .option("--options", "list the options that cannot be honoured here")
    .option("--json", "print the findings as JSON")
    .addHelpText("after", examples(EXAMPLES))
    .action((endpoint: string | undefined, flags: Flags) =>
      finish(() => (endpoint === undefined ? run(flags, page) : examine(endpoint, flags.json === true))),
    );
}

async function run({ json, options: showsOptions }: Flags, page: URL): Promise<number> {
  const runtime = runtimeFacts();
  const checks = [
    nodeCheck(),
    await exchange("tcp", "tcp://127.0.0.1:*"),
    await exchange("tcp over IPv6", "tcp://[::1]:*", true),
    await inFolder((path) => exchange("ipc", `ipc://${path}`)),
    await exchange("ws", "ws://127.0.0.1:*/doctor"),
    await exchange("inproc", "inproc://doctor"),
    curveCheck(),
    await curveExchange(),
  ];
  const options = limitsIn(page);
  if (json) process.stdout.write(`${JSON.stringify({ runtime, capability, checks, options }, null, 2)}\n`);
  else {
    print(runtime, checks);
    if (showsOptions) printOptions(options);
    else
      process.stdout.write(`\n${options.length} options are not, or not fully, honoured here: zmq doctor --options\n`);
  }
  return checks.every(({ ok, optional }) => ok || optional) ? EXIT.done : EXIT.failed;
}

function runtimeFacts(): Record<string, string> {
  const { versions } = process as { versions: Record<string, string | undefined> };
  const [name, number] = versions.bun
    ? ["Bun", versions.bun]
    : versions.deno
      ? ["Deno", versions.deno]
      : ["Node.js", versions.node];
  return {
    runtime: `${name} ${number}`,
    system: `${process.platform} ${release()} ${process.arch}`,
    "behaves as": `libzmq ${version}`,
    capabilities: Object.entries(capability)
      .filter(([, has]) => has)
      .map(([each]) => each)
      .join(" "),
    addresses: Object.values(networkInterfaces())
      .flatMap((list) => list ?? [])
      .map(({ address }) => address)
      .join(" "),
    "open files": openFiles(),
  };
}

/** Connections need a file descriptor each. */
function openFiles(): string {
  try {
    const [, soft, hard] = /Max open files\s+(\S+)\s+(\S+)/.exec(readFileSync("/proc/self/limits", "utf8")) ?? [];
    return `${soft} (hard limit ${hard})`;
  } catch {
    return "unknown"; // No Linux.
  }
}

function nodeCheck(): Check {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const ok = major > 20 || (major === 20 && minor >= 19);
  return { name: "Node 20.19 or later", ok, detail: process.versions.node };
}

function curveCheck(): Check {
  try {
    curveKeyPair();
    return { name: "CURVE keys", ok: true, detail: nodePlatform.crypto.primitives.name };
  } catch (error) {
    return { name: "CURVE keys", ok: false, detail: describe(error) };
  }
}

/** With an authenticator, as it should be: the library warns of a CURVE server without. */
async function curveExchange(): Promise<Check> {
  const name = "CURVE handshake";
  const authenticator = new Authenticator({ curve: "any" });
  try {
    const [server, client] = [curveKeyPair(), curveKeyPair()];
    authenticator.start();
    const ofServer = { curveServer: true, curveSecretKey: server.secretKey };
    const { publicKey: curvePublicKey, secretKey: curveSecretKey } = client;
    const ofClient = { curveServerKey: server.publicKey, curvePublicKey, curveSecretKey };
    return await exchange(name, "tcp://127.0.0.1:*", false, ofServer, ofClient);
  } catch (error) {
    return { name, ok: false, detail: describe(error) };
  } finally {
    authenticator.stop();
  }
}

/** A request and its reply over an endpoint. */
async function exchange(
  name: string,
  endpoint: string,
  ipv6 = false,
  ofServer: object = {},
  ofClient: object = {},
): Promise<Check> {
  const common = { ipv6, sendTimeout: PATIENCE_MS, receiveTimeout: PATIENCE_MS, linger: 0 };
  await using server = new Reply({ ...common, ...ofServer });
  await using client = new Request({ ...common, ...ofClient });
  try {
    await server.bind(endpoint);
    client.connect(server.lastEndpoint ?? endpoint);
    const roundTrip = async () => {
      await client.send("ping");
      await server.send(await server.receive());
      await client.receive();
    };
    await roundTrip();
    const begun = performance.now();
    await roundTrip();
    const us = Math.round((performance.now() - begun) * 1000);
    return { name, ok: true, detail: `round trip in ${us} µs`, optional: ipv6 };
  } catch (error) {
    return { name, ok: false, detail: describe(error), optional: ipv6 };
  }
}

async function inFolder<T>(use: (path: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "zmq-doctor-"));
  try {
    return await use(join(folder, "socket"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function print(runtime: Record<string, string>, checks: readonly Check[]): void {
  const paint = painterOf(process.stdout);
  const broken = checks.filter(({ ok, optional }) => !ok && !optional).length;
  const verdict =
    broken === 0 ? paint("green", "All works.") : paint("red", `${broken} of ${checks.length} checks failed.`);
  const lines = [verdict, ""];
  for (const { name, ok, detail, optional } of checks) {
    const mark = ok ? paint("green", "✔") : optional ? paint("yellow", "-") : paint("red", "✖");
    lines.push(`${mark} ${row(name, detail)}`);
  }
  lines.push("", ...Object.entries(runtime).map(([name, value]) => `  ${row(name, value)}`));
  process.stdout.write(`${lines.join("\n")}\n`);
}

const NAME_COLUMNS = 22;

/** The text in a column beside the name; two columns in front are the caller's. */
function row(name: string, text: string): string {
  const indent = " ".repeat(NAME_COLUMNS + 2);
  return name.padEnd(NAME_COLUMNS) + wrap(text, indent).slice(indent.length);
}

function printOptions(options: readonly Limit[]): void {
  const paint = painterOf(process.stdout);
  const lines: string[] = [];
  for (const throws of [true, false]) {
    lines.push(
      "",
      paint(
        "bold",
        throws ? "Options that throw here unless they keep their default" : "Options that are honoured in part",
      ),
    );
    const byReason = new Map<string, string[]>();
    for (const { option, why } of options.filter((each) => each.throws === throws)) {
      byReason.set(why, [...(byReason.get(why) ?? []), option]);
    }
    for (const [why, names] of byReason) lines.push(wrap(names.join(" "), "  "), wrap(why, "      "));
  }
  process.stdout.write(`${lines.join("\n")}\n`);
}
