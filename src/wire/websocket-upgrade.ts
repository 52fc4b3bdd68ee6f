/**
 * The opening handshake of WebSocket (RFC 6455 section 4), both sides, on parsed heads. SHA-1 is handed in, for the
 * neutral code has none. No extensions are offered or accepted.
 *
 *   GET /path HTTP/1.1 · Host · Upgrade: websocket · Connection: Upgrade · Sec-WebSocket-Key, -Protocol, -Version: 13
 *   HTTP/1.1 101 Switching Protocols · Upgrade · Connection · Sec-WebSocket-Accept, -Protocol
 */

import { fromText } from "../base/bytes.ts";
import { LinkHandshakeError } from "../base/link.ts";
import type { HttpHead, HttpHeaders } from "./http-head.ts";

/** The base64 text of the SHA-1 of a text. */
export type Sha1 = (text: string) => string;

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/** Sixteen octets in base64: the last of 24 characters but two stands for two bits. */
const KEY = /^[A-Za-z0-9+/]{21}[AQgw]==$/;

/** What a client asks for. */
export interface UpgradeRequest {
  /** Path and query, as they came. */
  readonly target: string;
  readonly host: string;
  /** Browsers send it always; undefined from other programs. */
  readonly origin: string | undefined;
  /** Offered subprotocols, in the client's order. */
  readonly protocols: readonly string[];
  readonly key: string;
  readonly headers: HttpHeaders;
}

/** A request that is answered by an error. */
export class UpgradeRefusal extends LinkHandshakeError {
  readonly httpStatus: number;
  /** What the peer is told; null: its connection ends without an answer. */
  readonly answer: string | null;

  /** `answer`: where `detail` is for this side alone. */
  constructor(httpStatus: number, detail: string, answer: string | null = detail) {
    super(httpStatus === 403 ? "EACCES" : "EPROTO", { detail });
    this.httpStatus = httpStatus;
    this.answer = answer;
  }
}

/** Reads a client's request. Throws an UpgradeRefusal. */
export function upgradeRequest({ start, headers }: HttpHead): UpgradeRequest {
  const [method, target = "", version, ...more] = start.split(" ");
  if (version !== "HTTP/1.1" || more.length > 0 || !/^\/[\x21-\x7e]*$/.test(target)) {
    throw new UpgradeRefusal(400, "HTTP: the first line is no request of HTTP/1.1 for a path");
  }
  const host = headers.one("host");
  if (host === undefined) throw new UpgradeRefusal(400, "HTTP: expected one Host header");
  const isBodiless = headers.count("content-length") === 0 || headers.one("content-length") === "0";
  if (headers.count("transfer-encoding") > 0 || !isBodiless) {
    throw new UpgradeRefusal(400, "HTTP: a request with a body, expected none");
  }
  if (!headers.has("upgrade", "websocket") || !headers.has("connection", "upgrade")) {
    throw new UpgradeRefusal(426, "WebSocket: an ordinary HTTP request, expected an upgrade to websocket");
  }
  if (method !== "GET") throw new UpgradeRefusal(400, "WebSocket: an upgrade is asked for by GET");
  if (headers.one("sec-websocket-version") !== "13") {
    throw new UpgradeRefusal(426, "WebSocket: expected version 13");
  }
  const key = headers.one("sec-websocket-key");
  if (key === undefined || !KEY.test(key)) {
    throw new UpgradeRefusal(400, "WebSocket: Sec-WebSocket-Key is not 16 octets in base64");
  }
  const protocols = headers.list("sec-websocket-protocol");
  if (headers.count("origin") > 1) throw new UpgradeRefusal(400, "WebSocket: more than one Origin header");
  return { target, host, origin: headers.one("origin"), protocols, key, headers };
}

/** The server's yes, in libzmq's words. */
export function acceptance(key: string, protocol: string, sha1: Sha1): Uint8Array {
  return fromText(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      `Sec-WebSocket-Accept: ${sha1(key + GUID)}\r\nSec-WebSocket-Protocol: ${protocol}\r\n\r\n`,
  );
}

const REASONS: Readonly<Record<number, string>> = {
  400: "Bad Request",
  403: "Forbidden",
  404: "Not Found",
  408: "Request Timeout",
  426: "Upgrade Required",
  431: "Request Header Fields Too Large",
  503: "Service Unavailable",
};

/** The server's no. `detail`: one line for people. */
export function refusal(status: number, detail: string): Uint8Array {
  const body = fromText(`${detail}\n`);
  const version = status === 426 ? "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" : "";
  const head =
    `HTTP/1.1 ${status} ${REASONS[status] ?? "Refused"}\r\n${version}Connection: close\r\n` +
    `Content-Type: text/plain; charset=utf-8\r\nContent-Length: ${body.length}\r\n\r\n`;
  return fromText(`${head}${detail}\n`);
}

export interface UpgradeOffer {
  /** Begins with a slash. */
  readonly target: string;
  /** `name:port`. */
  readonly host: string;
  readonly protocols: readonly string[];
  /** 16 random octets in base64. */
  readonly key: string;
}

/** The client's request, in libzmq's order and spelling: its server reads no other spacing of the list. */
export function upgradeOffer({ target, host, key, protocols }: UpgradeOffer): Uint8Array {
  return fromText(
    `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Protocol: ${protocols.join(",")}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
  );
}

/** Reads the server's answer; returns the subprotocol that it chose. Throws an UpgradeRefusal with the answer's status. */
export function chosenProtocol({ start, headers }: HttpHead, offer: UpgradeOffer, sha1: Sha1): string {
  const [, status] = /^HTTP\/1\.1 (\d{3})(?: |$)/.exec(start) ?? [];
  if (status === undefined) throw new UpgradeRefusal(502, "HTTP: the first line is no answer of HTTP/1.1");
  if (status !== "101") {
    throw new UpgradeRefusal(Number(status), `WebSocket: the server answered ${start.slice(9, 80)}, expected 101`);
  }
  if (!headers.has("upgrade", "websocket") || !headers.has("connection", "upgrade")) {
    throw new UpgradeRefusal(502, "WebSocket: the answer does not upgrade to websocket");
  }
  if (headers.one("sec-websocket-accept") !== sha1(offer.key + GUID)) {
    throw new UpgradeRefusal(502, "WebSocket: Sec-WebSocket-Accept is not the answer to our key");
  }
  if (headers.count("sec-websocket-extensions") > 0) {
    throw new UpgradeRefusal(502, "WebSocket: the server chose an extension, none was offered");
  }
  const protocol = headers.one("sec-websocket-protocol");
  if (protocol === undefined || !offer.protocols.includes(protocol)) {
    throw new UpgradeRefusal(502, `WebSocket: the server chose ${protocol ?? "no protocol"}, expected one of ours`);
  }
  return protocol;
}
