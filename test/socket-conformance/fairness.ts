/**
 * Conformance: who is read next, and who is sent to next. Each case is one program that runs on this library and on
 * libzmq (npm zeromq), and must give the same.
 */

import assert from "node:assert/strict";
import { describe } from "node:test";
import * as libzmq from "zeromq";
import * as zmq from "../../src/index.ts";
import { Bench, it, pause, type TransportUnderTest } from "./bench.ts";

type Library = typeof zmq | typeof libzmq;
type Pair = "PUSH to PULL" | "DEALER to ROUTER" | "DEALER to DEALER" | "XPUB to SUB" | "XPUB to XSUB";

const PAIRS: readonly Pair[] = ["PUSH to PULL", "DEALER to ROUTER", "DEALER to DEALER", "XPUB to SUB", "XPUB to XSUB"];

/**
 * Time for a message to arrive: asking the receiver would be its turn. A busy machine may need more, so a program that
 * gave something else is tried again, more slowly.
 */
const ARRIVALS_MS = [6, 20, 100];

interface Receiver {
  bind(address: string): Promise<void>;
  receive(): Promise<Uint8Array[]>;
  close(): void;
  readonly closed: boolean;
  readonly lastEndpoint: string | null;
  readonly readable: boolean;
  receiveTimeout: number;
  linger: number;
}

interface Sender {
  connect(address: string): void;
  send(message: string): Promise<void>;
  close(): void;
  readonly closed: boolean;
  linger: number;
}

async function receiverOf(library: Library, pair: Pair): Promise<Receiver> {
  switch (pair) {
    case "PUSH to PULL":
      return new library.Pull();
    case "DEALER to ROUTER":
      return new library.Router();
    case "DEALER to DEALER":
      return new library.Dealer();
    case "XPUB to SUB": {
      const sub = new library.Subscriber();
      sub.subscribe();
      return sub;
    }
    case "XPUB to XSUB": {
      const xsub = new library.XSubscriber();
      await xsub.send("\x01");
      return xsub;
    }
  }
}

function senderOf(library: Library, pair: Pair): Sender {
  switch (pair) {
    case "PUSH to PULL":
      return new library.Push();
    case "XPUB to SUB":
    case "XPUB to XSUB":
      return new library.XPublisher();
    default:
      return new library.Dealer();
  }
}

interface Marks {
  readonly sendHighWaterMark: number;
  readonly receiveHighWaterMark: number;
}

function ourProxy(marks: Marks) {
  const [front, back] = [new zmq.Router(marks), new zmq.Dealer(marks)];
  return { front, back, proxy: new zmq.Proxy(front, back) };
}

function theirProxy(marks: Marks) {
  const [front, back] = [new libzmq.Router(marks), new libzmq.Dealer(marks)];
  return { front, back, proxy: new libzmq.Proxy(front, back) };
}

