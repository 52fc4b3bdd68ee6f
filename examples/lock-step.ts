/**
 * The lock-step of REQ: send, receive, send, receive. A call out of
 * turn waits for its turn, or fails with EFSM when its time is up; when a reply is lost its turn never comes. Three ways out: a time limit and a new socket; `relaxed` and `correlate`; a DEALER.
 *
 *     node --import tsx examples/lock-step.ts
 */

import { Reply, Request, ZmqError } from "zmq-ts";

const server = new Reply({ sendTimeout: 100 });
const address = await server.bind("tcp://127.0.0.1:*");

const client = new Request({ sendTimeout: 100, receiveTimeout: 200 });
client.connect(address);
await client.send("one");
console.log(`REQ sends twice:                 ${await outcome(client.send("two"))}`);
console.log(`REP sends before it was asked:   ${await outcome(server.send("what?"))}`);
console.log(`the reply does not come:         ${await outcome(client.receive())}`);
console.log(`REQ sends again all the same:    ${await outcome(client.send("three"))}`);
client.close(); // the first way out

const relaxed = new Request({ relaxed: true, correlate: true });
relaxed.connect(address);
await relaxed.send("four");
await relaxed.send("five");
console.log(`a relaxed REQ sends twice:       ok`);
for (const _ of ["one", "four", "five"]) await server.send(`reply to ${(await server.receive())[0]}`);
console.log(`what it receives, by correlate:  ${await relaxed.receiveString()}`);
relaxed.close();
server.close();

/** "ok", or the code of the error. */
async function outcome(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "ok";
  } catch (error) {
    if (error instanceof ZmqError) return error.code;
    throw error;
  }
}
