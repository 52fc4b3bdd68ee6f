/**
 * What carries datagrams: a `DatagramTransport` opens sockets of the system, each at one address of this host. It is to
 * `udp://` and `epgm://` what `Transport` (link.ts) is to tcp. There are no connections: a datagram comes from anybody,
 * and one that is sent may be lost, come twice, or come late.
 */

/** The address of a host, IPv4 or IPv6 without brackets, and a port. */
export interface DatagramAddress {
  readonly address: string;
  readonly port: number;
}

/** A network interface of this host, for one family of addresses. */
export interface NetworkInterface {
  /** Its name, `eth0`. */
  readonly name: string;
  /** Its address, IPv6 without zone. */
  readonly address: string;
  readonly family: 4 | 6;
}

export interface DatagramPlace {
  readonly family: 4 | 6;
  /** The local address to bind; absent: any. Not with `group`, which says by itself what is bound. */
  readonly address?: string;
  /** 0: any free one. */
  readonly port: number;
  /** The multicast group that the socket joins, on `iface`. What is sent to other groups at its port does not come. */
  readonly group?: string;
  /** Where multicast leaves and comes in; absent: as the system routes it. */
  readonly iface?: NetworkInterface;
  /** Other sockets of this host may have the same address and port. Each gets what is sent to a group, one of them the rest. */
  readonly isShared?: boolean;
  /** Routers that outgoing multicast may pass, plus one; 1 by default: none. */
  readonly hops?: number;
  /** Whether this host receives the multicast that it sends; it does by default. */
  readonly loop?: boolean;
  /** Bytes of the system's buffers; absent or -1: its default. */
  readonly receiveBufferBytes?: number;
  readonly sendBufferBytes?: number;
}

/** A socket of the system. It keeps no process alive. */
export interface DatagramSocket {
  /** Where it is bound, its port filled in. */
  readonly local: DatagramAddress;
  /**
   * Sends one datagram, or loses it: nothing is thrown, and `failed` may follow. The bytes must not change afterwards while
   * `unsentBytes` is not 0.
   */
  send(bytes: Uint8Array, to: DatagramAddress): void;
  /** Bytes that the kernel has refused for now; they leave by themselves. */
  readonly unsentBytes: number;
  /** Nothing comes any more. Idempotent. */
  close(): void;
}

export interface DatagramHandler {
  /** The bytes are the handler's to keep. */
  datagram(bytes: Uint8Array, from: DatagramAddress): void;
  /** Sending or receiving failed; the socket stays. */
  failed?(error: Error): void;
}

export interface DatagramTransport {
  /** The interface with this name or address; the empty name: the one that a program means that does not say. Throws ENODEV. */
  networkInterface(nameOrAddress: string, family: 4 | 6): NetworkInterface;
  /** The addresses of a host name or address, IPv6 ones only with `ipv6`. Rejects with the resolver's error. */
  resolve(host: string, ipv6: boolean): Promise<readonly string[]>;
  /** Rejects with a ZmqError: EADDRINUSE, EADDRNOTAVAIL, ENODEV, EACCES, … */
  open(place: DatagramPlace, handler: DatagramHandler): Promise<DatagramSocket>;
  /** As `open`, without waiting; throws. Absent where the platform cannot. */
  openSync?(place: DatagramPlace, handler: DatagramHandler): DatagramSocket;
}
