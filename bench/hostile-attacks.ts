/**
 * The attacks of `bench/hostile.ts`: peers that write bytes to TCP themselves,
 * the same for every server.
 */

import { connect, type Socket as TcpSocket } from "node:net";
import { subscriptionFrame } from "../src/base/message.ts";
import type { Encoder } from "../src/wire/encoder.ts";
import { encodeProperty } from "../src/wire/metadata.ts";
import { bytes, command, frame, GREETING, ready, repeated } from "../test/fake-link.ts";
import { curvePeer, helloFlood, pourSealed } from "./hostile-curve.ts";

export type Server =
  | "PULL"
  | "PUB"
  | "REP"
  | "REP with receiveFrom"
  | "XPUB"
  | "PULL with CURVE"
  | "PUB with CURVE"
  | "PULL that is not read"
  | "XPUB that is not read";

const CHUNK_BYTES = 65_536;
const PING = command("PING", [0, 0], Buffer.from("context"));
const EMPTY_FRAMES: readonly Uint8Array[] = Array.from({ length: 60_000 }, () => new Uint8Array(0));
export const GOOD: Uint8Array = new Uint8Array(64).fill(0x67);

export interface Attack {
  readonly server: Server;
  run(port: number): void;
}

/** Connects as `type` and hands over the connection behind the handshake. `properties`: more of them, encoded. */
export function peer(
  port: number,
  type: string,
  established: (tcp: TcpSocket) => void,
  closed?: () => void,
  properties?: Uint8Array,
): void {
  const tcp = connect({ port, host: "127.0.0.1", noDelay: true });
  let length = 0;
  tcp.on("error", () => {}); // The server cut it off; "close" follows.
  tcp.on("close", () => closed?.());
  tcp.on("connect", () => tcp.write(GREETING));
  const count = (chunk: Uint8Array): void => {
    const before = length;
    length += chunk.length;
    if (before < 64 && length >= 64) {
      tcp.write(properties === undefined ? ready(type, new Uint8Array(0)) : command("READY", properties));
    }
    if (length <= 66) return;
    tcp.off("data", count);
    tcp.resume();
    established(tcp);
  };
  tcp.on("data", count);
}

/** Writes the piece over and over, as fast as the server takes it. */
export function pour(tcp: TcpSocket, piece: Uint8Array): void {
  const chunk = repeated(piece, Math.max(1, Math.floor(CHUNK_BYTES / piece.length)));
  const write = (): void => {
    for (let i = 0; i < 16; i++) {
      if (tcp.destroyed) return;
      if (!tcp.write(chunk)) {
        tcp.once("drain", write);
        return;
      }
    }
    setImmediate(write);
  };
  write();
}

/** Pours on one connection after the other: a server may cut them off. */
function flood(type: string, piece: Uint8Array, reads = true): (port: number) => void {
  return function again(port: number): void {
    const established = (tcp: TcpSocket): void => {
      if (!reads) tcp.pause();
      pour(tcp, piece);
    };
    peer(port, type, established, () => setTimeout(() => again(port), 10));
  };
}

function times(count: number, attack: (port: number) => void): (port: number) => void {
  return (port) => {
    for (let i = 0; i < count; i++) attack(port);
  };
}

function curveFlood(type: "PUSH" | "SUB", encode: (encoder: Encoder) => void): (port: number) => void {
  return (port) => curvePeer(port, type, (tcp, encoder) => pourSealed(tcp, encoder, encode));
}

/** The body of a command. */
const body = (name: string, ...data: readonly number[]): Uint8Array => bytes([name.length], Buffer.from(name), data);

/** Connects, sends a greeting, closes, and again: what connections alone cost. */
function connects(atOnce: number): (port: number) => void {
  return (port) => {
    const again = (): void => {
      const tcp = connect({ port, host: "127.0.0.1", noDelay: true });
      tcp.on("error", () => {}); // "close" follows.
      tcp.on("close", () => setImmediate(again));
      tcp.on("connect", () => tcp.write(GREETING));
      tcp.on("data", () => tcp.resetAndDestroy());
    };
    for (let i = 0; i < atOnce; i++) again();
  };
}

/** Comes, leaves as much as a queue holds, and comes again. */
function visit(port: number): void {
  peer(
    port,
    "PUSH",
    (tcp) => tcp.end(repeated(frame(0, new Uint8Array(1000)), 1000)),
    () => setImmediate(visit, port),
  );
}

