/**
 * What the cases of the conformance suite stand on: the transport under test, and sockets that are closed when a case
 * is over. Each case runs over every transport; what a transport cannot do is said in its row below.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket as TcpSocket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, test } from "node:test";
import type { EventType, Socket } from "../../src/index.ts";

export interface TransportUnderTest {
  readonly name: "tcp" | "ipc" | "inproc" | "ws";
  /** Has links that can be lost and come back, buffers of the kernel, and monitor events. */
  readonly hasLinks: boolean;
}

export const TCP: TransportUnderTest = { name: "tcp", hasLinks: true };
export const IPC: TransportUnderTest = { name: "ipc", hasLinks: true };
export const WS: TransportUnderTest = { name: "ws", hasLinks: true };
export const INPROC: TransportUnderTest = { name: "inproc", hasLinks: false };

/** A test that cannot hang. */
export function it(name: string, body: () => Promise<void> | void): void {
  test(name, { timeout: 20_000 }, body);
}

/** Whether npm `zeromq` stands in for ours: `test/libzmq`. */
export const isLibzmq = process.env.ZMQ_TS_TEST_LIBRARY === "zeromq";

let names = 0;

export class Bench {
  readonly transport: TransportUnderTest;
  readonly #folder: string;
  readonly #open: { close(): void }[] = [];

  /** Call in a `describe`. */
  constructor(transport: TransportUnderTest) {
    this.transport = transport;
    this.#folder = mkdtempSync(join(tmpdir(), "zmq-"));
    afterEach(() => {
      for (const each of this.#open.splice(0).reverse()) each.close();
    });
    after(() => rmSync(this.#folder, { recursive: true, force: true }));
  }

  /** Closes it when the case is over, without lingering. */
  open<S extends Socket>(socket: S): S {
    this.later(() => {
      if (!socket.closed) socket.linger = 0;
      socket.close();
    });
    return socket;
  }

  later(close: () => void): void {
    this.#open.push({ close });
  }

  /** An endpoint that nobody has, to bind or to connect to before it is bound. */
  async freeAddress(): Promise<string> {
    const name = `conformance-${names++}`;
    if (this.transport.name === "inproc") return `inproc://${name}`;
    if (this.transport.name === "ipc") return `ipc://${join(this.#folder, name)}`;
    const { createServer } = await import("node:net");
    return new Promise((resolve) => {
      const server = createServer().listen(0, "127.0.0.1", () => {
        const address = server.address();
        server.close(() =>
          resolve(`${this.transport.name}://127.0.0.1:${typeof address === "object" ? address?.port : 0}`),
        );
      });
    });
  }

  /** Binds and opens; resolves to the endpoint. */
  async bind(socket: Socket): Promise<string> {
    this.open(socket);
    const { name } = this.transport;
    await socket.bind(name === "tcp" || name === "ws" ? `${name}://127.0.0.1:*` : await this.freeAddress());
    return socket.lastEndpoint as string;
  }

  /** Joins two sockets: the first is bound, the second connected, and both know it. Resolves to the endpoint. */
  async join(binder: Socket, connector: Socket): Promise<string> {
    const before = isLibzmq ? 0 : binder.peers.length;
    const endpoint = binder.lastEndpoint ?? (await this.bind(binder));
    this.open(connector);
    connector.connect(endpoint);
    await Promise.all([binder.connected({ count: before + 1 }), connector.connected()]);
    return endpoint;
  }
}

/** Resolves with the first event of a type from now on. Register before what causes it. */
export function eventOf(socket: Socket, type: EventType): Promise<void> {
  return new Promise((resolve) => {
    const listener = () => {
      socket.events.off(type, listener);
      resolve();
    };
    socket.events.on(type, listener);
  });
}

/** Lets the event loop turn until something holds. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** Lets the event loop turn for a while, for what has no event: that something does not happen. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** The frames as text, joined by commas. */
export async function text(socket: { receive(): Promise<Uint8Array[]> }): Promise<string> {
  return String(await socket.receive());
}

/** The body of the next message, as text. */
export async function bodyOf(socket: { receive(): Promise<[Uint8Array, ...object[]]> }): Promise<string> {
  return String((await socket.receive())[0]);
}

/** What waits to be received, as text, up to what has arrived by now. */
export async function texts(socket: {
  receive(): Promise<Uint8Array[]>;
  readonly readable: boolean;
}): Promise<string[]> {
  const all: string[] = [];
  while (socket.readable) all.push(await text(socket));
  return all;
}

/** A listener that speaks no ZMTP. */
export async function rawServer(transport: TransportUnderTest, bench: Bench): Promise<Server & { endpoint: string }> {
  const server = createServer() as Server & { endpoint: string };
  const links = new Set<TcpSocket>();
  server.on("connection", (link) => {
    links.add(link);
    link.on("error", () => {}); // A reset ends it as well.
  });
  server.endpoint = await bench.freeAddress();
  const path = server.endpoint.replace(/^\w+:\/\//, "");
  await new Promise<void>((resolve) => {
    if (transport.name === "tcp" || transport.name === "ws")
      server.listen(Number(path.split(":").at(-1)), "127.0.0.1", resolve);
    else server.listen(path, resolve);
  });
  bench.later(() => {
    server.close();
    for (const link of links) link.destroy();
  });
  return server;
}

/** The types of all events from now on. */
export function record(socket: Socket): string[] {
  const types: string[] = [];
  for (const type of [
    "accept",
    "bind",
    "close",
    "connect",
    "connect:delay",
    "connect:retry",
    "disconnect",
    "end",
    "handshake",
  ] as const) {
    socket.events.on(type, () => void types.push(type));
  }
  return types;
}
