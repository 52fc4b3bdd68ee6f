/**
 * `PeerTable` of peer-table.ts for pages, in a third of its code: the build for browsers puts it in the place of that
 * one. Its keys are strings made of the ids.
 */

import { copyOf, toKey, uninitialized } from "../base/bytes.ts";
import { ZmqError } from "../base/errors.ts";
import type { NearEnd } from "../base/near-end.ts";
import type { PeerTable as Large } from "./peer-table.ts";

type Table = { [Member in keyof Large]: Large[Member] };

export class PeerTable implements Table {
  readonly #pipes = new Map<string, NearEnd>();
  #counter: number;

  constructor(random32: () => number) {
    this.#counter = random32() >>> 0;
  }

  get(id: Uint8Array): NearEnd | undefined {
    return id.length > 255 ? undefined : this.#pipes.get(toKey(id));
  }

  has(id: Uint8Array): boolean {
    return this.get(id) !== undefined;
  }

  add(pipe: NearEnd, given: Uint8Array): void {
    if (this.has(given)) {
      throw new ZmqError("EINVAL", { detail: "routing id: expected one that no other peer has" });
    }
    const id = copyOf(given);
    this.#pipes.set(toKey(id), pipe);
    pipe.assignRoutingId(id);
  }

  delete(pipe: NearEnd): void {
    const id = pipe.routingId;
    if (id !== undefined && this.get(id) === pipe) this.#pipes.delete(toKey(id));
  }

  freshId(): Uint8Array {
    const id = uninitialized(5);
    id[0] = 0;
    do {
      for (let i = 1; i < 5; i++) id[i] = this.#counter >>> (32 - 8 * i);
      this.#counter = (this.#counter + 1) >>> 0;
    } while (this.has(id));
    return id;
  }

  get hasRoom(): boolean {
    for (const pipe of this.#pipes.values()) if (pipe.canWrite) return true;
    return false;
  }
}

export function idFrame(pipe: NearEnd | undefined): Uint8Array {
  return copyOf(pipe?.routingId as Uint8Array);
}
