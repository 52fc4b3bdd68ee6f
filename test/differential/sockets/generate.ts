/**
 * Random programs from a seed: a hub and its spokes of fitting types, joined over one transport, and steps among which
 * peers come and go. Kept to what libzmq repeats: queues stay below their high-water marks where a kernel's buffers count.
 */

import type { SocketTypeName } from "../../../src/base/socket-types.ts";
import type { Random } from "../../fuzz/random.ts";
import type { Program, SocketSpec, Step, TransportName, Value } from "./program.ts";

/** Hub and spokes. */
const FAMILIES: readonly (readonly [SocketTypeName, SocketTypeName])[] = [
  ["PAIR", "PAIR"],
  ["PULL", "PUSH"],
  ["PUSH", "PULL"],
  ["PUB", "SUB"],
  ["XPUB", "SUB"],
  ["PUB", "XSUB"],
  ["XPUB", "XSUB"],
  ["SUB", "PUB"],
  ["XSUB", "XPUB"],
  ["REP", "REQ"],
  ["REQ", "REP"],
  ["ROUTER", "REQ"],
  ["ROUTER", "DEALER"],
  ["DEALER", "ROUTER"],
  ["REP", "DEALER"],
  ["DEALER", "REP"],
  ["DEALER", "DEALER"],
  ["ROUTER", "ROUTER"],
  ["STREAM", "STREAM"],
];
const SENDS = new Set<SocketTypeName>(
  "PAIR PUB REQ REP DEALER ROUTER PUSH XPUB XSUB STREAM".split(" ") as SocketTypeName[],
);
const RECEIVES = new Set<SocketTypeName>(
  "PAIR SUB REQ REP DEALER ROUTER PULL XPUB XSUB STREAM".split(" ") as SocketTypeName[],
);
/** Hubs that read what each spoke sends. */
const SERVERS = new Set([
  "PULL PUSH",
  "REP REQ",
  "ROUTER REQ",
  "ROUTER DEALER",
  "REP DEALER",
  "SUB PUB",
  "DEALER DEALER",
]);
/** Families in which the hub, or else the spoke, sends until there is no more room. */
const FILLED = new Map([
  ["PULL PUSH", "spoke"],
  ["PUSH PULL", "hub"],
  ["PAIR PAIR", "hub"],
  ["DEALER DEALER", "spoke"],
]);
/** What kernels hold of messages of 256 KiB at the very most, and what is on its way between two queues. */
const KERNEL = 60;
const TOPICS = ["", "a", "ab", "b", "client"];
const WRONG = ["foo", "foo://bar", "tcp://127.0.0.1:nine", "tcp://127.0.0.1", "inproc://", "ipc:///nowhere/at/all", ""];
const KINDS = [
  "undefined",
  "null",
  "number",
  "bigint",
  "true",
  "false",
  "date",
  "object",
  "named",
  "function",
  "symbol",
  "error",
  "map",
  "uint16",
  "part",
  "buffer",
  "arrayBuffer",
];

/** Input number `index` of a run with this seed. `overWs`: over ws wherever it would be over tcp or ipc. */
export function generate(random: Random, seed: number, index: number, overWs = false): Program {
  random.seed(seed, index);
  const [hubType, spokeType] = FAMILIES[index % FAMILIES.length] ?? ["PAIR", "PAIR"];
  const program = new Author(random, hubType, spokeType).write();
  if (!overWs || hubType === "STREAM") return program;
  return { ...program, endpoints: program.endpoints.map((each) => (each === "inproc" ? each : "ws")) };
}

class Author {
  readonly #random: Random;
  readonly #family: string;
  readonly #transport: TransportName;
  readonly #sockets: SocketSpec[] = [];
  readonly #steps: Step[] = [];
  readonly #spokes: number;
  readonly #isHubBound: boolean;
  /** One spoke, and marks that are reached. */
  readonly #isFilled: boolean;
  /** The hub keeps the newest message of each peer, which must have one frame. */
  readonly #isConflated: boolean;
  #messages = 0;

