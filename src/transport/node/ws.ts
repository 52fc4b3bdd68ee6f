/**
 * ws and wss: ZMTP or ZWS over WebSocket (wire/subprotocols.ts says which), over the sockets of tcp. Endpoints with the
 * same address and port share it by their paths.
 */

import { randomBytes } from "node:crypto";
import { isIP, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls, rootCertificates } from "node:tls";
import type { Clock } from "../../base/clock.ts";
import { type Endpoint, formatHost, type WsEndpoint } from "../../base/endpoint-grammar.ts";
import { ZmqError } from "../../base/errors.ts";
import { type Link, LinkHandshakeError, type Listener, type ListenHandler, type Transport } from "../../base/link.ts";
import type { WebServer } from "../../base/options/websocket.ts";
import type { OptionValues } from "../../base/options.ts";
import { offeredProtocols, speakerOf } from "../../wire/subprotocols.ts";
import { UpgradeRefusal } from "../../wire/websocket-upgrade.ts";
import { ServerListener } from "./server.ts";
import { proxyOf } from "./socks.ts";
import { canListenSync, connectTcp, openTcp, openTcpSync } from "./tcp-sockets.ts";
import { upgraded } from "./web-client.ts";
import type { WebRoute } from "./web-routes.ts";
import { AttachedWebServer, OwnWebServer, webLink } from "./web-server.ts";

/** The transports `ws` and `wss` of Node and runtimes like it. */
export function webSocketTransports(clock: Clock): Transport[] {
  const ports = new Ports(clock);
  return (["ws", "wss"] as const).map((scheme) => ({
    scheme,
    checkConnect(to, options) {
      refuseRaw(options, to.text);
      proxyOf(options);
    },
    connect: (to, options, signal) => connect(clock, webEndpoint(to), options, signal),
    listen: (on, options, handler) => ports.listen(webEndpoint(on), options, handler),
    ...(canListenSync && {
      listenSync: (on: Endpoint, options: OptionValues, handler: ListenHandler) =>
        ports.listenSync(webEndpoint(on), options, handler),
    }),
  }));
}

/** Bytes without ZMTP have no form over WebSocket. */
function refuseRaw({ raw }: OptionValues, address: string): void {
  if (raw) throw new ZmqError("ENOCOMPATPROTO", { address, detail: "raw: there are no plain bytes over WebSocket" });
}

// --- Connecting ---

async function connect(clock: Clock, to: WsEndpoint, options: OptionValues, signal: AbortSignal): Promise<Link> {
  refuseRaw(options, to.text);
  const speaker = speakerOf(options);
  const attempt = async (isSlashless: boolean): Promise<Link> => {
    const tcp = await connectTcp(clock, to, options, signal);
    const socket = to.scheme === "wss" ? await secured(clock, tcp, to.host, options, signal) : tcp;
    const link = webLink(clock, to.scheme, socket, options, to.scheme === "ws");
    const offer = {
      target: to.path,
      host: formatHost(to.host, to.port),
      key: randomBytes(16).toString("base64"),
      protocols: offeredProtocols(speaker, isSlashless),
    };
    return upgraded(link, clock, offer, options.handshakeInterval, signal);
  };
  try {
    return await attempt(false);
  } catch (error) {
    // A server that keeps to the RFC refuses libzmq's names, in which there is a slash (npm `ws`, and so jszmq).
    if (!(error instanceof UpgradeRefusal) || error.httpStatus !== 400) throw error;
    return attempt(true);
  }
}

/** TLS over a connected socket: the chain and the name are checked. Rejects with a LinkHandshakeError. */
function secured(clock: Clock, tcp: Socket, host: string, options: OptionValues, signal: AbortSignal): Promise<Socket> {
  const { wssTrustPem, wssTrustSystem, handshakeInterval } = options;
  return new Promise((resolve, reject) => {
    const socket = connectTls({ socket: tcp, ...clientTls(options, host), host: options.wssHostname ?? host });
    socket.unref();
    const expired = new LinkHandshakeError("ETIMEDOUT", { detail: `TLS not agreed on within ${handshakeInterval} ms` });
    const timer = handshakeInterval > 0 ? clock.setTimer(() => fail(expired), handshakeInterval) : undefined;
    const settle = (): void => {
      if (timer !== undefined) clock.clearTimer(timer);
      signal.removeEventListener("abort", cancel);
      socket.off("close", cut);
    };
    const fail = (error: unknown): void => {
      settle();
      socket.destroy();
      tcp.destroy();
      reject(error);
    };
    const cancel = (): void => fail(signal.reason);
    const cut = (): void =>
      fail(new LinkHandshakeError("ECONNRESET", { detail: "TLS: the server closed the connection" }));
    signal.addEventListener("abort", cancel);
    socket.on("error", (error) => fail(tlsError(error, wssTrustPem === null && !wssTrustSystem)));
    socket.on("close", cut);
    socket.on("secureConnect", () => {
      settle();
      socket.pause();
      resolve(socket);
    });
  });
}

