import assert from "node:assert/strict";
import { test } from "node:test";
import { FlipCipher } from "../../test/flip-cipher.ts";
import { NO_PROPERTIES } from "../base/message.ts";
import type { Dialect } from "../base/protocol.ts";
import type { SocketTypeName } from "../base/socket-types.ts";
import type { Mechanism, MechanismState, ZapReply } from "../security/mechanism.ts";
import { NullMechanism } from "../security/null.ts";
import { readyBody } from "../wire/command.ts";
import { encodeMetadata, parseMetadata } from "../wire/metadata.ts";
import { zmtp } from "../wire/zmtp.ts";
import { Handshake, type HandshakeOutcome } from "./handshake.ts";

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));
const toHex = (bytes: Uint8Array | undefined): string =>
  bytes === undefined ? "" : Buffer.from(bytes).toString("hex");
const plain = (string: string): string => string.replaceAll(" ", "");
const LIMITS = { maxFrameBytes: -1, maxFrames: 1000 };

interface Settings {
  routingId?: string;
  zap?: boolean;
  mechanism?: Mechanism;
  maxFrameBytes?: number;
  metadata?: [string, string][];
}

function handshake(socketType: SocketTypeName, settings: Settings = {}): Handshake {
  const routingId = Buffer.from(settings.routingId ?? "");
  const zap = settings.zap ?? false;
  const config = { socketType, routingId, metadata: new Map(settings.metadata) };
  return new Handshake({
    protocol: zmtp,
    socketType,
    routingId,
    mechanism: settings.mechanism ?? new NullMechanism(config, zap),
    zapDomainSet: zap,
    limits: { ...LIMITS, maxFrameBytes: settings.maxFrameBytes ?? -1 },
  });
}

const NULL_TAIL = `01${"4e554c4c".padEnd(40, "0")}${"00".repeat(32)}`;
const SIGNATURE = "ff 00 00 00 00 00 00 00 01 7f";
const V31 = plain(`${SIGNATURE} 03 ${NULL_TAIL}`);
const V30 = V31.replace("7f0301", "7f0300");
const ready = (type: SocketTypeName, id = ""): string => {
  const body = readyBody(encodeMetadata({ socketType: type, routingId: Buffer.from(id), metadata: new Map() }));
  return `04${body.length.toString(16).padStart(2, "0")}${toHex(body)}`;
};

/** All that is to be sent for now. */
function toSend(handshake: Handshake): string {
  let all = "";
  for (let piece = handshake.produce(); piece !== undefined; piece = handshake.produce()) all += toHex(piece);
  return all;
}

const text = (outcome: HandshakeOutcome, name: string): string | undefined => {
  const value = outcome.peer.get(name);
  return value && Buffer.from(value).toString();
};

function decoded(outcome: HandshakeOutcome): unknown[] {
  const items: unknown[] = [];
  for (let item = outcome.decoder.next(); item !== undefined; item = outcome.decoder.next()) {
    items.push(Array.isArray(item) ? item.map((frame) => Buffer.from(frame).toString()) : toHex(item));
  }
  return items;
}

/** Carries bytes between two handshakes until both fall silent; `chunk` octets at a time. */
function join(one: Handshake, other: Handshake, chunk = Number.POSITIVE_INFINITY): void {
  for (let isBusy = true; isBusy; ) {
    isBusy = false;
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const) {
      const bytes = from.produce();
      if (bytes === undefined) continue;
      isBusy = true;
      for (let at = 0; at < bytes.length; at += chunk) to.push(bytes.slice(at, at + chunk));
    }
  }
}

