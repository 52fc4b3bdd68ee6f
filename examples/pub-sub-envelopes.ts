/**
 * Envelopes: the topic of a message is its first frame, and nothing else is looked at, so what the message says cannot
 * be mistaken for its topic. A subscription is a beginning, not a word: "B" is also the beginning of "Berlin".
 *
 *     node --import tsx examples/pub-sub-envelopes.ts
 *
 * Parts: publisher [ADDRESS [SUBSCRIBERS]], subscriber [ADDRESS [TOPIC]].
 *
 * From parts.ts: `program` starts the parts, `bound` prints the endpoint. A copy of a part needs none of them.
 */

import { Subscriber, XPublisher } from "zmq-ts";
import { bound, program } from "./parts.ts";

const ADDRESS = "tcp://127.0.0.1:5567";
const MESSAGES = [
  ["A", "B is in the text only"],
  ["B", "for B"],
  ["Berlin", "for all whose subscription it begins with"],
  ["C", "for nobody here"],
  ["B", "end"],
];

async function publisher(address = ADDRESS, subscribers = "1") {
  const socket = new XPublisher({ verbosity: "allSubs" });
  await socket.bind(address);
  bound(socket);
  for (let joined = 0; joined < Number(subscribers); joined++) {
    const [subscription] = await socket.receive(); // an XPUB is told who subscribes: octet 1, then the topic
    console.log(`a subscriber of "${subscription?.subarray(1)}" joined`);
  }
  for (const message of MESSAGES) await socket.send(message);
}

async function subscriber(address = ADDRESS, topic = "B") {
  const socket = new Subscriber();
  socket.subscribe(topic);
  socket.connect(address);
  for await (const [key, text] of socket) {
    console.log(`"${topic}" got [${key}] ${text}`);
    if (`${text}` === "end") break;
  }
}

await program(import.meta.url, { publisher, subscriber }, async (stage) => {
  const address = stage.address("envelopes");
  const publisher = stage.start("pub-sub-envelopes publisher", address, "2");
  const subscribers = ["B", ""].map((topic) => stage.start("pub-sub-envelopes subscriber", address, topic));
  await Promise.all([publisher, ...subscribers].map((part) => part.ended));
});
