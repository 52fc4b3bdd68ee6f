/** The cases of ws: the opening handshake, WebSocket's frames, ZWS in each of its forms. */

import { bytes, command, frame, ready } from "../fake-link.ts";
import { PARTNER } from "../partners.ts";
import {
  BEGIN,
  CLOSE,
  END,
  PING,
  PONG,
  TEXT,
  upgradeOf,
  WHOLE,
  wsFrame,
  zwsCommand,
  zwsFrame,
} from "../websocket-frames.ts";
import { type Case, PUSH, property, readyWith, text, PING as ZMTP_PING } from "./case.ts";

const NULL = "ZWS2.0/NULL";
const UPGRADE = upgradeOf("/", `${NULL},ZWS2.0`);
const hi = zwsFrame(0, text("hi"));
const READY = zwsCommand(ready("PUSH", new Uint8Array(0)));

const ws = (type: string, name: string, steps: readonly Uint8Array[], more: Partial<Case> = {}): Case => ({
  name: `${type} over ws: ${name}`,
  type,
  isWebSocket: true,
  steps,
  ...more,
});
/** A request, and a whole conversation if it is accepted. */
const request = (name: string, sent: string, more: Partial<Case> = {}): Case =>
  ws("PULL", name, [text(sent), READY, hi], more);
/** A peer that is through with its handshake. */
const traffic = (type: string, name: string, sent: Uint8Array, more: Partial<Case> = {}): Case =>
  ws(type, name, [text(UPGRADE), zwsCommand(ready(PARTNER[type] as string, new Uint8Array(0))), sent], more);
const mechanism = (name: string, ...steps: readonly Uint8Array[]): Case => ws("PULL", name, [text(UPGRADE), ...steps]);

const STATUS = "ours answers with an HTTP status, libzmq closes without a word";
const STRICT = "ours is as strict as the RFC of HTTP and WebSocket, libzmq does not look";
const STALL = "libzmq keeps what broke WebSocket's frames and reads no more; ours closes with a code";
const LEAVES = "libzmq answers a Close, and ends the connection only when it next sends";
const CODE = "ours closes by a Close frame that has a code";