/** Whom a wss client trusts, and the name that it expects, which is that of its endpoint's host unless there is an option. */
export function clientTls({ wssHostname, wssTrustPem, wssTrustSystem }: OptionValues, host: string): ConnectionOptions {
  const name = wssHostname ?? host;
  return {
    ...(isIP(name) === 0 && { servername: name }),
    ALPNProtocols: ["http/1.1"],
    ca: [...(wssTrustSystem ? rootCertificates : []), ...(wssTrustPem === null ? [] : [wssTrustPem])],
  };
}

/** A client that trusts nobody is told so: libzmq's options have that as their default. */
function tlsError(error: Error, trustsNobody: boolean): Error {
  const advice = trustsNobody ? ": set wssTrustPem or wssTrustSystem" : "";
  return new LinkHandshakeError("EACCES", { detail: `TLS: ${error.message}${advice}`, cause: error });
}

// --- Listening ---

/** The ports of this thread at which WebSocket peers come in. */
class Ports {
  readonly #clock: Clock;
  /** By `ws://host:port`, as it was asked for and as it was bound. */
  readonly #own = new Map<string, OpenPort>();
  readonly #attached = new Map<WebServer, AttachedWebServer>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async listen(on: WsEndpoint, options: OptionValues, handler: ListenHandler): Promise<Listener> {
    const { route, listener } = this.#onOpenPort(on, options, handler);
    if (listener !== undefined) return listener;
    const web = new OwnWebServer(this.#clock, on.scheme, options, on.text);
    try {
      await openTcp(on, options, () => web.server);
    } catch (error) {
      // Another endpoint may have opened the port meanwhile.
      const again = isTaken(error) ? this.#onOpenPort(on, options, handler).listener : undefined;
      if (again === undefined) throw error;
      return again;
    }
    return this.#opened(web, on, route);
  }

  listenSync(on: WsEndpoint, options: OptionValues, handler: ListenHandler): Listener {
    const { route, listener } = this.#onOpenPort(on, options, handler);
    if (listener !== undefined) return listener;
    const web = new OwnWebServer(this.#clock, on.scheme, options, on.text);
    openTcpSync(on, options, () => web.server);
    return this.#opened(web, on, route);
  }

  /** The endpoint on a port that is open already, if it is. */
  #onOpenPort(on: WsEndpoint, options: OptionValues, handler: ListenHandler) {
    refuseRaw(options, on.text);
    const route: WebRoute = { path: on.path, options, handler };
    if (options.wsServer !== null) return { route, listener: this.#attach(options.wsServer, on, route) };
    const port = this.#own.get(`${on.scheme}://${formatHost(on.host, on.port)}`);
    return { route, listener: port?.add(route, on.text) };
  }

  #opened(web: OwnWebServer, on: WsEndpoint, route: WebRoute): Listener {
    const asked = `${on.scheme}://${formatHost(on.host, Number(new URL(web.address.replace(/^wss?/, "http")).port))}`;
    const names = [web.address, asked];
    const port = new OpenPort(this.#clock, web, () => {
      for (const name of names) if (this.#own.get(name) === port) this.#own.delete(name);
    });
    for (const name of names) this.#own.set(name, port);
    return port.add(route, on.text);
  }

  #attach(server: WebServer, on: WsEndpoint, route: WebRoute): Listener {
    const attached = this.#attached.get(server) ?? new AttachedWebServer(this.#clock, server);
    const { routes } = attached;
    if (routes.has(on.path)) throw new ZmqError("EADDRINUSE", { address: on.text });
    this.#attached.set(server, attached);
    routes.add(route);
    return {
      address: attached.address(on.scheme, `${on.scheme}://${formatHost(on.host, on.port)}`) + on.path,
      close: () => {
        routes.delete(route);
        if (routes.size > 0) return;
        attached.detach();
        this.#attached.delete(server);
      },
    };
  }
}

/** One port that listens, as long as an endpoint is bound at it. */
class OpenPort {
  readonly #web: OwnWebServer;
  readonly #listener: ServerListener;

  constructor(clock: Clock, web: OwnWebServer, closed: () => void) {
    this.#web = web;
    const handler = { accepted() {}, failed: (error: Error) => web.routes.failed(error) };
    this.#listener = new ServerListener(web.server, web.address, handler, clock, closed);
  }

  /** Throws EADDRINUSE for a path that is taken. */
  add(route: WebRoute, text: string): Listener {
    const { routes } = this.#web;
    if (routes.has(route.path)) throw new ZmqError("EADDRINUSE", { address: text });
    routes.add(route);
    let isOpen = true;
    return {
      address: this.#listener.address + route.path,
      close: () => {
        if (!isOpen) return;
        isOpen = false;
        routes.delete(route);
        if (routes.size === 0) this.#listener.close();
      },
    };
  }
}

function isTaken(error: unknown): boolean {
  return error instanceof ZmqError && error.code === "EADDRINUSE";
}

function webEndpoint(endpoint: Endpoint): WsEndpoint {
  if (endpoint.scheme === "ws" || endpoint.scheme === "wss") return endpoint;
  throw new ZmqError("EPROTONOSUPPORT", { detail: `expected a ws or wss endpoint, not ${endpoint.scheme}` });
}
