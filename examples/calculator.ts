/**
 * A calculator: the client sends sums as text, the server answers with their value (REQ and REP).
 *
 *     node --import tsx examples/calculator.ts
 *
 * Parts: server [ADDRESS], worker ADDRESS (a server that connects, to a broker), ask ADDRESS SUM…,
 * client ADDRESS AMOUNT (asks AMOUNT sums, "100" or "12s", whose values it knows, and checks the answers).
 *
 * From parts.ts: `program` starts the parts, `bound` prints the endpoint, `until` counts messages or seconds,
 * `watched` shows counters to the tour. A copy of a part needs none of them.
 */

import { Reply, Request } from "zmq-ts";
import { bound, program, until, watched } from "./parts.ts";

async function server(address = "tcp://127.0.0.1:5558") {
  const socket = new Reply();
  await socket.bind(address);
  bound(socket);
  await answer(socket);
}

async function worker(address: string) {
  const socket = new Reply();
  socket.connect(address);
  await answer(socket);
}

async function answer(socket: Reply) {
  const counters = watched({ answered: 0, last: "" });
  for await (const [sum] of socket) {
    const value = evaluate(`${sum}`);
    await socket.send(value);
    counters.answered++;
    counters.last = `${sum} = ${value}`;
  }
}

async function ask(address = "tcp://127.0.0.1:5558", ...sums: string[]) {
  const socket = new Request();
  socket.connect(address);
  for (const sum of sums) {
    await socket.send(sum);
    console.log(`${sum} = ${await socket.receiveString()}`);
  }
}

async function client(address = "tcp://127.0.0.1:5558", amount = "100") {
  const socket = new Request();
  socket.connect(address);
  const counters = watched({ asked: 0, answered: 0, wrong: 0, last: "" });
  for (const isOver = until(amount); !isOver(counters.asked); ) {
    const [a, b, c] = [counters.asked % 97, counters.asked % 89, (counters.asked % 7) + 1];
    const sum = `(${a} + ${b}) * ${c} - ${a} / ${c}`;
    await socket.send(sum);
    counters.asked++;
    const value = await socket.receiveString();
    counters.answered++;
    if (value !== `${(a + b) * c - a / c}`) counters.wrong++;
    counters.last = `${sum} = ${value}`;
  }
  console.log(`${counters.asked} asked, ${counters.answered} answered, ${counters.wrong} wrong; ${counters.last}`);
  if (counters.wrong > 0 || counters.answered < counters.asked) process.exitCode = 1;
}

/** The value of a sum of numbers, + - * / and brackets; or what is wrong with it. */
function evaluate(text: string): string {
  const tokens = text.match(/\d+(?:\.\d+)?|\S/g) ?? [];
  const sum = (): number => {
    let value = product();
    while (tokens[0] === "+" || tokens[0] === "-") value += tokens.shift() === "+" ? product() : -product();
    return value;
  };
  const product = (): number => {
    let value = factor();
    while (tokens[0] === "*" || tokens[0] === "/") {
      if (tokens.shift() === "*") value *= factor();
      else value /= factor();
    }
    return value;
  };
  const factor = (): number => {
    const token = tokens.shift() ?? "the end";
    if (token === "-") return -factor();
    if (token === "(") {
      const value = sum();
      if (tokens.shift() !== ")") throw new SyntaxError("a bracket is not closed");
      return value;
    }
    if (!/^\d/.test(token)) throw new SyntaxError(`expected a number, found ${token}`);
    return Number(token);
  };
  try {
    const value = sum();
    if (tokens.length > 0) throw new SyntaxError(`expected the end, found ${tokens[0]}`);
    return `${value}`;
  } catch (error) {
    return `error: ${(error as Error).message}`;
  }
}

await program(import.meta.url, { server, worker, ask, client }, async (stage) => {
  const address = stage.address("calculator");
  stage.start("calculator server", address);
  await stage.start("calculator ask", address, "1 + 2 * 3", "(1 + 2) * 3", "10 / 4 - 1", "2 * (3 + ").ended;
  await stage.start("calculator client", address, "1000").ended;
});
