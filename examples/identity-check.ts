/**
 * How a ROUTER knows its peers: before each message it receives it puts a frame with the name of the peer that sent it.
 * A peer that gives itself no name gets one, five octets of which the first is 0. A request socket adds an empty frame
 * of its own. All in one process, to see it on one page.
 *
 *     node --import tsx examples/identity-check.ts
 */

import { Dealer, type Message, Request, Router } from "zmq-ts";

const router = new Router();
const address = await router.bind("tcp://127.0.0.1:*");

await show("REQ without a name ", new Request());
await show("REQ named PEER     ", new Request({ routingId: "PEER" }));
await show("DEALER named OTHER ", new Dealer({ routingId: "OTHER" }));
router.close();

/** Lets `socket` send a message, prints what the router receives, and replies to the name it was given. */
async function show(title: string, socket: Request | Dealer) {
  socket.connect(address);
  await socket.send("hello");
  const frames = await router.receive();
  console.log(`${title} ${frames.map(printed).join(" ")}`);
  await router.send([...frames.slice(0, -1), "reply"]);
  await socket.receive();
  socket.close();
}

function printed(frame: Message): string {
  return frame[0] === 0 ? `[${frame.length} octets, the first 0]` : `[${frame}]`;
}
