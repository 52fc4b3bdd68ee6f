/**
 * A relay of tcp, and of what is above it, that keeps what passes and may end each connection after so many octets of one
 * side.
 */

import { createServer, connect as dial, type Server, type Socket } from "node:net";

/** Where in a connection it is cut: after so many octets from the side that dialed, or from the one that is bound. */
export interface Cut {
  readonly from: "dialer" | "binder";
  readonly after: number;
  /** A reset, or an orderly end. */
  readonly isReset: boolean;
}

const PORT = /^(\w+:\/\/[^/]*:)(\d+)/;

export class Tap {
  readonly #target: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Octets of all connections so far. */
  readonly octets = { dialer: 0, binder: 0 };
  /** Asked for each connection, and told when it is cut. */
  nextCut: () => Cut | undefined = () => undefined;
  onCut: () => void = () => {};
  /** No piece that is passed on is longer. */
  mostOctets = Number.POSITIVE_INFINITY;

  private constructor(target: string) {
    this.#target = target;
    this.#server = createServer((socket) => this.#carry(socket));
  }

  /** Listens on a free port for a target at 127.0.0.1. */
  static async start(target: string): Promise<Tap> {
    const tap = new Tap(target);
    await new Promise<void>((resolve) => tap.#server.listen(0, "127.0.0.1", resolve));
    return tap;
  }

  /** The target's, at the tap's port. */
  get endpoint(): string {
    const address = this.#server.address();
    return this.#target.replace(PORT, `$1${typeof address === "object" ? address?.port : 0}`);
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #carry(near: Socket): void {
    const far = dial({ port: Number(PORT.exec(this.#target)?.[2]), host: "127.0.0.1" });
    const cut = this.nextCut();
    const ends = { dialer: near, binder: far };
    for (const from of ["dialer", "binder"] as const) {
      const [source, sink] = from === "dialer" ? [near, far] : [far, near];
      let left = cut?.from === from ? cut.after : Number.POSITIVE_INFINITY;
      this.#sockets.add(source);
      source.setNoDelay(true);
      source.on("error", () => {}); // A reset; "close" follows.
      source.on("end", () => sink.end());
      source.on("close", () => {
        this.#sockets.delete(source);
        sink.end();
      });
      source.on("data", (chunk: Buffer) => {
        this.octets[from] += chunk.length;
        const passed = chunk.subarray(0, left);
        left -= passed.length;
        for (let at = 0; at < passed.length; at += this.mostOctets) {
          sink.write(passed.subarray(at, Math.min(passed.length, at + this.mostOctets)));
        }
        if (left === 0 && cut !== undefined) this.#cut(ends, cut);
      });
    }
  }

  #cut(ends: Record<Cut["from"], Socket>, { from, isReset }: Cut): void {
    const [source, sink] = from === "dialer" ? [ends.dialer, ends.binder] : [ends.binder, ends.dialer];
    source.destroy();
    if (isReset) sink.resetAndDestroy();
    else sink.end();
    this.onCut();
  }
}
