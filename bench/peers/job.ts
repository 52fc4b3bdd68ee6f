/**
 * What one process of a benchmark is asked to do, and how it talks back.
 *
 * A job arrives as `key=value` arguments, so that the C peer reads it as easily as the Node peers do. Every process
 * answers in lines of JSON on stdout: `{"listening": endpoint}`, `{"ready": true}`, `{"result": {...}}` or
 * `{"error": text}`. On stdin it hears `go` lines, and the end of stdin means "exit".
 */

/** The shape of the traffic; each is one function in every peer. */
export type Kind = "pipeline" | "roundtrip" | "publish" | "dealers" | "crowd" | "handshakes" | "clients" | "broadcast";

/** The server binds, the client connects; `both` is inproc, where one process is the two of them. */
export type Role = "server" | "client" | "both";

export interface Job {
  readonly kind: Kind;
  readonly role: Role;
  /** Where to bind (`tcp://127.0.0.1:*`) or to connect. */
  readonly endpoint: string;
  /** Bytes in one frame. */
  readonly size: number;
  /** Frames in one message. */
  readonly frames: number;
  /** Receive with `for await` in place of `receive()`. */
  readonly iterate: boolean;
  /** Send and receive many messages at a time: `sendMany` of a `pipeline`, and `receiveMany`. For zmq-ts; libzmq has one way only. */
  readonly many: boolean;
  /** By sockets whose calls block; libzmq's always do. */
  readonly blocking: boolean;
  /** Under CURVE; the one who binds is its server. */
  readonly curve: boolean;
  /** SUB sockets of a `publish`, DISH of a `broadcast`, DEALER sockets of `dealers`, CLIENT of `clients`, connections of a `crowd`, those under way of `handshakes`. */
  readonly peers: number;
  /** Topics each SUB subscribes to; 0 is the empty subscription. */
  readonly subscriptions: number;
  /** Requests one DEALER keeps under way. */
  readonly window: number;
  /** Of the table: the least; of a job: what it does before it is measured. */
  readonly warmupMs: number;
  readonly durationMs: number;
}

export const DEFAULTS: Omit<Job, "kind" | "role" | "endpoint"> = {
  size: 64,
  frames: 1,
  iterate: false,
  many: false,
  blocking: false,
  curve: false,
  peers: 1,
  subscriptions: 0,
  window: 1,
  warmupMs: 0,
  durationMs: 1000,
};

/** Keys that everybody knows: those of libzmq's manual. libzmq.c has them too. */
export const CURVE_SERVER = {
  publicKey: "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7",
  secretKey: "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6",
};
export const CURVE_CLIENT = {
  publicKey: "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID",
  secretKey: "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs",
};

/** What a process measured. Which fields there are depends on the kind and the role. */
export interface Result {
  /** Messages, deliveries or round trips within the measured time, and that time. */
  count?: number;
  seconds?: number;
  /** All messages sent and received, warm-up included: these must agree. */
  sent?: number;
  received?: number;
  p50us?: number;
  p99us?: number;
  /** CPU time of this process, user and system, for each message: measured over its own messages. */
  cpuUs?: number;
  /** Resident set before and after a crowd connected, and the live JavaScript heap where there is one. */
  idleRssKb?: number;
  crowdRssKb?: number;
  idleHeapKb?: number;
  crowdHeapKb?: number;
}

/** The job as arguments: `kind=pipeline role=server ...`. */
export function encodeJob(job: Job): string[] {
  return Object.entries(job).map(([key, value]) => `${key}=${value}`);
}

/** The job of arguments that {@link encodeJob} made. */
export function decodeJob(args: readonly string[]): Job {
  const given = new Map(args.map((arg) => [arg.slice(0, arg.indexOf("=")), arg.slice(arg.indexOf("=") + 1)]));
  const text = (key: keyof Job) => given.get(key) ?? fail(`job: ${key} is missing`);
  const number = (key: keyof Job) => Number(text(key));
  return {
    kind: text("kind") as Kind,
    role: text("role") as Role,
    endpoint: text("endpoint"),
    size: number("size"),
    frames: number("frames"),
    iterate: text("iterate") === "true",
    many: text("many") === "true",
    blocking: text("blocking") === "true",
    curve: text("curve") === "true",
    peers: number("peers"),
    subscriptions: number("subscriptions"),
    window: number("window"),
    warmupMs: number("warmupMs"),
    durationMs: number("durationMs"),
  };
}

function fail(message: string): never {
  throw new Error(message);
}
