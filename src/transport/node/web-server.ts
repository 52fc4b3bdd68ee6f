/**
 * HTTP ports at which WebSocket peers come in: one that listens itself, and one that sits on an HTTP server of the
 * program. Both serve several bound endpoints by their paths.
 */

import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TLSSocket, type TlsOptions } from "node:tls";
import { ownCopyOf } from "../../base/bytes.ts";
import type { Clock, Timer } from "../../base/clock.ts";
import { formatHost } from "../../base/endpoint-grammar.ts";
import { ZmqError } from "../../base/errors.ts";
import type { Link, LinkHandler } from "../../base/link.ts";
import type { WebServer } from "../../base/options/websocket.ts";
import type { OptionValues } from "../../base/options.ts";
import { HttpHeaders, HttpHeadReader } from "../../wire/http-head.ts";
import {
  acceptance,
  refusal,
  UpgradeRefusal,
  type UpgradeRequest,
  upgradeRequest,
} from "../../wire/websocket-upgrade.ts";
import { isLoopbackAddress } from "./origin.ts";
import { maskableReads } from "./shared-reads.ts";
import { StreamLink } from "./stream-link.ts";
import { isConnected, SOCKET_OPTIONS, tune } from "./tcp-sockets.ts";
import { type Admission, type Arrival, forNow, WebRoutes } from "./web-routes.ts";
import { WebSocketLink } from "./websocket-link.ts";

export type WebScheme = "ws" | "wss";

export const sha1 = (text: string): string => createHash("sha1").update(text).digest("base64");

/** The certificate of a wss server. Throws EINVAL when there is none. */
export function serverTls({ wssKeyPem, wssCertPem }: OptionValues, address: string): TlsOptions {
  if (wssKeyPem === null || wssCertPem === null) {
    throw new ZmqError("EINVAL", { address, detail: "a wss endpoint is bound with wssKeyPem and wssCertPem" });
  }
  return { key: wssKeyPem, cert: wssCertPem, ALPNProtocols: ["http/1.1"] };
}

/** The socket of a peer as a link. `isFresh`: nothing was read from it. */
export function webLink(
  clock: Clock,
  scheme: WebScheme,
  socket: Socket,
  options: OptionValues,
  isFresh = true,
  reads?: Uint8Array,
): Link {
  const { remoteAddress = "", remotePort = 0, localAddress = "", localPort = 0 } = socket;
  const addresses = {
    localAddress: `${scheme}://${formatHost(localAddress, localPort)}`,
    remoteAddress: `${scheme}://${formatHost(remoteAddress, remotePort)}`,
    peerAddress: remoteAddress,
  };
  return new StreamLink(clock, socket, addresses, options.tcpMaxRetransmitTimeout, isFresh, reads);
}

/** A server of our own; its routes are added before it listens. */
export class OwnWebServer {
  readonly routes = new WebRoutes();
  readonly server: Server;
  readonly #clock: Clock;
  readonly #scheme: WebScheme;
  /** Peers whose request is not whole or not decided yet, oldest first. */
  readonly #pending = new Set<Arriving>();

  /** `options`: those of the endpoint that opens the port. Throws EINVAL without the certificate of wss. */
  constructor(clock: Clock, scheme: WebScheme, options: OptionValues, text: string) {
    this.#clock = clock;
    this.#scheme = scheme;
    if (scheme === "ws") {
      this.server = createServer({ ...SOCKET_OPTIONS, pauseOnConnect: true });
      this.server.on("connection", (socket) => this.#arrived(socket));
    } else {
      const handshakeTimeout = options.handshakeInterval > 0 ? options.handshakeInterval : 30_000;
      const server = createSecureServer({ ...SOCKET_OPTIONS, ...serverTls(options, text), handshakeTimeout }, text);
      const clear = new ClearSockets();
      server.on("connection", (socket) =>
        clear.add(socket, (this.routes.first?.options ?? options).maxPendingHandshakes),
      );
      server.on("tlsClientError", (error, socket) => {
        socket.destroy(); // After a time-out it would stay open.
        this.routes.failed(tlsFailure(error));
      });
      server.on("secureConnection", (socket: TLSSocket) => {
        clear.secured(socket);
        this.#arrived(socket);
      });
      this.server = server;
    }
  }

  /** `ws://127.0.0.1:8080`, once it listens. */
  get address(): string {
    const { address, port } = this.#bound;
    return `${this.#scheme}://${formatHost(address, port)}`;
  }

  get #bound(): AddressInfo {
    const bound = this.server.address();
    return bound === null || typeof bound === "string" ? { address: "", port: 0, family: "" } : bound;
  }

