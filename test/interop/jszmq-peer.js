/**
 * A jszmq socket in a process of its own, because its timers end with that alone. Arguments: type, `bind` or `connect`,
 * address. Lines on stdin are messages to send, as JSON lists of texts; what it receives is written likewise.
 */

import { createInterface } from "node:readline";
import jszmq from "jszmq";

const [type, how, address] = process.argv.slice(2);
const socket = jszmq.socket(type);
socket.on("message", (...frames) => console.log(JSON.stringify(frames.map(String))));
if (type === "sub") socket.subscribe("");
if (how === "bind") socket.bindSync(address);
else socket.connect(address);
console.log(JSON.stringify(["open"]));

createInterface({ input: process.stdin }).on("line", (line) =>
  socket.send(JSON.parse(line).map((text) => Buffer.from(text))),
);
process.stdin.on("end", () => process.exit());
