/**
 * A client that survives its server: questions and answers carry a number, several are on the way at once, and those
 * without an answer are asked again when the connection was lost (SERVER and CLIENT). The server is stopped and started
 * anew while they talk.
 *
 *     node --import tsx examples/surviving-client.ts
 *
 * Parts: server [ADDRESS], client ADDRESS AMOUNT (asks AMOUNT questions, "100" or "12s").
 *
 * From parts.ts: `program` starts the parts, `bound` prints the endpoint, `until` counts messages or seconds, `watched` shows counters to the tour. A copy of a part needs none of them.
 */

import { setTimeout as wait } from "node:timers/promises";
import { Client, Server } from "zmq-ts/draft";
import { bound, program, until, watched } from "./parts.ts";

/** Questions on the way at once. */
const WINDOW = 20;
/** What a client hears from its own socket when the connection was lost. */
const LOST = "lost";
const GONE = "gone";

/** Squares numbers. It knows its clients by their routing ids, and forgets them when they leave. */
async function server(address = "tcp://127.0.0.1:5570") {
  const socket = new Server({ disconnectMessage: GONE });
  await socket.bind(address);
  bound(socket);
  const counters = watched({ answered: 0, clients: 0 });
  const clients = new Set<number>();
  for await (const [question, { routingId }] of socket) {
    if (`${question}` === GONE) clients.delete(routingId);
    else {
      clients.add(routingId);
      const [id, number] = JSON.parse(`${question}`);
      await wait(1); // It takes some thought.
      try {
        await socket.send(JSON.stringify([id, number * number]), { routingId });
        counters.answered++;
      } catch {
        // It left before its answer was there (EHOSTUNREACH), and asks again when it is back.
      }
    }
    counters.clients = clients.size;
  }
}

async function client(address = "tcp://127.0.0.1:5570", amount = "100") {
  const socket = new Client({ hiccupMessage: LOST, reconnectInterval: 20, receiveTimeout: 2000 });
  socket.connect(address);
  const counters = watched({ asked: 0, answered: 0, wrong: 0, lost: 0, askedAgain: 0 });
  /** Number by id, of the questions without an answer. */
  const open = new Map<number, number>();
  const ask = (id: number, number: number) => socket.send(JSON.stringify([id, number]));
  const isOver = until(amount);
  for (;;) {
    while (open.size < WINDOW && !isOver(counters.asked)) {
      const id = counters.asked++;
      open.set(id, id % 1000);
      await ask(id, id % 1000);
    }
    if (open.size === 0) break;
    const text = await socket.receive().then(
      ([message]) => `${message}`,
      () => LOST, // Nothing for two seconds: a peer that stopped without a word.
    );
    if (text === LOST) {
      counters.lost++;
      counters.askedAgain += open.size;
      for (const [id, number] of open) await ask(id, number);
      continue;
    }
    const [id, square] = JSON.parse(text);
    const number = open.get(id);
    if (number === undefined) continue; // It was asked twice, and answered twice.
    open.delete(id);
    counters.answered++;
    if (square !== number * number) counters.wrong++;
  }
  const { asked, answered, wrong, lost, askedAgain } = counters;
  console.log(`${asked} asked, ${answered} answered, ${wrong} wrong; the connection was lost ${lost} times`);
  if (lost > 0) console.log(`${askedAgain} questions were asked again`);
  if (wrong > 0 || answered < asked) process.exitCode = 1;
}

await program(import.meta.url, { server, client }, async (stage) => {
  const address = stage.address("squares");
  let running = stage.start("surviving-client server", address);
  const asking = stage.start("surviving-client client", address, "600");
  for (const part of [200, 400]) {
    while (Number(asking.counters.answered ?? 0) < part) await wait(10);
    await running.stop();
    await wait(100);
    running = stage.start("surviving-client server", address);
  }
  await asking.ended;
});
