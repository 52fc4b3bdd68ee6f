/**
 * `udp://` (zmq_udp(7)): RADIO sends to an address or a multicast group; DISH and DGRAM are bound. There is no handshake,
 * no security and no word back: a RADIO sends everything, and a DISH takes what is for its groups. Datagrams may be lost,
 * also here, when a DISH is at its high-water mark.
 */

import { fromText, toText } from "../base/bytes.ts";
import type { Timer } from "../base/clock.ts";
import type { DatagramAddress, DatagramPlace, DatagramSocket, DatagramTransport } from "../base/datagram.ts";
import { formatEndpoint } from "../base/endpoint.ts";
import { type Endpoint, formatHost, type UdpEndpoint } from "../base/endpoint-grammar.ts";
import { ZmqError } from "../base/errors.ts";
import type { FarEnd } from "../base/far-end.ts";
import { isIPv4, isIPv6, isMulticast } from "../base/ip.ts";
import type { Message } from "../base/message.ts";
import type { OptionValues } from "../base/options.ts";
import { LONGEST_DATAGRAM, parseDatagramAddress } from "../base/udp.ts";
import { decodeDatagram, encodeDatagram } from "../wire/udp.ts";
import type { DatagramProtocol, DatagramSession, DatagramSessionOwner } from "./datagram-session.ts";

/** How often a kernel that refused datagrams is asked again. */
const RETRY_MS = 1;

export function udpProtocol(transport: DatagramTransport): DatagramProtocol {
  return {
    scheme: "udp",
    check(target) {
      const { iface, host } = udpEndpoint(target);
      if (iface !== undefined) transport.networkInterface(iface, familyOf(host));
    },
    session: (owner, target) => new UdpSession(owner, udpEndpoint(target), transport),
  };
}

function udpEndpoint(target: Endpoint): UdpEndpoint {
  if (target.scheme !== "udp") throw new ZmqError("EPROTONOSUPPORT", { address: target.text });
  return target;
}

class UdpSession implements DatagramSession {
  readonly queues = true;
  readonly #owner: DatagramSessionOwner;
  readonly #target: UdpEndpoint;
  readonly #transport: DatagramTransport;
  readonly #isRaw: boolean;
  readonly #sockets: DatagramSocket[] = [];
  /** Where a RADIO sends. */
  #to: DatagramAddress | undefined = undefined;
  #pipe: FarEnd | undefined = undefined;
  #retry: Timer | undefined = undefined;
  #isFinishing = false;

  constructor(owner: DatagramSessionOwner, target: UdpEndpoint, transport: DatagramTransport) {
    this.#owner = owner;
    this.#target = target;
    this.#transport = transport;
    this.#isRaw = owner.socketType === "DGRAM";
  }

  // --- DatagramSession ---

