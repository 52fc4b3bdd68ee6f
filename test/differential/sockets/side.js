/**
 * One side of the comparison: `node side.js zeromq FOLDER`, or our library under tsx. Runs the programs that its parent
 * sends, several at a time, and answers with the outcome of each step. Plain JavaScript, so that libzmq's side starts
 * without a compiler.
 */

const zmq = await import(process.argv[2]);
const folder = process.argv[3];

/**
 * zeromq.js asks whether it can before it sends or receives. For that libzmq passes over pipes that are empty or full,
 * and takes a message out of one: it changes who comes next. Ours does not ask, and is asked here.
 */
const asks = process.argv[2] !== "zeromq";

const CLASSES = {
  PAIR: zmq.Pair,
  PUB: zmq.Publisher,
  SUB: zmq.Subscriber,
  REQ: zmq.Request,
  REP: zmq.Reply,
  DEALER: zmq.Dealer,
  ROUTER: zmq.Router,
  PULL: zmq.Pull,
  PUSH: zmq.Push,
  XPUB: zmq.XPublisher,
  XSUB: zmq.XSubscriber,
  STREAM: zmq.Stream,
};

/** Of connections that are made and lost. How often one is tried, and when it is given up, depends on time. */
const EVENTS = ["bind", "bind:error", "accept", "connect", "handshake", "disconnect"];

/** A message that no kernel takes many of. */
const LARGE = Buffer.alloc(256 * 1024);

const SENDS = new Set("PAIR PUB REQ REP DEALER ROUTER PUSH XPUB XSUB STREAM".split(" "));
const RECEIVES = new Set("PAIR SUB REQ REP DEALER ROUTER PULL XPUB XSUB STREAM".split(" "));

/** How long what a step set going takes, on loopback with room to spare. */
const SETTLE_MS = { quick: 3, message: 8, connection: 30, reconnection: 70 };
const WORK_MS = 1;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Other kinds of values that a program may send. */
const KINDS = {
  undefined: () => undefined,
  null: () => null,
  number: () => 15.5,
  bigint: () => 12345678901234567890n,
  true: () => true,
  false: () => false,
  date: () => new Date(0),
  object: () => ({ a: 1 }),
  named: () => ({ toString: () => "named" }),
  function: () => Math.max,
  symbol: () => Symbol("s"),
  error: () => new Error("e"),
  map: () => new Map(),
  uint16: () => new Uint16Array([0x6968]),
  part: () => new Uint8Array([1, 104, 105, 1]).subarray(1, 3),
  buffer: () => Buffer.from("hi"),
  arrayBuffer: () => new Uint8Array([104, 105]).buffer,
  dataView: () => new DataView(new Uint8Array([104, 105]).buffer),
  sharedArrayBuffer: () => new SharedArrayBuffer(2),
};

function value(spec) {
  if (typeof spec === "string") return spec;
  return spec.list !== undefined ? spec.list.map(value) : KINDS[spec.kind]();
}

/** The frames as text. Routing ids that a socket made up are different in each run. */
function shown(frames) {
  return frames.map((frame) => (isMadeUp(frame) ? "<id>" : shortened(frame))).join(" ");
}

function shortened(frame) {
  const text = frame.toString("latin1");
  const isFilled = text.length > 100 && text === text[0].repeat(text.length);
  return isFilled ? `${text.length} times "${text[0]}"` : JSON.stringify(text);
}

function isMadeUp(frame) {
  return frame.length === 5 && frame[0] === 0;
}

function reason(error) {
  return error?.code ?? `${error?.name}: ${error?.message}`;
}

/** What a call came to: its result, or how it failed. */
async function told(call) {
  let promise;
  try {
    promise = call();
  } catch (error) {
    return `throws ${reason(error)}`;
  }
  try {
    const result = await promise;
    return Array.isArray(result) ? shown(result) : "done";
  } catch (error) {
    return `rejects ${reason(error)}`;
  }
}

function ask(socket) {
  return [socket.writable, socket.readable];
}

function send(socket, message) {
  if (asks && !socket.closed && socket.sendTimeout !== 0) ask(socket);
  return socket.send(message);
}

function receive(socket) {
  if (asks && !socket.closed && socket.receiveTimeout !== 0) ask(socket);
  return socket.receive();
}

class Run {
  #program;
  #addresses;
  #sockets = [];
  /** The last message that each socket received. */
  #last = [];
  /** By socket, then by endpoint, then by event: how many. */
  #events = [];

