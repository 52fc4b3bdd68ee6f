import assert from "node:assert/strict";
import { test } from "node:test";
import { FlipCipher } from "../../test/flip-cipher.ts";
import {
  decoded,
  handshake,
  hex,
  join,
  NULL_TAIL,
  plain,
  ready,
  SIGNATURE,
  text,
  toHex,
  toSend,
  V30,
  V31,
} from "../../test/handshakes.ts";
import { NO_PROPERTIES } from "../base/message.ts";
import type { Dialect } from "../base/protocol.ts";
import type { SocketTypeName } from "../base/socket-types.ts";
import type { Mechanism, MechanismState } from "../security/mechanism.ts";
import { readyBody } from "../wire/command.ts";
import { encodeMetadata, parseMetadata } from "../wire/metadata.ts";

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