test("two NULL handshakes agree on 3.1, in chunks of any size", () => {
  for (const chunk of [1, 2, 7, 10, 11, 64, Number.POSITIVE_INFINITY]) {
    const dealer = handshake("DEALER", { routingId: "BOB", metadata: [["X-a", "1"]] });
    const router = handshake("ROUTER");
    join(dealer, router, chunk);
    assert.deepEqual([dealer.state, router.state], ["done", "done"]);
    const { outcome } = router;
    assert.deepEqual([outcome.dialect.name, outcome.dialect.hasMechanism], ["ZMTP 3.1", true]);
    assert.deepEqual(
      ["Socket-Type", "Identity", "X-a"].map((name) => text(outcome, name)),
      ["DEALER", "BOB", "1"],
    );
    dealer.outcome.encoder.encode([Buffer.from("hi")]);
    for (const piece of dealer.outcome.encoder.take()) outcome.decoder.push(piece);
    assert.deepEqual(decoded(outcome), [["hi"]]);
  }
});

test("the stages on the wire are libzmq's, READY right behind the peer's greeting", () => {
  const dealer = handshake("DEALER", { routingId: "BOB" });
  const peer = hex(V31);
  assert.equal(toSend(dealer), plain("ff 00 00 00 00 00 00 00 04 7f"));
  dealer.push(peer.slice(0, 10));
  assert.equal(toSend(dealer), "03");
  dealer.push(peer.slice(10, 11));
  assert.equal(toSend(dealer), NULL_TAIL);
  dealer.push(peer.slice(11));
  assert.equal(dealer.state, "mechanism");
  assert.equal(toSend(dealer), ready("DEALER", "BOB"));
  assert.equal(dealer.produce(), undefined);
  assert.equal(dealer.state, "mechanism");
  assert.throws(() => dealer.outcome, { code: "EFSM" });
  dealer.push(hex(ready("ROUTER")));
  assert.equal(dealer.state, "done");
});

/** Everything such a peer sends, the message "hi" included, and what it must lead to. */
const PEERS: readonly [
  string,
  SocketTypeName,
  string,
  Partial<Dialect>,
  [string | undefined, string | undefined],
  string,
][] = [
  [
    "3.1",
    "DEALER",
    `${V31}${ready("ROUTER", "ID")} 00 02 68 69`,
    { name: "ZMTP 3.1", hasMechanism: true, isSubscribedToAll: false },
    ["ROUTER", "ID"],
    `${SIGNATURE} 03 ${NULL_TAIL} ${ready("DEALER")}`,
  ],
  [
    "3.0",
    "DEALER",
    `${V30}${ready("ROUTER", "ID")} 00 02 68 69`,
    { name: "ZMTP 3.0", hasMechanism: true },
    ["ROUTER", "ID"],
    `${SIGNATURE} 03 ${NULL_TAIL} ${ready("DEALER")}`,
  ],
  [
    "2.0",
    "DEALER",
    `${SIGNATURE} 01 06 00 02 49 44 00 02 68 69`,
    { name: "ZMTP 2.0", hasMechanism: false, isSubscribedToAll: false },
    ["ROUTER", "ID"],
    `${SIGNATURE} 03 05 00 00`,
  ],
  [
    "2.0 with an empty identity",
    "PULL",
    `${SIGNATURE} 01 08 00 00 00 02 68 69`,
    { name: "ZMTP 2.0" },
    ["PUSH", ""],
    `${SIGNATURE} 03 07 00 00`,
  ],
  [
    "2.0 whose socket type may not talk to ours, which nobody checks",
    "PULL",
    `${SIGNATURE} 01 07 00 00 00 02 68 69`,
    { name: "ZMTP 2.0" },
    ["PULL", ""],
    `${SIGNATURE} 03 07 00 00`,
  ],
  [
    "2.0 with a socket type unknown to us",
    "PULL",
    `${SIGNATURE} 01 63 00 00 00 02 68 69`,
    { name: "ZMTP 2.0" },
    [undefined, ""],
    `${SIGNATURE} 03 07 00 00`,
  ],
  [
    "1.0 with a greeting",
    "DEALER",
    `${SIGNATURE} 00 06 03 00 49 44 03 00 68 69`,
    { name: "ZMTP 1.0", hasMechanism: false, isSubscribedToAll: false },
    ["ROUTER", "ID"],
    `${SIGNATURE} 03 05 01 00`,
  ],
  [
    "1.0 without a greeting",
    "DEALER",
    "03 00 49 44 03 00 68 69",
    { name: "ZMTP 1.0", hasMechanism: false, isSubscribedToAll: true },
    [undefined, "ID"],
    SIGNATURE,
  ],
  [
    "1.0 without a greeting, its identity in the long form and with odd flags",
    "DEALER",
    "ff 00 00 00 00 00 00 00 03 fe 49 44 03 00 68 69",
    { name: "ZMTP 1.0", isSubscribedToAll: true },
    [undefined, "ID"],
    SIGNATURE,
  ],
  [
    "1.0 whose identity frame has the MORE bit, which means nothing there",
    "DEALER",
    "03 01 49 44 03 00 68 69",
    { name: "ZMTP 1.0", isSubscribedToAll: true },
    [undefined, "ID"],
    SIGNATURE,
  ],
];

