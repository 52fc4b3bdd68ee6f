/**
 * A calculator whose every call blocks: a sum comes in, its value goes out.
 *
 *     node --import tsx examples/sync/calculator.ts [ADDRESS]
 */

import * as zmq from "zmq-ts/sync";

const context = new zmq.Context();
const socket = context.socket(zmq.REP);
socket.bind(process.argv[2] ?? "tcp://127.0.0.1:4000/");
console.log(`bound to ${socket.lastEndpoint}`);

while (true) {
  const request = socket.recv();
  const [, a, operator, b] = `${request}`.match(/^(-?[\d.]+) *([-+*/]) *(-?[\d.]+)$/) ?? [];
  socket.send(operator === undefined ? `not a sum: ${request}` : calculate(Number(a), operator, Number(b)));
}

function calculate(a: number, operator: string, b: number): number {
  if (operator === "+") return a + b;
  if (operator === "-") return a - b;
  return operator === "*" ? a * b : a / b;
}
