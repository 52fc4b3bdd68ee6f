/** What `zmq tap` makes of captured conversations, whole and split at every octet, of each ZMTP version. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Conversation, type Remark, type SideName } from "./conversation.ts";

const hex = (text: string) => Buffer.from(text.replaceAll(" ", ""), "hex");
const SIGNATURE = "ff 00 00 00 00 00 00 00 01 7f";
const greeting3 = (mechanism: string) =>
  Buffer.concat([hex(`${SIGNATURE} 03 01`), Buffer.from(mechanism.padEnd(20, "\0")), Buffer.alloc(32)]);
const ready = (type: string) => {
  const value = Buffer.from(type);
  const head = Buffer.from("\x05READY\x0bSocket-Type\0\0\0");
  const body = Buffer.concat([head, Buffer.from([value.length]), value]);
  return Buffer.concat([Buffer.from([4, body.length]), body]);
};

/** Remarks of a side as `what detail…`. */
function told(remarks: readonly Remark[], name: SideName): string[] {
  return remarks
    .filter(({ side }) => side === name)
    .map(({ what, details, metadata, body }) =>
      [
        what,
        ...Object.entries({ ...details, ...metadata }).map(([key, value]) => `${key}=${value}`),
        body && Buffer.from(body).toString(),
      ]
        .filter((part) => part !== undefined)
        .join(" "),
    );
}

interface Case {
  readonly name: string;
  readonly client: Buffer;
  readonly target: Buffer;
  readonly clientSays: readonly string[];
  readonly targetSays: readonly string[];
}

const CASES: readonly Case[] = [
  {
    name: "ZMTP 3.1, REQ and REP",
    client: Buffer.concat([greeting3("NULL"), ready("REQ"), hex("01 00 00 02 68 69")]),
    target: Buffer.concat([greeting3("NULL"), ready("REP")]),
    clientSays: [
      "greeting ZMTP=3.1 mechanism=NULL",
      "READY Socket-Type=REQ",
      "frame bytes=0 more=true ",
      "frame bytes=2 hi",
    ],
    targetSays: ["greeting ZMTP=3.1 mechanism=NULL", "READY Socket-Type=REP"],
  },
  {
    name: "ZMTP 3.1, a subscriber with a message instead of a command",
    client: Buffer.concat([greeting3("NULL"), ready("SUB"), hex("00 02 01 61 00 02 00 61")]),
    target: Buffer.concat([greeting3("NULL"), ready("PUB"), hex("04 07 04 50 49 4e 47 00 0a")]),
    clientSays: ["greeting ZMTP=3.1 mechanism=NULL", "READY Socket-Type=SUB", "subscribe topic=a", "cancel topic=a"],
    targetSays: ["greeting ZMTP=3.1 mechanism=NULL", "READY Socket-Type=PUB", "PING ttl=1 s context="],
  },
  {
    name: "PLAIN hides the password and shows why it was refused",
    client: Buffer.concat([greeting3("PLAIN"), hex("04 0a 05 48 45 4c 4c 4f 01 75 01 70")]),
    target: Buffer.concat([greeting3("PLAIN"), hex("04 0a 05 45 52 52 4f 52 03 34 30 30")]),
    clientSays: ["greeting ZMTP=3.1 mechanism=PLAIN", "HELLO username=u password=hidden"],
    targetSays: [
      "greeting ZMTP=3.1 mechanism=PLAIN",
      "ERROR reason=400",
      "! problem=it refuses the other side: user, password or key are not known to it (400)",
    ],
  },
  {
    name: "ZMTP 2.0 meets 3.1",
    client: hex(`${SIGNATURE} 03 08 00 00 00 02 68 69`),
    target: hex(`${SIGNATURE} 01 07 00 00`),
    clientSays: ["greeting ZMTP=2.0 (revision 3) Socket-Type=PUSH", "identity bytes=0 ", "frame bytes=2 hi"],
    targetSays: ["greeting ZMTP=2.0 (revision 1) Socket-Type=PULL", "identity bytes=0 "],
  },
  {
    name: "ZMTP 1.0 meets 3.1: the signature is the header of an identity",
    client: hex(`${SIGNATURE} 03 00 68 69`),
    target: hex("01 00 03 00 68 69"),
    clientSays: ["greeting ZMTP=1.0, as the other side", "identity bytes=0 ", "frame bytes=2 hi"],
    targetSays: ["greeting ZMTP=1.0, without a greeting", "identity bytes=0 ", "frame bytes=2 hi"],
  },
];

