/** The cases of NULL, and all cases. */

import { bytes, command, frame, GREETING, ready } from "../fake-link.ts";
import {
  type Case,
  greeting,
  handshake,
  hex,
  hi,
  PING,
  PUSH,
  property,
  readyWith,
  SIGNATURE,
  subscribe,
  tail,
  text,
  traffic,
} from "./case.ts";
import { CURVE_CASES } from "./curve-cases.ts";

const OTHER_MECHANISM = "ours sends the rest of its greeting, so that the peer learns why";

export const CASES: readonly Case[] = [
  // Greetings.
  handshake("greeting of 3.0, then a message", greeting(3, 0), readyWith(PUSH), hi),
  handshake(
    "greeting of 3.1 octet by octet is the same",
    ...[...GREETING.subarray(0, 12)].map((o) => Uint8Array.of(o)),
    GREETING.subarray(12),
    readyWith(PUSH),
    hi,
  ),
  handshake("revision 2 is spoken to as 3.1", greeting(2, 1), readyWith(PUSH), hi),
  handshake("major version 9", greeting(9, 0), readyWith(PUSH), hi),
  handshake("minor version 7", greeting(3, 7), readyWith(PUSH), hi),
  { ...handshake("another mechanism", greeting(3, 1, "PLAIN")), differs: OTHER_MECHANISM },
  { ...handshake("a mechanism that only begins alike", greeting(3, 1, "NULLX")), differs: OTHER_MECHANISM },
  handshake("as-server 1", greeting(3, 1, "NULL", 1), readyWith(PUSH), hi),
  handshake(
    "padding that is not zero",
    bytes([0xff, 1, 2, 3, 4, 5, 6, 7, 8, 0x7f], tail(3, 1, "NULL")),
    readyWith(PUSH),
    hi,
  ),
  handshake(
    "signature that ends in 01",
    bytes([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x01], tail(3, 1, "NULL")),
    readyWith(PUSH),
    hi,
  ),
  handshake("revision 1: ZMTP 2.0", bytes(SIGNATURE, [1, 8]), hex("00 00"), hi),
  {
    ...handshake(
      "revision 1: a PING, which ZMTP 2.0 does not have",
      bytes(SIGNATURE, [1, 8]),
      hex("00 00"),
      bytes(PING, hi),
    ),
    differs: "ours answers it",
  },
  {
    type: "SUB",
    subscribe: "a",
    name: "SUB: revision 1 without an identity yet",
    steps: [bytes(SIGNATURE, [1, 1])],
    differs: "ours subscribes once the identity came",
  },
  handshake("no greeting: a length of 0", hex("01 00"), hex("00")),
  handshake("revision 0: versioned ZMTP 1.0", bytes(SIGNATURE, [0, 8]), hex("01 00"), hex("03 00 68 69")),
  handshake("no greeting: ZMTP 1.0", hex("01 00"), hex("03 00 68 69")),
  handshake("no greeting: a long identity header", hex("ff 0000000000000001 00"), hex("03 00 68 69")),
  handshake("an HTTP request", text("GET / HTTP/1.1\r\nHost: x\r\n\r\n")),
  handshake("a TLS hello", hex("16 03 01 00 05 01 00 00 01 00")),
  handshake("half a greeting", GREETING.subarray(0, 30)),
  handshake("ZMTP 2.0 with a wrong socket type", bytes(SIGNATURE, [1, 2]), hex("00 00"), hi),

  // READY.
  handshake("READY without properties", GREETING, readyWith(), hi),
  handshake("READY of a type that may not talk", GREETING, readyWith(property("Socket-Type", "SUB")), hi),
  handshake("READY of an unknown type", GREETING, readyWith(property("Socket-Type", "XYZ")), hi),
  handshake("READY with an empty type", GREETING, readyWith(property("Socket-Type", "")), hi),
  {
    ...handshake(
      "READY with two types, of which the second may not talk",
      GREETING,
      readyWith(PUSH, property("Socket-Type", "SUB")),
      hi,
    ),
    differs: "libzmq looks at both, ours at the first, as of all properties",
  },
  handshake("READY with a property twice", GREETING, readyWith(PUSH, PUSH), hi),
  handshake(
    "READY with unknown properties",
    GREETING,
    readyWith(property("X-a", "b"), PUSH, property("Resource", "r")),
    hi,
  ),
  {
    ...handshake("READY with the name in another case", GREETING, readyWith(property("socket-type", "SUB")), hi),
    differs: "names in any case, as RFC 37 says",
  },
  {
    ...handshake("READY with an octet left over", GREETING, readyWith(PUSH, [0] as never), hi),
    differs: "ours tells of it by an event",
  },
  {
    ...handshake("READY with a property cut short", GREETING, readyWith(PUSH.subarray(0, 14)), hi),
    differs: "ours tells of it by an event",
  },
  {
    ...handshake("READY that ends where a value begins", GREETING, readyWith(PUSH, hex("01 58 00000005")), hi),
    differs: "libzmq overlooks a value of which no octet came",
  },
  {
    ...handshake("READY with a value length of 2^32-1", GREETING, readyWith(text("\u0001X"), hex("ffffffff")), hi),
    differs: "libzmq takes the length for a negative number and goes on",
  },
  handshake("READY in a message frame", GREETING, frame(0, readyWith(PUSH).subarray(2)), hi),
  handshake("READY with MORE", GREETING, frame(5, readyWith(PUSH).subarray(2)), hi),
  handshake(
    "READY in long form",
    GREETING,
    bytes([6, 0, 0, 0, 0, 0, 0, 0, readyWith(PUSH).length - 2], readyWith(PUSH).subarray(2)),
    hi,
  ),
  handshake("READY twice", GREETING, readyWith(PUSH), readyWith(PUSH), hi),
  {
    ...handshake("greeting, READY and a message in one read", bytes(GREETING, readyWith(PUSH), hi)),
    differs: "libzmq takes nothing before its own READY is sent",
  },
  handshake("READY and a message in one read", GREETING, bytes(readyWith(PUSH), hi)),
  handshake("a message instead of READY", GREETING, hi),
  handshake("an unknown command instead of READY", GREETING, command("FOO")),
  handshake("HELLO instead of READY", GREETING, command("HELLO", text("\0\0"))),
  handshake("PING instead of READY", GREETING, PING),
  handshake("an empty command instead of READY", GREETING, frame(4, [])),
  handshake("ERROR 400", GREETING, command("ERROR", text("\x03400"))),
  handshake("ERROR 300", GREETING, command("ERROR", text("\x03300"))),
  handshake("ERROR with another reason", GREETING, command("ERROR", text("\x05sorry"))),
  handshake("ERROR cut short", GREETING, command("ERROR", text("\x09x"))),
  handshake("ERROR without a reason", GREETING, command("ERROR")),
  {
    ...handshake(
      "READY of 70 000 octets",
      GREETING,
      frame(4, bytes(readyWith(PUSH).subarray(2), text("\x01X"), hex("00011170"), new Uint8Array(70_000))),
      hi,
    ),
    differs: "handshake commands have maxHandshakeSize, 64 KiB",
  },
  {
    name: "PULL: maxMessageSize counts for READY",
    type: "PULL",
    options: { maxMessageSize: 20 },
    steps: [GREETING, readyWith(PUSH), hi],
  },

  // Frames.
  traffic("PULL", "reserved bits", hex("f8 02 6869")),
  traffic("PULL", "the long form of a short body", hex("02 0000000000000002 6869")),
  traffic("PULL", "an empty command, then a message", bytes(hex("04 00"), hi)),
  traffic("PULL", "an unknown command", bytes(command("FOO", text("bar")), hi)),
  traffic("PULL", "a command whose name is longer than its body", bytes(frame(4, [9, 1, 2]), hi)),
  traffic("PULL", "a command between frames", bytes(frame(1, text("a")), PING, frame(0, text("b")))),
  traffic("PULL", "a command with MORE", bytes(frame(5, PING.subarray(2)), hi)),
  traffic("PULL", "a PING in a message frame", frame(0, PING.subarray(2))),
  traffic("PULL", "PING with 16 octets of context", command("PING", [0, 0], new Uint8Array(16).fill(65))),
  traffic("PULL", "PING with 19 octets of context", command("PING", [0, 0], new Uint8Array(19).fill(65))),
  traffic("PULL", "PING with a TTL, then silence", command("PING", [0, 1], text("context"))),
  {
    ...traffic("PULL", "PING with a TTL and a message in one read, then silence", bytes(command("PING", [0, 1]), hi)),
    differs: "libzmq forgets the TTL with the next frame, ours with the next read",
  },
  traffic("PULL", "PING with a TTL and half a frame, then silence", bytes(command("PING", [0, 1]), hex("00 05 61"))),
  {
    ...traffic("PULL", "PING without a TTL", bytes(command("PING"), hi)),
    differs: "libzmq answers with 16 octets of its memory",
  },
  traffic("PULL", "PONG unasked", bytes(command("PONG", text("x")), hi)),
  {
    ...traffic("PULL", "SUBSCRIBE to a socket that publishes nothing", bytes(subscribe("a"), hi)),
    differs: "libzmq delivers the command as a message",
  },
  traffic("PULL", "JOIN to a socket that is no radio", bytes(command("JOIN", text("g")), hi)),
  traffic("PULL", "a message cut off by the end", frame(1, text("half"))),
  traffic("PULL", "an empty message and an empty multipart", hex("00 00 01 00 00 00")),
  traffic("PULL", "255 and 256 octets", bytes(frame(0, new Uint8Array(255)), frame(0, new Uint8Array(256)))),
  traffic("PULL", "70 000 octets", frame(0, new Uint8Array(70_000))),
  traffic("PULL", "maxMessageSize reached", frame(0, new Uint8Array(100)), { options: { maxMessageSize: 100 } }),
  traffic("PULL", "maxMessageSize passed", frame(0, new Uint8Array(101)), { options: { maxMessageSize: 100 } }),
  traffic(
    "PULL",
    "maxMessageSize passed in the second frame",
    bytes(frame(1, text("a")), frame(0, new Uint8Array(101))),
    { options: { maxMessageSize: 100 } },
  ),
  traffic("PULL", "maxMessageSize passed by a command", frame(4, new Uint8Array(101)), {
    options: { maxMessageSize: 100 },
  }),
  traffic("PULL", "a length of 2^64-1", hex("02 ffffffffffffffff 00"), { options: { maxMessageSize: 100 } }),
  traffic("PULL", "a length of 2^63-1 without a limit", hex("02 7fffffffffffffff 00"), {
    differs: "libzmq asks for the memory at once and closes; ours takes it as the octets come",
  }),
  traffic("PULL", "ten frames", bytes(...Array.from({ length: 9 }, (_, i) => frame(1, [i])), frame(0, [9]))),

  // Publishers.
  ...["PUB", "XPUB"].flatMap((type) => [
    traffic(type, "SUBSCRIBE command, then a match", subscribe("a"), { send: ["6162"] }),
    traffic(type, "subscription message, then a match", hex("00 02 01 61"), { send: ["6162"] }),
    traffic(
      type,
      "subscribed twice, cancelled once",
      bytes(subscribe("a"), subscribe("a"), command("CANCEL", text("a"))),
      { send: ["6162"] },
    ),
    traffic(type, "CANCEL of what was never wanted", command("CANCEL", text("zz")), { send: ["6162"] }),
    traffic(type, "subscriptions in every frame of a multipart", bytes(hex("01 02 01 61"), hex("00 02 01 62")), {
      send: ["6262"],
    }),
    traffic(type, "other messages", bytes(hex("00 02 02 61"), hex("00 00"), hex("00 01 01"))),
    traffic(type, "an empty topic", subscribe(""), { send: ["00"] }),
    traffic(type, "an unknown command", bytes(command("SUBSCRIBEX", text("a")), subscribe("b")), { send: ["62"] }),
  ]),
  traffic(
    "XPUB",
    "a long SUBSCRIBE without the LONG bit",
    bytes(hex("04 0000000000000109"), text("\x09SUBSCRIBE"), new Uint8Array(255).fill(97)),
    { differs: "libzmq before 4.3.5 sends it; only ours understands it" },
  ),
  {
    ...traffic(
      "XPUB",
      "a subscription between the frames of a message",
      bytes(frame(1, text("x")), subscribe("a"), hi),
    ),
    differs: "libzmq joins the subscription to the message",
  },
  {
    name: "XPUB: a subscription of ZMTP 2.0",
    type: "XPUB",
    steps: [bytes(SIGNATURE, [1, 2]), hex("00 00"), hex("00 02 01 61")],
  },
  { name: "XPUB: a subscription of ZMTP 1.0", type: "XPUB", steps: [hex("01 00"), hex("03 00 01 61")] },

  // Subscribers.
  traffic("SUB", "a match and a miss", bytes(frame(0, text("ab")), frame(0, text("b"))), { subscribe: "a" }),
  traffic("SUB", "a multipart match", bytes(frame(1, text("a")), frame(0, text("b"))), { subscribe: "a" }),
  traffic("SUB", "SUBSCRIBE from a publisher", bytes(subscribe("a"), frame(0, text("a"))), { subscribe: "a" }),
  traffic("SUB", "PING", bytes(PING, frame(0, text("a"))), { subscribe: "a" }),
  traffic("XSUB", "everything", bytes(frame(0, text("ab")), frame(0, [])), {}),

  // Requests and addresses.
  traffic("REP", "a request", bytes(frame(1, []), hi)),
  traffic("REP", "a request with an envelope", bytes(frame(1, text("id")), frame(1, []), frame(1, text("q")), hi)),
  traffic("REP", "a request without a delimiter", bytes(hi, frame(1, []), hi)),
  traffic("REP", "a delimiter alone", bytes(frame(0, []), frame(1, []), hi)),
  traffic("DEALER", "messages", bytes(hi, frame(1, text("a")), hi)),
  traffic("DEALER", "PING", bytes(PING, hi)),
  { name: "ROUTER: an id", type: "ROUTER", steps: [GREETING, ready("DEALER", text("id")), hi] },
  {
    name: "ROUTER: an id that begins with zero",
    type: "ROUTER",
    steps: [GREETING, ready("DEALER", hex("00 01 02 03 04")), hi],
  },
  {
    name: "ROUTER: an id of 255 octets",
    type: "ROUTER",
    steps: [GREETING, ready("DEALER", new Uint8Array(255).fill(7)), hi],
  },
  {
    name: "ROUTER: an id of 300 octets",
    type: "ROUTER",
    steps: [GREETING, ready("DEALER", new Uint8Array(300).fill(7)), hi],
    differs: "23/ZMTP allows 255 octets; libzmq takes any number",
  },
  { name: "ROUTER: an id by ZMTP 2.0", type: "ROUTER", steps: [bytes(SIGNATURE, [1, 5]), hex("00 02 6964"), hi] },
  { name: "ROUTER: an id by ZMTP 1.0", type: "ROUTER", steps: [hex("03 00 6964"), hex("03 00 68 69")] },
  {
    name: "ROUTER: an id twice",
    type: "ROUTER",
    steps: [
      GREETING,
      readyWith(property("Identity", "a"), property("Socket-Type", "DEALER"), property("Identity", "b")),
      hi,
    ],
    differs: "libzmq takes the last, ours the first, as of all properties",
  },
  { name: "ROUTER: REQ", type: "ROUTER", steps: [GREETING, ready("REQ", text("id")), bytes(frame(1, []), hi)] },
  traffic("PAIR", "messages", bytes(hi, frame(1, text("a")), hi)),
  traffic("PUSH", "messages to a socket that only sends", bytes(hi, frame(1, text("a")), hi), { send: ["6869"] }),

  // REQ: a request was sent, to which these are replies.
  traffic("REQ", "a reply", bytes(frame(1, []), hi)),
  traffic("REQ", "two replies to one request", bytes(frame(1, []), hi, frame(1, []), frame(0, text("more")))),
  traffic("REQ", "a reply of two frames", bytes(frame(1, []), frame(1, text("a")), hi)),
  traffic("REQ", "a reply without a delimiter", bytes(hi, frame(1, []), hi)),
  traffic("REQ", "a delimiter that is no frame of its own", bytes(frame(1, text("x")), hi)),
  traffic("REQ", "a delimiter alone", bytes(frame(0, []), frame(1, []), hi)),
  traffic("REQ", "the beginning of a reply that has no delimiter", frame(1, text("x")), {
    differs: "libzmq closes at once, ours when the message is complete",
  }),
  traffic("REQ", "a PING between delimiter and reply", bytes(frame(1, []), PING, hi)),
  {
    name: "REQ: a reply by ZMTP 2.0",
    type: "REQ",
    steps: [bytes(SIGNATURE, [1, 4]), hex("00 00"), bytes(frame(1, []), hi)],
  },
  { name: "REQ: a reply by ZMTP 1.0", type: "REQ", steps: [hex("01 00"), hex("01 01 03 00 68 69")] },

  ...CURVE_CASES,
];
