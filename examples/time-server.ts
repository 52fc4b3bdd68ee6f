/**
 * A time server in both forms: it publishes the time (PUB) to whoever watches, and tells the time of a zone to whoever
 * asks (REP). Two sockets, one program, neither waits for the other.
 *
 *     node --import tsx examples/time-server.ts
 *
 * Parts: server [TICKS [QUESTIONS]], watch [TICKS [COUNT]], ask [QUESTIONS [ZONE…]].
 *
 * From parts.ts: `program` starts the parts, `bound` prints the endpoint. A copy of a part needs none of them.
 */

import { setInterval as every } from "node:timers/promises";
import { Publisher, Reply, Request, Subscriber } from "zmq-ts";
import { bound, program } from "./parts.ts";

const TICKS = "tcp://127.0.0.1:5561";
const QUESTIONS = "tcp://127.0.0.1:5562";

async function server(ticks = TICKS, questions = QUESTIONS) {
  const publisher = new Publisher();
  await publisher.bind(ticks);
  bound(publisher);
  const replier = new Reply();
  await replier.bind(questions);
  bound(replier);
  await Promise.all([publish(publisher), answer(replier)]);
}

async function publish(socket: Publisher) {
  for await (const _ of every(100)) await socket.send(["time", new Date().toISOString()]);
}

async function answer(socket: Reply) {
  for await (const [zone] of socket) await socket.send(timeIn(`${zone}`));
}

const two = "2-digit";
/** Before ten o'clock too the hour has two digits. */
const DIGITS = { year: "numeric", month: two, day: two, hour: two, minute: two, second: two } as const;

function timeIn(timeZone: string): string {
  try {
    return new Date().toLocaleString("sv", { timeZone, timeZoneName: "short", ...DIGITS });
  } catch {
    return `no zone "${timeZone}" is known here`; // RangeError is all that toLocaleString throws
  }
}

async function watch(ticks = TICKS, count = "5") {
  const socket = new Subscriber();
  socket.subscribe("time");
  socket.connect(ticks);
  for (let seen = 0; seen < Number(count); seen++) {
    const [, time] = await socket.receive();
    console.log(`${time}`);
  }
}

async function ask(questions = QUESTIONS, ...zones: string[]) {
  const socket = new Request();
  socket.connect(questions);
  for (const zone of zones.length > 0 ? zones : ["UTC"]) {
    await socket.send(zone);
    console.log(`${zone}: ${await socket.receiveString()}`);
  }
}

await program(import.meta.url, { server, watch, ask }, async (stage) => {
  const [ticks, questions] = [stage.address("ticks"), stage.address("questions")];
  stage.start("time-server server", ticks, questions);
  await Promise.all([
    stage.start("time-server watch", ticks, "5").ended,
    stage.start("time-server ask", questions, "UTC", "Asia/Tokyo", "America/Lima", "Moon/Tycho").ended,
  ]);
});
