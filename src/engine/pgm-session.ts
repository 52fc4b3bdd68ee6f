/**
 * The two ends of `epgm://` and `pgm://`: a publisher's source and a subscriber's receiver (pgm-source.ts,
 * pgm-receiver.ts) with the sockets that each needs. A publisher never hears of its subscribers: it sends all, and each of
 * them chooses.
 *
 * | socket | of         | bound to                   | for                                                       |
 * |--------|------------|----------------------------|-----------------------------------------------------------|
 * | out    | both       | the interface, any port    | what is sent                                              |
 * | back   | publisher  | the interface, the port    | NAK and SPMR                                              |
 * | aside  | publisher  | a group inside this host   | those that went to another publisher of the same address  |
 * | in     | subscriber | each group, the port       | everything else                                           |
 *
 * libzmq's sockets are bound to every address, and share the port; a packet to this host alone comes to one of them. Those
 * here are bound to one address each, which goes before.
 */

import type { Clock } from "../base/clock.ts";
import type { DatagramAddress, DatagramPlace, DatagramSocket, DatagramTransport } from "../base/datagram.ts";
import { formatEndpoint } from "../base/endpoint.ts";
import { formatHost, type PgmEndpoint } from "../base/endpoint-grammar.ts";
import { ZmqError } from "../base/errors.ts";
import type { FarEnd } from "../base/far-end.ts";
import { ipOctets, ipText } from "../base/ip.ts";
import type { Message } from "../base/message.ts";
import type { DatagramSession, DatagramSessionOwner } from "./datagram-session.ts";
import { PgmReceiver } from "./pgm-receiver.ts";
import type { PgmSettings } from "./pgm-settings.ts";
import { PgmSource } from "./pgm-source.ts";

/** Groups that no packet leaves a host by: publishers of one address and port tell each other there what is not for them. */
const ASIDE = { 4: "239.255.80.71", 6: "ff11::5047" } as const;
/** Where the user sets no size: what comes while the program works waits here. The system may give less. */
const RECEIVE_BUFFER_BYTES = 4_194_304;

/** What both sessions do with their sockets. */
class Sockets {
  readonly #transport: DatagramTransport;
  readonly #open: DatagramSocket[] = [];

  constructor(transport: DatagramTransport) {
    this.#transport = transport;
  }

  /** Opens all of them, or none. */
  async open(wanted: readonly Wanted[]): Promise<DatagramSocket[]> {
    for (const { place, receive, isOptional } of wanted) {
      try {
        this.#open.push(await this.#transport.open(place, { datagram: receive }));
      } catch (error) {
        if (!isOptional) throw error;
      }
    }
    return this.#open;
  }

  openSync(wanted: readonly Wanted[]): DatagramSocket[] {
    const { openSync } = this.#transport;
    if (openSync === undefined) {
      throw new ZmqError("ENOTSUP", { detail: "multicast cannot bind synchronously in this runtime" });
    }
    for (const { place, receive, isOptional } of wanted) {
      try {
        this.#open.push(openSync(place, { datagram: receive }));
      } catch (error) {
        if (!isOptional) throw error;
      }
    }
    return this.#open;
  }

  close(): void {
    for (const socket of this.#open.splice(0)) socket.close();
  }
}

interface Wanted {
  readonly place: DatagramPlace;
  readonly receive: (bytes: Uint8Array, from: DatagramAddress) => void;
  /** Without it the rest still works. */
  readonly isOptional?: boolean;
}

const ignore = (): void => {};

export class PgmPublisher implements DatagramSession {
  readonly queues = true;
  readonly #owner: DatagramSessionOwner;
  readonly #target: PgmEndpoint;
  readonly #settings: PgmSettings;
  readonly #sockets: Sockets;
  readonly #source: PgmSource;
  readonly #to: DatagramAddress;
  #out: DatagramSocket | undefined = undefined;
  #aside: DatagramSocket | undefined = undefined;
  #pipe: FarEnd | undefined = undefined;
  #isFinishing = false;

  constructor(owner: DatagramSessionOwner, target: PgmEndpoint, settings: PgmSettings, transport: DatagramTransport) {
    const session = this;
    this.#owner = owner;
    this.#target = target;
    this.#settings = settings;
    this.#sockets = new Sockets(transport);
    const group = target.sendGroup ?? (target.groups[0] as string);
    this.#to = { address: settings.scoped(group), port: target.port };
    const { clock } = owner.loop;
    const tsi = { gsi: randomOctets(clock, 6), port: 1024 + (clock.random32() % 64_512) };
    this.#source = new PgmSource(
      clock,
      {
        tsi,
        sessionPort: target.port,
        address: octets(settings.iface.address),
        group: octets(group),
        apduBytes: settings.apduBytes,
        lowerBytes: settings.lowerBytes,
        rate: settings.rate,
        windowPackets: settings.windowPackets,
      },
      {
        send(packet) {
          session.#out?.send(packet, session.#to);
          session.#pipe?.countSent(packet.length);
        },
        get unsentBytes() {
          return session.#out?.unsentBytes ?? 0;
        },
        hasRoom: () => this.#pull(),
        finished: () => owner.finished(),
      },
    );
  }

  async open(): Promise<string> {
    return this.#opened(await this.#sockets.open(this.#wanted));
  }

  openSync(): string {
    return this.#opened(this.#sockets.openSync(this.#wanted));
  }

