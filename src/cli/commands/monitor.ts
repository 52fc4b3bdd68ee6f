/**
 * `zmq monitor ENDPOINT`: connects, prints each event of the connection, and
 * after the handshake what the peer said of itself. The socket type is chosen to
 * fit the peer: a first connection asks for its type (see ../probe.ts).
 */

import { type Command, Option } from "commander";
import { parseEndpoint } from "../../base/endpoint.ts";
import type { SocketTypeName } from "../../base/socket-types.ts";
import { context, type Event, type LossEvent, Observer, type PeerInfo } from "../../index.ts";
import { deadline } from "../deadline.ts";
import { bindTo, connectTo, expand } from "../endpoints.ts";
import { describe, EXIT, Failure } from "../failure.ts";
import { examples, type Finish } from "../help.ts";
import { typeOverWeb } from "../look-web.ts";
import { collect, count, duration } from "../numbers.ts";
import { assign, parseOption } from "../options.ts";
import { probe } from "../probe.ts";
import { type SecurityFlags, securityOptions } from "../security.ts";
import { Shutdown } from "../shutdown.ts";
import { DRAFT_KINDS } from "../socket/draft-kinds.ts";
import { addSecurityFlags } from "../socket/flags.ts";
import { type AnySocket, KINDS, openSocket } from "../socket/kinds.ts";
import { note, painterOf, type Style, visibleJson, visibleLine, visibleWord } from "../terminal.ts";

/** What describes each type. */
const RFCS: Readonly<Record<SocketTypeName, string>> = {
  PAIR: "31/EXPAIR",
  PUB: "29/PUBSUB",
  SUB: "29/PUBSUB",
  REQ: "28/REQREP",
  REP: "28/REQREP",
  DEALER: "28/REQREP",
  ROUTER: "28/REQREP",
  PULL: "30/PIPELINE",
  PUSH: "30/PIPELINE",
  XPUB: "29/PUBSUB",
  XSUB: "29/PUBSUB",
  STREAM: "none: raw TCP",
  SERVER: "41/CLISRV",
  CLIENT: "41/CLISRV",
  RADIO: "48/RADIO-DISH",
  DISH: "48/RADIO-DISH",
  GATHER: "49/SCATTER-GATHER",
  SCATTER: "49/SCATTER-GATHER",
  DGRAM: "none: UDP datagrams",
  PEER: "51/P2P",
  CHANNEL: "52/CHANNEL",
};

interface Flags extends SecurityFlags {
  readonly type?: string;
  readonly bind?: boolean;
  readonly once?: boolean;
  readonly count?: number;
  readonly timeout?: number;
  readonly json?: boolean;
  readonly option?: readonly string[];
}

const EXAMPLES = [
  ["zmq monitor tcp://host:5555", "the peer, and every event from now on"],
  ["zmq monitor :5555 --once --timeout 2s && echo up", "a health check: 0 if the handshake succeeds"],
  ["zmq monitor :5555 --bind --type router", "peers that connect to this side"],
  ["zmq monitor :5555 --json | jq .", "events as JSON lines"],
  ["zmq monitor 'epgm://eth0;239.192.1.1:5555'", "which packets of a multicast group are lost"],
] as const;

/** The socket type that a peer of each type is met with; of several the one that disturbs least. */
const PARTNERS: Readonly<Record<string, SocketTypeName>> = {
  PAIR: "PAIR",
  PUB: "SUB",
  XPUB: "SUB",
  SUB: "PUB",
  XSUB: "PUB",
  REQ: "REP",
  REP: "REQ",
  DEALER: "DEALER",
  ROUTER: "REQ",
  PULL: "PUSH",
  PUSH: "PULL",
  SERVER: "CLIENT",
  CLIENT: "SERVER",
  RADIO: "DISH",
  DISH: "RADIO",
  GATHER: "SCATTER",
  SCATTER: "GATHER",
  PEER: "PEER",
  CHANNEL: "CHANNEL",
};

const WEB_PATIENCE_MS = 2000;

const ALL_KINDS = [...KINDS, ...DRAFT_KINDS];

export function addMonitor(program: Command, finish: Finish): void {
  const command = program
    .command("monitor")
    .summary("Connect and print events and handshake details.")
    .description("Connect to an endpoint and print all events and the peer's metadata.")
    .argument("<endpoint>", "where to connect")
    .addOption(
      new Option("-t, --type <type>", "this side's socket type (default: one that matches the peer)").choices(
        ALL_KINDS.map(({ name }) => name),
      ),
    )
    .option("--bind", "bind the endpoint instead")
    .option("--once", "end after the first handshake: 0 if it succeeds, 1 if it fails")
    .option("-n, --count <n>", "end after n events", count)
    .option("--timeout <time>", "exit with 3 if no handshake is done by then", duration)
    .option("--json", "print each event as a JSON line")
    .option("-o, --option <name=value>", "set any option; repeatable; zmq options lists them", collect);
  addSecurityFlags(command);
  command.addHelpText("after", examples(EXAMPLES));
  command.action((endpoint: string, flags: Flags) => finish(() => run(endpoint, flags)));
}

