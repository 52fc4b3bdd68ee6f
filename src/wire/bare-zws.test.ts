import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decoded, hex, LIMITS, text, toHex } from "../../test/handshakes.ts";
import { fromText } from "../base/bytes.ts";
import type { SocketTypeName } from "../base/socket-types.ts";
import { Handshake } from "../engine/handshake.ts";
import { NullMechanism } from "../security/null.ts";
import { bareZws, Cutter, toFrame } from "./bare-zws.ts";
import { zws } from "./zws.ts";

function handshake(socketType: SocketTypeName, id: string, protocol = bareZws): Handshake {
  const routingId = fromText(id);
  const mechanism = new NullMechanism({ socketType, routingId, metadata: new Map() }, false);
  return new Handshake({ protocol, socketType, routingId, mechanism, zapDomainSet: false, limits: LIMITS });
}

const cut = (...chunks: string[]): string[] => [...new Cutter().messages(chunks.map(hex))].map(toHex);
const framed = (message: string): string => toHex(toFrame(hex(message)));

describe("bare ZWS of a page", () => {
  it("has another header than ZMTP, with other flags", () => {
    assert.equal(framed("00 6869"), "00026869");
    assert.equal(framed("01"), "0100");
    assert.equal(framed("02 00"), "040100");
    assert.equal(framed("fd 00"), "010100");
    assert.equal(framed(`00 ${"61".repeat(256)}`), `020000000000000100${"61".repeat(256)}`);
    assert.equal(framed(""), "");
  });

  it("is one message for each frame, wherever the chunks end", () => {
    assert.deepEqual(cut("01026869 0000", "0403616263"), ["016869", "00", "02616263"]);
    const cutter = new Cutter();
    assert.deepEqual([...cutter.messages([hex("00")])], []);
    assert.deepEqual([...cutter.messages([hex("0261"), hex("62")])].map(toHex), ["006162"]);
    assert.deepEqual(cut(`020000000000000100${"61".repeat(256)}`), [`00${"61".repeat(256)}`]);
  });

  it("agrees with the form for Node", () => {
    const page = handshake("DEALER", "page");
    const peer = handshake("ROUTER", "", zws("ZWS2.0", { maxMessageBytes: 0, ping() {} }, "server"));
    const cutter = new Cutter();
    const bytes = page.produce();
    assert.equal(toHex(bytes), "000470616765");
    for (const message of cutter.messages([bytes as Uint8Array])) peer.push(message);
    peer.push(new Uint8Array(0));
    page.push(toFrame(peer.produce() as Uint8Array));
    assert.deepEqual([page.state, peer.state], ["done", "done"]);
    assert.equal(text(peer.outcome, "Identity"), "page");
    const { encoder, decoder } = page.outcome;
    encoder.encode([fromText("a"), fromText("b".repeat(300))]);
    encoder.encodeControl({ kind: "subscribe", topic: fromText("cpu") });
    for (const message of cutter.messages(encoder.take())) peer.outcome.decoder.push(message);
    assert.deepEqual(decoded(peer.outcome), [["a", "b".repeat(300)], ["\u0001cpu"]]);
    peer.outcome.encoder.encode([fromText("x"), fromText("")]);
    for (const message of peer.outcome.encoder.take()) decoder.push(toFrame(message));
    assert.deepEqual(decoded(page.outcome), [["x", ""]]);
  });

  it("encodes nothing of a message with a frame that libzmq would stall at", () => {
    const page = handshake("DEALER", "");
    page.produce();
    page.push(toFrame(hex("00")));
    const { encoder } = page.outcome;
    assert.throws(() => encoder.encode([fromText("a"), new Uint8Array(65_536)]), { code: "EMSGSIZE" });
    assert.equal(encoder.size, 0);
    encoder.encode([new Uint8Array(65_535)]);
    assert.equal(encoder.size, 65_544);
  });
});
