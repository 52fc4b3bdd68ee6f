/** The attacks of `bench/hostile-more.ts`: peers that write bytes to TCP themselves, the same for both servers. */

import { randomBytes } from "node:crypto";
import { connect, type Socket as TcpSocket } from "node:net";
import { encodeProperty } from "../src/wire/metadata.ts";
import { bytes, command, frame, GREETING, ready, repeated } from "../test/fake-link.ts";
import { GOOD, peer, pour, REQUEST } from "./hostile-attacks.ts";
import { WEB_ATTACKS } from "./hostile-web-attacks.ts";

const NOTHING = new Uint8Array(0);

export type Server =
  | "PULL"
  | "SUB"
  | "REP"
  | "ROUTER"
  | "DEALER"
  | "PAIR"
  | "PUB"
  | "STREAM"
  | "PULL with PLAIN"
  | "PULL over ws";
export type Run = (port: number) => void;

export const property = (name: string, value: Uint8Array | string): Uint8Array =>
  encodeProperty(name, Buffer.from(value));
const ping = (ttl: number, context: Uint8Array): Uint8Array =>
  command("PING", Uint8Array.of(ttl >> 8, ttl & 255), context);

/** Comes, does `what`, and comes again when it is cut off or has left. */
function again(type: string, what: (tcp: TcpSocket) => void, properties?: () => Uint8Array): Run {
  const run = (port: number): void => peer(port, type, what, () => setTimeout(run, 2, port), properties?.());
  return run;
}
const times =
  (count: number, run: Run): Run =>
  (port) => {
    for (let i = 0; i < count; i++) run(port);
  };
const floods = (type: string, piece: Uint8Array): Run => again(type, (tcp) => pour(tcp, piece));

/** Plain connections that write `first`, then `octet` every `ms`. */
function trickle(count: number, first: Uint8Array, ms: number): Run {
  return times(count, (port) => {
    const tcp = connect({ port, host: "127.0.0.1", noDelay: true });
    tcp.on("error", () => {}); // Cut off: that is the server's right.
    tcp.on("connect", () => tcp.write(first));
    const timer = setInterval(() => (tcp.destroyed ? clearInterval(timer) : tcp.write(Uint8Array.of(0))), ms);
    tcp.resume();
  });
}

/** Connects, writes `first`, closes, and again, so many at a time. */
function storm(count: number, first: Uint8Array): Run {
  return times(count, function once(port: number): void {
    const tcp = connect({ port, host: "127.0.0.1", noDelay: true });
    tcp.on("error", () => {}); // "close" follows.
    tcp.on("close", () => setImmediate(once, port));
    tcp.on("connect", () => tcp.write(first, () => tcp.resetAndDestroy()));
  });
}

/** A ZMTP 1.0 peer: its identity, then frames of `len flags body`. */
const OLD = (piece: Uint8Array): Run => {
  const run = (port: number): void => {
    const tcp = connect({ port, host: "127.0.0.1", noDelay: true });
    tcp.on("error", () => {}); // "close" follows.
    tcp.on("close", () => setTimeout(run, 2, port));
    tcp.on("connect", () => {
      tcp.write(Uint8Array.of(1, 0));
      pour(tcp, piece);
    });
    tcp.resume();
  };
  return run;
};

/** Greets with another mechanism, says HELLO with a wrong password, and comes again. */
export const plainGreeting = Uint8Array.from(GREETING);
plainGreeting.set(Buffer.from("PLAIN\0\0\0"), 12);
const wrongPassword: Run = (port) => {
  const tcp = connect({ port, host: "127.0.0.1", noDelay: true });
  tcp.on("error", () => {}); // "close" follows.
  tcp.on("close", () => setImmediate(wrongPassword, port));
  tcp.on("connect", () => tcp.write(bytes(plainGreeting, command("HELLO", Buffer.from("\x05admin\x05wrong")))));
  tcp.once("data", () => setTimeout(() => tcp.destroy(), 30));
};

function churn(tcp: TcpSocket, make: (n: number) => Uint8Array): void {
  let next = 0;
  const write = (): void => {
    const parts: Uint8Array[] = [];
    for (let i = 0; i < 500; i++) parts.push(make(next++));
    if (tcp.destroyed) return;
    if (tcp.write(bytes(...parts))) setImmediate(write);
    else tcp.once("drain", write);
  };
  write();
}

const PROPERTIES = (...extra: Uint8Array[]): Uint8Array => bytes(property("Socket-Type", "PUSH"), ...extra);
const topic = (n: number): Buffer => Buffer.from(`topic${n}`);

