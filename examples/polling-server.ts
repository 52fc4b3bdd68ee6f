/**
 * A server that polls several sockets: it answers questions (REP), takes notes (PULL) and obeys commands (SUB), in one
 * loop that serves whichever is ready and sleeps while none is. The commands are looked at first.
 * Messages of one connection stay in order; between connections there is no order, so a question may overtake notes.
 *
 *     node --import tsx examples/polling-server.ts
 *
 * Parts: server QUESTIONS NOTES COMMANDS, visitor QUESTIONS NOTES COMMANDS.
 *
 * From parts.ts: `program` starts the parts, `bound` prints the endpoint. A copy of a part needs none of them.
 */

import { Poller, Publisher, Pull, Push, Reply, Request, Subscriber } from "zmq-ts";
import { bound, program } from "./parts.ts";

async function server(questions: string, notes: string, commands: string) {
  const replier = new Reply();
  const notebook = new Pull();
  const orders = new Subscriber();
  orders.subscribe();
  await orders.bind(commands);
  await notebook.bind(notes);
  await replier.bind(questions);
  bound(replier);

  const taken: string[] = [];
  const poller = new Poller();
  for (const socket of [orders, notebook, replier]) poller.register(socket);
  while (true) {
    for (const { socket } of await poller.poll({ timeoutMs: 1000 })) {
      if (socket === orders) {
        const order = await orders.receiveString();
        console.log(`told to ${order}`);
        if (order === "stop") return;
      } else if (socket === notebook) {
        taken.push(await notebook.receiveString());
      } else {
        const question = await replier.receiveString();
        await replier.send(`${taken.length} notes taken when you asked ${question}`);
      }
    }
  }
}

async function visitor(questions: string, notes: string, commands: string) {
  const asker = new Request();
  const writer = new Push();
  const commander = new Publisher();
  asker.connect(questions);
  writer.connect(notes);
  commander.connect(commands);
  await Promise.all([commander.subscriberJoined(), writer.connected()]);

  for (const [index, question] of ["whether", "when", "where"].entries()) {
    for (let note = 0; note < index * 100; note++) await writer.send(`note ${note}`);
    await asker.send(question);
    console.log(await asker.receiveString());
  }
  await writer.drained(); // else notes might wait for a server that has stopped, and this program with them
  await commander.send("go on");
  await commander.send("stop");
}

await program(import.meta.url, { server, visitor }, async (stage) => {
  const addresses = ["questions", "notes", "commands"].map((name) => stage.address(name));
  const server = stage.start("polling-server server", ...addresses);
  const visitor = stage.start("polling-server visitor", ...addresses);
  await Promise.all([server.ended, visitor.ended]);
});
