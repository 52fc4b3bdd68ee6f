/**
 * A relay of tcp, and of what is above it, between a dialer and what is bound behind it, which breaks each
 * connection after a random number of bytes: by an orderly end, by a reset, one
 * side before the other, or within a chunk.
 */

import { createServer, connect as dial, type Server, type Socket } from "node:net";
import type { Random } from "../fuzz/random.ts";

export interface RelayOptions {
  readonly random: Random;
  /** Each connection carries fewer bytes than this, both ways together, before it is cut. */
  readonly mostBytes: number;
  /** Changes what a dialer sends first, to as many bytes. */
  readonly changeFirst?: (chunk: Buffer) => Buffer;
  /** Chunks are passed on in pieces of so many bytes at most, one a turn; absent: as they come. */
  readonly mostPiece?: number;
}

const PORT = /^(\w+:\/\/127\.0\.0\.1:)(\d+)/;

export class Relay {
  readonly #target: string;
  readonly #options: RelayOptions;
  readonly #server: Server;
  readonly #open = new Set<() => void>();
  readonly #sockets = new Set<Socket>();
  cuts = 0;
  /** Connections to the target. */
  connections = 0;
  /** Called at each cut. */
  onCut: (() => void) | undefined = undefined;
  /** False: what is open stays open, and new connections too. */
  isCutting = true;
  /** True: nothing is forwarded and nothing ends, as when a cable is pulled. */
  isSilent = false;

  private constructor(target: string, options: RelayOptions) {
    this.#target = target;
    this.#options = options;
    this.#server = createServer((socket) => this.#carry(socket));
  }

  /** Listens on a free port. `target` is an endpoint of tcp or ws at 127.0.0.1. */
  static async start(target: string, options: RelayOptions): Promise<Relay> {
    const relay = new Relay(target, options);
    await new Promise<void>((resolve) => relay.#server.listen(0, "127.0.0.1", resolve));
    return relay;
  }

  get endpoint(): string {
    const address = this.#server.address();
    return this.#target.replace(PORT, `$1${typeof address === "object" ? address?.port : 0}`);
  }

  /** Cuts every open connection now. */
  cutAll(): void {
    for (const cut of [...this.#open]) cut();
  }

  close(): void {
    this.isCutting = false;
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #carry(near: Socket): void {
    const { random, mostBytes } = this.#options;
    const far = dial({ port: Number(PORT.exec(this.#target)?.[2]), host: "127.0.0.1", noDelay: true });
    near.setNoDelay(true);
    this.connections++;
    let left = 1 + random.below(mostBytes);
    let isFirst = true;
    let isOver = false;
    const cut = (): void => {
      if (isOver) return;
      isOver = true;
      this.#open.delete(cut);
      this.cuts++;
      this.#break(near, far);
      this.onCut?.();
    };
    this.#open.add(cut);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(from);
      from.on("error", () => {}); // a reset; "close" follows
      from.on("close", () => {
        this.#sockets.delete(from);
        if (this.isSilent) return;
        this.#open.delete(cut);
        isOver = true;
        to.destroy();
      });
      from.on("data", (received: Buffer) => {
        if (isOver || this.isSilent) return;
        const chunk = isFirst && from === near ? (this.#options.changeFirst?.(received) ?? received) : received;
        if (from === near) isFirst = false;
        const isLast = this.isCutting && chunk.length >= left;
        if (this.#options.mostPiece !== undefined && !isLast) this.#shred(from, to, chunk, this.#options.mostPiece);
        else if (!to.write(isLast ? chunk.subarray(0, left) : chunk) && !isLast) {
          from.pause();
          to.once("drain", () => from.resume());
        }
        left -= chunk.length;
        if (isLast) cut();
      });
    }
  }

  #shred(from: Socket, to: Socket, chunk: Buffer, mostPiece: number): void {
    from.pause();
    let at = 0;
    const next = (): void => {
      if (at === chunk.length || to.destroyed) {
        from.resume();
        return;
      }
      const piece = chunk.subarray(at, at + 1 + this.#options.random.below(mostPiece));
      at += piece.length;
      if (to.write(piece)) setImmediate(next);
      else to.once("drain", next);
    };
    next();
  }

  #break(near: Socket, far: Socket): void {
    const [first, second] = this.#options.random.oneIn(2) ? [near, far] : [far, near];
    switch (this.#options.random.below(4)) {
      case 0: // both at once, what is on its way included
        first.destroy();
        second.destroy();
        break;
      case 1:
        first.resetAndDestroy();
        second.resetAndDestroy();
        break;
      case 2: // an orderly end, behind what was written
        first.end();
        second.end();
        break;
      default: // one side hears of it first
        first.destroy();
        setImmediate(() => second.resetAndDestroy());
    }
  }
}
