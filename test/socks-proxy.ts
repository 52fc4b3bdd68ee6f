/** A SOCKS5 proxy for tests (RFC 1928, RFC 1929): CONNECT alone, with or without user name and password. */

import net, { type AddressInfo, type Server, type Socket } from "node:net";

export interface SocksTraits {
  readonly username?: string;
  readonly password?: string;
  /** Answers every request with this code instead of connecting. */
  readonly refusesWith?: number;
  /** Answers nothing at all. */
  readonly isMute?: boolean;
  /** Holds its answer back until the target has said something, and sends both in one piece. */
  readonly isGlued?: boolean;
}

export class SocksProxy {
  /** What was asked for: `name localhost:5555`, `ipv4 127.0.0.1:5555`. */
  readonly requests: string[] = [];
  readonly #traits: SocksTraits;
  readonly #server: Server;
  readonly #links = new Set<Socket>();

  constructor(traits: SocksTraits = {}) {
    this.#traits = traits;
    this.#server = net.createServer((client) => {
      this.#keep(client);
      this.#serve(client).catch(() => client.destroy());
    });
  }

  /** Resolves to its `host:port`. */
  async listen(port = 0): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(port, "127.0.0.1", resolve));
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Cuts all connections, and takes no others. */
  async close(): Promise<void> {
    for (const link of this.#links) link.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #keep(link: Socket): void {
    this.#links.add(link);
    link.on("close", () => this.#links.delete(link));
    link.on("error", () => {}); // A reset ends it as well.
  }

  async #serve(client: Socket): Promise<void> {
    const { username, password, refusesWith, isMute, isGlued } = this.#traits;
    if (isMute) return;
    const method = username === undefined ? 0 : 2;
    const [, methods = 0] = await take(client, 2);
    const offered = await take(client, methods);
    if (!offered.includes(method)) {
      client.end(Buffer.from([5, 0xff]));
      return;
    }
    client.write(Buffer.from([5, method]));
    if (method === 2) {
      const [, length = 0] = await take(client, 2);
      const name = await take(client, length);
      const given = await take(client, (await take(client, 1))[0] as number);
      const isRight = String(name) === username && String(given) === password;
      client.write(Buffer.from([1, isRight ? 0 : 1]));
      if (!isRight) return;
    }
    const [, , , kind] = await take(client, 4);
    const host = await hostOf(client, kind as number);
    const port = (await take(client, 2)).readUInt16BE();
    this.requests.push(`${host.kind} ${host.text}:${port}`);
    if (refusesWith !== undefined) {
      client.end(reply(refusesWith));
      return;
    }
    const target = net.connect({ host: host.text, port, family: 4 });
    this.#keep(target);
    target.on("error", () => client.end(reply(5)));
    target.on("close", () => client.end());
    client.on("close", () => target.destroy());
    if (isGlued) {
      // Our side speaks first in neither protocol: the target's greeting comes by itself.
      const first = await new Promise<Buffer>((resolve) => target.once("data", resolve));
      target.pause();
      client.write(Buffer.concat([reply(0), first]));
    } else {
      await new Promise((resolve) => target.once("connect", resolve));
      client.write(reply(0));
    }
    client.pipe(target).pipe(client);
  }
}

function reply(code: number): Buffer {
  return Buffer.from([5, code, 0, 1, 0, 0, 0, 0, 0, 0]);
}

async function hostOf(client: Socket, kind: number): Promise<{ kind: string; text: string }> {
  if (kind === 3) return { kind: "name", text: String(await take(client, (await take(client, 1))[0] as number)) };
  return kind === 1
    ? { kind: "ipv4", text: (await take(client, 4)).join(".") }
    : { kind: "ipv6", text: (await take(client, 16)).toString("hex") };
}

/** The next octets of a client. */
async function take(client: Socket, size: number): Promise<Buffer> {
  for (;;) {
    const chunk: Buffer | null = size === 0 ? Buffer.alloc(0) : client.read(size);
    if (chunk !== null) return chunk;
    if (client.readableEnded || client.destroyed) throw new Error("the client has left");
    await new Promise<void>((resolve) => {
      client.once("readable", resolve);
      client.once("close", resolve);
    });
  }
}