  async open(): Promise<string> {
    const [host = ""] = this.#knownHost ?? (await this.#transport.resolve(this.#target.host, this.#owner.options.ipv6));
    for (const place of this.#places(host)) this.#sockets.push(await this.#transport.open(place, this.#handler));
    return this.#opened(host);
  }

  openSync(): string {
    const { openSync } = this.#transport;
    const [host] = this.#knownHost ?? [];
    if (openSync === undefined || host === undefined) {
      throw new ZmqError("ENOTSUP", { address: this.#target.text, detail: "a name cannot be resolved at once" });
    }
    for (const place of this.#places(host)) this.#sockets.push(openSync(place, this.#handler));
    return this.#opened(host);
  }

  start(pipe: FarEnd): void {
    this.#pipe = pipe;
    this.#pump();
  }

  get isIdle(): boolean {
    return this.#unsentBytes === 0;
  }

  finish(): void {
    this.#isFinishing = true;
    this.#pump();
  }

  destroy(): void {
    if (this.#retry !== undefined) this.#owner.loop.clock.clearTimer(this.#retry);
    this.#retry = undefined;
    this.#pipe = undefined;
    for (const socket of this.#sockets.splice(0)) socket.close();
  }

  flushNow(): void {}

  // --- Outlet ---

  get canWrite(): boolean {
    return this.#retry === undefined;
  }

  write(message: Message): boolean {
    if (this.#retry !== undefined) return false;
    this.#send(message);
    if (this.#unsentBytes > 0) this.#waitForRoom();
    return true;
  }

  /** A DISH tells nobody what it joins. */
  writeControl(): boolean {
    return true;
  }

  resume(): void {}

  close(lingerMs: number): void {
    this.#owner.close(lingerMs);
  }

  // --- Opening ---

  /** The address, where it need not be looked up; a bound endpoint may name an interface. */
  get #knownHost(): readonly string[] | undefined {
    const { host } = this.#target;
    const [bare = ""] = host.split("%", 1);
    if (isIPv4(bare) || isIPv6(bare)) return [host];
    if (this.#owner.role === "connect") return undefined;
    try {
      return [this.#transport.networkInterface(host, 4).address];
    } catch {
      return undefined; // No interface has the name: it may be that of a host.
    }
  }

  /** One socket; a second one for a DGRAM in a group, for nothing can be sent from the address of a group. */
  #places(host: string): DatagramPlace[] {
    const { options, role } = this.#owner;
    const { port, iface } = this.#target;
    const family = familyOf(host);
    const common = {
      family,
      ...(iface !== undefined && { iface: this.#transport.networkInterface(iface, family) }),
      receiveBufferBytes: options.receiveBufferSize,
      sendBufferBytes: options.sendBufferSize,
    };
    const sending = { ...common, port: 0, ...multicast(options) };
    if (role === "connect") return [sending];
    if (!isMulticast(host)) return [{ ...common, address: host, port, ...multicast(options) }];
    const receiving = { ...common, group: host, port, isShared: true };
    return this.#isRaw ? [receiving, sending] : [receiving];
  }

  #opened(host: string): string {
    const { port } = this.#sockets[0]?.local ?? this.#target;
    if (this.#owner.role === "bind") return formatEndpoint({ ...this.#target, host, port });
    this.#to = { address: host, port: this.#target.port };
    return this.#target.text;
  }

  // --- Datagrams ---

  readonly #handler = {
    datagram: (bytes: Uint8Array, from: DatagramAddress): void => this.#received(bytes, from),
    /** A host that is not there: datagrams are lost in silence, as libzmq loses them. */
    failed: (): void => {},
  };

  #received(bytes: Uint8Array, from: DatagramAddress): void {
    const pipe = this.#pipe;
    if (pipe === undefined || this.#owner.role === "connect") return;
    pipe.countReceived(bytes.length);
    if (pipe.inboundFull) return;
    const message = this.#isRaw ? rawMessage(bytes, from) : decodeDatagram(bytes);
    if (message !== undefined) pipe.deliver(message);
  }

  #send(message: Message): void {
    const socket = this.#sockets.at(-1);
    const to = this.#isRaw ? parseDatagramAddress(toText(message[0] as Uint8Array)) : this.#to;
    // The runtime may hold the bytes: those of a user may change.
    const datagram = this.#isRaw ? message[1]?.slice() : encodeDatagram(message);
    if (to === undefined || datagram === undefined || datagram.length > LONGEST_DATAGRAM) return;
    socket?.send(datagram, to);
    this.#pipe?.countSent(datagram.length);
  }

  get #unsentBytes(): number {
    return this.#sockets.at(-1)?.unsentBytes ?? 0;
  }

  /** Sends what waits in the pipe, as long as the kernel takes it. */
  #pump(): void {
    const pipe = this.#pipe;
    if (pipe === undefined || this.#retry !== undefined) return;
    while (this.#unsentBytes === 0) {
      const item = pipe.pull();
      if (item === undefined) break;
      if (Array.isArray(item)) this.#send(item);
    }
    if (this.#unsentBytes > 0) {
      this.#waitForRoom();
      return;
    }
    pipe.signalRoom();
    pipe.signalIdle();
    if (this.#isFinishing) this.#owner.finished();
  }

  #waitForRoom(): void {
    this.#retry = this.#owner.loop.clock.setTimer(() => {
      this.#retry = undefined;
      this.#pump();
    }, RETRY_MS);
  }
}

function familyOf(host: string): 4 | 6 {
  return host.includes(":") ? 6 : 4;
}

function multicast({ multicastHops, multicastLoop }: OptionValues): { hops: number; loop: boolean } {
  return { hops: multicastHops, loop: multicastLoop };
}

/** As libzmq gives it: the address ends with a NUL. */
function rawMessage(bytes: Uint8Array, { address, port }: DatagramAddress): Message {
  return [fromText(`${formatHost(address, port)}\0`), bytes];
}