  get #wanted(): Wanted[] {
    const { iface, hops, loop, sendBufferBytes } = this.#settings;
    const { family } = iface;
    const { port } = this.#target;
    const address = this.#settings.scoped(iface.address);
    return [
      { place: { family, address, port: 0, iface, hops, loop, sendBufferBytes }, receive: ignore },
      {
        place: { family, address, port, isShared: true },
        receive: (bytes) => {
          if (this.#source.isFor(bytes)) this.#source.receive(bytes);
          else this.#aside?.send(bytes, { address: this.#settings.scoped(ASIDE[family]), port });
        },
      },
      {
        place: { family, group: ASIDE[family], port, iface, hops: 0, isShared: true },
        receive: (bytes) => this.#source.receive(bytes),
        isOptional: true,
      },
    ];
  }

  #opened([out, _back, aside]: readonly DatagramSocket[]): string {
    this.#out = out;
    this.#aside = aside;
    return formatEndpoint(this.#target);
  }

  start(pipe: FarEnd): void {
    this.#pipe = pipe;
    this.#source.start();
    this.#pull();
  }

  get isIdle(): boolean {
    return this.#source.isIdle;
  }

  get isNeeded(): boolean {
    return this.#source.isAnswering;
  }

  finish(): void {
    this.#isFinishing = true;
    this.#pull();
  }

  destroy(): void {
    this.#source.close();
    this.#sockets.close();
  }

  flushNow(): void {
    this.#source.flush();
  }

  // --- Outlet ---

  write(message: Message): boolean {
    return this.#source.write(message);
  }

  /** Nobody is told of subscriptions. */
  writeControl(): boolean {
    return true;
  }

  get canWrite(): boolean {
    return this.#source.canWrite;
  }

  resume(): void {}

  close(lingerMs: number): void {
    this.#owner.close(lingerMs);
  }

  #pull(): void {
    const pipe = this.#pipe;
    const source = this.#source;
    if (pipe === undefined) return;
    while (source.canWrite) {
      const item = pipe.pull();
      if (item === undefined) {
        if (this.#isFinishing) source.finish();
        else pipe.signalIdle();
        return;
      }
      if (Array.isArray(item)) source.write(item);
    }
  }
}

export class PgmSubscriber implements DatagramSession {
  readonly queues = true;
  readonly canWrite = true;
  readonly isIdle = true;
  readonly #owner: DatagramSessionOwner;
  readonly #target: PgmEndpoint;
  readonly #settings: PgmSettings;
  readonly #sockets: Sockets;
  readonly #receiver: PgmReceiver;
  #out: DatagramSocket | undefined = undefined;
  #pipe: FarEnd | undefined = undefined;

  constructor(owner: DatagramSessionOwner, target: PgmEndpoint, settings: PgmSettings, transport: DatagramTransport) {
    const session = this;
    this.#owner = owner;
    this.#target = target;
    this.#settings = settings;
    this.#sockets = new Sockets(transport);
    const { port } = target;
    const { limits, windowPackets } = settings;
    const told = (from: DatagramAddress) => ({
      address: owner.endpoint,
      remoteAddress: `${target.scheme}://${formatHost(from.address, from.port)}`,
    });
    this.#receiver = new PgmReceiver(
      owner.loop.clock,
      { sessionPort: port, windowPackets, limits },
      {
        get isFull() {
          return session.#pipe?.inboundFull !== false;
        },
        deliver: (message) => this.#pipe?.deliver(message),
        lost: (from, packets) => owner.emit({ type: "loss", ...told(from), packets }),
        broken: (from, cause) => owner.emit({ type: "loss", ...told(from), packets: 0, cause }),
        send: (packet, from, named) => {
          const address = named === undefined ? from.address : settings.scoped(ipText(named));
          this.#out?.send(packet, { address, port });
        },
        octets,
      },
    );
  }

  async open(): Promise<string> {
    return this.#opened(await this.#sockets.open(this.#wanted));
  }

  openSync(): string {
    return this.#opened(this.#sockets.openSync(this.#wanted));
  }

  get #wanted(): Wanted[] {
    const { iface, receiveBufferBytes } = this.#settings;
    const { family } = iface;
    const { port, groups } = this.#target;
    const buffer = receiveBufferBytes >= 0 ? receiveBufferBytes : RECEIVE_BUFFER_BYTES;
    return [
      { place: { family, address: this.#settings.scoped(iface.address), port: 0, iface }, receive: ignore },
      ...groups.map((group): Wanted => {
        const inOctets = octets(group);
        return {
          place: { family, group, port, iface, isShared: true, receiveBufferBytes: buffer },
          receive: (bytes, from) => {
            this.#pipe?.countReceived(bytes.length);
            this.#receiver.receive(bytes, from, inOctets);
          },
        };
      }),
    ];
  }

  #opened([out]: readonly DatagramSocket[]): string {
    this.#out = out;
    return formatEndpoint(this.#target);
  }

  start(pipe: FarEnd): void {
    this.#pipe = pipe;
  }

  finish(): void {
    this.#owner.finished();
  }

  destroy(): void {
    this.#receiver.close();
    this.#sockets.close();
  }

  flushNow(): void {}

  // --- Outlet ---

  /** A subscriber sends nothing; an XSUB's messages to its publisher reach nobody. */
  write(): boolean {
    return true;
  }

  writeControl(): boolean {
    return true;
  }

  resume(): void {
    this.#receiver.resume();
  }

  close(lingerMs: number): void {
    this.#owner.close(lingerMs);
  }
}

function octets(address: string): Uint8Array {
  return Uint8Array.from(ipOctets(address) ?? []);
}

function randomOctets(clock: Clock, count: number): Uint8Array {
  return Uint8Array.from({ length: count }, () => clock.random32() & 0xff);
}
