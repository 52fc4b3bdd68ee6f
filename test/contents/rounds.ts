/**
 * Rounds of messages between many sockets, over every transport, in which nobody loses sight of what a message was made
 * of. What a program holds must never change, and nothing may appear in it that its sender did not put there: memory that
 * the library uses again would show. Connections are cut in the middle where a relay can.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import {
  Context,
  curveKeyPair,
  Dealer,
  Proxy as MessageProxy,
  Publisher,
  Pull,
  Push,
  Router,
  type Socket,
  Subscriber,
} from "../../src/index.ts";
import { createSocket } from "../../src/v5-compat.ts";
import { CERTIFICATE, KEY } from "../certificate.ts";
import { Relay } from "../faults/relay.ts";
import { Random } from "../fuzz/random.ts";
import { Holder } from "./holder.ts";
import { meanBytes } from "./messages.ts";
import { type ReceivingSocket, receive, WAYS, type Way } from "./receiver.ts";
import type { Round } from "./round.ts";
import { Sender, type SendingSocket } from "./sender.ts";

export interface Figures {
  readonly messages: number;
  readonly bytes: number;
  readonly cuts: number;
}

const server = curveKeyPair();
const client = curveKeyPair();

/** Plays a round; about so many messages go out, or fewer when they are large. Rejects with the first defects. */
export async function play(round: Round, messages: number, mostBytes: number): Promise<Figures> {
  const table = new Table(round);
  const copies = round.pattern === "publish" ? 3 * round.receivers : 1;
  const count = Math.min(messages, mostBytes / (copies * meanBytes(round.kinds)));
  try {
    await table.play(Math.ceil(count / round.senders));
  } finally {
    await table.close();
  }
  if (table.defects.length > 0) {
    throw new Error(
      `${table.defects.length} defects in ${JSON.stringify(round)}:\n${table.defects.slice(0, 5).join("\n")}`,
    );
  }
  return table.figures;
}

class Table {
  readonly #round: Round;
  readonly #random: Random;
  readonly #holders: Holder[] = [];
  readonly #sockets: Socket[] = [];
  readonly #relays: Relay[] = [];
  readonly #contexts: Context[] = [];
  readonly #workers: Worker[] = [];
  readonly #receiving: Promise<void>[] = [];
  readonly #closing: (() => void)[] = [];
  readonly #ended = new AbortController();
  /** Senders whose last word came, at each receiver. */
  readonly #heard = new Map<object, Set<number>>();
  #folder = "";
  #names = 0;

  constructor(round: Round) {
    this.#round = round;
    this.#random = new Random(round.seed ^ 0x5555);
  }

  get defects(): string[] {
    return this.#holders.flatMap(({ defects }) => defects);
  }

  get figures(): Figures {
    const sum = (of: (holder: Holder) => number) => this.#holders.reduce((all, holder) => all + of(holder), 0);
    return {
      messages: sum(({ messages }) => messages),
      bytes: sum(({ bytes }) => bytes),
      cuts: this.#relays.reduce((all, { cuts }) => all + cuts, 0),
    };
  }

