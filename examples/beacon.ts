/**
 * A UDP beacon: services say where they are, every 200 ms, and whoever listens keeps a list of those that are alive
 * (RADIO and DISH over udp). No broker and no configuration but a multicast group.
 *
 *     node --import tsx examples/beacon.ts
 *
 * Parts: service NAME [BEACON] (answers questions, and says where), finder [BEACON] [AMOUNT] (prints who comes and goes, and
 * asks each; ends when AMOUNT services came and went).
 *
 * From parts.ts: `program` starts the parts, `watched` shows counters to the tour. A copy of a part needs none of them.
 */

import { setTimeout as wait } from "node:timers/promises";
import { Client, Dish, Radio, Server } from "zmq-ts/draft";
import { program, watched } from "./parts.ts";

/** The loopback interface, for this machine alone; between machines name a network interface: `udp://eth0;239.192.7.7:5671`. */
const BEACON = "udp://127.0.0.1;239.192.7.7:5671";
const GROUP = "services";
const PERIOD_MS = 200;
/** A service that is silent for so long is gone. */
const SILENCE_MS = 4 * PERIOD_MS;

async function service(name: string, beacon = BEACON) {
  const server = new Server();
  const endpoint = await server.bind("tcp://127.0.0.1:*");
  const radio = new Radio();
  radio.connect(beacon);
  const beat = setInterval(() => void radio.sendJson({ name, endpoint }, { group: GROUP }), PERIOD_MS);
  for await (const [question, from] of server) await server.send(`${name} says: ${question} yourself`, from);
  clearInterval(beat);
}

async function finder(beacon = BEACON, amount = "Infinity") {
  const dish = new Dish({ receiveTimeout: PERIOD_MS });
  dish.join(GROUP);
  await dish.bind(beacon);
  console.log(`listening at ${beacon}`);
  const counters = watched({ alive: 0, gone: 0 });
  const heard = new Map<string, number>();
  while (counters.gone < Number(amount)) {
    const beat = await dish.receive().then(
      ([body]) => JSON.parse(`${body}`),
      () => undefined, // Nobody said anything for a while.
    );
    const now = performance.now();
    if (beat !== undefined) {
      if (!heard.has(beat.name)) {
        console.log(`${beat.name} is at ${beat.endpoint}`);
        void ask(beat.endpoint);
      }
      heard.set(beat.name, now);
    }
    for (const [name, at] of heard) {
      if (now - at < SILENCE_MS) continue;
      heard.delete(name);
      counters.gone++;
      console.log(`${name} is gone`);
    }
    counters.alive = heard.size;
  }
}

async function ask(endpoint: string) {
  await using client = new Client({ receiveTimeout: 2000, linger: 0 });
  client.connect(endpoint);
  await client.send("hello");
  console.log(await client.receiveString().catch(() => `${endpoint} does not answer`));
}

await program(import.meta.url, { service, finder }, async (stage) => {
  const beacon = `udp://127.0.0.1;239.192.7.7:${5000 + (process.pid % 50_000)}`;
  const finding = stage.start("beacon finder", beacon, "2");
  const services = ["ant", "bee"].map((name) => stage.start("beacon service", name, beacon));
  while (Number(finding.counters.alive ?? 0) < services.length) await wait(20);
  await wait(100);
  for (const each of services) await each.stop();
  await finding.ended;
});
