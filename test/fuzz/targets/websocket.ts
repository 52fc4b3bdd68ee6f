/**
 * Targets: WebSocket frames, the HTTP of the opening handshake, and the frames of ZWS. However the bytes are cut, the
 * same must come of them, within the limits, and what breaks the RFC must end with a code of its own.
 */

import { ownCopyOf } from "../../../src/base/bytes.ts";
import { HttpHeadReader } from "../../../src/wire/http-head.ts";
import { BINARY, MessageJoiner, WebSocketReader, writeFrameHead } from "../../../src/wire/websocket.ts";
import { upgradeRequest } from "../../../src/wire/websocket-upgrade.ts";
import { WebSocketWriter } from "../../../src/wire/websocket-writer.ts";
import { zws } from "../../../src/wire/zws.ts";
import { cut, joined } from "../mutate.ts";
import type { Random } from "../random.ts";
import { codeOf, corpus, expectBytes, expectSame, finding, maker, type Target } from "../target.ts";

const LONGEST_MESSAGE = 300;

/** What a reader makes of pieces, as one text. */
function read(peer: "client" | "server", pieces: readonly Uint8Array[]): string {
  const told: string[] = [];
  const joiner = new MessageJoiner(LONGEST_MESSAGE);
  const reader = new WebSocketReader(peer, "messages", {
    payload(bytes, isEnd) {
      let message: Uint8Array | undefined;
      const code = codeOf(() => {
        message = joiner.add(bytes, isEnd);
      });
      if (code !== undefined) {
        told.push(code);
        reader.stop();
      } else if (message !== undefined) told.push(Buffer.from(message).toString("hex"));
    },
    signal: (opcode, payload) => told.push(`${opcode} ${Buffer.from(payload).toString("hex")}`),
    closing: (code, reason) => told.push(`closing ${code} ${reason}`),
  });
  for (const piece of pieces) {
    const code = codeOf(() => reader.push(ownCopyOf(piece)));
    if (code === undefined) continue;
    expectSame(code, "EPROTO", "error");
    if (reader.closeCode < 1002 || reader.closeCode > 1009) finding(`close code ${reader.closeCode}`);
    told.push(`broken ${reader.closeCode}`);
    break;
  }
  return told.join("\n");
}

function cutUp(random: Random, input: Uint8Array): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  cut(random, input, (piece) => pieces.push(piece) > 0);
  return pieces;
}

/** Frames that are right but for what chance makes of them. */
function frames(random: Random): Uint8Array {
  const isMasked = random.oneIn(2);
  const all: Uint8Array[] = [];
  for (let count = random.below(6); count >= 0; count--) {
    const length = random.pick([0, 1, 5, 125, 126, 200, 310]);
    const opcode = random.pick([BINARY, BINARY, 0, 8, 9, 10]);
    const frame = new Uint8Array(14 + length);
    const start = writeFrameHead(frame, 0, opcode, length, isMasked ? random.next32() : undefined);
    frame.set(random.bytes(length), start);
    if (random.oneIn(3)) frame[0] = (frame[0] as number) & 0x7f;
    all.push(frame.subarray(0, start + length));
  }
  return joined(...all);
}

const websocketFrames: Target = {
  name: "websocket",
  make: maker(corpus("websocket"), frames),
  check(input, random) {
    for (const peer of ["client", "server"] as const) {
      expectSame(read(peer, cutUp(random, input)), read(peer, [input]), peer);
    }
    const client = random.oneIn(2);
    const writer = new WebSocketWriter("stream", client ? () => random.next32() : undefined);
    const written = joined(...writer.encode(cutUp(random, input)));
    const back: Uint8Array[] = [];
    const reader = new WebSocketReader(client ? "client" : "server", "stream", {
      payload: (bytes) => void back.push(ownCopyOf(bytes)),
      signal() {},
      closing() {},
    });
    for (const piece of cutUp(random, written)) reader.push(ownCopyOf(piece));
    expectBytes(joined(...back), input, "the stream");
  },
};

/** What a server makes of a head: the target or a code, and what is behind it. */
function upgrade(pieces: readonly Uint8Array[]): string {
  const reader = new HttpHeadReader();
  let outcome = "more";
  for (const [i, piece] of pieces.entries()) {
    const code = codeOf(() => {
      const head = reader.push(piece);
      if (head === undefined) return;
      const rest = joined(reader.rest, ...pieces.slice(i + 1));
      outcome = `rest ${Buffer.from(rest).toString("hex")}`;
      const { target, protocols } = upgradeRequest(head);
      outcome += ` ${target} ${protocols}`;
    });
    if (code !== undefined) return `${code} ${outcome}`;
    if (outcome !== "more") return outcome;
  }
  return outcome;
}

const httpHeads: Target = {
  name: "upgrade",
  make: maker(corpus("upgrade"), (random) => random.bytes(random.below(100))),
  check(input, random) {
    expectSame(upgrade(cutUp(random, input)), upgrade([input]), "the request");
  },
};

const zwsFrames: Target = {
  name: "zws",
  make: maker(corpus("commands"), (random) => random.bytes(random.below(200))),
  check(input, random) {
    const wire = { maxMessageBytes: 0, ping() {} };
    const { agreed } = zws("ZWS2.0/NULL", wire, "server").open({
      socketType: "DEALER",
      routingId: new Uint8Array(0),
      mechanism: "NULL",
      needsMechanism: false,
    });
    if (agreed === undefined) finding("nothing was agreed on");
    const decoder = agreed.decoder({ maxFrameBytes: 150, maxFrames: 3, maxMessageBytes: 200 }, random.oneIn(2));
    for (const piece of cutUp(random, input)) {
      const memory = ownCopyOf(piece);
      const code = codeOf(() => {
        decoder.push(memory);
        if (random.oneIn(3)) decoder.retain();
        else {
          for (let item = decoder.next(); item !== undefined; item = decoder.next()) {
            if (!Array.isArray(item)) agreed.parseCommand(item);
            else if (item.length > 3) finding(`${item.length} frames`);
          }
        }
      });
      if (code !== undefined && code !== "EMSGSIZE" && code !== "EPROTO") finding(code);
      if (code !== undefined) return;
      decoder.retain();
      memory.fill(0xa5);
    }
  },
};

export const WEBSOCKET_TARGETS: readonly Target[] = [websocketFrames, httpHeads, zwsFrames];
