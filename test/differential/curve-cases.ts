/** The cases of CURVE: its handshake, and sealed traffic. */

import { command } from "../fake-link.ts";
import {
  type Case,
  clear,
  HELLO,
  handshakeOf,
  hex,
  hi,
  MUTE,
  NONCE_END,
  OUTER,
  PING,
  sealed,
  sealedCommand,
  secret,
  subscribe,
  text,
} from "./case.ts";
import { CURVE_SERVER } from "./curve-peer.ts";

export const CURVE_CASES: readonly Case[] = [
  // CURVE: the handshake.
  handshakeOf("HELLO alone", [HELLO]),
  handshakeOf("HELLO of another version", [{ say: "HELLO", edit: { at: 6, to: 2 } }]),
  handshakeOf("HELLO whose box does not open", [{ say: "HELLO", edit: { at: -1, to: 0 } }]),
  handshakeOf("HELLO cut short", [{ say: "HELLO", edit: { cut: 199 } }]),
  handshakeOf("HELLO with an octet left over", [{ say: "HELLO", edit: { add: hex("00") } }]),
  handshakeOf("HELLO twice", [HELLO], [clear(command("HELLO", new Uint8Array(194)))]),
  handshakeOf("an INITIATE without a HELLO", [clear(command("INITIATE", new Uint8Array(250)))]),
  handshakeOf("INITIATE with another cookie", [HELLO], [{ say: "INITIATE", edit: { at: 60, to: 0 } }]),
  handshakeOf("INITIATE whose box does not open", [HELLO], [{ say: "INITIATE", edit: { at: -1, to: 0 } }]),
  handshakeOf("INITIATE cut short", [HELLO], [{ say: "INITIATE", edit: { cut: 200 } }]),
  handshakeOf("ERROR instead of INITIATE", [HELLO], [clear(command("ERROR", text("\x03400")))]),
  { ...handshakeOf("a message instead of INITIATE", [HELLO], [clear(hi)]), differs: "the code of the event" },
  {
    ...handshakeOf("INITIATE and a message in one read", [HELLO], [{ say: "INITIATE" }, clear(hi)]),
    differs: "libzmq sends its READY first",
  },

  // CURVE: sealed traffic.
  secret("PULL", "a message", [sealed(text("hi"))]),
  secret("PULL", "a multipart message", [sealed(text("a"), 1), sealed(new Uint8Array(0), 1), sealed(text("b"))]),
  secret("PULL", "300 octets", [sealed(new Uint8Array(300))]),
  secret("PULL", "PING", [sealedCommand(PING), sealed(text("hi"))]),
  secret("PULL", "an unknown command", [sealedCommand(command("FOO", text("bar"))), sealed(text("hi"))]),
  secret("PULL", "a command of no octets", [sealed(new Uint8Array(0), 2), sealed(text("hi"))]),
  secret("PULL", "a command between frames", [sealed(text("a"), 1), sealedCommand(PING), sealed(text("b"))]),
  secret("PULL", "MORE and COMMAND", [sealed(PING.subarray(2), 3), sealed(text("hi"))]),
  secret("PULL", "reserved flags inside the box", [sealed(text("hi"), 0xf8)]),
  secret("PULL", "a box in a command frame", [{ say: "sealed", flags: 0, body: text("hi"), outer: 4 }], {
    differs: OUTER,
  }),
  secret(
    "PULL",
    "a box in a frame with MORE",
    [{ say: "sealed", flags: 0, body: text("hi"), outer: 1 }, sealed(text("b"))],
    { differs: OUTER },
  ),
  secret(
    "PULL",
    "a nonce that is not the box's",
    [sealed(text("a")), sealed(text("hi"), 0, { at: NONCE_END, to: 9 })],
    { differs: MUTE },
  ),
  secret("PULL", "a nonce that has not grown", [sealed(text("a")), sealed(text("hi"), 0, { at: NONCE_END, to: 1 })], {
    differs: MUTE,
  }),
  secret("PULL", "a frame again", [sealed(text("a")), { say: "again" }], { differs: MUTE }),
  secret("PULL", "a box cut short", [sealed(text("hi"), 0, { cut: 34 })], { differs: MUTE }),
  secret("PULL", "a box of fewer octets than there can be", [sealed(text("hi"), 0, { cut: 30 })], { differs: MUTE }),
  secret("PULL", "a box that does not open", [sealed(text("hi"), 0, { at: -1, to: 0 })], { differs: MUTE }),
  secret("PULL", "a message in clear", [sealed(text("a")), clear(hi)]),
  secret("PULL", "a PING in clear", [clear(PING)], { differs: MUTE }),
  secret("PULL", "ERROR in clear", [clear(command("ERROR", text("\x03400")))], { differs: MUTE }),
  secret("PULL", "ERROR in a box", [sealedCommand(command("ERROR", text("\x03400"))), sealed(text("hi"))]),
  secret("PULL", "maxMessageSize counts for the body", [sealed(new Uint8Array(500))], {
    options: { ...CURVE_SERVER, maxMessageSize: 500 },
  }),
  secret("PULL", "SUBSCRIBE to a socket that publishes nothing", [sealedCommand(subscribe("a")), sealed(text("hi"))], {
    differs: "libzmq delivers the command as a message",
  }),
  secret("PUB", "SUBSCRIBE, then a match", [sealedCommand(subscribe("a"))], { send: ["6162"] }),
  secret("XPUB", "a subscription message, and a cancellation", [
    sealed(hex("01 61")),
    sealedCommand(command("CANCEL", text("a"))),
  ]),
  secret("REP", "a request", [sealed(new Uint8Array(0), 1), sealed(text("hi"))]),
  secret("REQ", "a reply", [sealed(new Uint8Array(0), 1), sealed(text("hi"))]),
];