for (const { name, client, target, clientSays, targetSays } of CASES) {
  test(`${name}, split at every octet`, () => {
    for (let cut = 0; cut <= client.length; cut++) {
      const conversation = new Conversation();
      const remarks = [
        ...conversation.push("client", client.subarray(0, cut)),
        ...conversation.push("target", target),
        ...conversation.push("client", client.subarray(cut)),
      ];
      assert.deepEqual([told(remarks, "client"), told(remarks, "target")], [clientSays, targetSays], `cut at ${cut}`);
    }
  });
}

test("mechanisms and socket types that do not fit are told", () => {
  const mechanisms = new Conversation();
  mechanisms.push("client", greeting3("NULL"));
  const [, problem] = told(mechanisms.push("target", greeting3("CURVE")), "client");
  assert.equal(problem, "! problem=the client wants NULL, the target CURVE: they cannot agree");

  const types = new Conversation();
  types.push("client", Buffer.concat([greeting3("NULL"), ready("REQ")]));
  const remarks = types.push("target", Buffer.concat([greeting3("NULL"), ready("PUB")]));
  assert.match(told(remarks, "client").at(-1) ?? "", /REQ and PUB do not talk to each other; PUB talks to SUB, XSUB/);
});

test("octets that are no ZMTP end the decoding of that direction alone", () => {
  const conversation = new Conversation();
  conversation.push("target", hex("01 00"));
  const [, , problem] = told(conversation.push("client", hex("01 00 00 00")), "client");
  assert.match(problem ?? "", /length is 0.*relayed unseen/);
  assert.deepEqual(told(conversation.push("target", hex("03 00 68 69")), "target"), ["frame bytes=2 hi"]);
});

const command = (text: string, flags = 4) =>
  Buffer.concat([Buffer.from([flags, text.length]), Buffer.from(text, "latin1")]);

/** Everything that is told of a client of PLAIN which says this. */
function toldOfPlain(said: Buffer, isAnswered = true): string {
  const conversation = new Conversation();
  const remarks = isAnswered ? conversation.push("target", greeting3("PLAIN")) : [];
  remarks.push(
    ...conversation.push("client", Buffer.concat([greeting3("PLAIN"), said])),
    ...conversation.end("client"),
  );
  return told(remarks, "client").join("\n");
}

test("a password is hidden in whatever form HELLO comes", () => {
  const malformed = [
    command("\x05HELLO\xffbob\x06hunter2"),
    command("\x05HELLO\x03bob\x03hunter2"),
    command("\x05HELLO\x0ahunter2bob"),
    command("\x05HELLO\x03bob\x07hunter2", 0),
    command("\x05WELCOME\x03bob\x07hunter2"),
    command("\x00\x03bob\x07hunter2"),
    command("hunter2", 1),
  ];
  for (const [i, said] of malformed.entries()) {
    for (const isAnswered of [true, false]) {
      assert.doesNotMatch(toldOfPlain(said, isAnswered), /hunter2|68756e/, `form ${i}`);
    }
  }
  assert.match(toldOfPlain(command("\x05HELLO\x03bob\x07hunter2")), /HELLO username=bob password=hidden/);
});

test("an ERROR with the name of what objects inherit is an ERROR like any other", () => {
  const conversation = new Conversation();
  conversation.push("client", greeting3("NULL"));
  const remarks = conversation.push("target", Buffer.concat([greeting3("NULL"), command("\x05ERROR\x0bconstructor")]));
  assert.equal(told(remarks, "target").at(-1), "! problem=it refuses the other side");
});

test("what is kept of a connection is bounded", () => {
  const silent = new Conversation();
  let problem: string | undefined;
  for (let sent = 0; problem === undefined && sent < 2 ** 20; sent += 4096) {
    problem = told(silent.push("client", Buffer.concat([greeting3("NULL"), Buffer.alloc(4096)])), "client").at(-1);
  }
  assert.match(problem ?? "", /relayed unseen/);
  const large = new Conversation();
  large.push("target", greeting3("NULL"));
  const remarks = large.push("client", Buffer.concat([greeting3("NULL"), hex("02 00 00 01 00 00 00 00 00")]));
  assert.match(told(remarks, "client").at(-1) ?? "", /exceeds the limit.*relayed unseen/);
});
