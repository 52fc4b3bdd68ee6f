/**
 * The table of workloads. A row says what is sent, what is measured, which ratios the project wants to hold, and whether
 * the quick mode runs it. A new workload is a new row; a new shape of traffic is also a function in every peer.
 */
import { DEFAULTS, type Job, type Kind, type Result } from "./peers/job.ts";

export type Transport = "tcp" | "ipc" | "inproc" | "ws" | "wss";

/**
 * The peers, in the order they are run and shown. Both sides are of one kind, but for the last two: there zmq-ts connects
 * to libzmq in C, or is connected to by it.
 */
export const PEER_NAMES = [
  "zmq-ts",
  "zeromq.js",
  "libzmq",
  "node:net",
  "npm ws",
  "jszmq",
  "to libzmq",
  "from libzmq",
] as const;
export type PeerName = (typeof PEER_NAMES)[number];

/** What is read from the results of a workload, and which way is better. */
export interface Metric {
  readonly unit: string;
  readonly better: "more" | "less";
  readonly of: (result: Result) => number;
}

const rate = (unit: string): Metric => ({ unit, better: "more", of: (result) => result.count! / result.seconds! });
const RATE = rate("msg/s");
const P50: Metric = { unit: "us p50", better: "less", of: (result) => result.p50us! };
const MEAN: Metric = { unit: "us mean", better: "less", of: (result) => (result.seconds! * 1e6) / result.count! };
const MEMORY: Metric = {
  unit: "KB/peer",
  better: "less",
  of: (result) => (result.crowdRssKb! - result.idleRssKb!) / result.count!,
};

export interface Workload {
  readonly name: string;
  readonly transport: Transport;
  readonly job: Omit<Job, "role" | "endpoint">;
  readonly metric: Metric;
  /**
   * The workload this one is compared with, peer by peer, and the wanted ratio of zmq-ts. It must come earlier in the
   * table; the two are run alternately.
   */
  readonly against?: { readonly name: string; readonly wanted?: number };
  /** Runs in the quick mode. */
  readonly quick: boolean;
  /** The peers that have it. */
  readonly by: readonly PeerName[];
  /** Ratios wanted of zmq-ts against a peer: so many times more messages, so many times quicker, so many times less. */
  readonly bar: Partial<Record<PeerName, number>>;
  /** Ceiling wanted for the figure of zmq-ts itself, in the metric's unit. */
  readonly ceiling?: number;
}

type Extra = Partial<Pick<Workload, "quick" | "by" | "bar" | "ceiling" | "against">> &
  Partial<Omit<Job, "role" | "endpoint" | "kind">>;

const ZMQ: readonly PeerName[] = ["zmq-ts", "zeromq.js", "libzmq"];
const NODE: readonly PeerName[] = ["zmq-ts", "zeromq.js"];
const ALL: readonly PeerName[] = [...ZMQ, "node:net"];
const WEB: readonly PeerName[] = [...ZMQ, "npm ws", "jszmq", "to libzmq", "from libzmq"];

function row(name: string, kind: Kind, transport: Transport, metric: Metric, extra: Extra = {}): Workload {
  const { quick = false, by = ZMQ, bar = {}, ceiling, against, ...job } = extra;
  return {
    name,
    transport,
    metric,
    quick,
    by,
    bar,
    ...(ceiling === undefined ? {} : { ceiling }),
    ...(against === undefined ? {} : { against }),
    job: { ...DEFAULTS, ...job, kind },
  };
}

const SIZES: readonly { label: string; size: number; bar: Workload["bar"] }[] = [
  { label: "1B", size: 1, bar: { libzmq: 1, "zeromq.js": 10 } },
  { label: "64B", size: 64, bar: { libzmq: 1.2, "zeromq.js": 10 } },
  { label: "1KiB", size: 1024, bar: { libzmq: 1.5, "zeromq.js": 4 } },
  { label: "64KiB", size: 64 * 1024, bar: { libzmq: 1.2, "zeromq.js": 1.2 } },
  { label: "1MiB", size: 1024 * 1024, bar: { libzmq: 0.9, "zeromq.js": 1.2 } },
];

