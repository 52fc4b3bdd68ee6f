/**
 * The peers with the API of zeromq.js 6: zeromq.js itself and this library. The argument `module=` says which;
 * nothing else here knows which of the two it runs.
 *
 * Options are the defaults, but for those a workload cannot do without: PUB waits where it would drop (`noDrop`), so that
 * every message can be counted; and topics are subscribed by an XSUB without a send high-water mark, because libzmq drops
 * the subscriptions that pass it.
 */
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { CERTIFICATE, KEY } from "../../test/certificate.ts";
import { blocking } from "./blocking.ts";
import { CURVE_CLIENT, CURVE_SERVER, type Job, type Result } from "./job.ts";
import { checkEnd, clockMask, endMark, go, Latencies, Ring, Stopwatch, say, topicsOf, work } from "./worker.ts";

type Zmq = typeof import("zeromq");
type Draft = typeof import("../../src/draft.ts");
type Run = (zmq: Zmq, job: Job, draft: () => Promise<Draft>) => Promise<Result>;

/** What zeromq.js lacks. */
interface ManyAtATime {
  sendMany(messages: readonly (Buffer | Buffer[])[]): Promise<void>;
  receiveMany(): Promise<Buffer[][]>;
  batches(): AsyncIterable<Buffer[][]>;
}

const SERVERS: Record<Job["kind"], Run> = {
  pipeline: pull,
  roundtrip: reply,
  publish: publish,
  dealers: route,
  crowd: seatCrowd,
  handshakes: route,
  clients: serve,
  broadcast: broadcast,
};

const CLIENTS: Partial<Record<Job["kind"], Run>> = {
  pipeline: push,
  roundtrip: request,
  publish: subscribe,
  dealers: deal,
  handshakes: shakeHands,
  clients: (_zmq, job, draft) => ask(job, draft),
  broadcast: tuneIn,
};

async function listening(socket: { bind(to: string): Promise<unknown>; lastEndpoint: string | null }, job: Job) {
  await socket.bind(job.endpoint);
  say({ listening: socket.lastEndpoint });
}

async function pull(zmq: Zmq, job: Job): Promise<Result> {
  const socket = new zmq.Pull(securityFor(job));
  await listening(socket, job);
  const receipt = new Receipt(job);
  if (job.many) {
    for await (const messages of (socket as unknown as ManyAtATime).batches())
      if (!messages.every((each) => receipt.take(each))) break;
  } else if (job.iterate) {
    for await (const frames of socket) if (!receipt.take(frames)) break;
  } else {
    while (receipt.take(await socket.receive()));
  }
  return receipt.result();
}

/** The receiving end of a pipeline: counts and checks. */
class Receipt {
  readonly #size: number;
  readonly #frames: number;
  readonly #mask: number;
  readonly #ring: Ring;
  readonly #job: Job;
  #watch: Stopwatch | undefined;
  #count = 0;

  constructor(job: Job) {
    this.#job = job;
    this.#size = job.size;
    this.#frames = job.frames;
    this.#mask = clockMask(job.size);
    this.#ring = new Ring(job.size);
  }