  constructor(id, program) {
    this.#program = program;
    // An address of loopback for each program: nobody else is there, before and after it is bound.
    const number = (process.pid * 4099 + id) % 0xfffffe;
    const host = `127.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`;
    this.#addresses = program.endpoints.map((transport, i) => {
      if (transport === "tcp") return `tcp://${host}:${20_000 + i}`;
      if (transport === "ws") return `ws://${host}:${20_000 + i}/x`;
      return transport === "ipc" ? `ipc://${folder}/${process.pid}-${id}-${i}` : `inproc://${id}-${i}`;
    });
  }

  async outcome() {
    const outcomes = [];
    for (const step of this.#program.steps) {
      outcomes.push(await this.#do(step));
      await this.#settle(step);
    }
    return outcomes;
  }

  close() {
    for (const socket of this.#sockets) {
      if (socket === undefined || socket.closed) continue;
      socket.linger = 0;
      socket.close();
    }
  }

  #socket(place) {
    if (this.#sockets[place] === undefined) {
      const { type, options, isWatched } = this.#program.sockets[place];
      const times = { ...(SENDS.has(type) && { sendTimeout: 50 }), ...(RECEIVES.has(type) && { receiveTimeout: 50 }) };
      this.#sockets[place] = new CLASSES[type]({ linger: 1000, reconnectInterval: 10, ...times, ...options });
      if (isWatched) this.#watch(place);
    }
    return this.#sockets[place];
  }

  #watch(place) {
    const told = this.#addresses.map(() => ({}));
    this.#events[place] = told;
    for (const type of EVENTS) {
      this.#sockets[place].events.on(type, ({ address }) => {
        const at = this.#addresses.findIndex((each) => each === address || each.endsWith(`://${address}`));
        // libzmq raises it over ws when a WebSocket is open, and again when the peers know each other.
        const isTwice = type === "handshake" && !asks && this.#program.endpoints[at] === "ws";
        if (at >= 0) told[at][type] = (told[at][type] ?? 0) + (isTwice ? 0.5 : 1);
      });
    }
  }

  /**
   * libzmq attaches and detaches peers within a call only. This one fails behind that, and has no other effect; to ask
   * whether a socket is readable would take the next message out of its pipe.
   */
  #touch() {
    for (const socket of this.#sockets) {
      if (socket === undefined || socket.closed) continue;
      try {
        socket.connect("touch");
      } catch {
        // EINVAL, as it should.
      }
    }
  }

  async #settle(step) {
    const isNear = this.#program.endpoints.every((name) => name === "inproc");
    let ms = SETTLE_MS.message;
    if (step.act === "bind") ms = SETTLE_MS.reconnection;
    else if (!["send", "reply", "receive", "drain", "set", "burst"].includes(step.act)) ms = SETTLE_MS.connection;
    if (isNear) ms = SETTLE_MS.quick;
    for (let i = 0; i < 2; i++) {
      this.#touch();
      await pause(ms / 2);
    }
    this.#touch();
    if (!["unbind", "disconnect", "close"].includes(step.act)) return;
    // libzmq ends a connection that is lost when its socket has read to its end, for which asking will do.
    for (const socket of this.#sockets) if (socket !== undefined && !socket.closed) ask(socket);
    await pause(ms);
    this.#touch();
  }

  async #do(step) {
    const socket = this.#socket(step.socket);
    const address = this.#addresses[step.endpoint];
    switch (step.act) {
      case "bind":
      case "connect":
      case "unbind":
      case "disconnect":
        return told(() => socket[step.act](address));
      case "bindTo":
        return told(() => socket.bind(step.address));
      case "connectTo":
        return told(() => socket.connect(step.address));
      case "close":
        return told(() => socket.close());
      case "send":
        return told(() => send(socket, value(step.message)));
      case "receive":
        return this.#receive(step.socket);
      case "subscribe":
      case "unsubscribe":
        return told(() => socket[step.act](step.topic));
      case "set":
        return told(() => {
          socket[step.option] = step.value;
        });
      case "burst":
        return this.#burst(socket, step);
      case "drain":
        return this.#drain(step.socket);
      case "reply":
        return told(() => send(socket, this.#answer(step.socket, step.text)));
      case "events":
        return JSON.stringify(this.#events[step.socket]);
      case "fill":
        return this.#fill(socket, step);
      case "serve":
        return this.#serve(step);
      case "crowd":
        return this.#crowd(step);
      default:
        return "no such step";
    }
  }

  async #receive(place) {
    const socket = this.#socket(place);
    return told(async () => {
      const message = await receive(socket);
      this.#last[place] = message;
      return message;
    });
  }

  async #drain(place) {
    const all = [];
    for (;;) {
      const one = await this.#receive(place);
      all.push(one);
      if (/^(rejects|throws)/.test(one) || all.length > 500) return all.join(", ");
    }
  }

  async #burst(socket, { count, to }) {
    for (let i = 0; i < count; i++) {
      const one = await told(() => send(socket, [...to, `${i}`]));
      if (one !== "done") return `${i} sent, then ${one}`;
    }
    return `${count} sent`;
  }

  async #fill(socket, { clients: [reader], least, most }) {
    let sent = 0;
    let failure = "";
    while (sent <= most && failure === "") {
      const one = await told(() => send(socket, [`${sent}`, LARGE]));
      if (one === "done") sent++;
      else failure = one;
    }
    const client = this.#socket(reader);
    if (!client.closed) client.receiveTimeout = 2000;
    let read = 0;
    const rest = await told(async () => {
      for (; read < sent; read++) {
        const [number] = await receive(client);
        if (`${number}` !== `${read}`) return [Buffer.from(`expected ${read}`), number];
      }
    });
    const isRight = sent >= least && sent <= most;
    return `${isRight ? "as many as should be" : `${sent}, not ${least} to ${most}`}, then ${failure}; read: ${rest}`;
  }

  /** What a ROUTER, a STREAM or any other sends back. */
  #answer(place, text) {
    const last = this.#last[place] ?? [Buffer.from("nobody")];
    const { type } = this.#program.sockets[place];
    if (type !== "ROUTER" && type !== "STREAM") return [text];
    const delimiter = last.findIndex((frame, i) => i > 0 && frame.length === 0);
    return [...last.slice(0, type === "STREAM" || delimiter < 0 ? 1 : delimiter + 1), text];
  }

  /** How a client asks a server of this type. */
  #question(client, server) {
    const { type } = this.#program.sockets[client];
    const isEnveloped = type === "DEALER" && this.#program.sockets[server].type === "REP";
    return [...(isEnveloped ? [""] : []), `client ${client}`];
  }

  /** The next message at a server, and its answer where there is one: the client, if it is one. */
  async #serveOne(place, clients, options) {
    const socket = this.#socket(place);
    const message = await receive(socket);
    this.#last[place] = message;
    const client = Number(/^client (\d+)$/.exec(String(message.at(-1)))?.[1]);
    if (options?.work) for (const until = performance.now() + WORK_MS; performance.now() < until; );
    if (["REP", "ROUTER"].includes(this.#program.sockets[place].type)) {
      await send(socket, this.#answer(place, "served"));
      if (clients.includes(client)) await receive(this.#socket(client));
    }
    return clients.includes(client) ? client : "other";
  }

  async #serve({ socket, clients, rounds, depth }) {
    const served = [];
    const ask = async (client) => {
      await send(this.#socket(client), this.#question(client, socket));
      await pause(SETTLE_MS.quick);
      this.#touch();
    };
    const failure = await told(async () => {
      for (let i = 0; i < depth; i++) for (const client of clients) await ask(client);
      for (let i = 0; i < rounds; i++) {
        const client = await this.#serveOne(socket, clients);
        served.push(client);
        if (clients.includes(client)) await ask(client);
      }
    });
    return `${served.join(" ")} ${failure}`;
  }

  async #crowd({ socket, clients, rounds }) {
    const served = new Map(clients.map((client) => [client, 0]));
    const failure = await told(async () => {
      for (const client of clients) await send(this.#socket(client), this.#question(client, socket));
      await pause(SETTLE_MS.message);
      this.#touch();
      for (let i = 0; i < rounds * clients.length; i++) {
        const client = await this.#serveOne(socket, clients, { work: true });
        served.set(client, (served.get(client) ?? 0) + 1);
        if (clients.includes(client)) await send(this.#socket(client), this.#question(client, socket));
        await pause(1);
      }
    });
    const starved = [...served].filter(([, count]) => count === 0).map(([client]) => client);
    return `never served: ${starved.join(" ") || "nobody"}; ${failure}`;
  }
}

process.on("message", async ({ id, program }) => {
  const run = new Run(id, program);
  const outcome = await run.outcome().catch((error) => [`the side failed: ${error?.message}`]);
  run.close();
  process.send({ id, outcome });
});
process.on("disconnect", () => process.exit());