/** `sendMany` and `receiveMany`, against libzmq's one call a message. */
function many(transport: Transport, ...labels: string[]): Workload[] {
  return SIZES.filter(({ label }) => labels.includes(label)).map(({ label, size }) =>
    row(`push-pull-${transport}-${label}-many`, "pipeline", transport, RATE, {
      size,
      many: true,
      by: ["zmq-ts", "libzmq"],
      bar: label !== "64B" ? {} : { libzmq: transport === "ws" ? 1.5 : 1.8 },
      quick: label === "64B" && transport !== "ws",
    }),
  );
}

/** Between two ends of zmq-ts ws carries its stream dialect, with libzmq on either end ZWS. */
const WS_SIZES = [
  { label: "64B", size: 64, libzmq: 1.5 },
  { label: "1KiB", size: 1024, libzmq: 1.5 },
  { label: "64KiB", size: 64 * 1024, libzmq: 1.2 },
  { label: "1MiB", size: 1024 * 1024, libzmq: 1.2 },
] as const;

const ROUND_TRIP: Workload["bar"] = { libzmq: 1.25, "zeromq.js": 1.6, "node:net": 1 / 1.1 };

function pushPull(transport: Transport, ...labels: string[]): Workload[] {
  return SIZES.filter(({ label }) => labels.includes(label)).map(({ label, size, bar }) =>
    row(`push-pull-${transport}-${label}`, "pipeline", transport, RATE, { size, bar, by: ALL, quick: true }),
  );
}