/** A Socket-Type and so many empty properties of two to four octets each. */
function properties(type: string, count: number): Uint8Array {
  const names = Array.from({ length: count }, (_, i) => encodeProperty(i.toString(36), new Uint8Array(0)));
  return bytes(encodeProperty("Socket-Type", Buffer.from(type)), ...names);
}

/** Comes with so many properties, leaves an empty message, and comes again. */
function introduce(port: number): void {
  const go = (tcp: TcpSocket) => tcp.end(frame(0, []));
  peer(port, "PUSH", go, () => setTimeout(introduce, 5, port), properties("PUSH", 7500));
}

/** A request, again as soon as something comes back. */
export function ask(request: Uint8Array, extra?: Uint8Array): (port: number) => void {
  return function again(port: number): void {
    const established = (tcp: TcpSocket): void => {
      const { length } = request; // A reply of REP is as long as its request.
      let received = 0;
      tcp.on("data", (chunk) => {
        received += chunk.length;
        if (received < length) return;
        received = 0;
        tcp.write(request);
      });
      tcp.write(request);
    };
    peer(port, "REQ", established, () => setTimeout(() => again(port), 10), extra);
  };
}

/** Every topic is new, of 1 MB, and cancelled at once. */
function heavyTopics(port: number): void {
  const topic = new Uint8Array(1_000_000);
  let next = 0;
  const established = (tcp: TcpSocket): void => {
    const write = (): void => {
      Buffer.from(topic.buffer).writeUInt32BE(next++);
      if (tcp.write(bytes(command("SUBSCRIBE", topic), command("CANCEL", topic)))) setImmediate(write);
      else tcp.once("drain", write);
    };
    write();
  };
  peer(port, "SUB", established, () => setTimeout(heavyTopics, 10, port));
}

/** Subscribes to 900,000 topics, leaves, and comes again. */
function manyTopics(port: number): void {
  const established = (tcp: TcpSocket): void => {
    let next = 0;
    const write = (): void => {
      if (next === 900_000) {
        setTimeout(() => tcp.resetAndDestroy(), 500);
        return;
      }
      const parts: Uint8Array[] = [];
      for (let i = 0; i < 1000; i++) parts.push(command("SUBSCRIBE", Buffer.from(`topic${next++}`)));
      if (tcp.write(bytes(...parts))) setImmediate(write);
      else tcp.once("drain", write);
    };
    write();
  };
  peer(port, "SUB", established, () => setTimeout(manyTopics, 10, port));
}

export const REQUEST: Uint8Array = bytes(frame(1, []), frame(0, GOOD));
const SMALL_REQUEST = bytes(frame(1, []), frame(0, [0x62]));