for (const [name, own, peer, expected, [type, identity], sent] of PEERS) {
  test(`a peer of ${name} is met, split at every octet`, () => {
    const bytes = hex(peer);
    for (let at = 0; at <= bytes.length; at++) {
      const ours = handshake(own);
      let produced = toSend(ours);
      for (const chunk of [bytes.slice(0, at), bytes.slice(at)]) {
        ours.push(chunk);
        produced += toSend(ours);
      }
      assert.equal(ours.state, "done", `split at ${at}`);
      const { outcome } = ours;
      for (const [key, value] of Object.entries(expected)) {
        assert.equal(outcome.dialect[key as keyof Dialect], value);
      }
      assert.deepEqual([text(outcome, "Socket-Type"), text(outcome, "Identity")], [type, identity]);
      assert.equal(produced, plain(sent));
      assert.deepEqual(decoded(outcome), [["hi"]], "what follows the handshake is not lost");
    }
  });
}

test("our identity goes to older peers as their version wants it, and messages too", () => {
  const cases = [
    ["01 00", "42 4f 42", "03 00 68 69"],
    [`${SIGNATURE} 00 06 01 00`, "03 05 04 00 42 4f 42", "03 00 68 69"],
    [`${SIGNATURE} 01 06 00 00`, "03 05 00 03 42 4f 42", "00 02 68 69"],
  ] as const;
  for (const [peer, answer, message] of cases) {
    const dealer = handshake("DEALER", { routingId: "BOB" });
    dealer.produce();
    dealer.push(hex(peer));
    assert.equal(toSend(dealer), plain(answer));
    dealer.outcome.encoder.encode([Buffer.from("hi")]);
    assert.equal(Buffer.concat(dealer.outcome.encoder.take()).toString("hex"), plain(message));
  }
});

test("the signature and identity of ours are one identity frame to an unversioned peer, up to 255 octets", () => {
  for (const length of [1, 254, 255]) {
    const dealer = handshake("DEALER", { routingId: "x".repeat(length) });
    let sent = toSend(dealer);
    dealer.push(hex("01 00"));
    sent += toSend(dealer);
    assert.equal(sent, `ff${(length + 1).toString(16).padStart(16, "0")}7f${"78".repeat(length)}`);
  }
});

