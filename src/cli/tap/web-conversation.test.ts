/** What `zmq tap` makes of WebSocket connections, whole and split at every octet, in each dialect. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { bytes, command, frame, GREETING, ready } from "../../../test/fake-link.ts";
import {
  BEGIN,
  CLOSE,
  END,
  PING,
  upgradeOf,
  WHOLE,
  wsFrame,
  zwsCommand,
  zwsFrame,
} from "../../../test/websocket-frames.ts";
import type { Remark, SideName } from "./conversation.ts";
import { WebConversation } from "./web-conversation.ts";

const text = (value: string): Uint8Array => Buffer.from(value, "latin1");
const yes = (protocol: string): Uint8Array =>
  text(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      `Sec-WebSocket-Accept: x\r\nSec-WebSocket-Protocol: ${protocol}\r\n\r\n`,
  );
/** A server's frame. */
const back = (first: number, payload: ArrayLike<number> = []): Uint8Array =>
  wsFrame(first, payload, { isMasked: false });
const push = ready("PUSH", new Uint8Array(0));
const pull = command("READY", text("\x0bSocket-Type\0\0\0\x04PULL"));

/** Remarks of a side as `what detail…`. */
function told(remarks: readonly Remark[], name: SideName): string[] {
  return remarks
    .filter(({ side }) => side === name)
    .map(({ what, details, metadata, body }) => {
      const named = Object.entries({ ...details, ...metadata }).map(([key, value]) => `${key}=${value}`);
      return [what, ...named, ...(body === undefined ? [] : [Buffer.from(body).toString("latin1")])].join(" ");
    });
}

/** The client's and the target's words, cut anywhere alike. */
function hears(request: string, client: Uint8Array, target: Uint8Array, expected: Record<SideName, string[]>): void {
  const asked = text(request);
  for (let cut = 0; cut <= Math.max(asked.length, client.length, target.length); cut++) {
    const conversation = new WebConversation();
    const remarks: Remark[] = [];
    const said = (name: SideName, all: Uint8Array): void => {
      for (const piece of [all.slice(0, cut), all.slice(cut)]) {
        const before = piece.slice();
        if (piece.length > 0) remarks.push(...conversation.push(name, piece));
        assert.deepEqual(piece, before, "what is relayed is left as it is");
      }
    };
    said("client", asked);
    said("target", target);
    said("client", client);
    assert.deepEqual([told(remarks, "client"), told(remarks, "target")], [expected.client, expected.target], `${cut}`);
  }
}

const REQUEST = upgradeOf("/feed?x", "ZWS2.0/NULL,ZWS2.0", "Origin: http://page.example\r\n");
const ASKED = "request method=GET path=/feed?x Host=127.0.0.1 Origin=http://page.example Protocol=ZWS2.0/NULL,ZWS2.0";

test("ZWS with a mechanism: commands, frames, and WebSocket's own frames", () => {
  hears(
    REQUEST,
    bytes(zwsCommand(push), zwsFrame(1, text("a")), zwsFrame(0, text("hi")), wsFrame(PING), wsFrame(CLOSE, [3, 0xe8])),
    bytes(yes("ZWS2.0/NULL"), back(WHOLE, bytes([2], pull.subarray(2))), back(0x8a, text("x")), back(0x8a)),
    {
      client: [
        ASKED,
        "message bytes=40",
        "READY Socket-Type=PUSH Identity=",
        "message bytes=2",
        "frame bytes=1 more=true a",
        "message bytes=3",
        "frame bytes=2 hi",
        "ping bytes=0",
        "close code=1000",
      ],
      target: [
        "answer status=101 Reason=Switching Protocols Protocol=ZWS2.0/NULL",
        "message bytes=27",
        "READY Socket-Type=PULL",
        "pong bytes=1 context=x",
        "pong bytes=0",
      ],
    },
  );
});