  constructor(random: Random, hub: SocketTypeName, spoke: SocketTypeName) {
    this.#random = random;
    this.#family = `${hub} ${spoke}`;
    this.#transport = hub === "STREAM" ? "tcp" : random.pick(["tcp", "ipc", "inproc"] as const);
    const isNear = this.#transport === "inproc";
    this.#isFilled = !isNear && FILLED.has(this.#family) && random.oneIn(8);
    // Over inproc libzmq applies the option to the wrong direction, and a SUB's subscriptions replace each other on their way.
    this.#isConflated = !isNear && !this.#isFilled && hub === "PULL" && random.oneIn(4);
    this.#spokes = this.#isFilled ? 1 : 1 + random.below(hub === "PAIR" ? 2 : 4);
    this.#isHubBound = random.below(4) > 0;
    this.#sockets.push(this.#spec(hub, 0));
    for (let i = 1; i <= this.#spokes; i++) this.#sockets.push(this.#spec(spoke, i));
  }

  write(): Program {
    const random = this.#random;
    if (this.#isHubBound) this.#steps.push({ act: "bind", socket: 0, endpoint: 0 });
    for (let spoke = 1; spoke <= this.#spokes; spoke++) if (random.below(8) > 0) this.#join(spoke);
    if (this.#isFilled) this.#fill();
    else for (let left = 4 + random.below(14); left > 0; left--) this.#steps.push(this.#step());
    for (let place = 0; place <= this.#spokes; place++) {
      if (this.#sockets[place]?.isWatched) this.#steps.push({ act: "events", socket: place });
    }
    for (let place = 0; place <= this.#spokes; place++) {
      if (this.#receives(place)) this.#steps.push({ act: "drain", socket: place });
    }
    const endpoints = Array.from({ length: this.#spokes + 2 }, () => this.#transport);
    return { sockets: this.#sockets, endpoints, steps: this.#steps };
  }

  #spec(type: SocketTypeName, place: number): SocketSpec {
    const random = this.#random;
    const options: Record<string, number | string | boolean> = {};
    const isWatched = this.#transport !== "inproc" && random.oneIn(4);
    if (this.#isFilled) {
      if (SENDS.has(type)) options.sendHighWaterMark = 1 + random.below(4);
      if (RECEIVES.has(type)) options.receiveHighWaterMark = 1 + random.below(4);
      return { type, options, isWatched };
    }
    if (["REQ", "DEALER", "ROUTER", "REP"].includes(type) && random.below(4) > 0) options.routingId = `r${place}`;
    if (RECEIVES.has(type) && random.oneIn(8)) options.receiveTimeout = 0;
    if (SENDS.has(type) && random.oneIn(8)) options.sendTimeout = 0;
    if (!type.includes("SUB") && random.oneIn(8)) options.immediate = true;
    if (type === "ROUTER" && random.oneIn(3)) options.mandatory = true;
    if (type === "ROUTER" && random.oneIn(4)) options.handover = true;
    if (type === "REQ" && random.oneIn(4)) options.relaxed = true;
    if (type === "REQ" && random.oneIn(4)) options.correlate = true;
    if (type === "XPUB" && random.oneIn(3)) options.verbosity = random.pick(["allSubs", "allSubsUnsubs"]);
    // Over tcp and ipc it depends on chance what has left for the kernel.
    const isFull = this.#transport === "inproc" && ["PUSH", "DEALER"].includes(type);
    if (isFull && random.oneIn(3)) options.sendHighWaterMark = 1 + random.below(4);
    if (this.#isConflated && place === 0) options.conflate = true;
    if (["REQ", "DEALER", "ROUTER"].includes(type) && random.oneIn(10)) options.probeRouter = true;
    if (["PUB", "SUB", "XPUB"].includes(type) && random.oneIn(10)) options.invertMatching = true;
    if (type === "XPUB" && random.oneIn(6)) options.welcomeMessage = "welcome";
    if (type === "XPUB" && random.oneIn(6)) options.noDrop = true;
    return { type, options, isWatched };
  }

  /** A sender and a reader that does not read, once or twice. */
  #fill(): void {
    const [socket, reader] = FILLED.get(this.#family) === "hub" ? [0, 1] : [1, 0];
    const mark = (place: number, name: string): number => Number(this.#sockets[place]?.options[name]);
    const least = mark(socket, "sendHighWaterMark");
    const most = least + mark(reader, "receiveHighWaterMark") + KERNEL;
    for (let left = 1 + this.#random.below(2); left > 0; left--) {
      this.#steps.push({ act: "fill", socket, clients: [reader], least, most });
    }
  }

  #join(spoke: number): void {
    if (this.#isHubBound) this.#steps.push({ act: "connect", socket: spoke, endpoint: 0 });
    else {
      this.#steps.push({ act: "bind", socket: spoke, endpoint: spoke });
      this.#steps.push({ act: "connect", socket: 0, endpoint: spoke });
    }
    if (this.#type(spoke) === "SUB" && this.#random.below(4) > 0) this.#steps.push(this.#subscription(spoke));
    if (this.#type(0) === "SUB" && this.#random.below(3) > 0) this.#steps.push(this.#subscription(0));
  }

  #step(): Step {
    const random = this.#random;
    const socket = random.oneIn(3) ? 0 : 1 + random.below(this.#spokes);
    const endpoint = this.#isHubBound ? 0 : 1 + random.below(this.#spokes);
    const clients = Array.from({ length: this.#spokes }, (_, i) => i + 1);
    switch (random.below(28)) {
      case 0:
        // To connect to itself is no program of anybody.
        return { act: "connect", socket: this.#isHubBound ? 1 + random.below(this.#spokes) : 0, endpoint };
      case 1:
        return { act: "bind", socket, endpoint: this.#spokes + 1 };
      case 2:
        return { act: "disconnect", socket, endpoint };
      case 3:
        return { act: "unbind", socket: random.oneIn(2) ? socket : 0, endpoint };
      case 4:
        return { act: "close", socket: 1 + random.below(this.#spokes) };
      case 5:
        return { act: random.pick(["bindTo", "connectTo"]), socket, address: random.pick(WRONG) };
      case 6:
        // libzmq's STREAM waits for the rest of a message that has one frame.
        if (!this.#sends(socket) || this.#type(socket) === "STREAM" || this.#isConflated) break;
        return { act: "send", socket, message: this.#oddMessage() };
      case 7:
        if (!this.#sends(socket)) break;
        return { act: "burst", socket, count: 1 + random.below(20), to: this.#envelope(socket) };
      case 8:
        if (random.oneIn(2)) return { act: "set", socket, option: "linger", value: random.pick([0, 1000]) };
        if (this.#sends(socket)) return { act: "set", socket, option: "sendTimeout", value: random.pick([0, 30]) };
        return { act: "set", socket, option: "receiveTimeout", value: random.pick([0, 30]) };
      case 9:
      case 10:
        if (!SERVERS.has(this.#family)) break;
        return { act: "serve", socket: 0, clients, rounds: 2 * clients.length + 2, depth: this.#depth() };
      case 11:
        if (!SERVERS.has(this.#family) || !random.oneIn(2)) break;
        return { act: "crowd", socket: 0, clients, rounds: 5 };
      case 12:
      case 13:
        if (this.#family.includes("SUB")) return this.#subscription(socket);
        break;
      case 14:
      case 15:
      case 16:
        if (["REP", "ROUTER", "STREAM"].includes(this.#type(socket))) {
          return { act: "reply", socket, text: `answer ${this.#messages++}` };
        }
        break;
      case 17:
        if (this.#receives(socket)) return { act: "drain", socket };
        break;
      default:
    }
    if (this.#receives(socket) && (random.oneIn(2) || !this.#sends(socket))) return { act: "receive", socket };
    if (!this.#sends(socket)) return this.#subscription(socket);
    return { act: "send", socket, message: this.#message(socket) };
  }

  #subscription(place: number): Step {
    const type = this.#type(place);
    const topic = this.#random.pick(TOPICS);
    if (type === "SUB") return { act: this.#random.oneIn(4) ? "unsubscribe" : "subscribe", socket: place, topic };
    if (type === "XSUB")
      return { act: "send", socket: place, message: `${this.#random.oneIn(4) ? "\0" : "\x01"}${topic}` };
    if (this.#receives(place)) return { act: "receive", socket: place };
    return { act: "send", socket: place, message: `${topic} ${this.#messages++}` };
  }

  /** Messages that each client has in flight. */
  #depth(): number {
    return this.#family.endsWith("REQ") || this.#random.oneIn(2) ? 1 : 1 + this.#random.below(3);
  }

  /** What stands before the text of a message of this socket. */
  #envelope(place: number): string[] {
    if (this.#isConflated) return [];
    const random = this.#random;
    const type = this.#type(place);
    if (type === "ROUTER" || type === "STREAM") {
      const peer = random.oneIn(8) ? "nobody" : `r${place === 0 ? 1 + random.below(this.#spokes) : 0}`;
      return this.#family.includes("REQ") ? [peer, ""] : [peer];
    }
    if (type === "DEALER" && this.#family.includes("REP") && !random.oneIn(6)) return [""];
    return this.#family.includes("SUB") ? [random.pick(TOPICS)] : [];
  }

  #message(place: number): Value {
    if (this.#isConflated) return `${this.#random.pick(TOPICS)} ${this.#messages++}`;
    const list: Value[] = [...this.#envelope(place), `message ${this.#messages++}`];
    if (this.#random.oneIn(4)) list.push(this.#random.pick(["", "more", "x".repeat(300), "y".repeat(9000)]));
    return list.length === 1 && this.#random.oneIn(2) ? `message ${this.#messages}` : { list };
  }

  #oddMessage(): Value {
    const kind = (): Value => ({ kind: this.#random.pick(KINDS) });
    switch (this.#random.below(5)) {
      case 0:
        return { list: [] };
      case 1:
        return kind();
      case 2:
        return { list: [{ list: ["a", "b"] }, kind()] };
      default:
        return { list: ["x", kind()] };
    }
  }

  #type(place: number): SocketTypeName {
    return this.#sockets[place]?.type ?? "PAIR";
  }

  #sends(place: number): boolean {
    return SENDS.has(this.#type(place));
  }

  #receives(place: number): boolean {
    return RECEIVES.has(this.#type(place));
  }
}