export function fairness(transport: TransportUnderTest): void {
  describe(`fairness over ${transport.name}`, () => {
    const bench = new Bench(transport);

    function open<S extends { close(): void; readonly closed: boolean; linger: number }>(socket: S): S {
      bench.later(() => {
        if (!socket.closed) socket.linger = 0;
        socket.close();
      });
      return socket;
    }

    async function bind<S extends Pick<Receiver, "bind" | "lastEndpoint">>(socket: S): Promise<string> {
      await socket.bind(transport.name === "tcp" ? "tcp://127.0.0.1:*" : await bench.freeAddress());
      return socket.lastEndpoint ?? assert.fail();
    }

    /** Runs the same program on both. */
    function both(name: string, expected: string, program: (library: Library, ms: number) => Promise<string>): void {
      for (const [on, library] of [["zmq-ts", zmq] as const, ["libzmq", libzmq] as const]) {
        it(`${name} (${on})`, async () => {
          let outcome = "";
          for (const ms of ARRIVALS_MS) {
            outcome = await program(library, ms).catch(String);
            if (outcome === expected) return;
          }
          assert.equal(outcome, expected);
        });
      }
    }

    /** A receiver, and a way to get it the next sender: A, B, C and so on. */
    async function party(library: Library, pair: Pair, ms: number) {
      const receiver = open(await receiverOf(library, pair));
      receiver.receiveTimeout = 1000;
      const endpoint = await bind(receiver);
      const senders = new Map<string, Sender>();
      async function join(name: string): Promise<void> {
        const sender = open(senderOf(library, pair));
        sender.connect(endpoint);
        senders.set(name, sender);
        await pause(ms);
        void receiver.readable; // libzmq's SUB asks for its topics when it is used.
        await pause(ms);
      }
      async function send(names: string): Promise<void> {
        for (const name of names) {
          await senders.get(name)?.send(name);
          await pause(ms);
        }
      }
      async function leave(name: string): Promise<void> {
        const sender = senders.get(name);
        if (sender !== undefined) sender.linger = 1000;
        sender?.close();
        await pause(ms);
      }
      async function read(count: number): Promise<string> {
        let names = "";
        for (let i = 0; i < count; i++) names += String((await receiver.receive()).at(-1));
        return names;
      }
      return { join, send, leave, read, readable: () => receiver.readable };
    }

    for (const pair of PAIRS) {
      both(`${pair}: peers with one message in flight each are read in turn`, "ABCABCABCABC", async (library, ms) => {
        const { join, send, read } = await party(library, pair, ms);
        for (const name of "ABC") await join(name);
        await send("ABC");
        let order = "";
        for (let i = 0; i < 12; i++) {
          const name = await read(1);
          order += name;
          await send(name);
        }
        return order;
      });

      both(`${pair}: what peers sent that are gone is read oldest first`, "ABCDEFABAB", async (library, ms) => {
        const { join, send, leave, read } = await party(library, pair, ms);
        for (const name of "AB") await join(name);
        await send("ABABAB");
        for (const name of "CDEF") {
          await join(name);
          await send(name);
          await leave(name);
        }
        return read(10);
      });

      both(
        `${pair}: peers that send now and then are read in libzmq's order`,
        "ABCDABCDACADBC-DBADCABD",
        async (library, ms) => {
          const { join, send, read, readable } = await party(library, pair, ms);
          for (const name of "ABCD") await join(name);
          let order = "";
          for (const step of "ABCD...A.B.CC.D.A...BDA..C...DDBA....AC.B.D") {
            if (step !== ".") await send(step);
            else order += readable() ? await read(1) : "-";
          }
          while (readable()) order += await read(1);
          return order;
        },
      );
    }

    for (const type of ["REP", "ROUTER"] as const) {
      both(`REQs at a ${type} that works between two requests are served equally often`, "5 to 5", async (library) => {
        const server = open(type === "REP" ? new library.Reply() : new library.Router());
        const endpoint = await bind(server);
        const clients = Array.from({ length: 20 }, () => open(new library.Request()));
        const asking = clients.map(async (client, i) => {
          client.connect(endpoint);
          while (!client.closed) {
            await client.send(String(i));
            await client.receive();
          }
        });
        async function serve(): Promise<string> {
          const frames = await server.receive();
          await pause(1);
          await server.send(frames);
          return String(frames.at(-1));
        }
        for (const all = new Set<string>(); all.size < clients.length; ) all.add(await serve());
        const served = new Map<string, number>();
        for (let i = 0; i < 5 * clients.length; i++) {
          const client = await serve();
          served.set(client, (served.get(client) ?? 0) + 1);
        }
        for (const client of clients) client.close();
        await Promise.allSettled(asking);
        return `${Math.min(...served.values())} to ${Math.max(...served.values())}`;
      });
    }

    both("a proxy with one slow worker serves all clients", "40 clients, none half as often", async (library) => {
      // libzmq's proxy stands still over inproc with marks of 1.
      const highWaterMark = transport.name === "inproc" ? 1000 : 1;
      const marks = { sendHighWaterMark: highWaterMark, receiveHighWaterMark: highWaterMark };
      const { front, back, proxy } = library === zmq ? ourProxy(marks) : theirProxy(marks);
      const [frontEndpoint, backEndpoint] = [await bind(open(front)), await bind(open(back))];
      const over = proxy.run();
      const worker = open(new library.Reply({ receiveHighWaterMark: highWaterMark }));
      worker.connect(backEndpoint);
      const clients = Array.from({ length: 40 }, () => open(new library.Request()));
      const asking = clients.map(async (client, i) => {
        client.connect(frontEndpoint);
        while (!client.closed) {
          await client.send(String(i));
          await client.receive();
        }
      });
      const served = new Map<string, number>();
      for (let i = 0; i < 8 * clients.length; i++) {
        const [client] = await worker.receive();
        await pause(1);
        await worker.send("done");
        served.set(String(client), (served.get(String(client)) ?? 0) + 1);
      }
      for (const client of clients) client.close();
      proxy.terminate();
      await Promise.allSettled([over, ...asking]);
      const counts = [...served.values()];
      const isFair = Math.min(...counts) * 2 > Math.max(...counts);
      return `${counts.length} clients, ${isFair ? "none" : "some"} half as often`;
    });

    for (const type of ["PUSH", "DEALER"] as const) {
      /** A sender, and a way to get it the next receiver. */
      async function dealer(library: Library, ms: number, options: { sendHighWaterMark?: number } = {}) {
        const settings = { sendTimeout: 50, ...options };
        const sender = open(type === "PUSH" ? new library.Push(settings) : new library.Dealer(settings));
        const endpoint = await bind(sender);
        const receivers: { receive(): Promise<Uint8Array[]>; receiveTimeout: number }[] = [];
        const got: string[] = [];
        async function join(receiveHighWaterMark = 1000): Promise<void> {
          const Receiver = type === "PUSH" ? library.Pull : library.Dealer;
          const receiver = open(new Receiver({ receiveHighWaterMark }));
          receiver.connect(endpoint);
          got.push("");
          receivers.push(receiver);
          await pause(2 * ms);
        }
        async function read(receiver: number, count: number): Promise<void> {
          for (let i = 0; i < count; i++) got[receiver] += String(await receivers[receiver]?.receive());
          await pause(ms);
        }
        async function all(): Promise<string> {
          for (const [i, receiver] of receivers.entries()) {
            receiver.receiveTimeout = 2 * ms;
            await read(i, 100).catch(() => {});
          }
          return got.join(" ");
        }
        /** Returns what nobody had room for. */
        async function send(messages: string): Promise<string> {
          for (let i = 0; i < messages.length; i++) {
            try {
              await sender.send(messages.charAt(i));
            } catch {
              return messages.slice(i);
            }
          }
          return "";
        }
        return { join, send, read, all };
      }

      both(`${type} deals in turn while peers come`, "037c 148d 259e 6a b", async (library, ms) => {
        const { join, send, all } = await dealer(library, ms);
        for (let i = 0; i < 3; i++) await join();
        await send("0123");
        await join();
        await send("456789");
        await join();
        await send("abcde");
        return all();
      });

      if (transport.name === "inproc") {
        both(
          `${type}: a peer that has room again joins behind the others`,
          "0369ef 147acd 258bgh",
          async (library, ms) => {
            const { join, send, read, all } = await dealer(library, ms, { sendHighWaterMark: 2 });
            for (let i = 0; i < 3; i++) await join(2);
            let rest = await send("0123456789abcdefgh");
            for (const receiver of [1, 0, 2]) {
              await read(receiver, 2);
              rest = await send(rest);
            }
            return all();
          },
        );
      }
    }
  });
}
