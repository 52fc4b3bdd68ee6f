/**
 * tcp: ZMTP over a plain TCP connection, without Nagle's delay on either side.
 * Names are resolved anew at each attempt; endpoints mean what libzmq's
 * zmq_tcp(7) says. A SOCKS proxy between is the business of socks.ts.
 */

import cluster from "node:cluster";
import net, { type Server, type Socket } from "node:net";
import { getSystemErrorName } from "node:util";
import { AddressRange, withoutBrackets } from "../../base/address-range.ts";
import type { Clock } from "../../base/clock.ts";
import { type Endpoint, formatHost, type TcpEndpoint } from "../../base/endpoint.ts";
import { ZmqError } from "../../base/errors.ts";
import type { Link, Listener, ListenHandler, Transport } from "../../base/link.ts";
import type { OptionValues } from "../../base/options.ts";
import { bindAddresses, bindAddressesSync, type IpAddress, interfaceAddresses, targetAddresses } from "./addresses.ts";
import { dial, orAborted } from "./dial.ts";
import { listenError, openServer, ServerListener } from "./server.ts";
import { proxyOf, throughProxy } from "./socks.ts";
import { StreamLink } from "./stream-link.ts";

/** An address that has others behind it gets no longer than this, whatever CONNECT_TIMEOUT says. */
const NEXT_ADDRESS_MS = 2000;

/** The options of every connection. */
const SOCKET_OPTIONS = { noDelay: true } as const;

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

/** The tcp transport of Node and runtimes like it. `listenSync` is there where the runtime can. */
export function tcpTransport(clock: Clock): Transport {
  return {
    scheme: "tcp",
    checkConnect,
    connect: (to, options, signal) => connect(clock, to, options, signal),
    listen: (on, options, handler) => listen(clock, on, options, handler),
    ...(createServerHandle !== undefined && {
      listenSync: (on, options, handler) => listenSync(clock, on, options, handler),
    }),
  };
}

function checkConnect(to: Endpoint, options: OptionValues): void {
  tcpEndpoint(to);
  proxyOf(options);
}

