/**
 * Connected and listening TCP sockets, for the transports that speak over TCP: names are resolved anew at each attempt,
 * several addresses are tried in turn, nothing waits for Nagle's delay. Endpoints mean what libzmq's zmq_tcp(7) says.
 */

import cluster from "node:cluster";
import net, { type Server, type Socket } from "node:net";
import { getSystemErrorName } from "node:util";
import { AddressRange, withoutBrackets } from "../../base/address-range.ts";
import type { Clock } from "../../base/clock.ts";
import type { SourceAddress } from "../../base/endpoint-grammar.ts";
import { ZmqError } from "../../base/errors.ts";
import type { OptionValues } from "../../base/options.ts";
import { bindAddresses, bindAddressesSync, type IpAddress, interfaceAddresses, targetAddresses } from "./addresses.ts";
import { dial, orAborted } from "./dial.ts";
import { listenError, openServer } from "./server.ts";
import { proxyOf, throughProxy } from "./socks.ts";

/** An address that has others behind it gets no longer than this, whatever CONNECT_TIMEOUT says. */
const NEXT_ADDRESS_MS = 2000;

/** The options of every connection. */
export const SOCKET_OPTIONS = { noDelay: true } as const;

/** Node makes a bound handle synchronously. */
const createServerHandle = (net as unknown as ServerHandles)._createServerHandle;

interface ServerHandles {
  _createServerHandle?(address: string | null, port: number, family: number, fd?: number, flags?: number): unknown;
}

/** How `listen` listens once it has a handle. */
interface InnerServer {
  _handle?: unknown;
  _listen2?(address: null, port: number, family: number, backlog: number): void;
}

/** Whether a server can be opened without waiting. */
export const canListenSync = createServerHandle !== undefined;

/** Where to connect to, or to listen. */
export interface TcpPlace {
  readonly host: string;
  readonly port: number;
  /** The endpoint, for errors. */
  readonly text: string;
  readonly source?: SourceAddress;
}

/**
 * A connected socket, paused, that holds no process alive; through the SOCKS proxy of the options, if there is one. Rejects with the platform's error of the last address that
 * was tried, with ETIMEDOUT, or with the reason of `signal`.
 */
export async function connectTcp(
  clock: Clock,
  { source, ...target }: TcpPlace,
  options: OptionValues,
  signal: AbortSignal,
): Promise<Socket> {
  const proxy = proxyOf(options);
  const { host, port } = proxy ?? target;
  signal.throwIfAborted();
  const targets = await orAborted(targetAddresses(host, options.ipv6), signal);
  const sources = await orAborted(sourceAddresses(source?.host, options), signal);
  let failure: unknown;
  for (const [i, { address, family }] of targets.entries()) {
    const from = sources?.find((each) => each.family === family);
    if (sources !== undefined && from === undefined) continue;
    const start = (): Socket =>
      net.connect({
        ...SOCKET_OPTIONS,
        host: address,
        port,
        ...(from === undefined ? {} : { localAddress: from.address }),
        ...(source?.port ? { localPort: source.port } : {}),
      });
    try {
      const socket = await dial(clock, start, attemptMs(options.connectTimeout, i < targets.length - 1), signal);
      if (proxy !== undefined) await throughProxy(socket, proxy, target, options, signal);
      if (isConnected(socket)) {
        tune(socket, options);
        return socket;
      }
      socket.destroy();
      failure = new ZmqError("ECONNRESET");
    } catch (error) {
      signal.throwIfAborted();
      failure = error;
    }
  }
  throw failure ?? new ZmqError("EADDRNOTAVAIL", { detail: `${host}: no address in the family of the source` });
}

function attemptMs(limitMs: number, hasNext: boolean): number {
  if (!hasNext) return limitMs;
  return limitMs === 0 ? NEXT_ADDRESS_MS : Math.min(limitMs, NEXT_ADDRESS_MS);
}

/** Where to connect from; undefined leaves it to the system. */
function sourceAddresses(
  host: string | undefined,
  options: OptionValues,
): readonly IpAddress[] | Promise<readonly IpAddress[]> | undefined {
  if (host !== undefined) return bindAddresses(host, options.ipv6);
  return deviceAddresses(options);
}

/** BINDTODEVICE as far as it goes here: the addresses of that interface. */
function deviceAddresses(options: OptionValues): readonly IpAddress[] | undefined {
  if (options.interface === null) return undefined;
  const addresses = interfaceAddresses(options.interface, options.ipv6);
  if (addresses === undefined) throw new ZmqError("ENODEV", { detail: `${options.interface}: no such interface` });
  return addresses;
}

/** The interface that a wildcard is narrowed to. */
function deviceOf(host: string, options: OptionValues): readonly IpAddress[] | undefined {
  return host === "0.0.0.0" || host === "::" ? deviceAddresses(options)?.slice(0, 1) : undefined;
}

