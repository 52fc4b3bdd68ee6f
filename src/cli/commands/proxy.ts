/**
 * `zmq proxy FRONT BACK`: joins two sockets, as zmq_proxy_steerable does. Three
 * kinds, named after ZeroMQ's devices: queue (ROUTER and DEALER), forwarder
 * (XSUB and XPUB), streamer (PULL and PUSH). A fourth, relay, passes the bytes
 * of each connection on.
 */

import { type Command, Option } from "commander";
import type { SocketTypeName } from "../../base/socket-types.ts";
import {
  context,
  Dealer,
  type ProxyStatistics,
  Publisher,
  Pull,
  Push,
  Reply,
  Router,
  type Socket,
  XPublisher,
  XSubscriber,
  Proxy as ZmqProxy,
} from "../../index.ts";
import { bindTo, connectTo, expand } from "../endpoints.ts";
import { EXIT } from "../failure.ts";
import { examples, type Finish } from "../help.ts";
import { collect, grouped, humanBytes } from "../numbers.ts";
import { type Assignment, assign, parseOption } from "../options.ts";
import { runRelay } from "../relay.ts";
import { type SecurityFlags, securityOptions } from "../security.ts";
import { Shutdown } from "../shutdown.ts";
import { addOtherFlags, addSecurityFlags } from "../socket/flags.ts";
import { note, setQuiet, warn } from "../terminal.ts";

const KINDS = {
  queue: { front: ["ROUTER", Router], back: ["DEALER", Dealer] },
  forwarder: { front: ["XSUB", XSubscriber], back: ["XPUB", XPublisher] },
  streamer: { front: ["PULL", Pull], back: ["PUSH", Push] },
} as const satisfies Record<string, Record<"front" | "back", readonly [SocketTypeName, new () => Socket]>>;

type KindName = keyof typeof KINDS;
type Side = "front" | "back";

interface Flags extends SecurityFlags {
  readonly type: KindName | "relay";
  readonly frontConnect?: boolean;
  readonly backConnect?: boolean;
  readonly front?: readonly string[];
  readonly back?: readonly string[];
  readonly capture?: string;
  readonly control?: string;
  readonly option?: readonly string[];
  readonly stats?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
}

const EXAMPLES = [
  ["zmq proxy :5557 :5558", "requests in at 5557, workers (rep, dealer) at 5558"],
  ["zmq proxy :5556 :5566 --type forwarder", "publishers connect to 5556, subscribers to 5566"],
  ["zmq proxy tcp://far:5556 :5566 --type forwarder --front-connect", "republish a remote publisher"],
  ["zmq proxy :5555 :5565 --type streamer --capture :5575", "and a copy for zmq sub -c :5575"],
  ["zmq proxy :5557 :5558 --control ipc:///tmp/ctl", "then: zmq req -c ipc:///tmp/ctl PAUSE"],
  ["zmq proxy ws://*:8080 tcp://server:5555 --type relay", "pages reach a tcp socket of any type, also by CURVE"],
] as const;

export function addProxy(program: Command, finish: Finish): void {
  const command = program
    .command("proxy")
    .summary("Join two endpoints: a queue, a forwarder or a streamer.")
    .description("Forward messages between two endpoints until a signal or TERMINATE ends it.")
    .argument("<front>", "where clients, publishers or producers connect")
    .argument("<back>", "where workers, subscribers or consumers connect")
    .addOption(
      new Option(
        "-t, --type <type>",
        "queue: ROUTER-DEALER, forwarder: XSUB-XPUB, streamer: PULL-PUSH, relay: bytes of each connection",
      )
        .choices([...Object.keys(KINDS), "relay"])
        .default("queue"),
    )
    .option("--front-connect", "connect to FRONT instead of binding it")
    .option("--back-connect", "connect to BACK instead of binding it")
    .option("--front <endpoint>", "another front endpoint; repeatable", collect)
    .option("--back <endpoint>", "another back endpoint; repeatable", collect)
    .option("--capture <endpoint>", "publish a copy of each message here (PUB)")
    .option("--control <endpoint>", "accept PAUSE, RESUME, TERMINATE and STATISTICS here (REP)");
  addSecurityFlags(command);
  addOtherFlags(command);
  command.addHelpText("after", examples(EXAMPLES));
  command.action((front: string, back: string, flags: Flags) => finish(() => run(front, back, flags)));
}

