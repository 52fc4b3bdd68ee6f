/**
 * Sockets of UDP by `node:dgram`, for all that speaks in datagrams.
 *
 * Addresses are given, never names, so that the binding is done within the call where the runtime can. A socket that
 * joins a group is bound to the group's address, where the system allows that (not on Windows): then what is sent to other
 * groups at the same port does not come, nor unicast that is meant for a neighbour at it.
 */

import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { isIP } from "node:net";
import { networkInterfaces } from "node:os";
import type {
  DatagramAddress,
  DatagramHandler,
  DatagramPlace,
  DatagramSocket,
  DatagramTransport,
  NetworkInterface,
} from "../../base/datagram.ts";
import { isErrorCode, ZmqError } from "../../base/errors.ts";
import { targetAddresses } from "./addresses.ts";

type Lookup = (
  host: string,
  options: object,
  callback: (error: Error | null, address: string, family: number) => void,
) => void;

export const udpSockets: DatagramTransport = {
  networkInterface,
  async resolve(host, ipv6) {
    return (await targetAddresses(host, ipv6)).map(({ address }) => address);
  },
  open,
  openSync,
};

/** Those of the family; an interface that is not the loopback one comes first where none is named. */
function networkInterface(nameOrAddress: string, family: 4 | 6): NetworkInterface {
  const [bare = ""] = nameOrAddress.split("%", 1);
  const found: NetworkInterface[] = [];
  for (const [name, entries = []] of Object.entries(networkInterfaces())) {
    for (const entry of entries) {
      if (entry.family !== `IPv${family}`) continue;
      const matches = nameOrAddress === "" ? !entry.internal : name === nameOrAddress || entry.address === bare;
      if (matches) found.push({ name, address: entry.address, family });
    }
  }
  const [first] = found;
  if (first !== undefined) return first;
  if (nameOrAddress === "") return networkInterface(family === 4 ? "127.0.0.1" : "::1", family);
  // The loopback interface has all addresses that begin with 127.
  if (family === 4 && isIP(bare) === 4 && bare.startsWith("127.")) {
    return { ...networkInterface("127.0.0.1", 4), address: bare };
  }
  throw new ZmqError("ENODEV", {
    detail: `${nameOrAddress}: no network interface has this name or IPv${family} address`,
  });
}

function open(place: DatagramPlace, handler: DatagramHandler): Promise<DatagramSocket> {
  return new Promise((resolve, reject) => {
    const { socket, address, port } = prepare(place);
    socket.once("error", (error) => reject(failure(error, place)));
    socket.once("listening", () => {
      try {
        resolve(opened(socket, place, handler));
      } catch (error) {
        reject(failure(error, place));
      }
    });
    socket.bind({ address, port, exclusive: true });
  });
}

function openSync(place: DatagramPlace, handler: DatagramHandler): DatagramSocket {
  const { socket, address, port } = prepare(place);
  let broken: unknown;
  let isBound = false;
  socket.once("error", (error) => {
    broken = error;
  });
  socket.once("listening", () => {
    isBound = true;
  });
  socket.bind({ address, port, exclusive: true });
  if (broken !== undefined) throw failure(broken, place);
  if (!isBound) {
    socket.close();
    throw new ZmqError("ENOTSUP", { detail: "this runtime binds no datagram sockets synchronously" });
  }
  try {
    return opened(socket, place, handler);
  } catch (error) {
    throw failure(error, place);
  }
}

function prepare(place: DatagramPlace): { socket: Socket; address: string; port: number } {
  const { family, port, group, isShared = false, receiveBufferBytes = -1, sendBufferBytes = -1 } = place;
  // `address` is one, so nothing has to be looked up.
  const lookup: Lookup = (host, _options, callback) => callback(null, host, family);
  const options = {
    type: `udp${family}`,
    lookup,
    reuseAddr: isShared,
    reusePort: isShared && hasReusePort,
    ipv6Only: family === 6,
    ...(receiveBufferBytes > 0 && { recvBufferSize: receiveBufferBytes }),
    ...(sendBufferBytes > 0 && { sendBufferSize: sendBufferBytes }),
  } as const;
  const any = family === 4 ? "0.0.0.0" : "::";
  const address = group !== undefined && process.platform !== "win32" ? scoped(group, place) : (place.address ?? any);
  return { socket: createSocket(options), address, port };
}

/** Node has the option from 22.12 and 23.1 on. libzmq's own sockets share their port with others that set it too. */
const hasReusePort = ((): boolean => {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const isSystem = process.platform === "linux" || process.platform === "freebsd";
  return isSystem && (major > 23 || (major === 23 && minor >= 1) || (major === 22 && minor >= 12));
})();

/** IPv6 groups of a link need to know the link. */
function scoped(address: string, { family, iface }: DatagramPlace): string {
  return family === 6 && iface !== undefined && !address.includes("%") ? `${address}%${iface.name}` : address;
}

function opened(socket: Socket, place: DatagramPlace, handler: DatagramHandler): DatagramSocket {
  const { family, group, iface, hops, loop } = place;
  try {
    const local = family === 6 && iface !== undefined ? `::%${iface.name}` : iface?.address;
    if (local !== undefined) socket.setMulticastInterface(local);
    if (group !== undefined) socket.addMembership(group, local);
    if (hops !== undefined) socket.setMulticastTTL(hops);
    if (loop !== undefined) socket.setMulticastLoopback(loop);
  } catch (error) {
    socket.close();
    throw error;
  }
  socket.unref();
  return new UdpSocket(socket, handler);
}

class UdpSocket implements DatagramSocket {
  readonly local: DatagramAddress;
  readonly #socket: Socket;
  /** Without it the runtime forgets what it could not send. */
  readonly #sent: ((error: Error | null) => void) | undefined;
  #isOpen = true;

  constructor(socket: Socket, handler: DatagramHandler) {
    this.#socket = socket;
    if (handler.failed !== undefined) {
      this.#sent = (error) => {
        if (error !== null && this.#isOpen) handler.failed?.(error);
      };
    }
    const { address, port } = socket.address();
    this.local = { address, port };
    socket.removeAllListeners("error");
    socket.on("error", (error) => {
      if (this.#isOpen) handler.failed?.(error);
    });
    socket.on("message", (bytes: Uint8Array, from: RemoteInfo) => {
      if (this.#isOpen) handler.datagram(bytes, from);
    });
  }

  get unsentBytes(): number {
    return this.#isOpen ? this.#socket.getSendQueueSize() : 0;
  }

  send(bytes: Uint8Array, to: DatagramAddress): void {
    if (this.#isOpen) this.#socket.send(bytes, to.port, to.address, this.#sent);
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#socket.close();
  }
}

function failure(error: unknown, place: DatagramPlace): ZmqError {
  if (error instanceof ZmqError) return error;
  const { code: name } = error as { code?: unknown };
  const code = isErrorCode(name) ? name : "EINVAL";
  const where = place.group ?? place.address ?? "any address";
  return new ZmqError(code, { detail: `a datagram socket for ${where}, port ${place.port}`, cause: error });
}