/** Opens a server that `makeServer` makes, anew for each address that is tried. Rejects with a ZmqError. */
export async function openTcp(
  { host, port, text }: TcpPlace,
  options: OptionValues,
  makeServer: () => Server,
): Promise<Server> {
  const { backlog, useFd } = options;
  try {
    if (useFd >= 0) {
      if (cluster.isWorker) return listenOn(handleOf(useFd), options, makeServer, text);
      const server = makeServer();
      await openServer(server, { fd: useFd, backlog }, text);
      return server;
    }
    const addresses = deviceOf(host, options) ?? (await bindAddresses(host, options.ipv6));
    let failure: unknown;
    for (const { address } of candidates(host, addresses)) {
      const server = makeServer();
      try {
        await openServer(server, { host: address, port, backlog }, text);
        return server;
      } catch (error) {
        failure = error;
        if (!isWithoutIpv6(error)) break;
      }
    }
    throw failure;
  } catch (error) {
    throw listenError(error, text);
  }
}

/** As `openTcp`, without waiting; throws. */
export function openTcpSync({ host, port, text }: TcpPlace, options: OptionValues, makeServer: () => Server): Server {
  const { useFd } = options;
  try {
    if (useFd >= 0) return listenOn(cluster.isWorker ? handleOf(useFd) : { fd: useFd }, options, makeServer, text);
    const addresses = deviceOf(host, options) ?? bindAddressesSync(host, options.ipv6);
    let failure: unknown;
    for (const { address, family } of candidates(host, addresses)) {
      try {
        return listenOn(createServerHandle?.(address, port, family, undefined, 0), options, makeServer, text);
      } catch (error) {
        failure = error;
        if (!isWithoutIpv6(error)) break;
      }
    }
    throw failure;
  } catch (error) {
    throw listenError(error, text);
  }
}

function handleOf(fd: number): unknown {
  return createServerHandle?.(null, 0, 4, fd, 0);
}

/** A bind takes the first address, as libzmq does; only the wildcard has a second chance, in IPv4. */
function candidates(host: string, addresses: readonly IpAddress[]): readonly IpAddress[] {
  return host === "::" ? addresses : addresses.slice(0, 1);
}

function isWithoutIpv6(error: unknown): boolean {
  return error instanceof ZmqError && error.code === "EADDRNOTAVAIL";
}

/** `handle` is a descriptor, or what the runtime made of an address: a bound handle or the negative number of an error. */
function listenOn(handle: unknown, options: OptionValues, makeServer: () => Server, text: string): Server {
  if (typeof handle === "number") {
    throw listenError(Object.assign(new Error("bind"), { code: getSystemErrorName(handle) }), text);
  }
  const server = makeServer();
  // The error comes later as an event, though listening has failed already; it can hardly be another one.
  const ignore = (): void => {};
  server.on("error", ignore);
  if (cluster.isWorker) listenInWorker(server, handle, options.backlog);
  else server.listen(handle, options.backlog);
  if (!server.listening) throw new ZmqError("EADDRINUSE", { address: text });
  server.off("error", ignore);
  return server;
}

/** Opens the server in this process. `listen` may ask the primary process to do it: not for handles in Node, but in Deno. */
function listenInWorker(server: Server & InnerServer, handle: unknown, backlog: number): void {
  if (server._listen2 === undefined)
    throw new ZmqError("ENOTSUP", { detail: "this runtime cannot listen in a worker" });
  server._handle = handle;
  server._listen2(null, -1, -1, backlog);
}

/** Whether the peer is still there. */
export function isConnected(socket: Socket): boolean {
  return socket.remoteAddress !== undefined && socket.remotePort !== undefined;
}

/** Sets the options of a connection. */
export function tune(socket: Socket, { tcpKeepalive, tcpKeepaliveIdle, typeOfService }: OptionValues): void {
  if (tcpKeepalive >= 0) socket.setKeepAlive(tcpKeepalive === 1, Math.max(tcpKeepaliveIdle, 0) * 1000);
  if (typeOfService > 0) setTypeOfService(socket, typeOfService);
}

/** Newer runtimes have it; some of them only on some systems, where it throws. The option is best effort. */
function setTypeOfService(socket: Socket & { setTypeOfService?(octet: number): void }, octet: number): void {
  try {
    socket.setTypeOfService?.(octet);
  } catch {
    // ENOSYS: this system does not let it be set; packets go out unmarked.
  }
}

/** The test whether a peer may come in. */
export function acceptFilter({ tcpAcceptFilter }: OptionValues): (address: string | undefined) => boolean {
  const allowed = tcpAcceptFilter.map((range) => new AddressRange(withoutBrackets(range)));
  return (address) => allowed.length === 0 || allowed.some((range) => range.contains(address ?? ""));
}