test("an opener that is no greeting just waits", () => {
  const ours = handshake("DEALER");
  ours.push(Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
  ours.produce();
  assert.equal(ours.state, "mechanism");
});

test("READY is accepted in a message frame, with LONG and with MORE", () => {
  const body = toHex(readyBody(encodeMetadata({ socketType: "PUSH", routingId: Buffer.of(), metadata: new Map() })));
  const length = (body.length / 2).toString(16).padStart(2, "0");
  for (const header of [
    `00${length}`,
    `01${length}`,
    `05${length}`,
    `02${length.padStart(16, "0")}`,
    `07${length.padStart(16, "0")}`,
  ]) {
    const pull = handshake("PULL");
    pull.push(hex(`${V31}${header}${body} 00 02 68 69`));
    pull.produce();
    assert.equal(pull.state, "done");
    assert.deepEqual(decoded(pull.outcome), [["hi"]]);
  }
});

test("a peer whose type may not talk to ours is left without a handshake event", () => {
  const pull = handshake("PULL");
  assert.throws(() => pull.push(hex(V31 + ready("SUB"))), {
    code: "EPROTO",
    detail: "metadata: Socket-Type is SUB, which may not talk to PULL",
  });
});

test("a peer without Socket-Type is accepted", () => {
  const pull = handshake("PULL");
  pull.push(hex(`${V31} 04 06 05 52 45 41 44 59`));
  pull.produce();
  assert.equal(pull.state, "done");
  assert.equal(text(pull.outcome, "Socket-Type"), undefined);
});

test("a message in place of READY, another mechanism and broken metadata are protocol errors", () => {
  const cases = [
    [`${V31} 00 02 68 69`, "ERR_ZMTP_UNEXPECTED_COMMAND"],
    [`${V31} 04 00`, "ERR_ZMTP_UNEXPECTED_COMMAND"],
    [V31.replace("4e554c4c", "43555256"), "ERR_ZMTP_MECHANISM_MISMATCH"],
    [`${V31} 04 07 05 52 45 41 44 59 0b`, "ERR_ZMTP_INVALID_METADATA"],
    [`${V31} 04 0a 05 45 52 52 4f 52 04 34 30 30`, "ERR_ZMTP_MALFORMED_COMMAND_ERROR"],
  ] as const;
  for (const [peer, code] of cases) assert.throws(() => handshake("PULL").push(hex(peer)), { code });
});

test("an ERROR of the peer is an authentication failure with its status", () => {
  assert.throws(() => handshake("PULL").push(hex(`${V31} 04 0a 05 45 52 52 4f 52 03 34 30 30`)), { status: 400 });
});

test("handshake frames meet the limit of frames, and a limit of their own without one", () => {
  assert.throws(() => handshake("PULL", { maxFrameBytes: 20 }).push(hex(V31 + ready("PUSH"))), { code: "EMSGSIZE" });
  assert.throws(() => handshake("PULL").push(hex(`${V31} 06 00 00 00 01 00 00 00 00`)), { code: "EMSGSIZE" });
});

test("peers below 3.0 are refused where a ZAP domain is set, without a handshake event", () => {
  for (const opener of ["01 00", `${SIGNATURE} 01 08`, `${SIGNATURE} 00 08`]) {
    assert.throws(() => handshake("PULL", { zap: true }).push(hex(opener)), { code: "EPROTO" });
  }
});

// --- ZAP ---

const zapReply = (status: ZapReply["status"], userId = "", metadata = NO_PROPERTIES): ZapReply => ({
  status,
  text: "",
  userId,
  metadata,
});

test("the ZAP handler is asked after the greeting, and READY waits for its answer", () => {
  const pull = handshake("PULL", { zap: true });
  assert.equal(pull.state, "opening");
  assert.equal(pull.zap, undefined);
  pull.produce();
  pull.push(hex(V31));
  assert.equal(pull.state, "authorizing");
  assert.deepEqual(pull.zap, { mechanism: "NULL", credentials: [] });
  assert.equal(toSend(pull), plain(`03 ${NULL_TAIL}`));
  pull.push(hex(ready("PUSH")));
  assert.equal(pull.produce(), undefined);
  pull.authorize(zapReply(200, "alice", new Map([["Role", Buffer.from("admin")]])));
  assert.equal(pull.zap, undefined);
  assert.equal(toSend(pull), ready("PULL"));
  assert.equal(pull.state, "done");
  assert.deepEqual([text(pull.outcome, "User-Id"), text(pull.outcome, "Role")], ["alice", "admin"]);
});

test("what the handler says of the peer counts more than what the peer says of itself", () => {
  const pull = handshake("PULL", { zap: true });
  const spoofed = handshake("PUSH", { metadata: [["User-Id", "root"]] });
  join(pull, spoofed);
  pull.authorize(zapReply(200, "alice"));
  join(pull, spoofed);
  assert.equal(text(pull.outcome, "User-Id"), "alice");
});

test("400 sends ERROR, which the peer reports; the peer's READY ends ours", () => {
  const pull = handshake("PULL", { zap: true });
  const push = handshake("PUSH");
  join(pull, push);
  pull.authorize(zapReply(400));
  const error = pull.produce();
  assert.equal(toHex(error), plain("04 0a 05 45 52 52 4f 52 03 34 30 30"));
  assert.equal(pull.state, "failed");
  assert.throws(() => push.push(error as Uint8Array), { status: 400 });
});

test("300 sends nothing; the peer's READY ends it", () => {
  const pull = handshake("PULL", { zap: true });
  pull.push(hex(V31));
  pull.produce();
  pull.authorize(zapReply(300));
  assert.equal(pull.produce(), undefined);
  assert.equal(pull.state, "mechanism");
  pull.push(hex(ready("PUSH")));
  assert.equal(pull.state, "failed");
});

test("a Socket-Type among the handler's metadata is checked as the peer's", () => {
  const pull = handshake("PULL", { zap: true });
  pull.push(hex(V31));
  assert.throws(() => pull.authorize(zapReply(200, "", new Map([["Socket-Type", Buffer.from("SUB")]]))), {
    code: "ERR_ZAP_INVALID_METADATA",
  });
});

// --- Mechanisms with more than one command, and a cipher ---

/** Client: A, then B when W came, ready at R. Server: W at A, R at B. */
class Rounds implements Mechanism {
  readonly name = "CURVE";
  state: MechanismState = "handshaking";
  peer = NO_PROPERTIES;
  readonly cipher = new FlipCipher();
  readonly #queue: string[];

  constructor(isServer: boolean) {
    this.#queue = isServer ? [] : ["A"];
  }
  produce(): Uint8Array | undefined {
    const command = this.#queue.shift();
    if (command === "R") this.state = "ready";
    return command === undefined ? undefined : Buffer.from(command);
  }
  consume(body: Uint8Array): void {
    const command = String.fromCharCode(body[0] as number);
    if (command === "B" || command === "R")
      this.peer = parseMetadata(encodeMetadata({ socketType: "SUB", routingId: Buffer.of(), metadata: new Map() }));
    if (command === "R") this.state = "ready";
    const answer = { A: "W", W: "B", B: "R" }[command];
    if (answer !== undefined) this.#queue.push(answer);
  }
}

test("a mechanism of several rounds is driven to its end, and its cipher seals what follows", () => {
  const client = handshake("XPUB", { mechanism: new Rounds(false) });
  const server = handshake("XPUB", { mechanism: new Rounds(true) });
  join(client, server, 5);
  assert.deepEqual([client.state, server.state], ["done", "done"]);
  client.outcome.encoder.encode([Buffer.from("a"), Buffer.from("b")]);
  const bytes = Buffer.concat(client.outcome.encoder.take());
  assert.equal(bytes.toString("hex"), plain("00 03 ee 01 9e 00 03 ee 00 9d"));
  server.outcome.decoder.push(bytes);
  assert.deepEqual(decoded(server.outcome), [["a", "b"]]);
});

test("a wrong type is an event for the client of a mechanism that authenticates, and none for its server", () => {
  const run = (own: SocketTypeName, other: SocketTypeName): void => {
    const client = handshake(own, { mechanism: new Rounds(false) });
    const server = handshake(other, { mechanism: new Rounds(true) });
    join(client, server);
  };
  assert.throws(() => run("PULL", "XPUB"), { code: "ERR_ZMTP_INVALID_METADATA" });
  assert.throws(() => run("XPUB", "PULL"), { code: "EPROTO" });
});
