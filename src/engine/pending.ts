/**
 * Connections of one endpoint whose handshake is not done. When there are too
 * many, the oldest of the network that has most of them makes room: a flood
 * from one network gives up its own, and others keep their place.
 */

import { networkOf } from "../base/ip.ts";
import type { Connection } from "./connection.ts";

export class Pending {
  /** Each connection's network. */
  readonly #networks = new Map<Connection, string>();
  /** By network: its connections, the oldest first. */
  readonly #byNetwork = new Map<string, Set<Connection>>();
  /** By number of connections: the networks that have so many, in the order in which they reached it. */
  readonly #bySize: Set<string>[] = [];

  get size(): number {
    return this.#networks.size;
  }

  add(connection: Connection): void {
    const network = networkOf(connection.link.peerAddress);
    let members = this.#byNetwork.get(network);
    if (members === undefined) {
      members = new Set();
      this.#byNetwork.set(network, members);
    }
    this.#networks.set(connection, network);
    this.#leaveSize(members.size, network);
    members.add(connection);
    this.#joinSize(members.size, network);
  }

  delete(connection: Connection): void {
    const network = this.#networks.get(connection);
    if (network === undefined) return;
    this.#networks.delete(connection);
    const members = this.#byNetwork.get(network) as Set<Connection>;
    this.#leaveSize(members.size, network);
    members.delete(connection);
    if (members.size === 0) this.#byNetwork.delete(network);
    else this.#joinSize(members.size, network);
  }

  /** The connection that makes room. */
  get first(): Connection | undefined {
    const [fullest] = this.#bySize.at(-1) ?? [];
    const [oldest] = (fullest === undefined ? undefined : this.#byNetwork.get(fullest)) ?? [];
    return oldest;
  }

  #joinSize(size: number, network: string): void {
    while (this.#bySize.length <= size) this.#bySize.push(new Set());
    this.#bySize[size]?.add(network);
  }

  /** The last number is always one that some network has. */
  #leaveSize(size: number, network: string): void {
    this.#bySize[size]?.delete(network);
    while (this.#bySize.at(-1)?.size === 0) this.#bySize.pop();
  }
}
