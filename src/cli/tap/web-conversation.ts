/**
 * A relayed WebSocket connection: the request and its answer, each message and control frame, and what ZMTP or ZWS says in
 * them. Sans-IO and passive, like the conversation inside.
 */

import { concat, EMPTY, ownCopyOf } from "../../base/bytes.ts";
import { type HttpHead, HttpHeadReader } from "../../wire/http-head.ts";
import { BARE, STREAM } from "../../wire/subprotocols.ts";
import { type FrameSink, MessageJoiner, PING, WebSocketReader } from "../../wire/websocket.ts";
import { describe } from "../failure.ts";
import { visibleBytes } from "../terminal.ts";
import { Conversation, type Remark, type SideName, wrong } from "./conversation.ts";
import type { Hearing, Seen } from "./direction.ts";

/** Longer messages are not waited for, and end the decoding of their direction. */
const LONGEST_MESSAGE = 64 * 1024 * 1024;
/** So much is kept of a client that does not wait for the answer. */
const LONGEST_EARLY = 65_536;
const MORE = 1;
const COMMAND = 2;

/** Why a server says no, as the peers of this library and others do. */
const REFUSALS: Readonly<Record<string, string>> = {
  400: "it speaks none of the subprotocols that are offered, or the request is broken",
  401: "it wants to know who asks",
  403: "it refuses the page's origin, or the peer",
  404: "nothing is bound at this path",
  426: "it did not take this for a request for a WebSocket",
  431: "the headers are too long for it",
};

export class WebConversation {
  readonly #sides: Record<SideName, Talker> = { client: new Talker("client"), target: new Talker("target") };
  #inner: Conversation | undefined = undefined;
  /** What came before the answer was whole. */
  #early: Uint8Array = EMPTY;