export const ATTACKS: Readonly<Record<string, readonly [Server, Run]>> = {
  "greetings, one octet a second, 500 at a time": ["PULL", trickle(500, GREETING.subarray(0, 10), 1000)],
  "READY that never ends, 500 at a time": ["PULL", trickle(500, bytes(GREETING, [6, 0, 0, 0, 0, 0, 0, 0xff, 0]), 20)],
  "frames in pieces of one octet, 200 peers": [
    "PULL",
    times(
      200,
      again("PUSH", (tcp) => {
        tcp.write(Uint8Array.of(2, 0, 0, 0, 0, 0, 1, 0, 0));
        setInterval(() => tcp.write(Uint8Array.of(0)), 10);
      }),
    ),
  ],
  "PINGs with contexts of 16 octets": ["PULL", floods("PUSH", ping(0, Buffer.alloc(16)))],
  "PINGs with contexts of 60 KB": ["PULL", floods("PUSH", ping(0, Buffer.alloc(60_000)))],
  "PINGs with every TTL": ["PULL", again("PUSH", (tcp) => churn(tcp, (n) => ping(n & 0xffff, NOTHING)))],
  "PINGs with a TTL of 0.1 s, then silence, 64 peers": [
    "PULL",
    times(
      64,
      again("PUSH", (tcp) => void tcp.write(ping(1, NOTHING))),
    ),
  ],
  "JOIN and LEAVE": [
    "PULL",
    floods("PUSH", bytes(command("JOIN", Buffer.from("g")), command("LEAVE", Buffer.from("g")))),
  ],
  "READY and ERROR over and over": [
    "PULL",
    floods("PUSH", bytes(ready("PUSH", NOTHING), command("ERROR", Buffer.from("\x03bad")))),
  ],
  "SUBSCRIBE to who has no subscribers": ["PULL", floods("PUSH", command("SUBSCRIBE", Buffer.from("x")))],
  "empty frames with MORE, ended after 1000": [
    "PULL",
    floods("PUSH", bytes(repeated(frame(1, []), 999), frame(0, []))),
  ],
  "frames of 2^63 octets": [
    "PULL",
    again("PUSH", (tcp) => void tcp.write(Uint8Array.of(2, 0x7f, 255, 255, 255, 255, 255, 255, 255))),
  ],
  "ZMTP 1.0, empty messages": ["PULL", OLD(Uint8Array.of(1, 0))],
  "ZMTP 1.0, frames with MORE without end": ["PULL", OLD(Uint8Array.of(1, 1))],
  "properties of 60 KB, 16 peers that come and go": [
    "PULL",
    times(
      16,
      again(
        "PUSH",
        (tcp) => tcp.end(),
        () => PROPERTIES(property("X", Buffer.alloc(60_000))),
      ),
    ),
  ],
  "names that are __proto__, 16 peers that come and go": [
    "PULL",
    times(
      16,
      again(
        "PUSH",
        (tcp) => tcp.end(frame(0, [])),
        () => PROPERTIES(property("__proto__", "x"), property("constructor", "x")),
      ),
    ),
  ],
  "connections reset behind the greeting, 64 at a time": ["PULL", storm(64, GREETING)],
  "connections that say garbage, 64 at a time": ["PULL", storm(64, Buffer.alloc(64, 0xff))],
  "nothing but zeros, 64 at a time": ["PULL", storm(64, Buffer.alloc(64))],
  "messages to a SUB that did not subscribe": ["SUB", floods("PUB", frame(0, Buffer.from("x")))],
  "requests without a delimiter": ["REP", floods("REQ", frame(0, Buffer.from("x")))],
  "requests 50 at a time": [
    "REP",
    again("REQ", (tcp) => {
      const small = bytes(frame(1, []), frame(0, [0x62]));
      tcp.on("data", (chunk) => tcp.write(repeated(small, Math.max(1, Math.floor(chunk.length / small.length)))));
      tcp.write(repeated(small, 50));
    }),
  ],
  "requests whose answers are not read": [
    "REP",
    again("REQ", (tcp) => {
      tcp.pause();
      pour(tcp, REQUEST);
    }),
  ],
  "one identity for 64 peers that come and go": [
    "ROUTER",
    times(
      64,
      again(
        "DEALER",
        (tcp) => tcp.end(frame(0, [])),
        () => bytes(property("Socket-Type", "DEALER"), property("Identity", "same")),
      ),
    ),
  ],
  "identities of 255 octets, each new": [
    "ROUTER",
    times(
      16,
      again(
        "DEALER",
        (tcp) => tcp.end(frame(0, [])),
        () => bytes(property("Socket-Type", "DEALER"), property("Identity", bytes([1], randomBytes(254)))),
      ),
    ),
  ],
  "answers that are not read": [
    "ROUTER",
    again("DEALER", (tcp) => {
      tcp.pause();
      pour(tcp, frame(0, Buffer.alloc(1000)));
    }),
  ],
  "a second peer of a PAIR, 64 at a time": [
    "PAIR",
    times(
      64,
      again("PAIR", (tcp) => void tcp.write(frame(0, []))),
    ),
  ],
  "one topic by 200 peers that come and go": [
    "PUB",
    times(
      200,
      again("SUB", (tcp) => {
        tcp.write(command("SUBSCRIBE", Buffer.from("x")));
        setTimeout(() => tcp.destroy(), 20);
      }),
    ),
  ],
  "CANCEL of what nobody subscribed to": ["PUB", again("SUB", (tcp) => churn(tcp, (n) => command("CANCEL", topic(n))))],
  "subscriptions as messages, new ones": [
    "PUB",
    again("SUB", (tcp) => churn(tcp, (n) => frame(0, bytes([n & 1], topic(n >> 1))))),
  ],
  "a thousand topics that are prefixes of each message": [
    "PUB",
    again("SUB", (tcp) => churn(tcp, (n) => (n < 65 ? command("SUBSCRIBE", GOOD.subarray(0, n)) : ping(0, NOTHING)))),
  ],
  "raw connections that come and go, 64": ["STREAM", storm(64, Buffer.from("x"))],
  "raw octets, one at a time, 200 peers": [
    "STREAM",
    times(200, (port) => {
      const tcp = connect({ port, host: "127.0.0.1", noDelay: true });
      tcp.on("error", () => {}); // Cut off: that is the server's right.
      tcp.resume();
      setInterval(() => tcp.write("x"), 5);
    }),
  ],
  "wrong passwords, 64 at a time": ["PULL with PLAIN", times(64, wrongPassword)],
  ...WEB_ATTACKS,
};
