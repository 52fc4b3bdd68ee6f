/**
 * Many messages at a time: `sendMany` and `batches` take one `await` for hundreds of messages. `trySend` and `tryReceive`
 * take none: here for the newest of the readings that have come, while the others are passed over.
 *
 *     node --import tsx examples/many-at-a-time.ts
 */

import { Pull, Push } from "zmq-ts";

const input = new Pull();
const address = await input.bind("tcp://127.0.0.1:*");
const output = new Push();
output.connect(address);

const readings = Array.from({ length: 100_000 }, (_, n) => ["thermometer", `${n}`]);
const sent = output.sendMany(readings);

let received = 0;
for await (const messages of input.batches({ max: 500 })) {
  for (const [name, value] of messages) if (`${name}` === "thermometer" && Number(value) === received) received++;
  if (received === readings.length) break;
}
await sent;
console.log(`${received} readings in order`);

await output.sendMany([
  ["thermometer", "19"],
  ["thermometer", "20"],
  ["thermometer", "21"],
]);
let [, newest] = await input.receive();
while (`${newest}` !== "21") newest = input.tryReceive()?.[1] ?? (await input.receive())[1];
console.log(`the newest reading: ${newest}`);

console.log(`without a peer, trySend says ${new Push().trySend("reading")}`);

output.close();
input.close();
