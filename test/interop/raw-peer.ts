/**
 * A peer that is nothing but a TCP connection: the test writes the bytes of protocol versions and of mistakes, and
 * reads what our socket says, both as hex.
 */

import { once } from "node:events";
import { type AddressInfo, createServer, connect as dial, type Socket as TcpSocket } from "node:net";
import type { Socket } from "../../src/index.ts";

export type Role = "connects" | "listens";

export class RawPeer {
  readonly #tcp: TcpSocket;
  #received = Buffer.alloc(0);
  #isEnded = false;
  #changed: () => void = () => {};

  constructor(tcp: TcpSocket) {
    this.#tcp = tcp;
    tcp.setNoDelay(true);
    tcp.on("data", (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#changed();
    });
    tcp.on("error", () => {}); // A reset; "close" follows.
    tcp.on("close", () => {
      this.#isEnded = true;
      this.#changed();
    });
  }

  /** Hex; blanks are for the reader's eye. */
  write(...hex: string[]): void {
    this.#tcp.write(bytes(hex));
  }

  /** As `write`, each octet in a segment of its own. */
  async trickle(...hex: string[]): Promise<void> {
    for (const octet of bytes(hex)) {
      this.#tcp.write(Buffer.of(octet));
      await new Promise(setImmediate);
    }
  }

  /** The next `count` octets. Rejects when the connection ends before. */
  async read(count: number): Promise<string> {
    while (this.#received.length < count) {
      if (this.#isEnded) throw new Error(`closed after ${this.#received.length} of ${count} octets`);
      await this.#change();
    }
    const taken = this.#received.subarray(0, count);
    this.#received = this.#received.subarray(count);
    return taken.toString("hex");
  }

  /** Reads what `hex` says, or rejects. */
  async expect(...hex: string[]): Promise<void> {
    const expected = bytes(hex).toString("hex");
    const came = await this.read(expected.length / 2);
    if (came !== expected) throw new Error(`expected ${expected}, received ${came}`);
  }

  /** What has come and was not read, as hex. */
  get unread(): string {
    return this.#received.toString("hex");
  }

  /** Resolves when our socket has closed the connection. */
  async ended(): Promise<void> {
    while (!this.#isEnded) await this.#change();
  }

  close(): void {
    this.#tcp.destroy();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#changed = resolve;
    });
  }
}

function bytes(hex: readonly string[]): Buffer {
  const text = hex.join("").replaceAll(/\s/g, "");
  const made = Buffer.from(text, "hex");
  if (made.length * 2 !== text.length) throw new Error(`not hex: ${text}`);
  return made;
}

/** `text` as hex. */
export function ascii(text: string): string {
  return Buffer.from(text, "latin1").toString("hex");
}

/** Something that accepts raw peers one by one. */
export class RawListener {
  readonly #server = createServer();
  readonly #accepted: TcpSocket[] = [];
  /** Connections so far. */
  count = 0;

  constructor() {
    this.#server.on("connection", (tcp) => {
      this.count++;
      this.#accepted.push(tcp);
      this.#server.emit("queued");
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `tcp://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async next(): Promise<RawPeer> {
    while (this.#accepted.length === 0) await once(this.#server, "queued");
    return new RawPeer(this.#accepted.shift() as TcpSocket);
  }

  close(): void {
    this.#server.close();
  }
}

/** Joins a raw peer with a socket of ours, which is bound when the peer connects and connected when it listens. */
export async function meet(
  socket: Socket,
  role: Role,
  closeLater: (what: { close(): void }) => void,
): Promise<RawPeer> {
  let peer: RawPeer;
  if (role === "connects") {
    await socket.bind("tcp://127.0.0.1:*");
    const port = Number((socket.lastEndpoint as string).split(":").at(-1));
    peer = new RawPeer(dial(port, "127.0.0.1"));
  } else {
    const listener = new RawListener();
    closeLater(listener);
    socket.connect(await listener.listen());
    peer = await listener.next();
  }
  closeLater(peer);
  return peer;
}

// --- Bytes of ZMTP ---

/** The first ten octets of a peer with an empty routing id. */
export const SIGNATURE = "ff 00000000 00000001 7f";
const FILLER = "00".repeat(31);

/** What follows the signature: revision, minor, mechanism, as-server, filler. */
export function greetingRest(minor: number, mechanism = "NULL"): string {
  return `03 0${minor} ${ascii(mechanism).padEnd(40, "0")} 00 ${FILLER}`;
}

export function command(name: string, body: string): string {
  const content = `${name.length.toString(16).padStart(2, "0")} ${ascii(name)} ${body}`.replaceAll(/\s/g, "");
  const size = content.length / 2;
  return size < 256
    ? `04 ${size.toString(16).padStart(2, "0")} ${content}`
    : `06 ${size.toString(16).padStart(16, "0")} ${content}`;
}

export function property(name: string, value: string): string {
  return `${name.length.toString(16).padStart(2, "0")} ${ascii(name)} ${value.length.toString(16).padStart(8, "0")} ${ascii(value)}`;
}

export function ready(type: string, ...others: string[]): string {
  return command("READY", [property("Socket-Type", type), ...others].join(""));
}

/** The READY of our sockets of `type`, without a routing id. */
export function ourReady(type: string): string {
  const hasIdentity = ["REQ", "DEALER", "ROUTER"].includes(type);
  return ready(type, ...(hasIdentity ? [property("Identity", "")] : []));
}
