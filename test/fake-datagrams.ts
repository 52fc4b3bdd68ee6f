/** Sockets of datagrams in memory: what is sent to a group or an address comes in a later step to who is bound to it. */

import type {
  DatagramAddress,
  DatagramHandler,
  DatagramPlace,
  DatagramSocket,
  DatagramTransport,
} from "../src/base/datagram.ts";
import { ZmqError } from "../src/base/errors.ts";
import type { FakeClock } from "./fake-clock.ts";

interface Opened {
  readonly place: DatagramPlace;
  readonly handler: DatagramHandler;
  isOpen: boolean;
}

export class FakeDatagrams implements DatagramTransport {
  /** What was opened, in order. */
  readonly opened: Opened[] = [];
  /** Sees each datagram; false: it is lost. */
  filter: (bytes: Uint8Array, to: DatagramAddress) => boolean = () => true;
  readonly #clock: FakeClock;

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  /** `eth0` alone, with one address of each family. */
  networkInterface: DatagramTransport["networkInterface"] = (nameOrAddress, family) => {
    const address = family === 4 ? "192.0.2.1" : "fe80::1";
    if (["", "eth0", address].includes(nameOrAddress)) return { name: "eth0", address, family };
    throw new ZmqError("ENODEV");
  };

  resolve = (host: string) => Promise.resolve([host]);

  open: DatagramTransport["open"] = (place, handler) =>
    new Promise((resolve) => resolve(this.openSync(place, handler)));

  openSync = (place: DatagramPlace, handler: DatagramHandler): DatagramSocket => {
    const own: Opened = { place, handler, isOpen: true };
    this.opened.push(own);
    const local = { address: place.group ?? place.address ?? "0.0.0.0", port: place.port };
    return {
      local,
      unsentBytes: 0,
      send: (bytes, to) => {
        if (!own.isOpen || !this.filter(bytes, to)) return;
        const copy = bytes.slice();
        for (const other of this.opened) {
          const { address, group, port } = other.place;
          if ((group ?? address) !== to.address || port !== to.port) continue;
          this.#clock.defer(() => {
            if (other.isOpen) other.handler.datagram(copy, { address: place.address ?? "192.0.2.1", port: 9 });
          });
        }
      },
      close() {
        own.isOpen = false;
      },
    };
  };
}