async function connect(clock: Clock, to: Endpoint, options: OptionValues, signal: AbortSignal): Promise<Link> {
  const { source, ...target } = tcpEndpoint(to);
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
      const link = adopt(clock, socket, options);
      if (link !== undefined) return link;
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
async function sourceAddresses(
  host: string | undefined,
  options: OptionValues,
): Promise<readonly IpAddress[] | undefined> {
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

async function listen(clock: Clock, on: Endpoint, options: OptionValues, handler: ListenHandler): Promise<Listener> {
  const { host, port, text } = tcpEndpoint(on);
  const { backlog, useFd } = options;
  try {
    if (useFd >= 0) {
      if (cluster.isWorker) return listenOn(clock, handleOf(useFd), options, handler, text);
      const server = acceptor(clock, options, handler);
      await openServer(server, { fd: useFd, backlog }, text);
      return listener(clock, server, handler, text);
    }
    const addresses = deviceOf(host, options) ?? (await bindAddresses(host, options.ipv6));
    let failure: unknown;
    for (const { address } of candidates(host, addresses)) {
      const server = acceptor(clock, options, handler);
      try {
        await openServer(server, { host: address, port, backlog }, text);
        return listener(clock, server, handler, text);
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

function listenSync(clock: Clock, on: Endpoint, options: OptionValues, handler: ListenHandler): Listener {
  const { host, port, text } = tcpEndpoint(on);
  const { useFd } = options;
  try {
    if (useFd >= 0) return listenOn(clock, cluster.isWorker ? handleOf(useFd) : { fd: useFd }, options, handler, text);
    const addresses = deviceOf(host, options) ?? bindAddressesSync(host, options.ipv6);
    let failure: unknown;
    for (const { address, family } of candidates(host, addresses)) {
      try {
        return listenOn(clock, createServerHandle?.(address, port, family, undefined, 0), options, handler, text);
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
function listenOn(
  clock: Clock,
  handle: unknown,
  options: OptionValues,
  handler: ListenHandler,
  text: string,
): Listener {
  if (typeof handle === "number") {
    throw listenError(Object.assign(new Error("bind"), { code: getSystemErrorName(handle) }), text);
  }
  const server = acceptor(clock, options, handler);
  // The error comes later as an event, though listening has failed already; it can hardly be another one.
  const ignore = (): void => {};
  server.on("error", ignore);
  if (cluster.isWorker) listenInWorker(server, handle, options.backlog);
  else server.listen(handle, options.backlog);
  if (!server.listening) throw new ZmqError("EADDRINUSE", { address: text });
  server.off("error", ignore);
  return listener(clock, server, handler, text);
}

/** Opens the server in this process. `listen` may ask the primary process to do it: not for handles in Node, but in Deno. */
function listenInWorker(server: Server & InnerServer, handle: unknown, backlog: number): void {
  if (server._listen2 === undefined)
    throw new ZmqError("ENOTSUP", { detail: "this runtime cannot listen in a worker" });
  server._handle = handle;
  server._listen2(null, -1, -1, backlog);
}

function listener(clock: Clock, server: Server, handler: ListenHandler, text: string): Listener {
  const bound = server.address();
  const isTcp = bound !== null && typeof bound === "object";
  return new ServerListener(server, isTcp ? tcpText(bound.address, bound.port) : text, handler, clock);
}

function acceptor(clock: Clock, options: OptionValues, handler: ListenHandler): Server {
  const allowed = options.tcpAcceptFilter.map((range) => new AddressRange(withoutBrackets(range)));
  const server = net.createServer({ ...SOCKET_OPTIONS, pauseOnConnect: true });
  server.on("connection", (socket) => {
    const link = isAllowed(socket, allowed) ? adopt(clock, socket, options) : undefined;
    if (link === undefined) socket.destroy();
    else handler.accepted(link);
  });
  return server;
}

/** The connected socket as a link; undefined when the peer has left already. */
function adopt(clock: Clock, socket: Socket, options: OptionValues): Link | undefined {
  const { remoteAddress, remotePort, localAddress, localPort } = socket;
  if (remoteAddress === undefined || remotePort === undefined) return undefined;
  const { tcpKeepalive, tcpKeepaliveIdle, typeOfService } = options;
  if (tcpKeepalive >= 0) socket.setKeepAlive(tcpKeepalive === 1, Math.max(tcpKeepaliveIdle, 0) * 1000);
  if (typeOfService > 0) setTypeOfService(socket, typeOfService);
  const addresses = {
    localAddress: tcpText(localAddress ?? "", localPort ?? 0),
    remoteAddress: tcpText(remoteAddress, remotePort),
    peerAddress: remoteAddress,
  };
  return new StreamLink(clock, socket, addresses, options.tcpMaxRetransmitTimeout);
}

/** Newer runtimes have it; some of them only on some systems, where it throws. The option is best effort. */
function setTypeOfService(socket: Socket & { setTypeOfService?(octet: number): void }, octet: number): void {
  try {
    socket.setTypeOfService?.(octet);
  } catch {
    // ENOSYS: this system does not let it be set; packets go out unmarked.
  }
}

function isAllowed(socket: Socket, allowed: readonly AddressRange[]): boolean {
  return allowed.length === 0 || allowed.some((range) => range.contains(socket.remoteAddress ?? ""));
}

function tcpText(address: string, port: number): string {
  return `tcp://${formatHost(address, port)}`;
}

function tcpEndpoint(endpoint: Endpoint): TcpEndpoint {
  if (endpoint.scheme === "tcp") return endpoint;
  throw new ZmqError("EPROTONOSUPPORT", { detail: `expected a tcp endpoint, not ${endpoint.scheme}` });
}
