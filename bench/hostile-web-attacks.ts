/** The attacks of `bench/hostile-more.ts` on a PULL that is bound over ws: the same octets for both servers. */

import { connect, type Socket as TcpSocket } from "node:net";
import { bytes, command, ready, repeated } from "../test/fake-link.ts";
import {
  BEGIN,
  CLOSE,
  MIDDLE,
  PING,
  upgradeOf,
  WHOLE,
  wsFrame,
  zwsCommand,
  zwsFrame,
} from "../test/websocket-frames.ts";
import { GOOD, pour } from "./hostile-attacks.ts";

type Run = (port: number) => void;

const REQUEST = upgradeOf("/", "ZWS2.0/NULL,ZWS2.0");
const READY = zwsCommand(ready("PUSH", new Uint8Array(0)));
export const WEB_GOOD: Uint8Array = zwsFrame(0, GOOD);

/** A connection; "close" tells of its end, however it comes. */
function dialed(port: number, closed?: () => void): TcpSocket {
  const tcp = connect({ port, host: "127.0.0.1", noDelay: true });
  tcp.on("error", () => {}); // The server cut it off; "close" follows.
  if (closed !== undefined) tcp.on("close", closed);
  return tcp;
}

/** Connects as a PUSH and hands over the connection behind the handshake. */
export function webPeer(port: number, established: (tcp: TcpSocket) => void, closed?: () => void): void {
  const tcp = dialed(port, closed);
  let text = "";
  let isReady = false;
  tcp.on("connect", () => tcp.write(REQUEST));
  const read = (chunk: Buffer): void => {
    text += chunk.toString("latin1");
    if (!isReady && text.includes("\r\n\r\n")) {
      isReady = true;
      tcp.write(READY);
    }
    if (!text.includes("READY")) return;
    tcp.off("data", read);
    tcp.resume();
    established(tcp);
  };
  tcp.on("data", read);
}

const times =
  (count: number, run: Run): Run =>
  (port) => {
    for (let i = 0; i < count; i++) run(port);
  };

/** Comes, does `what`, and comes again when it is cut off or has left. */
function again(what: (tcp: TcpSocket) => void): Run {
  const run = (port: number): void => webPeer(port, what, () => setTimeout(run, 2, port));
  return run;
}
const floods = (piece: Uint8Array): Run => again((tcp) => pour(tcp, piece));

/** Before there is a WebSocket: comes, does `what`, and comes again. */
function early(what: (tcp: TcpSocket) => void): Run {
  const run = (port: number): void => {
    const tcp = dialed(port, () => setTimeout(run, 2, port));
    tcp.on("connect", () => what(tcp));
    tcp.resume();
  };
  return run;
}

const HEADER = Buffer.from(`X-Y: ${"a".repeat(100)}\r\n`);

export const WEB_ATTACKS: Readonly<Record<string, readonly ["PULL over ws", Run]>> = {
  "ws: requests, an octet every 20 ms, 500 at a time": [
    "PULL over ws",
    times(
      500,
      early((tcp) => {
        let sent = 0;
        const timer = setInterval(() => {
          if (tcp.destroyed) clearInterval(timer);
          else tcp.write(REQUEST.charAt(sent++ % (REQUEST.length - 4)));
        }, 20);
      }),
    ),
  ],
  "ws: headers without end": [
    "PULL over ws",
    early((tcp) => {
      tcp.write("GET / HTTP/1.1\r\n");
      pour(tcp, HEADER);
    }),
  ],
  "ws: requests that are reset, 64 at a time": [
    "PULL over ws",
    times(
      64,
      early((tcp) => tcp.write(REQUEST, () => tcp.resetAndDestroy())),
    ),
  ],
  "ws: what is no HTTP, 64 at a time": [
    "PULL over ws",
    times(
      64,
      early((tcp) => void tcp.write(Buffer.alloc(64, 0xff))),
    ),
  ],
  "ws: PINGs": ["PULL over ws", floods(wsFrame(PING))],
  "ws: PINGs of 125 octets whose answers are not read": [
    "PULL over ws",
    again((tcp) => {
      tcp.pause();
      pour(tcp, wsFrame(PING, new Uint8Array(125)));
    }),
  ],
  "ws: fragments without octets and without end": [
    "PULL over ws",
    again((tcp) => {
      tcp.write(wsFrame(BEGIN, [0]));
      pour(tcp, wsFrame(MIDDLE));
    }),
  ],
  "ws: empty messages": ["PULL over ws", floods(zwsFrame(0, []))],
  "ws: unknown commands": ["PULL over ws", floods(zwsCommand(command("X")))],
  "ws: frames with MORE without end": ["PULL over ws", floods(zwsFrame(1, []))],
  "ws: frames of 2^62 octets": [
    "PULL over ws",
    again((tcp) => void tcp.write(wsFrame(WHOLE, [0], { length: 2n ** 62n }))),
  ],
  "ws: frames in pieces of one octet, 200 peers": [
    "PULL over ws",
    times(
      200,
      again((tcp) => {
        tcp.write(wsFrame(WHOLE, [0], { length: 60_000 }));
        const timer = setInterval(() => (tcp.destroyed ? clearInterval(timer) : tcp.write(Uint8Array.of(0))), 10);
      }),
    ),
  ],
  "ws: frames without a mask": ["PULL over ws", floods(wsFrame(WHOLE, [0, 1], { isMasked: false }))],
  "ws: messages behind a Close": [
    "PULL over ws",
    again((tcp) => {
      tcp.write(wsFrame(CLOSE, [3, 0xe8]));
      pour(tcp, repeated(bytes(WEB_GOOD), 100));
    }),
  ],
};
