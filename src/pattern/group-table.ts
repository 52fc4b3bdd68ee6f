/**
 * Who is in which group: the memberships that a RADIO knows of. As in libzmq a peer that joins a group several times
 * must leave it as often.
 */

import { toKey } from "../base/bytes.ts";
import type { NearEnd } from "../base/near-end.ts";

const NOBODY: readonly NearEnd[] = [];

export class GroupTable {
  readonly #members = new Map<string, NearEnd[]>();
  /** By peer: how often it joined each group. 0: it did before its link was lost, and has not said so again. */
  readonly #joins = new Map<NearEnd, Map<string, number>>();

  /** The peers of a group, in the order in which they joined. It grows in place; when one leaves there is a new list. */
  membersOf(group: Uint8Array): readonly NearEnd[] {
    return this.#members.get(toKey(group)) ?? NOBODY;
  }

  /** The groups of a peer, `most` of them at most. */
  groupsOf(pipe: NearEnd, most: number): Uint8Array[] {
    const groups: Uint8Array[] = [];
    for (const key of this.#joins.get(pipe)?.keys() ?? []) {
      if (groups.length === most) break;
      groups.push(Uint8Array.from(key, (character) => character.charCodeAt(0)));
    }
    return groups;
  }

  /** Returns the number of groups that the peer is in now. */
  join(pipe: NearEnd, group: Uint8Array): number {
    const key = toKey(group);
    let joins = this.#joins.get(pipe);
    if (joins === undefined) {
      joins = new Map();
      this.#joins.set(pipe, joins);
    }
    const count = joins.get(key);
    joins.set(key, (count ?? 0) + 1);
    if (count === undefined) this.#add(pipe, key);
    return joins.size;
  }

  leave(pipe: NearEnd, group: Uint8Array): void {
    const key = toKey(group);
    const joins = this.#joins.get(pipe);
    const count = joins?.get(key);
    if (joins === undefined || count === undefined) return;
    if (count > 1) joins.set(key, count - 1);
    else {
      joins.delete(key);
      this.#remove(pipe, key);
    }
  }

  /** A new link: the peer is about to join again, and stays in its groups meanwhile. */
  renew(pipe: NearEnd): void {
    const joins = this.#joins.get(pipe);
    if (joins === undefined) return;
    for (const key of joins.keys()) joins.set(key, 0);
  }

  /** The peer is gone: removes it from `most` of its groups. True when it is in no other. */
  removeSome(pipe: NearEnd, most: number): boolean {
    const joins = this.#joins.get(pipe);
    if (joins === undefined) return true;
    let left = most;
    for (const key of joins.keys()) {
      if (left-- === 0) return false;
      joins.delete(key);
      this.#remove(pipe, key);
    }
    this.#joins.delete(pipe);
    return true;
  }

  #add(pipe: NearEnd, key: string): void {
    const members = this.#members.get(key);
    if (members === undefined) this.#members.set(key, [pipe]);
    else members.push(pipe);
  }

  #remove(pipe: NearEnd, key: string): void {
    const left = (this.#members.get(key) ?? []).filter((member) => member !== pipe);
    if (left.length > 0) this.#members.set(key, left);
    else this.#members.delete(key);
  }
}