test("the stream of ZMTP, in messages and fragments that mean nothing", () => {
  const stream = bytes(GREETING, push, frame(0, text("hi")));
  hears(
    REQUEST,
    bytes(
      wsFrame(BEGIN, stream.subarray(0, 70)),
      wsFrame(END, stream.subarray(70, 80)),
      wsFrame(WHOLE, stream.subarray(80)),
    ),
    bytes(yes("zmtp3.1.stream"), back(WHOLE, bytes(GREETING, pull))),
    {
      client: [
        ASKED,
        "message bytes=80",
        "greeting ZMTP=3.1 mechanism=NULL",
        `message bytes=${stream.length - 80}`,
        "READY Socket-Type=PUSH Identity=",
        "frame bytes=2 hi",
      ],
      target: [
        "answer status=101 Reason=Switching Protocols Protocol=zmtp3.1.stream",
        "message bytes=92",
        "greeting ZMTP=3.1 mechanism=NULL",
        "READY Socket-Type=PULL",
      ],
    },
  );
});

test("bare ZWS begins with a routing id", () => {
  hears(REQUEST, bytes(zwsFrame(0, text("BOB")), zwsFrame(0, text("hi"))), bytes(yes("ZWS2.0"), back(WHOLE, [0])), {
    client: [ASKED, "message bytes=4", "identity bytes=3 BOB", "message bytes=3", "frame bytes=2 hi"],
    target: ["answer status=101 Reason=Switching Protocols Protocol=ZWS2.0", "message bytes=1", "identity bytes=0 "],
  });
});

test("PLAIN's password is hidden in ZWS too, and CURVE's boxes are counted", () => {
  const hello = zwsCommand(command("HELLO", text("\x01u\x06secret")));
  const conversation = new WebConversation();
  const remarks = [
    ...conversation.push("client", text(REQUEST)),
    ...conversation.push("target", yes("ZWS2.0/PLAIN")),
    ...conversation.push("client", hello),
    ...conversation.push("client", zwsFrame(0, text("\x05HELLO\x01u\x06secret"))),
  ];
  assert.doesNotMatch(told(remarks, "client").join("\n"), /secret/);
  assert.ok(told(remarks, "client").includes("HELLO username=u password=hidden"));

  const sealed = new WebConversation();
  sealed.push("client", text(REQUEST));
  sealed.push("target", yes("ZWS2.0/CURVE"));
  const [, second] = told(sealed.push("client", zwsFrame(0, text(`\x07MESSAGE${"x".repeat(30)}`))), "client");
  assert.equal(second, "MESSAGE bytes=38 content=encrypted");
});

test("what goes wrong is told: refusals, other protocols, an end without an answer, broken frames", () => {
  const answered = (answer: string): string[] => {
    const conversation = new WebConversation();
    conversation.push("client", text(REQUEST));
    return told(conversation.push("target", text(answer)), "target");
  };
  assert.match(answered("HTTP/1.1 404 Not Found\r\n\r\n").at(-1) ?? "", /nothing is bound at this path/);
  assert.match(answered("HTTP/1.1 403 Forbidden\r\n\r\n").at(-1) ?? "", /refuses the page's origin/);
  assert.match(answered("HTTP/1.1 200 OK\r\n\r\n<html>").at(-1) ?? "", /no WebSocket server/);
  assert.match(answered(Buffer.from(yes("graphql-ws")).toString()).at(-1) ?? "", /not ZeroMQ's/);
  assert.match(answered("\xff\0\0\0\0\0\0\0\x01\x7f").at(-1) ?? "", /first octet is no letter.*relayed unseen/);

  const silent = new WebConversation();
  silent.push("client", text(REQUEST));
  assert.match(told(silent.end("target"), "target").at(-1) ?? "", /libzmq does so for another mechanism/);

  const broken = new WebConversation();
  broken.push("client", text(REQUEST));
  broken.push("target", yes("ZWS2.0/NULL"));
  assert.match(told(broken.push("client", back(WHOLE, [0])), "client").at(-1) ?? "", /not masked.*relayed unseen/);
  assert.deepEqual(broken.push("client", back(WHOLE, [0])), []);
});
