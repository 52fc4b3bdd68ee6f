/**
 * `zmq tap LISTEN TARGET`: relays connections to another endpoint, octet by
 * octet, and prints what both sides say. To be put between two peers that do
 * not understand each other.
 */

import type { Socket as NetSocket } from "node:net";
import type { Command } from "commander";
import { expand } from "../endpoints.ts";
import { describe, EXIT, usage } from "../failure.ts";
import { asBuffer, toJson } from "../formats.ts";
import { examples, type Finish } from "../help.ts";
import { collect, count } from "../numbers.ts";
import { Shutdown } from "../shutdown.ts";
import { Conversation, type Remark, type SideName } from "../tap/conversation.ts";
import { dial, type End, endOf, isWeb, listening, serve, type TlsFlags, tlsOptions } from "../tap/ends.ts";
import { WebConversation } from "../tap/web-conversation.ts";
import { type Paint, painterOf, setQuiet, visibleBytes, visibleJson, visibleLine, visibleWord } from "../terminal.ts";

interface Flags extends TlsFlags {
  readonly once?: boolean;
  readonly count?: number;
  readonly bytes: number;
  readonly hex?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

const EXAMPLES = [
  ["zmq tap :5556 tcp://server:5555", "then let the client connect to port 5556"],
  ["zmq tap ipc:///tmp/tap ipc:///tmp/feed --hex", "frames as hexadecimal"],
  ["zmq tap :5556 :5555 --once --json | jq .", "one connection, as JSON lines"],
  ["zmq tap ws://*:8081 ws://server:8080", "the path is the client's: ws://localhost:8081/feed"],
  ["zmq tap ws://*:8081 wss://server -o wssTrustSystem=true", "TLS ends here, on its way to the server"],
] as const;

/** Details in the peer's own words. */
const SAID = new Set(["context", "mechanism", "method", "path", "reason", "topic", "username"]);
/** Shown of a frame unless told otherwise. */
const SHOWN_BYTES = 64;

export function addTap(program: Command, finish: Finish): void {
  program
    .command("tap")
    .summary("Relay connections and print greetings, commands and frames.")
    .description(
      "Relay tcp, ipc, ws or wss connections and print what both sides say, decoded: → from the client, ← from the target.",
    )
    .argument("<listen>", "where the client connects: tcp://*:5556, :5556, ipc:///tmp/tap, ws://*:8081")
    .argument("<target>", "where to relay its connection")
    .option("--once", "end after the first connection")
    .option("-n, --count <n>", "end after n connections", count)
    .option("--bytes <n>", "bytes of a frame to show", count, SHOWN_BYTES)
    .option("--hex", "print frames as hexadecimal")
    .option("--json", "print JSON lines with whole frames")
    .option("-o, --option <name=value>", "wssKeyPem, wssCertPem, wssTrustPem, wssTrustSystem, wssHostname", collect)
    .option("-q, --quiet", "print only errors on stderr")
    .addHelpText("after", examples(EXAMPLES))
    .action((listen: string, target: string, flags: Flags) => finish(() => run(listen, target, flags)));
}

async function run(listenText: string, targetText: string, flags: Flags): Promise<number> {
  setQuiet(flags.quiet === true);
  const listen = endOf(expand(listenText, "bind", "LISTEN"), "bind", "LISTEN");
  const target = endOf(expand(targetText, "connect", "TARGET"), "connect", "TARGET");
  if (isWeb(listen) !== isWeb(target)) throw usage("LISTEN and TARGET: expected both to be ws or wss, or neither");
  const tls = tlsOptions(flags);
  const limit = flags.once ? 1 : (flags.count ?? Number.POSITIVE_INFINITY);
  const shutdown = new Shutdown();
  process.stdout.on("error", () => shutdown.stop());
  const print = printer(flags);
  const open = new Set<NetSocket>();
  let accepted = 0;
  let ended = 0;

  const server = serve(listen, tls, (client) => {
    if (accepted >= limit) return void client.destroy();
    const number = ++accepted;
    open.add(client);
    relay(client, target, dial(target, tls), (remarks) => print(number, remarks));
    client.on("close", () => {
      open.delete(client);
      if (++ended >= limit) shutdown.stop();
    });
  });
  await listening(server, listen);
  shutdown.stopping.addEventListener("abort", () => {
    server.close();
    for (const client of open) client.destroy();
  });
  await new Promise((resolve) => server.on("close", resolve));
  await new Promise<void>((resolve) => process.stdout.write("", () => resolve()));
  return EXIT.done;
}

/** Joins a client to the target; `tell` gets what is said. */
function relay(client: NetSocket, target: End, upstream: NetSocket, tell: (remarks: readonly Remark[]) => void): void {
  const conversation = isWeb(target) ? new WebConversation() : new Conversation();
  upstream.once(target.scheme === "wss" ? "secureConnect" : "connect", () =>
    tell([{ side: "client", what: "connected", details: { to: target.text } }]),
  );
  const sides: [SideName, NetSocket, NetSocket][] = [
    ["client", client, upstream],
    ["target", upstream, client],
  ];
  for (const [name, from, into] of sides) {
    from.on("data", (chunk) => tell(conversation.push(name, chunk)));
    from.on("end", () => tell(conversation.end(name)));
    from.on("error", (error) => tell([{ side: name, what: "!", details: { problem: describe(error) } }]));
    from.on("close", () => into.end());
    from.pipe(into);
  }
  upstream.on("error", () => client.destroy());
  client.on("close", () => upstream.destroy());
}

/** Writes remarks as lines. */
function printer(flags: Flags): (connection: number, remarks: readonly Remark[]) => void {
  const paint = painterOf(process.stdout);
  return (connection, remarks) => {
    if (remarks.length === 0) return;
    const time = new Date().toISOString();
    const lines = remarks.map((remark) =>
      flags.json ? jsonLine(time, connection, remark) : textLine(time, connection, remark, flags, paint),
    );
    process.stdout.write(`${lines.join("\n")}\n`);
  };
}

function jsonLine(time: string, connection: number, { side, what, details, metadata, body }: Remark): string {
  const text = visibleJson({ time, connection, from: side, what, ...details, metadata });
  return body === undefined ? text : `${text.slice(0, -1)},"body":${toJson([body]).slice(1, -1)}}`;
}

function textLine(time: string, connection: number, remark: Remark, flags: Flags, paint: Paint): string {
  const { side, what, details, metadata = {}, body } = remark;
  const arrow = side === "client" ? paint("cyan", "→") : paint("magenta", "←");
  const start = `${paint("dim", time.slice(11, 23))} #${connection} ${arrow}`;
  if (what === "!") return `${start} ${paint("red", visibleLine(`! ${details.problem}`))}`;
  const told = Object.entries(details).map(([name, value]) => {
    if (value === true) return name;
    return `${name}=${SAID.has(name) ? visibleWord(String(value)) : value}`;
  });
  for (const [name, value] of Object.entries(metadata)) told.push(`${visibleWord(name)}=${visibleWord(value)}`);
  const name = what === "frame" ? what : paint("bold", what);
  const content = body === undefined ? "" : `  ${shown(body, flags)}`;
  return `${start} ${name}${" ".repeat(Math.max(1, 10 - what.length))}${told.join("  ")}${content}`.trimEnd();
}

function shown(body: Uint8Array, { bytes, hex }: Flags): string {
  const part = body.subarray(0, bytes);
  const text = hex ? asBuffer(part).toString("hex") : `"${visibleLine(visibleBytes(part))}"`;
  return part.length < body.length ? `${text}…` : text;
}