  #arrived(socket: Socket): void {
    const route = this.routes.first;
    if (!isConnected(socket) || route === undefined) {
      socket.destroy();
      return;
    }
    const { options } = route;
    tune(socket, options);
    const link = webLink(this.#clock, this.#scheme, socket, options, true, maskableReads());
    const arrival = {
      remoteAddress: socket.remoteAddress ?? "",
      isLoopback: isLoopbackAddress(this.#bound.address),
    };
    const { handshakeInterval, maxPendingHandshakes } = options;
    const arriving = new Arriving(link, this.#clock, this.routes, arrival, handshakeInterval, () => {
      this.#pending.delete(arriving);
    });
    this.#pending.add(arriving);
    if (maxPendingHandshakes > 0 && this.#pending.size > maxPendingHandshakes) first(this.#pending)?.giveUp();
  }
}

/** Connections of a wss port before TLS is agreed on, oldest first. They are bounded like requests. */
class ClearSockets {
  readonly #sockets = new Map<string, Socket>();

  add(socket: Socket, most: number): void {
    const name = farSide(socket);
    this.#sockets.set(name, socket);
    socket.once("close", () => {
      if (this.#sockets.get(name) === socket) this.#sockets.delete(name);
    });
    if (most === 0 || this.#sockets.size <= most) return;
    for (const [oldest, first] of this.#sockets) {
      this.#sockets.delete(oldest);
      first.destroy();
      break;
    }
  }

  /** A socket of TLS does not tell what it is made of. */
  secured(socket: Socket): void {
    this.#sockets.delete(farSide(socket));
  }
}

function farSide({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

function createSecureServer(options: TlsOptions, address: string): Server {
  try {
    return createTlsServer(options);
  } catch (cause) {
    // The platform's error may quote the key.
    throw new ZmqError("EINVAL", { address, detail: `wssKeyPem or wssCertPem: ${reasonOf(cause)}` });
  }
}

function reasonOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : "not readable";
}

function tlsFailure(cause: Error): ZmqError {
  return new ZmqError("EPROTO", { detail: `TLS: a client was refused (${reasonOf(cause)})`, cause });
}

/** A peer from its first byte to the answer. */
class Arriving implements LinkHandler {
  readonly #link: Link;
  readonly #clock: Clock;
  readonly #routes: WebRoutes;
  readonly #arrival: Arrival;
  readonly #done: () => void;
  readonly #reader = new HttpHeadReader();
  /** What the peer offered, once that is known. */
  #protocols: readonly string[] = [];
  #timer: Timer | undefined = undefined;
  /** Its request is being decided, and it is not read from meanwhile. */
  #isAsking = false;
  #later: Uint8Array | undefined = undefined;
  #isOver = false;

  constructor(link: Link, clock: Clock, routes: WebRoutes, arrival: Arrival, limitMs: number, done: () => void) {
    this.#link = link;
    this.#clock = clock;
    this.#routes = routes;
    this.#arrival = arrival;
    this.#done = done;
    const late = (): void => this.#refuse(forNow(408, `HTTP: no whole request within ${limitMs} ms`, this.#protocols));
    if (limitMs > 0) this.#timer = clock.setTimer(late, limitMs);
    link.handler = this;
  }

  data(chunk: Uint8Array): void {
    if (this.#isOver) return;
    if (this.#isAsking) {
      this.#later = this.#later === undefined ? ownCopyOf(chunk) : Buffer.concat([this.#later, chunk]);
      return;
    }
    try {
      const head = this.#reader.push(chunk);
      if (head !== undefined) this.#ask(upgradeRequest(head));
    } catch (error) {
      this.#refuse(error);
    }
  }

  drained(): void {}

  closed(): void {
    this.#finish();
  }

  /** Makes room for others. */
  giveUp(): void {
    this.#finish();
    this.#link.destroy();
  }

  #ask(request: UpgradeRequest): void {
    this.#protocols = request.protocols;
    const admission = this.#routes.admit(request, this.#arrival);
    if (!(admission instanceof Promise)) {
      this.#admit(request, admission);
      return;
    }
    this.#isAsking = true;
    this.#link.pause();
    admission.then(
      (admitted) => this.#admit(request, admitted),
      (error: unknown) => this.#refuse(error),
    );
  }

  #admit(request: UpgradeRequest, { route, protocol }: Admission): void {
    if (this.#isOver) return;
    this.#finish();
    const rest = this.#later === undefined ? this.#reader.rest : Buffer.concat([this.#reader.rest, this.#later]);
    welcome(this.#link, this.#clock, request, { route, protocol }, rest);
  }

  #refuse(error: unknown): void {
    if (this.#isOver) return;
    if (!(error instanceof ZmqError)) throw error;
    this.#finish();
    turnAway(this.#link, error);
    this.#routes.failed(error);
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer);
    this.#done();
  }
}

function first<T>(all: ReadonlySet<T>): T | undefined {
  return all.values().next().value;
}

/** Says no, or nothing, and ends the connection. */
function turnAway(link: Link, error: ZmqError): void {
  const isRefusal = error instanceof UpgradeRefusal;
  const status = isRefusal ? error.httpStatus : error.code === "EMSGSIZE" ? 431 : 400;
  const answer = isRefusal ? error.answer : (error.detail ?? error.message);
  if (answer !== null) link.write([refusal(status, answer)]);
  link.close();
}

/** Says yes, and hands the connection to its endpoint. */
function welcome(
  link: Link,
  clock: Clock,
  request: UpgradeRequest,
  { route, protocol }: Admission,
  rest: Uint8Array,
): void {
  const opened = new WebSocketLink(link, clock, "client", protocol, rest);
  link.write([acceptance(request.key, protocol, sha1)]);
  route.handler.accepted(opened);
}

/** What comes with the event `upgrade`: of classes that differ between runtimes. */
type Upgrade = [request: IncomingMessage, socket: Socket, head: Uint8Array];

function isUpgrade(args: unknown[]): args is Upgrade {
  const [request, socket, head] = args as { rawHeaders?: unknown; setNoDelay?: unknown }[];
  return Array.isArray(request?.rawHeaders) && typeof socket?.setNoDelay === "function" && head instanceof Uint8Array;
}

/** An HTTP server that the program runs. It stays the program's: other paths are left to it, and it is never closed. */
export class AttachedWebServer {
  readonly routes = new WebRoutes();
  readonly #clock: Clock;
  readonly #server: WebServer & { listenerCount?(event: string): number };
  /** Gives up a request that `wsAccept` has not decided yet, oldest first. */
  readonly #undecided = new Set<() => void>();
  readonly #listener = (...args: unknown[]): void => {
    if (isUpgrade(args)) this.#arrived(...args);
  };

  constructor(clock: Clock, server: WebServer) {
    this.#clock = clock;
    this.#server = server;
    server.on("upgrade", this.#listener);
  }

  /** The address where the program's server listens, or `text` while it does not. */
  address(scheme: WebScheme, text: string): string {
    const bound = this.#server.address();
    return bound === null || typeof bound === "string" ? text : `${scheme}://${formatHost(bound.address, bound.port)}`;
  }

  detach(): void {
    this.#server.off("upgrade", this.#listener);
  }

  #arrived(message: IncomingMessage, socket: Socket, head: Uint8Array): void {
    const route = this.routes.find(message.url ?? "");
    const isShared = (this.#server.listenerCount?.("upgrade") ?? 1) > 1;
    if (route === undefined && isShared) return;
    const { options = this.routes.first?.options } = route ?? {};
    if (options === undefined || !isConnected(socket)) {
      socket.destroy();
      return;
    }
    socket.pause();
    socket.setTimeout(0);
    socket.setNoDelay(true);
    tune(socket, options);
    const scheme = "encrypted" in socket ? "wss" : "ws";
    const link = webLink(this.#clock, scheme, socket, options, false);
    const bound = this.#server.address();
    const address = bound === null || typeof bound === "string" ? "" : bound.address;
    const arrival = { remoteAddress: socket.remoteAddress ?? "", isLoopback: isLoopbackAddress(address) };
    let isOver = false;
    let timer: Timer | undefined;
    const decided = (): void => {
      this.#undecided.delete(giveUp);
      if (timer !== undefined) this.#clock.clearTimer(timer);
    };
    const giveUp = (): void => {
      decided();
      isOver = true;
      socket.destroy();
    };
    const refuse = (error: unknown): void => {
      if (!(error instanceof ZmqError)) throw error;
      decided();
      isOver = true;
      turnAway(link, error);
      this.routes.failed(error);
    };
    try {
      const request = upgradeRequest({
        start: `${message.method} ${message.url} HTTP/${message.httpVersion}`,
        headers: new HttpHeaders(message.rawHeaders),
      });
      const rest = ownCopyOf(head);
      const admitted = (admission: Admission): void => {
        decided();
        if (!isOver && !socket.destroyed) welcome(link, this.#clock, request, admission, rest);
      };
      const admission = this.routes.admit(request, arrival);
      if (!(admission instanceof Promise)) {
        admitted(admission);
        return;
      }
      const { handshakeInterval: limitMs, maxPendingHandshakes } = options;
      this.#undecided.add(giveUp);
      socket.once("close", () => this.#undecided.delete(giveUp));
      if (maxPendingHandshakes > 0 && this.#undecided.size > maxPendingHandshakes) first(this.#undecided)?.();
      const expired = forNow(408, `wsAccept did not answer within ${limitMs} ms`, request.protocols);
      if (limitMs > 0) timer = this.#clock.setTimer(() => refuse(expired), limitMs);
      admission.then(admitted, (error: unknown) => {
        if (!isOver) refuse(error);
      });
    } catch (error) {
      refuse(error);
    }
  }
}
