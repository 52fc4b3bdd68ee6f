/** A socket that has moved to an I/O thread, in the thread of its user: what its pattern knows is asked there. */

import { asNative } from "../base/bytes.ts";
import type { MovedDrop, MovingSocket, SocketMovement } from "../engine/moving-proxy.ts";
import type { SeenSocket } from "./engine-mail.ts";
import type { EngineThread, MovedHearer } from "./remote-thread.ts";

const NOTHING: SeenSocket = { topicsCount: 0, hasSubscriber: false, topics: [], peers: [] };

export class RemoteSocket implements SocketMovement, MovedHearer {
  readonly number: number;
  readonly drops: Float64Array;
  readonly #socket: MovingSocket;
  readonly #thread: EngineThread;
  /** Of the pipes that were seen last. */
  #topics = new Map<object, Uint8Array[]>();

  constructor(number: number, socket: MovingSocket, thread: EngineThread, drops: Float64Array) {
    this.number = number;
    this.drops = drops;
    this.#socket = socket;
    this.#thread = thread;
  }

  /** Some of its messages were dropped. */
  dropped(drops: readonly MovedDrop[]): void {
    for (const { frame, ...drop } of drops) this.#socket.dropped({ ...drop, frame: frame && asNative(frame) });
    this.hearDrops();
  }

  changed(): void {
    this.#socket.changed();
  }

  // --- SocketMovement ---

  assigned(name: string, value: unknown): void {
    this.#thread.post({ kind: "assign", socket: this.number, name, value });
  }

  hearDrops(): void {
    this.#thread.post({ kind: "hearDrops", socket: this.number });
  }

  look(): void {
    const topics = new Map<object, Uint8Array[]>();
    for (const { id, pipe, ...seen } of this.#ask("peers").peers) {
      const far = this.#thread.endpoint(id)?.pipeSeen(pipe, seen);
      if (far !== undefined && seen.topics !== undefined) topics.set(far, seen.topics.map(asNative));
    }
    this.#topics = topics;
  }

  topicsOf(pipe: object): Uint8Array[] | undefined {
    return this.#topics.get(pipe);
  }

  get topicsCount(): number {
    return this.#ask("topics").topicsCount;
  }

  topics(): Uint8Array[] {
    return this.#ask("topics").topics.map(asNative);
  }

  hasSubscriber(topic: Uint8Array): boolean {
    return this.#ask(topic).hasSubscriber;
  }

  #ask(want: "peers" | "topics" | Uint8Array): SeenSocket {
    const word = new Int32Array(new SharedArrayBuffer(4));
    this.#thread.post({ kind: "look", socket: this.number, want, word });
    return this.#thread.answerOf(this.number, word) ?? NOTHING;
  }
}
