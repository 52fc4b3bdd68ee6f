/**
 * Conformance: who is read next, and who is sent to next.
 */

import assert from "node:assert/strict";
import { describe } from "node:test";
import {
  Dealer,
  // biome-ignore lint/suspicious/noShadowRestrictedNames: zeromq.js's name
  Proxy,
  Pull,
  Push,
  Reply,
  Request,
  Router,
  Subscriber,
  XPublisher,
  XSubscriber,
} from "../../src/index.ts";
import { Bench, it, pause, type TransportUnderTest } from "./bench.ts";

type Pair = "PUSH to PULL" | "DEALER to ROUTER" | "DEALER to DEALER" | "XPUB to SUB" | "XPUB to XSUB";

const PAIRS: readonly Pair[] = ["PUSH to PULL", "DEALER to ROUTER", "DEALER to DEALER", "XPUB to SUB", "XPUB to XSUB"];

/**
 * Time for a message to arrive: asking the receiver would be its turn. A busy machine may need more, so a program that
 * gave something else is tried again, more slowly.
 */
const ARRIVALS_MS = [6, 20, 100];

type Receiver = Pull | Router | Dealer | Subscriber | XSubscriber;
type Sender = Push | Dealer | XPublisher;

async function receiverOf(pair: Pair): Promise<Receiver> {
  switch (pair) {
    case "PUSH to PULL":
      return new Pull();
    case "DEALER to ROUTER":
      return new Router();
    case "DEALER to DEALER":
      return new Dealer();
    case "XPUB to SUB": {
      const sub = new Subscriber();
      sub.subscribe();
      return sub;
    }
    case "XPUB to XSUB": {
      const xsub = new XSubscriber();
      await xsub.send("\x01");
      return xsub;
    }
  }
}

function senderOf(pair: Pair): Sender {
  switch (pair) {
    case "PUSH to PULL":
      return new Push();
    case "XPUB to SUB":
    case "XPUB to XSUB":
      return new XPublisher();
    default:
      return new Dealer();
  }
}

export function fairness(transport: TransportUnderTest): void {
  describe(`fairness over ${transport.name}`, () => {
    const bench = new Bench(transport);

    /** What a program gives. */
    function gives(name: string, expected: string, program: (ms: number) => Promise<string>): void {
      it(name, async () => {
        let outcome = "";
        for (const ms of ARRIVALS_MS) {
          outcome = await program(ms).catch(String);
          if (outcome === expected) return;
        }
        assert.equal(outcome, expected);
      });
    }

    /** A receiver, and a way to get it the next sender: A, B, C and so on. */
    async function party(pair: Pair, ms: number) {
      const receiver = await receiverOf(pair);
      receiver.receiveTimeout = 1000;
      const endpoint = await bench.bind(receiver);
      const senders = new Map<string, Sender>();
      async function join(name: string): Promise<void> {
        const sender = bench.open(senderOf(pair));
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
      async function batch(max?: number): Promise<string> {
        return (await receiver.receiveMany({ max })).map((message) => String(message.at(-1))).join("");
      }
      return { join, send, leave, read, batch, readable: () => receiver.readable };
    }

    for (const pair of PAIRS) {
      gives(`${pair}: peers with one message in flight each are read in turn`, "ABCABCABCABC", async (ms) => {
        const { join, send, read } = await party(pair, ms);
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

      gives(
        `${pair}: peers with one message in flight each are read in turn in batches too`,
        "ABCABCABCABCABC",
        async (ms) => {
          const { join, send, batch } = await party(pair, ms);
          for (const name of "ABC") await join(name);
          await send("ABC");
          let order = "";
          for (const max of [undefined, 1, 2, 3, undefined, 2, 2]) {
            const names = await batch(max);
            order += names;
            await send(names);
          }
          return order.slice(0, 15);
        },
      );

      gives(`${pair}: what peers sent that are gone is read oldest first`, "ABCDEFABAB", async (ms) => {
        const { join, send, leave, read } = await party(pair, ms);
        for (const name of "AB") await join(name);
        await send("ABABAB");
        for (const name of "CDEF") {
          await join(name);
          await send(name);
          await leave(name);
        }
        return read(10);
      });

      gives(
        `${pair}: peers that send now and then are read in libzmq's order`,
        "ABCDABCDACADBC-DBADCABD",
        async (ms) => {
          const { join, send, read, readable } = await party(pair, ms);
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

      if (pair === "XPUB to XSUB" || pair === "XPUB to SUB") continue; // The same, and slower.
      gives(`${pair}: peers that come and go are read in libzmq's order`, "-ACDACECAFCAFCA", async (ms) => {
        const { join, send, leave, read, readable } = await party(pair, ms);
        let order = "";
        let last = "";
        let joined = 0;
        for (const step of "+++.!bCA..++DACE..!dCA...+FA.C!eFCA......") {
          if (last === "!") await leave(step.toUpperCase());
          else if (step === "+") await join("ABCDEF".charAt(joined++));
          else if (step === ".") order += readable() ? await read(1) : "-";
          else if (step !== "!") await send(step);
          last = step;
        }
        return order;
      });
    }

    for (const type of ["REP", "ROUTER"] as const) {
      gives(`REQs at a ${type} that works between two requests are served equally often`, "5 to 5", async () => {
        const server = type === "REP" ? new Reply() : new Router();
        const endpoint = await bench.bind(server);
        const clients = Array.from({ length: 20 }, () => bench.open(new Request()));
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

    gives("a proxy with one slow worker serves all clients", "40 clients, none half as often", async () => {
      // libzmq's proxy stands still over inproc with marks of 1.
      const highWaterMark = transport.name === "inproc" ? 1000 : 1;
      const marks = { sendHighWaterMark: highWaterMark, receiveHighWaterMark: highWaterMark };
      const [front, back] = [new Router(marks), new Dealer(marks)];
      const proxy = new Proxy(front, back);
      const [frontEndpoint, backEndpoint] = [await bench.bind(front), await bench.bind(back)];
      const over = proxy.run();
      const worker = bench.open(new Reply({ receiveHighWaterMark: highWaterMark }));
      worker.connect(backEndpoint);
      const clients = Array.from({ length: 40 }, () => bench.open(new Request()));
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
      async function dealer(ms: number, options: { sendHighWaterMark?: number } = {}) {
        const settings = { sendTimeout: 50, ...options };
        const sender = type === "PUSH" ? new Push(settings) : new Dealer(settings);
        const endpoint = await bench.bind(sender);
        const receivers: { receive(): Promise<Uint8Array[]>; receiveTimeout: number }[] = [];
        const got: string[] = [];
        async function join(receiveHighWaterMark = 1000): Promise<void> {
          const Receiver = type === "PUSH" ? Pull : Dealer;
          const receiver = bench.open(new Receiver({ receiveHighWaterMark }));
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

      gives(`${type} deals in turn while peers come`, "037c 148d 259e 6a b", async (ms) => {
        const { join, send, all } = await dealer(ms);
        for (let i = 0; i < 3; i++) await join();
        await send("0123");
        await join();
        await send("456789");
        await join();
        await send("abcde");
        return all();
      });

      if (transport.name === "inproc") {
        gives(`${type}: a peer that has room again joins behind the others`, "0369ef 147acd 258bgh", async (ms) => {
          const { join, send, read, all } = await dealer(ms, { sendHighWaterMark: 2 });
          for (let i = 0; i < 3; i++) await join(2);
          let rest = await send("0123456789abcdefgh");
          for (const receiver of [1, 0, 2]) {
            await read(receiver, 2);
            rest = await send(rest);
          }
          return all();
        });
      }
    }
  });
}