  push(name: SideName, chunk: Uint8Array): Remark[] {
    const own = this.#sides[name];
    const remarks: Remark[] = [];
    if (own.isLost) return remarks;
    try {
      if (own.head === undefined) this.#readHead(own, chunk, remarks);
      else if (this.#inner === undefined) this.#readEarly(own, chunk, remarks);
      else this.#readFrames(own, chunk, remarks);
    } catch (error) {
      own.isLost = true;
      remarks.push(wrong(name, `${describe(error)}; the rest of this direction is relayed unseen`));
    }
    return remarks;
  }

  end(name: SideName): Remark[] {
    if (this.#inner !== undefined) return this.#inner.end(name);
    const remarks: Remark[] = [{ side: name, what: "closed", details: {} }];
    const isSilent = name === "target" && this.#sides.target.head === undefined && !this.#sides.target.isLost;
    if (isSilent && this.#sides.client.head !== undefined) {
      remarks.push(
        wrong(name, "closed without an answer: libzmq does so for another mechanism, and for headers beyond 2 KiB"),
      );
    }
    return remarks;
  }

  #readHead(own: Talker, chunk: Uint8Array, remarks: Remark[]): void {
    const head = own.reader.push(chunk);
    if (head === undefined) return;
    own.head = head;
    if (own.name === "client") {
      remarks.push(request(head));
      this.#early = own.reader.rest;
      return;
    }
    remarks.push(...answer(head));
    const protocol = head.headers.one("sec-websocket-protocol");
    if (!/^HTTP\/1\.1 101/.test(head.start)) {
      this.#lose();
      return;
    }
    const inner = conversationOf(protocol);
    if (inner === undefined) {
      this.#lose();
      remarks.push(wrong("target", "this subprotocol is not ZeroMQ's; the rest of the connection is relayed unseen"));
      return;
    }
    this.#inner = inner;
    const { client } = this.#sides;
    const early = this.#early;
    this.#early = EMPTY;
    this.#readFrames(own, own.reader.rest, remarks);
    if (early.length > 0 && !client.isLost) this.#readFrames(client, early, remarks);
  }

  #readEarly(own: Talker, chunk: Uint8Array, remarks: Remark[]): void {
    this.#early = concat([this.#early, chunk]);
    if (this.#early.length <= LONGEST_EARLY) return;
    own.isLost = true;
    remarks.push(wrong(own.name, "it goes on without an answer of the other side; the rest is relayed unseen"));
  }

  #lose(): void {
    for (const side of Object.values(this.#sides)) side.isLost = true;
  }

  #readFrames(own: Talker, chunk: Uint8Array, remarks: Remark[]): void {
    own.said = remarks;
    own.tell = (message) => remarks.push(...(this.#inner as Conversation).push(own.name, message));
    own.frames.push(ownCopyOf(chunk)); // It is unmasked in place, and relayed as it came.
  }
}

/** One side. */
class Talker implements FrameSink {
  readonly name: SideName;
  readonly reader = new HttpHeadReader();
  readonly frames: WebSocketReader;
  readonly #joiner = new MessageJoiner(LONGEST_MESSAGE);
  head: HttpHead | undefined = undefined;
  isLost = false;
  /** Where what is found goes, and the messages. */
  said: Remark[] = [];
  tell: (message: Uint8Array) => void = () => {};

  constructor(name: SideName) {
    this.name = name;
    this.frames = new WebSocketReader(name === "client" ? "client" : "server", "messages", this);
  }

  payload(bytes: Uint8Array, isEnd: boolean): void {
    const message = this.#joiner.add(bytes, isEnd);
    if (message === undefined) return;
    this.said.push({ side: this.name, what: "message", details: { bytes: message.length } });
    this.tell(message);
  }

  signal(opcode: number, payload: Uint8Array): void {
    this.said.push({
      side: this.name,
      what: opcode === PING ? "ping" : "pong",
      details: { bytes: payload.length, ...(payload.length > 0 && { context: visibleBytes(payload) }) },
    });
  }

  closing(code: number, reason: string): void {
    this.said.push({ side: this.name, what: "close", details: { code, ...(reason !== "" && { reason }) } });
  }
}

function request({ start, headers }: HttpHead): Remark {
  const [method = "", path = ""] = start.split(" ");
  const protocols = headers.list("sec-websocket-protocol").join(",");
  const origin = headers.one("origin");
  return {
    side: "client",
    what: "request",
    details: { method, path },
    metadata: {
      Host: headers.one("host") ?? "",
      ...(origin !== undefined && { Origin: origin }),
      ...(protocols !== "" && { Protocol: protocols }),
    },
  };
}

function answer({ start, headers }: HttpHead): Remark[] {
  const [, status = "?", text = ""] = /^HTTP\/1\.\d (\d{3}) ?(.*)$/.exec(start) ?? [];
  const protocol = headers.one("sec-websocket-protocol");
  const remarks: Remark[] = [
    {
      side: "target",
      what: "answer",
      details: { status },
      metadata: { Reason: text, ...(protocol !== undefined && { Protocol: protocol }) },
    },
  ];
  if (status !== "101") remarks.push(wrong("target", REFUSALS[status] ?? "this is no WebSocket server"));
  return remarks;
}

/** What is said inside; undefined for what is not ZeroMQ's. */
function conversationOf(protocol = ""): Conversation | undefined {
  if (protocol === STREAM) return new Conversation();
  if (protocol === BARE) return new Conversation(() => new ZwsDirection(true));
  const [, mechanism] = /^ZWS2\.0\/(NULL|PLAIN|CURVE)$/.exec(protocol) ?? [];
  return mechanism === undefined ? undefined : new Conversation(() => new ZwsDirection(false), mechanism);
}

/** One direction of ZWS: a frame a message, flags first. Without a mechanism the first one is the routing id. */
class ZwsDirection implements Hearing {
  readonly revision = 3;
  readonly isGreeted = true;
  readonly unfinished = EMPTY;
  #isFirst: boolean;
  readonly #messages: Uint8Array[] = [];

  constructor(hasIdentity: boolean) {
    this.#isFirst = hasIdentity;
  }

  push(message: Uint8Array): void {
    this.#messages.push(ownCopyOf(message));
  }

  next(): Seen | undefined {
    const message = this.#messages.shift();
    if (message === undefined) return undefined;
    const [flags] = message;
    if (flags === undefined) throw new Error("ZWS: an empty message, expected a flags octet");
    const body = message.subarray(1);
    const isIdentity = this.#isFirst;
    this.#isFirst = false;
    if (isIdentity) return { kind: "identity", body, more: false };
    return { kind: (flags & COMMAND) !== 0 ? "command" : "frame", body, more: (flags & MORE) !== 0 };
  }
}
