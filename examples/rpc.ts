/**
 * Remote calls with ids: any number of calls at once over one socket, answered in any order, each with a time limit.
 * Copy `RpcClient` and `serve` as they are.
 *
 *     client DEALER ── id, name, arguments as JSON ─────▶ ROUTER server
 *     client DEALER ◀─ id, "ok" or "error", JSON ──────── ROUTER server
 *
 *     node --import tsx examples/rpc.ts
 */

import { setTimeout as wait } from "node:timers/promises";
import { Dealer, Router } from "zmq-ts";

interface Call {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

class RpcClient {
  readonly #socket = new Dealer({ linger: 0 });
  readonly #calls = new Map<number, Call>();
  #nextId = 1;

  constructor(endpoint: string) {
    this.#socket.connect(endpoint);
    void this.#read();
  }

  /** Rejects when the server reports an error, or does not answer in time. */
  call(name: string, values: unknown[], timeoutMs = 1000): Promise<unknown> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#calls.delete(id); // a late answer is ignored
        reject(new Error(`${name}: no answer within ${timeoutMs} ms`));
      }, timeoutMs);
      this.#calls.set(id, { resolve, reject, timer });
      this.#socket.send([`${id}`, name, JSON.stringify(values)]).catch(reject);
    });
  }

  close(): void {
    this.#socket.close();
    for (const { reject, timer } of this.#calls.values()) {
      clearTimeout(timer);
      reject(new Error("the client was closed"));
    }
    this.#calls.clear();
  }

  async #read(): Promise<void> {
    for await (const [id, status, json] of this.#socket) {
      const call = this.#calls.get(Number(id));
      if (call === undefined) continue;
      this.#calls.delete(Number(id));
      clearTimeout(call.timer);
      const value: unknown = JSON.parse(`${json}`);
      if (`${status}` === "ok") call.resolve(value);
      else call.reject(new Error(String(value)));
    }
  }
}

type Methods = Readonly<Record<string, (...values: never[]) => unknown>>;

/** Answers calls of `methods` until the socket is closed. Calls run side by side. */
async function serve(socket: Router, methods: Methods): Promise<void> {
  const answer = async (name: string, json: string): Promise<[status: string, value: unknown]> => {
    try {
      const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
      if (method === undefined) throw new Error(`there is no method "${name}"`);
      return ["ok", await method(...(JSON.parse(json) as never[]))];
    } catch (error) {
      return ["error", error instanceof Error ? error.message : String(error)];
    }
  };
  for await (const [client = "", id = "", name, json] of socket) {
    void answer(`${name}`, `${json}`).then(async ([status, value]) => {
      if (!socket.closed) await socket.send([client, id, status, JSON.stringify(value ?? null)]);
    });
  }
}

const router = new Router();
const endpoint = await router.bind("tcp://127.0.0.1:*");
void serve(router, {
  add: (a: number, b: number) => a + b,
  slow: (milliseconds: number) => wait(milliseconds, `after ${milliseconds} ms`),
});

const client = new RpcClient(endpoint);
const print = async (call: Promise<unknown>) => {
  console.log(await call.catch((error: Error) => `error: ${error.message}`));
};
await Promise.all([
  print(client.call("slow", [100])),
  print(client.call("add", [20, 22])), // overtakes the slow one
  print(client.call("divide", [1, 0])),
  print(client.call("slow", [600], 300)),
]);
client.close();
router.close();