export const WORKLOADS: readonly Workload[] = [
  ...pushPull("tcp", "1B"),
  ...pushPull("tcp", "64B"),
  row("push-pull-tcp-64B-for-await", "pipeline", "tcp", RATE, {
    iterate: true,
    by: NODE,
    quick: true,
    against: { name: "push-pull-tcp-64B" },
  }),
  ...pushPull("tcp", "1KiB", "64KiB", "1MiB"),
  ...pushPull("ipc", "1B", "64B", "1KiB", "64KiB", "1MiB"),
  ...many("tcp", "1B", "64B", "1KiB"),
  ...many("ipc", "64B"),
  ...WS_SIZES.map(({ label, size, libzmq }) =>
    row(`push-pull-ws-${label}`, "pipeline", "ws", RATE, {
      size,
      bar: { libzmq },
      by: WEB,
    }),
  ),
  ...many("ws", "64B"),
  // TLS is Node's; so only what it makes of our chunks is measured.
  ...WS_SIZES.slice(2).map(({ label, size }) =>
    row(`push-pull-wss-${label}`, "pipeline", "wss", RATE, {
      size,
      by: ["zmq-ts"],
      against: { name: `push-pull-ws-${label}` },
    }),
  ),
  // A bare echo is compiled after a few hundred round trips, all that a message of ours runs through after some thousand.
  row("req-rep-ws-64B", "roundtrip", "ws", P50, {
    warmupMs: 2000,
    bar: { libzmq: 1.1, "npm ws": 1 / 1.1 },
    by: WEB,
  }),
  row("push-pull-tcp-4x64B", "pipeline", "tcp", RATE, { frames: 4, quick: true }),
  ...(["tcp", "ipc"] as const).map((transport) =>
    row(`req-rep-${transport}-64B`, "roundtrip", transport, P50, { bar: ROUND_TRIP, by: ALL, quick: true }),
  ),
  // Two threads a process: it takes some thousand round trips until both are compiled.
  row("req-rep-tcp-64B-blocking", "roundtrip", "tcp", P50, {
    blocking: true,
    warmupMs: 2000,
    by: ["zmq-ts", "libzmq"],
    bar: { libzmq: 1 / 1.3 },
  }),
  row("push-pull-inproc-64B", "pipeline", "inproc", RATE, { bar: { libzmq: 0.8, "zeromq.js": 15 }, quick: true }),
  row("req-rep-inproc-64B", "roundtrip", "inproc", MEAN, { bar: { "zeromq.js": 15 }, ceiling: 1, quick: true }),
  ...SIZES.filter(({ label }) => ["64B", "1KiB", "64KiB"].includes(label)).map(({ label, size }) =>
    row(`push-pull-curve-${label}`, "pipeline", "tcp", RATE, { size, curve: true, bar: { libzmq: 1 }, quick: true }),
  ),
  // Accept, handshake, the first message and its answer, close.
  row("handshakes-null", "handshakes", "tcp", rate("handshakes/s"), {
    peers: 8,
    warmupMs: 3000,
    by: ALL,
    bar: { libzmq: 1.2 },
    quick: true,
  }),
  row("handshakes-null-cold", "handshakes", "tcp", rate("handshakes/s"), { peers: 8, by: ALL }),
  // A connection runs through hundreds of functions; it takes some thousand of them until all are compiled.
  row("handshakes-curve", "handshakes", "tcp", rate("handshakes/s"), {
    curve: true,
    peers: 8,
    warmupMs: 3000,
    bar: { libzmq: 1.2 },
    quick: true,
  }),
  row("handshakes-curve-cold", "handshakes", "tcp", rate("handshakes/s"), { curve: true, peers: 8 }),
  ...[1, 8, 64].map((peers) =>
    row(`pub-${peers}-sub-tcp-64B`, "publish", "tcp", rate("deliveries/s"), {
      peers,
      bar: peers === 8 ? { libzmq: 1, "zeromq.js": 8 } : peers === 64 ? { libzmq: 0.75 } : {},
      quick: true,
    }),
  ),
  ...[8, 64].map((peers) =>
    row(`pub-${peers}-sub-tcp-64B-many`, "publish", "tcp", rate("deliveries/s"), {
      peers,
      many: true,
      by: ["zmq-ts", "libzmq"],
      bar: { libzmq: peers === 8 ? 1.2 : 1 },
      quick: true,
    }),
  ),
  ...[1, 1000, 100_000].map((subscriptions) =>
    row(`pub-${subscriptions}-subscriptions-tcp-64B`, "publish", "tcp", RATE, {
      subscriptions,
      quick: true,
      ...(subscriptions > 1 && { against: { name: "pub-1-subscriptions-tcp-64B", wanted: 1 / 1.3 } }),
    }),
  ),
  ...[1, 100, 1000].map((peers) =>
    row(`router-${peers}-dealers-tcp-64B`, "dealers", "tcp", rate("round trips/s"), {
      peers,
      window: Math.max(1, Math.min(100, 1000 / peers)),
      quick: true,
    }),
  ),
  ...[1, 100].map((peers) =>
    row(`server-${peers}-clients-tcp-64B`, "clients", "tcp", rate("round trips/s"), {
      peers,
      window: Math.max(1, Math.min(100, 1000 / peers)),
      by: ["zmq-ts"],
      against: { name: `router-${peers}-dealers-tcp-64B`, wanted: 0.95 },
    }),
  ),
  row("pub-1-sub-tcp-2x64B", "publish", "tcp", RATE, { frames: 2, by: ["zmq-ts"] }),
  row("radio-1-dish-tcp-64B", "broadcast", "tcp", RATE, {
    by: ["zmq-ts"],
    against: { name: "pub-1-sub-tcp-2x64B", wanted: 0.95 },
  }),
  row("router-1000-idle-peers", "crowd", "tcp", MEMORY, { peers: 1000, ceiling: 16, quick: true }),
  row("router-10000-idle-peers", "crowd", "tcp", MEMORY, { peers: 10_000, ceiling: 16 }),
];

/** The workloads whose name holds one of `patterns`; all of them for none. */
export function selectWorkloads(patterns: readonly string[], quick: boolean): Workload[] {
  const wanted = (name: string) => patterns.some((pattern) => name.includes(pattern));
  return WORKLOADS.filter(({ name, quick: isQuick }) => (patterns.length > 0 ? wanted(name) : isQuick || !quick));
}

/** The same workloads, those compared with each other together: each group is run alternately. */
export function groupWorkloads(workloads: readonly Workload[]): Workload[][] {
  const groups: Workload[][] = [];
  for (const workload of workloads) {
    const group = groups.find((members) => members.some(({ name }) => name === workload.against?.name));
    if (group) group.push(workload);
    else groups.push([workload]);
  }
  return groups;
}