  async play(each: number): Promise<void> {
    const senders = await this.#set(each);
    const sending = senders.map((socket, i) => this.#sender(socket, i, each));
    const names = senders.map((_, i) => i);
    if (this.#round.pattern === "publish") {
      // Subscriptions take their time.
      while (!this.#haveAllHeard(names)) for (const sender of sending) await sender.end();
      for (const heard of this.#heard.values()) heard.clear();
    }
    await Promise.all(sending.map((sender) => sender.run()));
    for (const relay of this.#relays) relay.isCutting = false;
    while (!this.#haveAllHeard(names)) {
      for (const sender of sending) await sender.end();
      if (this.#workers.length > 0) await new Promise<void>((resolve) => setTimeout(resolve, 20));
      if (this.defects.length > 0) return;
    }
  }

  async close(): Promise<void> {
    this.#ended.abort();
    for (const socket of this.#sockets) socket.close();
    for (const close of this.#closing) close();
    await Promise.all(this.#receiving);
    for (const worker of this.#workers) await worker.terminate();
    for (const holder of this.#holders) holder.lookAgain(true);
    for (const relay of this.#relays) relay.close();
    await Promise.all(this.#contexts.map((context) => context.close()));
    if (this.#folder !== "") rmSync(this.#folder, { recursive: true, force: true });
  }

  // --- Patterns: each returns the sockets that send ---

  #set(each: number): Promise<SendingSocket[]> {
    switch (this.#round.pattern) {
      case "pipeline":
        return this.#pipeline();
      case "callbacks":
        return this.#callbacks();
      case "echo":
        return this.#echo();
      case "publish":
        return this.#publish();
      case "proxy":
        return this.#proxy();
      case "threads":
        return this.#threads(each);
    }
  }

  async #pipeline(): Promise<SendingSocket[]> {
    const to: string[] = [];
    const shared = new Set<number>();
    for (const way of this.#round.ways) {
      const pull = this.#made(new Pull({ ...this.#options("binds", "receive"), ...this.#bounds }));
      to.push(await this.#bound(pull));
      this.#receive(pull, way, this.#holder(true), shared);
    }
    return this.#many(() => {
      const push = this.#made(new Push(this.#options("dials", "send")));
      for (const endpoint of to) push.connect(endpoint);
      return push;
    });
  }

  /** Sockets of version 5, which call a listener for each message. */
  async #callbacks(): Promise<SendingSocket[]> {
    const pull = createSocket("pull");
    const holder = this.#holder(true);
    const heard = new Set<number>();
    this.#heard.set(pull, heard);
    pull.on("message", (...message: Uint8Array[]) => {
      const content = holder.took(message);
      if (content?.kind === "end") heard.add(content.sender);
    });
    const bound = {
      bind: async (endpoint: string) => void pull.bindSync(endpoint),
      get lastEndpoint() {
        return pull.getsockopt("last_endpoint") as string;
      },
    };
    this.#closing.push(() => pull.close());
    const endpoint = await this.#bound(bound);
    return this.#many(() => {
      const push = this.#made(new Push(this.#options("dials", "send")));
      push.connect(endpoint);
      return push;
    });
  }

  /** What comes back are views of what the ROUTER received. */
  async #echo(): Promise<SendingSocket[]> {
    const router = this.#made(new Router({ ...this.#options("binds", "both"), mandatory: true }));
    const endpoint = await this.#bound(router);
    const answer = async (): Promise<void> => {
      const late: Uint8Array[][] = [];
      for await (const message of router) {
        late.push(message);
        const count = this.#random.oneIn(20) ? late.length : late.length - 20;
        for (const answered of late.splice(0, Math.max(count, this.#isEnd(message) ? late.length : 0))) {
          await router.send(answered).catch(ignoreLost);
        }
      }
    };
    this.#receiving.push(answer().catch(ignoreLost));
    return this.#many((i) => {
      const dealer = this.#made(new Dealer(this.#options("dials", "both")));
      dealer.connect(endpoint);
      const heard = new Set<number>();
      this.#expect(dealer, heard, [i]);
      this.#receive(dealer, this.#random.pick(WAYS), this.#holder(true), heard);
      return dealer;
    });
  }

  async #publish(): Promise<SendingSocket[]> {
    const pubs: { socket: SendingSocket; endpoint: string }[] = [];
    for (let i = 0; i < this.#round.senders; i++) {
      const pub = this.#made(new Publisher(this.#options("binds", "send")));
      pubs.push({ socket: pub as unknown as SendingSocket, endpoint: await this.#bound(pub) });
    }
    for (let i = 0; i < 3 * this.#round.receivers; i++) {
      const conflate = this.#round.conflate && i % 2 === 1;
      const sub = this.#made(new Subscriber({ ...this.#options("dials", "receive"), conflate }));
      sub.subscribe();
      for (const { endpoint } of pubs) sub.connect(endpoint);
      // Over inproc all get the same memory.
      this.#receive(sub, this.#random.pick(WAYS), this.#holder(this.#round.transport !== "inproc", true), new Set());
    }
    return pubs.map(({ socket }) => socket);
  }

  async #proxy(): Promise<SendingSocket[]> {
    const front = this.#made(new Pull({ ...this.#options("binds", "receive"), ...this.#bounds }));
    const back = this.#made(new Push(this.#options("binds", "send")));
    const [from, to] = [await this.#bound(front), await this.#bound(back)];
    const proxy = new MessageProxy(front, back);
    this.#receiving.push(proxy.run().catch(ignoreLost));
    const shared = new Set<number>();
    for (const way of this.#round.ways) {
      const pull = this.#made(new Pull(this.#options("dials", "receive")));
      pull.connect(to);
      this.#receive(pull, way, this.#holder(true), shared);
    }
    return this.#many(() => {
      const push = this.#made(new Push(this.#options("dials", "send")));
      push.connect(from);
      return push;
    });
  }

  /** The senders are in worker threads. */
  async #threads(each: number): Promise<SendingSocket[]> {
    const { senders, ways, seed, kinds, transport, aborts } = this.#round;
    const shared = new Set<number>();
    const to: string[] = [];
    for (const way of ways) {
      const pull = this.#made(new Pull({ ...this.#options("binds", "receive"), ...this.#bounds }));
      to.push(await this.#bound(pull));
      this.#receive(pull, way, this.#holder(true), shared);
    }
    this.#expect(
      this,
      shared,
      Array.from({ length: senders }, (_, i) => i),
    );
    const { context, ...options } = this.#options("dials", "send");
    const handle = transport === "inproc" ? context.handle : undefined;
    const code = `import("tsx/esm/api").then(({ register }) => {
      register(); return import(${JSON.stringify(new URL("./thread.ts", import.meta.url).href)}); });`;
    for (let sender = 0; sender < senders; sender++) {
      const plan = { sender, messages: each, kinds, isInproc: false, aborts };
      const workerData = { plan, seed: seed + sender, to, options, handle };
      const worker = new Worker(code, { eval: true, workerData });
      worker.on("error", (error) => this.#holders[0]?.defects.push(`thread ${sender}: ${error.stack}`));
      this.#workers.push(worker);
    }
    return [];
  }

  // --- Parts ---

  get #bounds(): { maxMessageSize?: number } {
    const { isCut, maxMessageSize } = this.#round;
    return isCut ? { maxMessageSize } : {};
  }

  #made<S extends Socket>(socket: S): S {
    this.#sockets.push(socket);
    return socket;
  }

  #many<S extends Socket>(make: (i: number) => S): SendingSocket[] {
    return Array.from({ length: this.#round.senders }, (_, i) => make(i) as unknown as SendingSocket);
  }

  #holder(mayWrite: boolean, mayRepeat = false): Holder {
    const holder = new Holder(new Random(this.#random.next32()), mayWrite, mayRepeat);
    this.#holders.push(holder);
    return holder;
  }

  #sender(socket: SendingSocket, sender: number, messages: number): Sender {
    const { kinds, transport, aborts, pattern } = this.#round;
    return new Sender(socket, new Random(this.#random.next32()), {
      sender,
      messages,
      kinds,
      isInproc: transport === "inproc",
      aborts: aborts && pattern !== "publish",
      signal: this.#ended.signal,
    });
  }

  #receive(socket: Socket, way: Way, holder: Holder, heard: Set<number>): void {
    const { isSlow } = this.#round;
    if (!this.#heard.has(socket)) this.#heard.set(socket, heard);
    const random = new Random(this.#random.next32());
    const receiving = receive(socket as unknown as ReceivingSocket, way, isSlow, random, holder, ({ kind, sender }) => {
      if (kind === "end") heard.add(sender);
    });
    this.#receiving.push(
      receiving.catch((error: unknown) => {
        holder.defects.push(`${way}: ${(error as Error).stack}`);
      }),
    );
  }

  readonly #expected = new Map<object, readonly number[]>();

  #expect(receiver: object, heard: Set<number>, senders: readonly number[]): void {
    this.#heard.set(receiver, heard);
    this.#expected.set(receiver, senders);
  }

  #haveAllHeard(senders: readonly number[]): boolean {
    for (const [receiver, heard] of this.#heard) {
      const expected = this.#expected.get(receiver) ?? senders;
      if (!expected.every((sender) => heard.has(sender))) return false;
    }
    return true;
  }

  #isEnd(message: readonly Uint8Array[]): boolean {
    return message[1]?.length === 32 && message[1][12] === 0;
  }

  async #bound(socket: { bind(endpoint: string): Promise<void>; lastEndpoint: string | null }): Promise<string> {
    const { transport, isCut, isShredded, isZws, seed } = this.#round;
    const number = this.#names++;
    if (transport === "ipc" && this.#folder === "") this.#folder = mkdtempSync(join(tmpdir(), "contents-"));
    if (transport === "inproc") await socket.bind(`inproc://contents-${seed}-${number}`);
    else if (transport === "ipc") await socket.bind(`ipc://${this.#folder}/${number}`);
    else await socket.bind(`${transport}://127.0.0.1:0`);
    const endpoint = socket.lastEndpoint as string;
    if (!isCut && !isShredded && !isZws) return endpoint;
    const mostBytes = isCut ? this.#random.pick([20_000, 300_000, 3_000_000]) : Number.POSITIVE_INFINITY;
    const random = new Random(this.#random.next32());
    const relay = await Relay.start(endpoint, {
      random,
      mostBytes,
      ...(isShredded && { mostPiece: 20_000 }),
      ...(isZws && { changeFirst: withoutStream }),
    });
    if (!isCut) relay.isCutting = false;
    this.#relays.push(relay);
    return relay.endpoint;
  }

  /** Of a socket that binds, or dials. */
  #options(side: "binds" | "dials", marks: "send" | "receive" | "both") {
    const { isSealed, transport, highWaterMark, sendingThreads, receivingThreads } = this.#round;
    const isServer = side === "binds";
    const isSending = marks === "send" || (marks === "both" && !isServer);
    return {
      context: this.#context(transport === "inproc" ? 0 : isSending ? sendingThreads : receivingThreads),
      linger: 0,
      reconnectInterval: 5,
      ...(marks !== "receive" && { sendHighWaterMark: highWaterMark }),
      ...(marks !== "send" && { receiveHighWaterMark: highWaterMark }),
      ...(transport === "wss" &&
        (isServer ? { wssKeyPem: KEY, wssCertPem: CERTIFICATE } : { wssTrustPem: CERTIFICATE })),
      ...(isSealed &&
        (isServer
          ? { curveServer: true, curveSecretKey: server.secretKey }
          : { curveServerKey: server.publicKey, curveSecretKey: client.secretKey, curvePublicKey: client.publicKey })),
    };
  }

  #context(ioThreads: number): Context {
    const known = this.#contexts.find((context) => context.ioThreads === ioThreads);
    if (known !== undefined) return known;
    const context = new Context({ ioThreads });
    this.#contexts.push(context);
    return context;
  }
}

/** A request for WebSocket whose offer of the stream nobody understands. */
function withoutStream(request: Buffer): Buffer {
  return Buffer.from(request.toString("latin1").replace("zmtp3.1.stream", "none3.1.stream"), "latin1");
}

/** The peer is gone, or the socket. */
function ignoreLost(error: unknown): void {
  const { code } = error as { code?: string };
  if (code !== "EHOSTUNREACH" && code !== "EBADF" && code !== "EAGAIN") throw error;
}
