/**
 * A libzmq peer in a process of its own: npm `zeromq`, driven by one JSON object a line on stdin, answered by one a
 * line on stdout. `peer.py` does the same through pyzmq; `peer.ts` describes the commands. Plain JavaScript, so that
 * the process starts without a compiler.
 */

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import * as zmq from "zeromq";

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

/** Name -> { socket, events, watchers }. */
const sockets = new Map();

const commands = {
  version: () => zmq.version,

  open({ socket, type, options }) {
    const entry = { socket: new CLASSES[type]({ linger: 0, ...options }), events: [], watchers: new Set() };
    watch(entry);
    sockets.set(socket, entry);
  },

  async bind({ socket, address }) {
    await at(socket).bind(address);
    return at(socket).lastEndpoint;
  },
  connect({ socket, address, routingId }) {
    if (routingId === undefined) at(socket).connect(address);
    else at(socket).connect(address, { routingId });
  },
  unbind: ({ socket, address }) => at(socket).unbind(address),
  disconnect: ({ socket, address }) => at(socket).disconnect(address),
  set({ socket, options }) {
    Object.assign(at(socket), options);
  },
  subscribe: ({ socket, topics }) => at(socket).subscribe(...topics.map(bytes)),
  unsubscribe: ({ socket, topics }) => at(socket).unsubscribe(...topics.map(bytes)),

  /** Sends messages one after the other; EHOSTUNREACH is tried again until the peer is known. */
  async send({ socket, messages, timeoutMs = 60_000 }) {
    const end = Date.now() + timeoutMs;
    at(socket).sendTimeout = timeoutMs;
    for (const message of messages) {
      for (;;) {
        try {
          await at(socket).send(message.map(bytes));
          break;
        } catch (error) {
          if (error.code !== "EHOSTUNREACH" || Date.now() > end) throw error;
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
      }
    }
  },

  async receive({ socket, count, timeoutMs = 60_000 }) {
    at(socket).receiveTimeout = timeoutMs;
    const messages = [];
    while (messages.length < count) messages.push((await at(socket).receive()).map(described));
    return messages;
  },

  /** Receives and sends back; `keep` frames stay as they are, the others come back in reverse order. */
  async echo({ socket, count, keep, timeoutMs = 60_000 }) {
    at(socket).receiveTimeout = timeoutMs;
    for (let i = 0; i < count; i++) {
      const message = await at(socket).receive();
      await at(socket).send([...message.slice(0, keep), ...message.slice(keep).reverse()]);
    }
  },

  /** Resolves when an event of this type has happened. */
  event({ socket, type, timeoutMs = 60_000 }) {
    const entry = sockets.get(socket);
    return new Promise((resolve, reject) => {
      const look = () => {
        if (!entry.events.includes(type)) return;
        clearTimeout(timer);
        entry.watchers.delete(look);
        resolve();
      };
      const timer = setTimeout(() => {
        entry.watchers.delete(look);
        reject(new Error(`no event ${type} but ${entry.events}`));
      }, timeoutMs);
      entry.watchers.add(look);
      look();
    });
  },

  events: ({ socket }) => sockets.get(socket).events,

  /** A handler by hand: users by name, and the public certificates of a folder. */
  async authenticate({ users = {}, certificates, domain = "*" }) {
    const keys = new Set();
    for (const name of certificates === undefined ? [] : readdirSync(certificates)) {
      const text = readFileSync(join(certificates, name), "utf8");
      if (name.endsWith(".key")) keys.add(/public-key = "(.{40})"/.exec(text)[1]);
    }
    await answerZap((request) => {
      const [, , asked, , , mechanism, first, second] = request;
      const isKnown = String(mechanism) === "PLAIN" ? users[first] === String(second) : keys.has(z85(first));
      const isAllowed = isKnown && (domain === "*" || domain === String(asked));
      return [isAllowed ? "200" : "400", "", isAllowed ? "user" : "", ""];
    });
  },

  misbehave({ status, crash = false }) {
    return answerZap(() => {
      if (crash) return undefined;
      return status === undefined ? new Promise(() => {}) : [status, "", "", ""];
    });
  },

  deauthenticate() {
    handler?.close();
    handler = undefined;
  },

  close({ socket }) {
    at(socket).close();
    sockets.delete(socket);
  },
};

let handler;

/** `answer` gives status, text, user id and metadata; nothing: the handler is closed without an answer. */
async function answerZap(answer) {
  const socket = new zmq.Reply({ linger: 0 });
  handler = socket;
  // The name is free a while after the last handler was closed.
  for (;;) {
    try {
      await socket.bind("inproc://zeromq.zap.01");
      break;
    } catch (error) {
      if (error.code !== "EADDRINUSE") throw error;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }
  (async () => {
    for await (const request of socket) {
      const reply = await answer(request);
      if (reply === undefined) return socket.close();
      await socket.send([request[0], request[1], ...reply]);
    }
  })();
}

const Z85 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

function z85(bytes) {
  let text = "";
  for (let i = 0; i < bytes.length; i += 4) {
    for (let divisor = 85 ** 4; divisor >= 1; divisor /= 85)
      text += Z85[Math.floor(bytes.readUInt32BE(i) / divisor) % 85];
  }
  return text;
}

function at(name) {
  const entry = sockets.get(name);
  if (entry === undefined) throw new Error(`no socket ${name}`);
  return entry.socket;
}

async function watch(entry) {
  for await (const { type } of entry.socket.events) {
    entry.events.push(type);
    for (const look of [...entry.watchers]) look();
  }
}

/** A frame as a test writes it: text, hex or a size and a seed of a pattern. As `frames.ts`. */
function bytes(frame) {
  if (typeof frame === "string") return Buffer.from(frame);
  if (frame.hex !== undefined) return Buffer.from(frame.hex, "hex");
  const turn = Buffer.alloc(251);
  for (let i = 0; i < turn.length; i++) turn[i] = (frame.seed + i) % 251;
  return Buffer.alloc(frame.size, turn);
}

function described(frame) {
  if (frame.length <= 64) return frame.toString("hex");
  return `${frame.length}:${createHash("sha1").update(frame).digest("hex")}`;
}

createInterface({ input: process.stdin })
  .on("line", async (line) => {
    const { n, command, ...rest } = JSON.parse(line);
    let answer;
    try {
      answer = { n, result: (await commands[command](rest)) ?? null };
    } catch (error) {
      answer = { n, error: `${error.code ?? ""} ${error.message}` };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  })
  .on("close", () => process.exit());