export const WEBSOCKET_CASES: readonly Case[] = [
  // The opening handshake.
  request("a request of libzmq, then READY and a message", UPGRADE),
  request("another path, for nobody looks at it", upgradeOf("/any/path?x", NULL)),
  request("a protocol unknown before", upgradeOf("/", `foo,${NULL}`)),
  request("a blank after the comma", upgradeOf("/", `foo, ${NULL}`)),
  request("two headers of protocols", upgradeOf("/", "foo", `Sec-WebSocket-Protocol: ${NULL}\r\n`)),
  request("an extension is offered", upgradeOf("/", NULL, "Sec-WebSocket-Extensions: permessage-deflate\r\n")),
  request(
    "names of headers in small letters",
    UPGRADE.replace(/^[A-Z][\w-]+:/gm, (name) => name.toLowerCase()),
  ),
  request("Upgrade in capitals", UPGRADE.replace("websocket", "WebSocket")),
  request("a list for Connection", UPGRADE.replace(": Upgrade", ": keep-alive, Upgrade")),
  request("no protocol that is known", upgradeOf("/", "chat"), { differs: STATUS }),
  request("no protocol", UPGRADE.replace(/Sec-WebSocket-Protocol.*\r\n/, ""), { differs: STATUS }),
  request("another mechanism", upgradeOf("/", "ZWS2.0/CURVE"), { differs: STATUS }),
  request("an ordinary request", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", { differs: STATUS }),
  request("POST", UPGRADE.replace("GET", "POST"), { differs: STATUS }),
  request("HTTP/1.0", UPGRADE.replace("HTTP/1.1", "HTTP/1.0"), { differs: STATUS }),
  request("no HTTP", "\xff\0\0\0\0\0\0\0\x01\x7f", { differs: STATUS }),
  request("another version of WebSocket", UPGRADE.replace("Version: 13", "Version: 8"), { differs: STRICT }),
  request("no Host", UPGRADE.replace(/Host.*\r\n/, ""), { differs: STRICT }),
  request("a key that is none", UPGRADE.replace("Z0WLa2mYPORR3LD0SpToKg==", "abc"), { differs: STRICT }),
  request("a header of 2100 octets", upgradeOf("/", NULL, `Cookie: ${"c".repeat(2100)}\r\n`), {
    differs: "ours takes a head of 16 KiB, libzmq no header of more than 2 KiB",
  }),
  request("octet by octet is the same", UPGRADE),
  // Bare ZWS2.0.
  ws("PULL", "bare, a routing id and a message", [text(upgradeOf("/", "ZWS2.0")), zwsFrame(0, []), hi]),
  ws("ROUTER", "bare, a named peer", [text(upgradeOf("/", "ZWS2.0")), zwsFrame(0, text("BOB")), hi]),
  ws("XPUB", "bare, a subscription", [text(upgradeOf("/", "ZWS2.0")), zwsFrame(0, []), zwsFrame(0, text("\x01a"))]),
  // NULL.
  mechanism("READY without the flag of a command", zwsFrame(0, readyWith(PUSH).subarray(2)), hi),
  mechanism("READY with ZMTP's flag for commands", zwsFrame(4, readyWith(PUSH).subarray(2)), hi),
  mechanism("READY and a message in one write", bytes(READY, hi)),
  mechanism("a type that does not fit", zwsCommand(readyWith(property("Socket-Type", "SUB"))), hi),
  mechanism("a message before READY", hi),
  mechanism("ERROR", zwsCommand(command("ERROR", text("\x03bad")))),
  // Messages.
  traffic("PULL", "a message of two frames", bytes(zwsFrame(1, text("a")), zwsFrame(0, text("b")))),
  traffic("PULL", "an empty message", zwsFrame(0, [])),
  traffic("PULL", "a message of 200 octets", zwsFrame(0, new Uint8Array(200).fill(1))),
  traffic("PULL", "a message of 70,000 octets", zwsFrame(0, new Uint8Array(70_000).fill(1))),
  traffic("PULL", "flags that mean nothing", zwsFrame(0xfc, text("x"))),
  traffic("PULL", "a message with ZMTP's flag for commands", zwsFrame(4, text("\x04PINGxx"))),
  traffic("PULL", "an unknown command", bytes(zwsCommand(command("X")), hi)),
  traffic("PULL", "ZMTP's PING is passed over", bytes(zwsCommand(ZMTP_PING), hi)),
  traffic("PAIR", "a message back", hi, { send: ["6869"] }),
  traffic("PAIR", "a message of 300 octets back", hi, { send: ["61".repeat(300)] }),
  traffic("PAIR", "a message of three frames back", hi, { send: ["61", "", "62"] }),
  traffic("REP", "a request and its reply", bytes(zwsFrame(1, []), hi)),
  ws("ROUTER", "a request", [text(UPGRADE), zwsCommand(ready("REQ", text("BOB"))), bytes(zwsFrame(1, []), hi)]),
  traffic("XPUB", "a subscription as a message", zwsFrame(0, text("\x01a"))),
  traffic("XPUB", "a subscription and its end", bytes(zwsFrame(0, text("\x01a")), zwsFrame(0, text("\x00a")))),
  traffic("PUB", "a subscription and what is published", zwsFrame(0, text("\x01a")), { send: ["6162"] }),
  traffic("XPUB", "a subscription as a command", zwsCommand(command("SUBSCRIBE", text("a"))), {
    differs: "libzmq passes over the command, which its own SUB sends with CURVE",
  }),
  traffic("SUB", "what it subscribed to", zwsFrame(0, text("ab")), { subscribe: "a" }),
  // WebSocket's own frames.
  traffic("PULL", "PING without octets", bytes(wsFrame(PING), hi)),
  traffic("PULL", "PING with octets", bytes(wsFrame(PING, text("abc")), hi), {
    differs: "libzmq's PONG is empty, ours has the payload of its PING",
  }),
  traffic("PULL", "PONG", bytes(wsFrame(PONG), hi)),
  traffic("PULL", "a Close without a code", wsFrame(CLOSE), { differs: LEAVES }),
  traffic("PULL", "a Close with 1000", wsFrame(CLOSE, [3, 0xe8]), { differs: LEAVES }),
  traffic("PULL", "a Close with 1001 and a reason", wsFrame(CLOSE, bytes([3, 0xe9], text("bye"))), { differs: LEAVES }),
  traffic("PULL", "a frame without a mask", bytes(wsFrame(WHOLE, [0, 1], { isMasked: false }), hi), { differs: STALL }),
  traffic("PULL", "a message in fragments", bytes(wsFrame(BEGIN, text("\0h")), wsFrame(END, text("i")), hi), {
    differs: "ours joins fragments, libzmq loses them and what follows",
  }),
  traffic("PULL", "text", bytes(wsFrame(TEXT, text("\0hi")), hi), { differs: STALL }),
  traffic("PULL", "no flags octet", bytes(wsFrame(WHOLE), hi), { differs: STALL }),
  traffic("PULL", "a reserved opcode", bytes(wsFrame(0x83, text("\0hi")), hi), { differs: STALL }),
  traffic("PULL", "a reserved bit", bytes(wsFrame(0xc2, text("\0hi")), hi), { differs: STRICT }),
  traffic("PULL", "a length that is not the shortest", bytes(wsFrame(WHOLE, text("\0hi"), { lengthBytes: 2 }), hi), {
    differs: STRICT,
  }),
  traffic("PULL", "a frame beyond maxMessageSize", bytes(zwsFrame(0, new Uint8Array(60)), hi), {
    options: { maxMessageSize: 50 },
    differs: CODE,
  }),
  traffic("PULL", "ZMTP's greeting", wsFrame(WHOLE, frame(0, text("hi")))),
];