export const ATTACKS: Readonly<Record<string, Attack>> = {
  nobody: { server: "PULL", run() {} },
  "PING flood": { server: "PULL", run: flood("PUSH", PING) },
  "PING flood, answers unread": { server: "PULL", run: flood("PUSH", PING, false) },
  "endless empty frames with MORE": { server: "PULL", run: flood("PUSH", frame(1, [])) },
  "PING flood of 16 peers": { server: "PULL", run: times(16, flood("PUSH", PING)) },
  "empty commands": { server: "PULL", run: flood("PUSH", frame(4, [])) },
  "unknown commands": { server: "PULL", run: flood("PUSH", command("X")) },
  "empty messages": { server: "PULL", run: flood("PUSH", frame(0, [])) },
  "200 frames of 2^40 octets": {
    server: "PULL",
    run(port) {
      for (let i = 0; i < 200; i++) {
        peer(port, "PUSH", (tcp) => {
          tcp.write(Uint8Array.of(2, 0, 0, 1, 0, 0, 0, 0, 0));
          setInterval(() => tcp.write(new Uint8Array(100)), 100);
        });
      }
    },
  },
  "10000 connections without a handshake": {
    server: "PULL",
    run(port) {
      let count = 0;
      const more = (): void => {
        for (let i = 0; i < 50 && count < 10_000; i++, count++) {
          connect({ port, host: "127.0.0.1" }).on("error", () => {}); // Refused or cut off: that is the point.
        }
        if (count < 10_000) setTimeout(more, 5);
      };
      more();
    },
  },
  "nobody ": { server: "PUB", run() {} },
  "a million subscriptions": {
    server: "PUB",
    run(port) {
      peer(port, "SUB", (tcp) => {
        let next = 0;
        const write = (): void => {
          const parts: Uint8Array[] = [];
          for (let i = 0; i < 1000; i++) parts.push(command("SUBSCRIBE", Buffer.from(`topic${next++}`)));
          if (next >= 1_000_000) return;
          if (tcp.write(bytes(...parts))) setImmediate(write);
          else tcp.once("drain", write);
        };
        write();
      });
    },
  },
  "subscribed and cancelled without end": {
    server: "PUB",
    run: flood("SUB", bytes(command("SUBSCRIBE", Buffer.from("x")), command("CANCEL", Buffer.from("x")))),
  },
  "messages to a publisher": { server: "PUB", run: flood("SUB", frame(0, [])) },
  "a subscriber that never reads": {
    server: "PUB",
    run(port) {
      peer(port, "SUB", (tcp) => {
        tcp.write(command("SUBSCRIBE"));
        tcp.pause();
      });
    },
  },
  "nobody  ": { server: "PULL with CURVE", run() {} },
  "sealed PING flood": {
    server: "PULL with CURVE",
    run: curveFlood("PUSH", (encoder) => encoder.encodeCommand(body("PING", 0, 0, 1))),
  },
  "sealed PING flood of 8 peers": {
    server: "PULL with CURVE",
    run: times(
      8,
      curveFlood("PUSH", (encoder) => encoder.encodeCommand(body("PING", 0, 0, 1))),
    ),
  },
  "sealed unknown commands": {
    server: "PULL with CURVE",
    run: curveFlood("PUSH", (encoder) => encoder.encodeCommand(body("X"))),
  },
  "sealed empty frames with MORE": {
    server: "PULL with CURVE",
    run: curveFlood("PUSH", (encoder) => encoder.encode(EMPTY_FRAMES.slice())),
  },
  "sealed empty messages": {
    server: "PULL with CURVE",
    run: curveFlood("PUSH", (encoder) => encoder.encode([new Uint8Array(0)])),
  },
  "HELLO flood, 64 at a time": { server: "PULL with CURVE", run: helloFlood(true, 64) },
  "HELLO flood that does not open": { server: "PULL with CURVE", run: helloFlood(false, 64) },
  "connects without HELLO, 64 at a time": { server: "PULL with CURVE", run: connects(64) },
  "nobody   ": { server: "PUB with CURVE", run() {} },
  "sealed subscriptions and cancellations": {
    server: "PUB with CURVE",
    run: curveFlood("SUB", (encoder) => {
      encoder.encode([subscriptionFrame({ kind: "subscribe", topic: GOOD })]);
      encoder.encode([subscriptionFrame({ kind: "cancel", topic: GOOD })]);
    }),
  },
  "sealed messages to a publisher": {
    server: "PUB with CURVE",
    run: curveFlood("SUB", (encoder) => encoder.encode([new Uint8Array(0)])),
  },
  "peers that come, leave 1 MB and go": { server: "PULL that is not read", run: times(8, visit) },
  "messages of 60,000 frames": {
    server: "PULL that is not read",
    run: flood("PUSH", bytes(repeated(frame(1, [0x65]), 59_999), frame(0, [0x65]))),
  },
  "peers that come with 7500 properties": { server: "PULL that is not read", run: times(8, introduce) },
  "nobody    ": { server: "REP", run() {} },
  "a request in an envelope of 64,998 frames": {
    server: "REP",
    run: ask(bytes(repeated(frame(1, [0x65]), 64_998), frame(1, []), frame(0, [0x62]))),
  },
  "nobody     ": { server: "REP with receiveFrom", run() {} },
  "requests of a peer with 7500 properties": {
    server: "REP with receiveFrom",
    run: ask(repeated(SMALL_REQUEST, 50), properties("REQ", 7500)),
  },
  "requests of a peer with 60 properties": {
    server: "REP with receiveFrom",
    run: ask(repeated(SMALL_REQUEST, 50), properties("REQ", 60)),
  },
  "nobody      ": { server: "XPUB", run() {} },
  "900,000 topics that leave and come again": { server: "XPUB", run: manyTopics },
  "topics of 1 MB, each new and cancelled": { server: "XPUB that is not read", run: heavyTopics },
};
