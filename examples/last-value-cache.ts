/**
 * A last-value cache: whoever subscribes gets the last value of the topic at once, and then every new one. An XPUB in
 * manual mode receives each subscription, makes it, and answers it with the value it keeps. `manualLastValue` sends
 * a message to that subscriber alone. It is set for this one message only: the option holds for whichever message
 * comes next, also after a cancellation, and that would be a price that nobody gets.
 *
 *     node --import tsx examples/last-value-cache.ts
 *
 * Parts: feed ADDRESS ROUNDS, reader ADDRESS NAME COUNT. The feed's price of each name goes up by 1 a round, so that a
 * reader can tell whether it missed one.
 *
 * From parts.ts: `program` starts the parts, `bound` prints the endpoint. A copy of a part needs none of them.
 */

import { setTimeout as wait } from "node:timers/promises";
import { Subscriber, XPublisher } from "zmq-ts";
import { bound, program } from "./parts.ts";

const SUBSCRIBE = 1;
const NAMES = ["AAPL", "MSFT", "NVDA"];

async function feed(address = "tcp://127.0.0.1:*", rounds = "1000000") {
  const publisher = new XPublisher({ manual: true, verbosity: "allSubs" });
  await publisher.bind(address);
  bound(publisher);
  const last = new Map(NAMES.map((name) => [name, "0"]));

  const answer = async () => {
    for await (const [frame] of publisher) {
      const topic = frame?.toString("utf8", 1) ?? "";
      if (frame?.[0] !== SUBSCRIBE) {
        publisher.unsubscribe(topic);
        continue;
      }
      publisher.subscribe(topic);
      const value = last.get(topic);
      if (value === undefined) continue;
      publisher.manualLastValue = true;
      const sent = publisher.send([topic, value, "last"]);
      publisher.manualLastValue = false;
      await sent;
    }
  };
  const publish = async () => {
    for (let n = 1; n <= Number(rounds); n++) {
      for (const name of NAMES) {
        last.set(name, `${n}`);
        await publisher.send([name, `${n}`, "new"]);
      }
      await wait(5);
    }
  };
  await Promise.all([answer(), publish().then(() => publisher.close())]);
}

async function reader(address = "", name = "MSFT", count = "3") {
  const subscriber = new Subscriber();
  subscriber.subscribe(name);
  subscriber.connect(address);
  const read: { price: number; kind: string }[] = [];
  for await (const [, price, kind] of subscriber) {
    read.push({ price: Number(price), kind: `${kind}` });
    if (read.length === Number(count)) break;
  }
  const missed = read.filter(({ price }, i) => i > 0 && price !== (read[i - 1]?.price ?? 0) + 1).length;
  console.log(`${name}: ${read.length} prices, the first one the ${read[0]?.kind} value, ${missed} missed`);
  subscriber.unsubscribe(name);
  subscriber.close();
}

await program(import.meta.url, { feed, reader }, async (stage) => {
  const feed = stage.start("last-value-cache feed");
  const address = await feed.endpoint;
  const patient = stage.start("last-value-cache reader", address, "MSFT", "60");
  for (let n = 1; n <= 3; n++) await stage.start("last-value-cache reader", address, "MSFT", "3").ended;
  await patient.ended;
});
