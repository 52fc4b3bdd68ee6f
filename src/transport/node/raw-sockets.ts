/**
 * Sockets of IP for `pgm://`, protocol 113, by the addon `raw-socket` where the user has installed it: no runtime opens
 * such sockets by itself, and systems let few users do so. IPv4 only. A socket keeps its process alive, for the addon
 * knows no other way.
 *
 * There are no ports below PGM, and a socket hears all packets of the protocol that come to this host. So each sorts out
 * what was not sent to its address or group; one that is bound to neither port nor group hears nothing.
 */

import { isIP } from "node:net";
import type {
  DatagramHandler,
  DatagramPlace,
  DatagramSocket,
  DatagramTransport,
  NetworkInterface,
} from "../../base/datagram.ts";
import { ZmqError } from "../../base/errors.ts";
import { ipText } from "../../base/ip.ts";
import { udpSockets } from "./udp-sockets.ts";

/** The used part of the addon. */
export interface RawAddon {
  createSocket(options: { protocol: number; addressFamily: number; bufferSize: number }): RawSocketHandle;
}

export interface RawSocketHandle {
  on(event: "message", listener: (packet: Uint8Array, source: string) => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  send(buffer: Uint8Array, offset: number, length: number, address: string, after: (error: Error | null) => void): void;
  setOption(level: number, option: number, value: Uint8Array | number, length?: number): void;
  pauseRecv(): unknown;
  close(): void;
}

const PGM = 113;
const IPV4 = 1;
const IPPROTO_IP = 0;
const LARGEST_PACKET = 65_535;
/** Linux numbers them in its own way. */
const OPTIONS =
  process.platform === "linux"
    ? { iface: 32, hops: 33, loop: 34, join: 35 }
    : { iface: 9, hops: 10, loop: 11, join: 12 };

/** `find` returns the addon, or undefined where there is none. */
export function rawSockets(find: () => RawAddon | undefined): DatagramTransport {
  const openSync = (place: DatagramPlace, handler: DatagramHandler): DatagramSocket =>
    new RawSocket(addonOf(find), place, handler);
  return {
    networkInterface(nameOrAddress, family): NetworkInterface {
      addonOf(find);
      if (family === 4) return udpSockets.networkInterface(nameOrAddress, family);
      throw new ZmqError("ENOTSUP", { detail: "pgm:// is of IPv4 here; epgm:// is of both" });
    },
    resolve: udpSockets.resolve,
    open: (place, handler) => new Promise((resolve) => resolve(openSync(place, handler))),
    openSync,
  };
}

function addonOf(find: () => RawAddon | undefined): RawAddon {
  const addon = find();
  if (addon !== undefined) return addon;
  throw new ZmqError("EPROTONOSUPPORT", {
    detail:
      "pgm:// needs sockets of IP, which the npm package raw-socket opens; epgm:// is the same over UDP, without it",
  });
}

class RawSocket implements DatagramSocket {
  readonly local: { readonly address: string; readonly port: number };
  readonly unsentBytes = 0;
  readonly #handle: RawSocketHandle;
  readonly #address: string | undefined;
  readonly #handler: DatagramHandler;
  #isOpen = true;

  constructor(addon: RawAddon, place: DatagramPlace, handler: DatagramHandler) {
    const { address, group, port, iface, hops, loop } = place;
    this.#handler = handler;
    this.#address = group ?? address;
    this.local = { address: this.#address ?? "0.0.0.0", port };
    try {
      const handle = addon.createSocket({ protocol: PGM, addressFamily: IPV4, bufferSize: LARGEST_PACKET });
      this.#handle = handle;
    } catch (cause) {
      throw new ZmqError("EACCES", { detail: "a socket of IP, which most systems keep for root", cause });
    }
    try {
      this.#set(OPTIONS.iface, iface?.address);
      this.#set(OPTIONS.hops, hops);
      this.#set(OPTIONS.loop, loop === undefined ? undefined : Number(loop));
      this.#set(OPTIONS.join, group, iface?.address ?? "0.0.0.0");
    } catch (cause) {
      this.close();
      throw new ZmqError("EINVAL", { detail: `a socket of IP for ${this.local.address}`, cause });
    }
    if (port === 0 && group === undefined) this.#handle.pauseRecv();
    this.#handle.on("message", (packet, source) => this.#received(packet, source));
    this.#handle.on("error", (error) => {
      if (this.#isOpen) handler.failed?.(error);
    });
  }

  send(bytes: Uint8Array, to: { readonly address: string }): void {
    if (!this.#isOpen || isIP(to.address) !== 4) return;
    this.#handle.send(bytes, 0, bytes.length, to.address, (error) => {
      if (error !== null && this.#isOpen) this.#handler.failed?.(error);
    });
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#handle.close();
  }

  /** Addresses become their octets, one behind the other. */
  #set(option: number, ...values: (string | number | undefined)[]): void {
    const [first] = values;
    if (first === undefined) return;
    if (typeof first === "number") {
      this.#handle.setOption(IPPROTO_IP, option, first);
      return;
    }
    const octets = Buffer.from(values.flatMap((address) => `${address}`.split(".").map(Number)));
    this.#handle.setOption(IPPROTO_IP, option, octets, octets.length);
  }

  /** The packet comes with its header of IP, in memory that the addon uses again. */
  #received(packet: Uint8Array, source: string): void {
    const headerBytes = ((packet[0] as number) & 0x0f) * 4;
    if (!this.#isOpen || packet.length < 20 || headerBytes < 20 || packet.length < headerBytes) return;
    if (this.#address !== undefined && ipText(packet.subarray(16, 20)) !== this.#address) return;
    this.#handler.datagram(Uint8Array.prototype.slice.call(packet, headerBytes), { address: source, port: 0 });
  }
}