async function run(front: string, back: string, flags: Flags): Promise<number> {
  setQuiet(flags.quiet === true);
  const { type } = flags;
  if (type === "relay") return runRelay(front, back, flags);
  const security = securityOptions(flags);
  const sides = {
    front: await open(type, "front", [front, ...(flags.front ?? [])], flags, security),
    back: await open(type, "back", [back, ...(flags.back ?? [])], flags, security),
  };
  // What the sides keep from strangers, a copy of it does too, and the command to end it.
  const guard = flags.curveServer || flags.plainServer ? security : [];
  if (guard.length < security.length && flags.capture !== undefined) {
    warn("--capture publishes in clear, to everyone, what the two sides receive encrypted");
  }
  const capture = flags.capture === undefined ? undefined : new Publisher({ linger: 0 });
  if (capture !== undefined) assign(capture, guard);
  if (capture !== undefined) await bindTo(capture, expand(flags.capture ?? "", "bind", "--capture"), "capture ");
  const control = flags.control === undefined ? undefined : new Reply();
  if (control !== undefined) assign(control, guard);
  if (control !== undefined) await bindTo(control, expand(flags.control ?? "", "bind", "--control"), "control ");

  const proxy = new ZmqProxy(sides.front, sides.back, { ...(capture && { capture }), ...(control && { control }) });
  const shutdown = new Shutdown();
  const running = proxy.run();
  shutdown.stopping.addEventListener("abort", () => proxy.terminate());
  const timer = flags.stats ? showRates(proxy.statistics) : undefined;
  await running;
  clearInterval(timer);
  const abandoned = new Promise((resolve) => shutdown.abandoning.addEventListener("abort", resolve));
  await Promise.race([context.close(), abandoned]);
  if (flags.stats) note(`forwarded ${totals(proxy.statistics)}`);
  return shutdown.abandoning.aborted ? shutdown.lossExitCode : EXIT.done;
}

async function open(
  kind: KindName,
  side: Side,
  endpoints: readonly string[],
  flags: Flags,
  security: readonly Assignment[],
): Promise<Socket> {
  const [type, Class] = KINDS[kind][side];
  const socket = new Class();
  assign(socket, [...(flags.option ?? []).map((text) => parseOption(text, type)), ...security]);
  const connects = side === "front" ? flags.frontConnect : flags.backConnect;
  for (const text of endpoints) {
    if (connects) connectTo(socket, expand(text, "connect", side));
    else await bindTo(socket, expand(text, "bind", side), `${side} (${type}) `);
  }
  return socket;
}

function showRates({ frontEnd, backEnd }: ProxyStatistics): NodeJS.Timeout {
  let [forth, back] = [0, 0];
  return setInterval(() => {
    const [nowForth, nowBack] = [frontEnd.received.messages, backEnd.received.messages];
    const text = `front to back ${grouped(nowForth - forth)} msg/s, back to front ${grouped(nowBack - back)} msg/s`;
    [forth, back] = [nowForth, nowBack];
    process.stderr.write(process.stderr.isTTY ? `\r\x1b[Kzmq: ${text}` : `zmq: ${text}\n`);
  }, 1000);
}

function totals({ frontEnd, backEnd }: ProxyStatistics): string {
  const told = ({ messages, bytes }: { messages: number; bytes: number }) =>
    `${grouped(messages)} messages, ${humanBytes(bytes)}`;
  return `front to back ${told(frontEnd.received)}; back to front ${told(backEnd.received)}`;
}
