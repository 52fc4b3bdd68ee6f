/**
 * Targets: what a client makes of a server's answer, and whole sockets with peers of WebSocket in each dialect. Whatever such a
 * peer sends, its own connection ends or goes on, and a good peer of the same socket is served.
 */

import { ownCopyOf } from "../../../src/base/bytes.ts";
import { Pull } from "../../../src/socket/sockets.ts";
import { WebSocketLink } from "../../../src/transport/node/websocket-link.ts";
import { HttpHeadReader } from "../../../src/wire/http-head.ts";
import { acceptance, chosenProtocol, UpgradeRefusal } from "../../../src/wire/websocket-upgrade.ts";
import { bytes, command, fakeContext, frame, GREETING, ready } from "../../fake-link.ts";
import { BEGIN, CLOSE, END, PING, PONG, WHOLE, wsFrame, zwsCommand, zwsFrame } from "../../websocket-frames.ts";
import { cut, joined } from "../mutate.ts";
import type { Random } from "../random.ts";
import { codeOf, expectSame, finding, maker, type Target } from "../target.ts";

const NOTHING = new Uint8Array(0);
const OFFER = { target: "/", host: "h:1", key: "Z0WLa2mYPORR3LD0SpToKg==", protocols: ["ZWS2.0/NULL", "ZWS2.0"] };
const sha1 = (): string => "/M1LsUpCyYJVVMypSkXZRJ/IOlc=";
const ANSWERS = [
  acceptance(OFFER.key, "ZWS2.0/NULL", sha1),
  Buffer.from("HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nno\n", "latin1"),
];

/** What a client makes of the pieces of an answer: a subprotocol, a status, a code, or `more`. */
function answered(pieces: readonly Uint8Array[]): string {
  const reader = new HttpHeadReader();
  for (const [i, piece] of pieces.entries()) {
    let outcome: string | undefined;
    const code = codeOf(() => {
      const head = reader.push(piece);
      if (head === undefined) return;
      const rest = joined(reader.rest, ...pieces.slice(i + 1));
      outcome = `rest ${Buffer.from(rest).toString("hex")}`;
      try {
        outcome += ` ${chosenProtocol(head, OFFER, sha1)}`;
      } catch (error) {
        if (!(error instanceof UpgradeRefusal)) throw error;
        outcome += ` refused ${error.httpStatus}`;
      }
    });
    if (code !== undefined || outcome !== undefined) return `${code} ${outcome}`;
  }
  return "more";
}

const answers: Target = {
  name: "answer",
  make: maker(ANSWERS, (random) => random.bytes(random.below(60))),
  check(input, random) {
    const pieces: Uint8Array[] = [];
    cut(random, input, (piece) => pieces.push(piece) > 0);
    expectSame(answered(pieces), answered([input]), "the answer");
  },
};

const DIALECTS = ["zmtp3.1.stream", "ZWS2.0/NULL", "ZWS2.0"] as const;
type DialectName = (typeof DIALECTS)[number];
const READY = ready("PUSH", NOTHING);
const HELLO: Readonly<Record<DialectName, Uint8Array>> = {
  "zmtp3.1.stream": wsFrame(WHOLE, bytes(GREETING, READY)),
  "ZWS2.0/NULL": zwsCommand(READY),
  "ZWS2.0": zwsFrame(0, NOTHING),
};

/** A conversation that is right but for what chance makes of it, for any dialect. */
function conversation(random: Random): Uint8Array {
  const said: Uint8Array[] = [HELLO[random.pick(DIALECTS)]];
  for (let count = random.below(6); count >= 0; count--) {
    const body = random.bytes(random.pick([0, 1, 5, 124, 125, 126, 300]));
    switch (random.below(7)) {
      case 0:
        said.push(wsFrame(random.pick([PING, PONG]), body.subarray(0, 125)));
        break;
      case 1:
        said.push(zwsCommand(command(random.pick(["PING", "ERROR", "SUBSCRIBE", "X"]), body.subarray(0, 100))));
        break;
      case 2:
        said.push(wsFrame(BEGIN, bytes([0], body)), wsFrame(random.pick([0, END]), body));
        break;
      case 3:
        said.push(wsFrame(WHOLE, frame(random.below(2), body)));
        break;
      case 4:
        said.push(wsFrame(CLOSE, random.pick([[], [3, 0xe8], [3]])));
        break;
      default:
        said.push(zwsFrame(random.below(4), body));
    }
  }
  return joined(...said);
}

/** One socket for all inputs, with a good peer. */
function listening(subprotocol: DialectName) {
  const { context, clock, transport } = fakeContext();
  transport.over = (link) => new WebSocketLink(link, clock, "client", subprotocol, NOTHING);
  const socket = new Pull({ context, maxMessageSize: 2000, maxHandshakeSize: 500, maxMessageFrames: 10 });
  socket.bindSync("tcp://127.0.0.1:1");
  const good = transport.connection();
  clock.turn();
  good.handler.data(HELLO[subprotocol].slice());
  clock.turn();
  const message = Buffer.from("from the good peer");
  const sent = subprotocol === "zmtp3.1.stream" ? wsFrame(WHOLE, frame(0, message)) : zwsFrame(0, message);
  /** Takes all that is there; whether the good peer's message is among it. */
  const isServed = (): boolean => {
    good.handler.data(sent.slice());
    clock.turn();
    let found = false;
    for (let got = socket.tryReceive(); got !== undefined; got = socket.tryReceive()) {
      if (got.length === 1 && message.equals(got[0] as Uint8Array)) found = true;
      if (got.length > 10) finding(`${got.length} frames`);
      clock.turn();
    }
    return found && good.isOpen;
  };
  return { clock, transport, isServed };
}

const sockets = new Map<DialectName, ReturnType<typeof listening>>();

const peers: Target = {
  name: "web-peer",
  make: maker(Object.values(HELLO), conversation),
  check(input, random) {
    const subprotocol = random.pick(DIALECTS);
    const { clock, transport, isServed } = sockets.get(subprotocol) ?? listening(subprotocol);
    if (!sockets.has(subprotocol)) sockets.set(subprotocol, { clock, transport, isServed });
    const link = transport.connection();
    clock.turn();
    cut(random, input, (piece) => {
      const memory = ownCopyOf(piece);
      link.handler.data(memory);
      memory.fill(0xa5);
      if (random.oneIn(3)) clock.turn();
      return link.isOpen;
    });
    clock.turn();
    if (random.oneIn(8)) clock.advance(300);
    link.handler.closed();
    clock.turn();
    if (random.oneIn(4) && !isServed()) finding(`${subprotocol}: the good peer is not served any more`);
  },
};

export const WEB_PEER_TARGETS: readonly Target[] = [answers, peers];