  /** False at the end mark. */
  take(frames: Buffer[]): boolean {
    const frame = frames[0]!;
    if (frame.length !== this.#size) {
      checkEnd(frame, this.#count);
      return false;
    }
    if (frames.length !== this.#frames) throw new Error(`${frames.length} frames came, expected ${this.#frames}`);
    this.#ring.check(frame, this.#count);
    if ((this.#count++ & this.#mask) === 0) {
      this.#watch ??= new Stopwatch(this.#job);
      this.#watch.warm(this.#count);
    }
    return true;
  }

  result(): Result {
    if (!this.#watch) throw new Error("no message came");
    return { ...this.#watch.stop(this.#count), received: this.#count };
  }
}

async function push(zmq: Zmq, job: Job): Promise<Result> {
  const socket = new zmq.Push(securityFor(job));
  socket.connect(job.endpoint);
  // Over ws libzmq masks the octets of the program where they are, so that what is sent twice is wrong the second time.
  const spoils = job.size > 64 && job.endpoint.startsWith("ws:") && !("receiveMany" in zmq.Pull.prototype);
  const send = (message: Buffer | Buffer[] | string) => socket.send(Buffer.from(message as Buffer));
  return stream(spoils ? { send } : socket, job, new Ring(job.size));
}

/** Sends until the time is over, then the end mark. */
async function stream(
  socket: { send(message: Buffer | Buffer[] | string): Promise<void> },
  job: Job,
  ring: Ring,
  topic = "",
): Promise<Result> {
  const messages = job.frames === 1 ? ring.messages : ring.messages.map((frame) => new Array(job.frames).fill(frame));
  const clock = clockMask(job.size);
  const watch = new Stopwatch(job);
  let sent = 0;
  let result: Result | undefined;
  for (;;) {
    try {
      while (job.many && job.kind === "pipeline" && !watch.over(sent)) {
        await (socket as unknown as ManyAtATime).sendMany(messages);
        sent += messages.length;
      }
      for (; !result && ((sent & clock) !== 0 || !watch.over(sent)); sent++) {
        await socket.send(messages[sent & ring.mask]!);
      }
      result ??= watch.stop(sent);
      await socket.send(endMark(sent, topic));
      return { ...result, sent };
    } catch (error) {
      // zeromq.js does not wait at the high-water mark of a PUB with `noDrop`: it rejects.
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

async function reply(zmq: Zmq, job: Job): Promise<Result> {
  const socket = new zmq.Reply();
  await listening(socket, job);
  return echo(socket, job);
}

async function route(zmq: Zmq, job: Job): Promise<Result> {
  const socket = new zmq.Router({ ...contextFor(zmq, job), ...securityFor(job) });
  await listening(socket, job);
  return echo(socket, job);
}

/** Sends every message back, until the harness says that the client is done. */
async function echo<M>(socket: { receive(): Promise<M>; send(message: M): Promise<void> }, job: Job): Promise<Result> {
  const watch = new Stopwatch(job);
  const mask = job.kind === "handshakes" ? 0 : 63;
  let count = 0;
  const failed = (async () => {
    for (;;) {
      await socket.send(await socket.receive());
      if ((++count & mask) === 0) watch.warm(count);
    }
  })();
  await Promise.race([go(), failed]);
  return { cpuUs: watch.stop(count).cpuUs ?? 0 };
}

async function request(zmq: Zmq, job: Job): Promise<Result> {
  const socket = new zmq.Request();
  socket.connect(job.endpoint);
  const ring = new Ring(job.size);
  const latencies = new Latencies();
  // A round trip within one process takes about as long as a few looks at the clock: there, time one in 64.
  const mask = job.role === "both" ? 63 : 0;
  const watch = new Stopwatch(job);
  let count = 0;
  for (;;) {
    const timed = (count & mask) === 0;
    if (timed && watch.over(count)) break;
    const sentAt = timed ? performance.now() : 0;
    await socket.send(ring.messages[count & ring.mask]!);
    const [frame] = await socket.receive();
    if (timed && watch.warm(count)) latencies.add(performance.now() - sentAt);
    if (frame!.length !== job.size) throw new Error(`reply ${count}: ${frame!.length} bytes, expected ${job.size}`);
    ring.check(frame!, count++);
  }
  return { ...watch.stop(count), ...latencies.result() };
}

async function publish(zmq: Zmq, job: Job): Promise<Result> {
  const socket = new zmq.Publisher({ noDrop: true });
  await listening(socket, job);
  const topics = topicsOf(job.subscriptions);
  // Subscriptions arrive in order, so whoever hears the last topic has subscribed to them all.
  await untilGo(() => socket.send(`${topics.at(-1)}ready`));
  return stream(socket, job, new Ring(job.size, topics), topics[0]);
}

/** Sends a ready mark now and then, until the harness says that the client has heard one. */
async function untilGo(send: () => Promise<void>): Promise<void> {
  const started = go().then(() => true);
  while (!(await Promise.race([started, new Promise<false>((resolve) => setTimeout(resolve, 10, false))]))) {
    await send();
  }
}

/** As `publish`, by a RADIO to one group. */
async function broadcast(_zmq: Zmq, job: Job, draft: () => Promise<Draft>): Promise<Result> {
  const { Radio } = await draft();
  const socket = new Radio({ noDrop: true });
  await listening(socket, job);
  const to = { group: Buffer.from("g") };
  await untilGo(() => socket.send("ready", to));
  return stream({ send: (message) => socket.send(message as Buffer, to) }, job, new Ring(job.size));
}

async function subscribe(zmq: Zmq, job: Job): Promise<Result> {
  const topics = topicsOf(job.subscriptions);
  return listenAll(job, async () => {
    const socket = job.subscriptions === 0 ? new zmq.Subscriber() : new zmq.XSubscriber({ sendHighWaterMark: 0 });
    socket.connect(job.endpoint);
    if (socket instanceof zmq.Subscriber) socket.subscribe("");
    else for (const topic of topics) await socket.send(`\x01${topic}`);
    return socket;
  });
}

/** As `subscribe`, by DISHes in one group. */
async function tuneIn(_zmq: Zmq, job: Job, draft: () => Promise<Draft>): Promise<Result> {
  const { Dish } = await draft();
  return listenAll(job, async () => {
    const socket = new Dish();
    socket.join("g");
    socket.connect(job.endpoint);
    return socket;
  });
}

/** What is received; a DISH tells the group behind the one frame. */
interface Listening {
  receive(): Promise<readonly [Buffer, ...object[]] | Buffer[]>;
}

async function listenAll(job: Job, open: () => Promise<Listening>): Promise<Result> {
  const ring = new Ring(job.size, topicsOf(job.subscriptions));
  let waiting = job.peers;
  let total = 0;
  let watch: Stopwatch | undefined;

  const listen = async () => {
    const socket = await open();
    const isReady = (frame: Buffer) => frame.length < job.size && frame.toString().endsWith("ready");
    let frame: Buffer | undefined = (await socket.receive())[0];
    if (!isReady(frame!)) throw new Error("the first message is not the ready mark");
    if (--waiting === 0) say({ ready: true });
    while (isReady(frame!)) [frame] = await socket.receive();
    watch ??= new Stopwatch(job);
    let count = 0;
    const take = () => {
      if (frame!.length !== job.size) return false;
      ring.check(frame!, count++);
      if ((total++ & 63) === 0) watch!.warm(total);
      return true;
    };
    if (job.many) {
      let goesOn = take();
      while (goesOn) {
        const messages = await (socket as unknown as ManyAtATime).receiveMany();
        goesOn = messages.every((frames) => {
          [frame] = frames;
          return take();
        });
      }
    } else while (take()) [frame] = await socket.receive();
    checkEnd(frame!, count);
  };

  await Promise.all(Array.from({ length: job.peers }, listen));
  return { ...watch!.stop(total), received: total };
}

async function deal(zmq: Zmq, job: Job): Promise<Result> {
  const options = contextFor(zmq, job);
  return exchangeAll(job, () => new zmq.Dealer(options));
}

/** As `deal`, by CLIENTs. */
async function ask(job: Job, draft: () => Promise<Draft>): Promise<Result> {
  const { Client } = await draft();
  return exchangeAll(job, () => new Client());
}

/** As `route`, by a SERVER. */
async function serve(_zmq: Zmq, job: Job, draft: () => Promise<Draft>): Promise<Result> {
  const { Server } = await draft();
  const socket = new Server();
  await listening(socket, job);
  return echo({ receive: () => socket.receive(), send: ([body, from]) => socket.send(body, from) }, job);
}

/** A socket that asks. */
interface Asking {
  connect(to: string): void;
  send(message: Buffer): Promise<void>;
  receive(): Promise<Buffer[]>;
}

async function exchangeAll(job: Job, create: () => Asking): Promise<Result> {
  const ring = new Ring(job.size);
  let watch: Stopwatch | undefined; // Once every DEALER has had an answer.
  let unanswered = job.peers;
  let total = 0;
  let over = false;
  let measured: Result | undefined;

  const exchange = async () => {
    const socket = create();
    socket.connect(job.endpoint);
    let sent = 0;
    let received = 0;
    while (sent < job.window) await socket.send(ring.messages[sent++ & ring.mask]!);
    while (received < sent) {
      const [frame] = await socket.receive();
      if (frame!.length !== job.size) throw new Error(`reply: ${frame!.length} bytes, expected ${job.size}`);
      ring.check(frame!, received++);
      if (received === 1 && --unanswered === 0) watch = new Stopwatch(job);
      if ((total++ & 15) === 0 && !over && watch?.over(total)) {
        over = true;
        measured = watch.stop(total);
      }
      if (!over) await socket.send(ring.messages[sent++ & ring.mask]!);
    }
  };

  await Promise.all(Array.from({ length: job.peers }, exchange));
  return measured!;
}

/** A ROUTER before and after a crowd of peers has connected and each got one answer. */
async function seatCrowd(zmq: Zmq, job: Job): Promise<Result> {
  const socket = new zmq.Router(contextFor(zmq, job));
  await socket.bind(job.endpoint);
  const idle = await atRest();
  say({ listening: socket.lastEndpoint });
  const failed = (async () => {
    for (;;) await socket.send(await socket.receive());
  })();
  await Promise.race([go(), failed]);
  const crowd = await atRest();
  return { idleRssKb: idle.rss, idleHeapKb: idle.heapUsed, crowdRssKb: crowd.rss, crowdHeapKb: crowd.heapUsed };
}

async function atRest(): Promise<{ rss: number; heapUsed: number }> {
  await new Promise((resolve) => setTimeout(resolve, 500));
  globalThis.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  return { rss: rss / 1024, heapUsed: heapUsed / 1024 };
}

/** Connects, has one message answered, and closes, over and over. */
async function shakeHands(zmq: Zmq, job: Job): Promise<Result> {
  const ring = new Ring(job.size);
  const watch = new Stopwatch(job);
  let total = 0;
  let measured: Result | undefined;

  const meet = async () => {
    while (measured === undefined) {
      const socket = new zmq.Dealer({ ...securityFor(job), linger: 0 });
      socket.connect(job.endpoint);
      const number = total++;
      await socket.send(ring.messages[number & ring.mask]!);
      const [frame] = await socket.receive();
      ring.check(frame!, number);
      socket.close();
      if (watch.over(total) && measured === undefined) measured = watch.stop(total);
    }
  };

  await Promise.all(Array.from({ length: job.peers }, meet));
  return measured!;
}

/** The options of a job's role under CURVE or over TLS, if it has any. */
function securityFor(job: Job): object {
  if (job.endpoint.startsWith("wss:")) {
    return job.role === "server" ? { wssCertPem: CERTIFICATE, wssKeyPem: KEY } : { wssTrustPem: CERTIFICATE };
  }
  if (!job.curve) return {};
  if (job.role === "server") return { curveServer: true, curveSecretKey: CURVE_SERVER.secretKey };
  const { publicKey, secretKey } = CURVE_CLIENT;
  return { curveServerKey: CURVE_SERVER.publicKey, curvePublicKey: publicKey, curveSecretKey: secretKey };
}

/** A context that has room for the job's sockets; the default one where that has. */
function contextFor(zmq: Zmq, job: Job) {
  return job.peers > 500 && job.role === "client" ? { context: new zmq.Context({ maxSockets: job.peers + 64 }) } : {};
}

work(async (job) => {
  const name = process.argv.find((arg) => arg.startsWith("module="))?.slice("module=".length) ?? "zeromq";
  if (job.blocking) return blocking(name, job);
  const load = (module: string) => import(module.startsWith("/") ? pathToFileURL(module).href : module);
  const loaded = await load(name);
  // Beside our own module, as `zeromq/draft` beside `zeromq`.
  const draft = async (): Promise<Draft> => {
    const drafts = await load(name.startsWith("/") ? join(dirname(name), "draft.js") : `${name}/draft.js`);
    return drafts.Server ? drafts : drafts.default;
  };
  const zmq: Zmq = loaded.Push ? loaded : loaded.default;
  if (job.role === "server") return SERVERS[job.kind](zmq, job, draft);
  const client = CLIENTS[job.kind];
  if (!client) throw new Error(`${job.kind} has no client here`);
  if (job.role === "client") return client(zmq, job, draft);
  const served = SERVERS[job.kind](zmq, job, draft);
  const asked = await client(zmq, job, draft);
  // The server of a round trip never ends by itself.
  return job.kind === "roundtrip" ? asked : { ...asked, ...(await served) };
});