async function run(text: string, flags: Flags): Promise<number> {
  const endpoint = expand(text, flags.bind ? "bind" : "connect", "monitor");
  const shutdown = new Shutdown();
  const security = securityOptions(flags);
  const signal = deadline(shutdown.stopping, flags.timeout);
  const isMulticast = /^e?pgm:/.test(endpoint);
  const name =
    flags.type ??
    (isMulticast ? "sub" : flags.bind || security.length > 0 ? "dealer" : await fitting(endpoint, signal));
  const kind = ALL_KINDS.find((each) => each.name === name);
  if (kind === undefined) throw new Failure(`no socket type ${name}`);
  const socket = openSocket(kind, context);
  socket.linger = 0;
  assign(socket, [...(flags.option ?? []).map((option) => parseOption(option, kind.type)), ...security]);
  if (kind.type === "PULL" || kind.type === "GATHER") {
    const peer = kind.type === "PULL" ? "PUSH" : "SCATTER";
    note(`as ${kind.type} this takes messages from the ${peer} peer, which are not printed`);
  }

  const { events } = socket;
  const losses = new Observer(socket);
  losses.on("loss", (event) => show(event, undefined, flags.json === true, kind.type));
  if (flags.bind) await bindTo(socket, endpoint);
  else connectTo(socket, endpoint);
  if (isMulticast && kind.type === "SUB") void passOver(socket);
  let result: number = EXIT.done;
  let isDone = false;
  try {
    for (let seen = 1; ; seen++) {
      const event = await events.receive({ signal: isDone ? shutdown.stopping : signal });
      const peer = event.type === "handshake" ? newest(socket) : undefined;
      show(event, peer, flags.json === true, kind.type);
      isDone ||= event.type === "handshake";
      if (event.type.startsWith("handshake") && flags.once) {
        result = event.type === "handshake" ? EXIT.done : EXIT.failed;
        break;
      }
      if (seen === flags.count) break;
    }
  } catch (error) {
    if (shutdown.stopping.aborted) return EXIT.done;
    if (!signal.aborted) throw error;
    throw new Failure(`monitor: no handshake within ${flags.timeout} ms`, EXIT.timeout, error);
  } finally {
    socket.close();
  }
  return result;
}

/** Reads what comes, and wants none of it: a subscriber that does not read would lose packets of its own making. */
async function passOver(subscriber: AnySocket): Promise<void> {
  try {
    for (;;) await subscriber.receive();
  } catch {
    // The socket was closed.
  }
}

/** The name of a socket type that may talk to the peer; dealer when the peer does not tell its type. */
async function fitting(endpoint: string, signal: AbortSignal): Promise<string> {
  try {
    const to = parseEndpoint(endpoint, "connect", true);
    const isWeb = to.scheme === "ws" || to.scheme === "wss";
    const peer = isWeb ? await typeOverWeb(to, WEB_PATIENCE_MS) : await probe(to, signal);
    const partner = peer === undefined ? undefined : PARTNERS[peer];
    return ALL_KINDS.find(({ type }) => type === partner)?.name ?? "dealer";
  } catch (error) {
    if (!signal.aborted) note(`asking who is there failed (${describe(error)}); going on as dealer`);
    return "dealer";
  }
}

function newest(socket: AnySocket): PeerInfo | undefined {
  return socket.peers.filter(({ connected }) => connected).at(-1);
}

function show(event: Event | LossEvent, peer: PeerInfo | undefined, isJson: boolean, ownType: SocketTypeName): void {
  const time = new Date().toISOString();
  const { type, ...rest } = event;
  const details: Record<string, unknown> = { ...rest };
  if (event.type === "loss") details.source = event.remoteAddress;
  if ("cause" in event && event.cause !== undefined) details.reason = describe(event.cause);
  if ("error" in event) details.error = `${event.error.code}: ${describe(event.error)}`;
  if (isJson) {
    const line = { time, event: type, ...details, ...(peer && { as: ownType, peer: peer.metadata }) };
    process.stdout.write(`${visibleJson(line)}\n`);
    return;
  }
  const paint = painterOf(process.stdout);
  const told = Object.entries(details)
    .filter(([, value]) => value !== undefined && value !== "")
    .map(([name, value]) => (name === "address" ? String(value) : `${name}=${value}`));
  const line = `${paint("dim", time.slice(11, 23))} ${paint(styleOf(type), type.padEnd(16))} ${visibleLine(told.join("  "))}`;
  process.stdout.write(`${line.trimEnd()}\n`);
  if (peer === undefined) return;
  for (const [name, value] of Object.entries({
    ...peer.metadata,
    "this side": `${ownType} (${RFCS[ownType]})`,
  })) {
    process.stdout.write(`${" ".repeat(13)}${visibleWord(name).padEnd(16)} ${visibleLine(value)}\n`);
  }
}

function styleOf(type: string): Style {
  if (type.includes("error") || type === "loss") return "red";
  if (type === "handshake") return "green";
  return type === "disconnect" || type.startsWith("close") ? "yellow" : "cyan";
}
