import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { fromText, toText } from "../base/bytes.ts";
import { type HttpHead, HttpHeadReader } from "./http-head.ts";
import { BARE, chooseProtocol, offeredProtocols, STREAM } from "./subprotocols.ts";
import {
  acceptance,
  chosenProtocol,
  refusal,
  type UpgradeOffer,
  upgradeOffer,
  upgradeRequest,
} from "./websocket-upgrade.ts";

const sha1 = (text: string): string => createHash("sha1").update(text).digest("base64");

function head(text: string): HttpHead {
  const reader = new HttpHeadReader();
  const whole = reader.push(fromText(text));
  assert(whole !== undefined);
  return whole;
}

/** libzmq's request, as captured. */
const LIBZMQ =
  "GET /foo HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
  "Sec-WebSocket-Key: Z0WLa2mYPORR3LD0SpToKg==\r\nSec-WebSocket-Protocol: ZWS2.0/NULL,ZWS2.0\r\nSec-WebSocket-Version: 13\r\n\r\n";

const with_ = (from: string | RegExp, to: string): string => LIBZMQ.replace(from, to);

describe("a head", () => {
  it("is found wherever it is split, and what is behind it is kept", () => {
    const bytes = fromText(`${LIBZMQ}rest`);
    for (let at = 1; at < bytes.length; at++) {
      const reader = new HttpHeadReader();
      const first = reader.push(bytes.subarray(0, at));
      const found = first ?? reader.push(bytes.subarray(at));
      assert.equal(found?.start, "GET /foo HTTP/1.1");
      if (first === undefined) assert.equal(toText(reader.rest), "rest");
    }
  });

  it("is refused when it is not as strict as HTTP", () => {
    for (const broken of [
      with_("Host: ", "Host : "),
      with_("Host: ", "Ho st: "),
      with_("Upgrade: websocket\r\n", "Upgrade: websocket\r\n folded\r\n"),
      with_("Upgrade: websocket", "Upgrade: web\0socket"),
      with_("Upgrade: websocket\r\n", "Upgrade: websocket\n"),
      with_("Host: 127.0.0.1\r\n", "Host 127.0.0.1\r\n"),
      with_("Host: 127.0.0.1\r\n", ": 127.0.0.1\r\n"),
    ]) {
      assert.throws(() => upgradeRequest(head(broken)), { code: "EPROTO" }, JSON.stringify(broken));
    }
    for (const first of [0xff, 0x16, 0x0a, 0x40, 0x5b]) {
      assert.throws(() => new HttpHeadReader().push(Uint8Array.of(first, 0, 0)), { code: "EPROTO" });
    }
  });

  it("has limits", () => {
    const reader = new HttpHeadReader();
    assert.throws(
      () => {
        for (let i = 0; i < 1000; i++) reader.push(fromText("a".repeat(100)));
      },
      { code: "EMSGSIZE" },
    );
    assert.throws(() => head(with_("Host:", `Cookie: ${"a".repeat(17_000)}\r\nHost:`)), { code: "EMSGSIZE" });
    assert.throws(() => head(with_("Host:", `${"X: y\r\n".repeat(100)}Host:`)), { code: "EMSGSIZE" });
    head(with_("Host:", `Cookie: ${"a".repeat(15_000)}\r\nHost:`));
  });
});

describe("a request", () => {
  it("of libzmq is understood", () => {
    const { target, host, origin, protocols } = upgradeRequest(head(LIBZMQ));
    assert.deepEqual([target, host, origin, protocols], ["/foo", "127.0.0.1", undefined, ["ZWS2.0/NULL", "ZWS2.0"]]);
  });

  it("of a browser is understood", () => {
    const request = upgradeRequest(
      head(
        with_("Connection: Upgrade", "Connection: keep-alive, Upgrade\r\nOrigin: http://a.example")
          .replace("NULL,ZWS2.0", "NULL, ZWS2.0\r\nSec-WebSocket-Protocol: more")
          .replace("websocket", "WebSocket"),
      ),
    );
    assert.equal(request.origin, "http://a.example");
    assert.deepEqual(request.protocols, ["ZWS2.0/NULL", "ZWS2.0", "more"]);
    assert.equal(request.headers.toObject().connection, "keep-alive, Upgrade");
  });

  it("is refused with the status that says why", () => {
    const refused: readonly (readonly [number, string])[] = [
      [400, with_("HTTP/1.1", "HTTP/1.0")],
      [400, with_("GET /foo", "GET  /foo")],
      [400, with_("GET /foo", "GET foo")],
      [400, with_("GET /foo", "POST /foo")],
      [400, with_("Host: 127.0.0.1\r\n", "")],
      [400, with_("Host:", "Host: a\r\nHost:")],
      [400, with_("Host:", "Content-Length: 5\r\nHost:")],
      [400, with_("Host:", "Content-Length: 5\r\nContent-Length: 5\r\nHost:")],
      [400, with_("Host:", "Transfer-Encoding: chunked\r\nHost:")],
      [400, with_("Host:", "Origin: a\r\nOrigin: b\r\nHost:")],
      [426, with_("Upgrade: websocket\r\n", "")],
      [426, with_("Connection: Upgrade", "Connection: close")],
      [426, with_("Version: 13", "Version: 8")],
      [400, with_("Z0WLa2mYPORR3LD0SpToKg==", "Z0WLa2mYPORR3LD0SpToKh==")],
      [400, with_("Z0WLa2mYPORR3LD0SpToKg==", "short==")],
    ];
    for (const [httpStatus, text] of refused) {
      assert.throws(() => upgradeRequest(head(text)), { code: "EPROTO", httpStatus }, text);
    }
  });
});

describe("an answer", () => {
  const offer: UpgradeOffer = {
    target: "/foo",
    host: "127.0.0.1",
    key: "Z0WLa2mYPORR3LD0SpToKg==",
    protocols: ["ZWS2.0/NULL", "ZWS2.0"],
  };

  it("and the request before it are libzmq's, octet by octet", () => {
    assert.equal(toText(upgradeOffer(offer)), LIBZMQ);
    assert.equal(
      toText(acceptance(offer.key, "ZWS2.0/NULL", sha1)),
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
        `Sec-WebSocket-Accept: ${sha1(`${offer.key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)}\r\n` +
        "Sec-WebSocket-Protocol: ZWS2.0/NULL\r\n\r\n",
    );
  });

  it("computes the example of RFC 6455 section 1.3", () => {
    const text = toText(acceptance("dGhlIHNhbXBsZSBub25jZQ==", "x", sha1));
    assert.match(text, /\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/);
  });

  it("is read by the client", () => {
    const answer = toText(acceptance(offer.key, "ZWS2.0", sha1));
    assert.equal(chosenProtocol(head(answer), offer, sha1), "ZWS2.0");
    for (const broken of [
      answer.replace("101", "200"),
      answer.replace("HTTP/1.1", "HTTP/1.0"),
      answer.replace("Upgrade: websocket\r\n", ""),
      answer.replace("Connection: Upgrade", "Connection: close"),
      answer.replace(/Accept: ./, "Accept: _"),
      answer.replace("ZWS2.0", "other"),
      answer.replace("Sec-WebSocket-Protocol: ZWS2.0\r\n", ""),
      answer.replace("Connection", "Sec-WebSocket-Extensions: permessage-deflate\r\nConnection"),
      toText(refusal(404, "no socket at /foo")),
    ]) {
      assert.throws(() => chosenProtocol(head(broken), offer, sha1), { code: "EPROTO" }, broken);
    }
    assert.throws(() => chosenProtocol(head(toText(refusal(403, "no"))), offer, sha1), {
      code: "EACCES",
      detail: /403 Forbidden/,
    });
  });

  it("says no in one line", () => {
    assert.match(
      toText(refusal(404, "no socket at /x")),
      /^HTTP\/1.1 404 Not Found\r\n[\s\S]*\r\n\r\nno socket at \/x\n$/,
    );
    assert.match(toText(refusal(426, "x")), /\r\nSec-WebSocket-Version: 13\r\n/);
  });
});

describe("the choice of a dialect", () => {
  const open = { mechanism: "NULL", needsMechanism: false } as const;
  const closed = { mechanism: "CURVE", needsMechanism: true } as const;

  it("is the stream wherever it is offered, then the mechanism, then none", () => {
    assert.equal(chooseProtocol(["ZWS2.0/NULL", BARE, STREAM], open), STREAM);
    assert.equal(chooseProtocol([BARE, "ZWS2.0/NULL"], open), "ZWS2.0/NULL");
    assert.equal(chooseProtocol(["chat", BARE], open), BARE);
    assert.equal(chooseProtocol(["ZWS2.0/PLAIN"], open), undefined);
    assert.equal(chooseProtocol([], open), undefined);
  });

  it("is never one without security where there must be some", () => {
    assert.equal(chooseProtocol([BARE, "ZWS2.0/NULL"], closed), undefined);
    assert.equal(chooseProtocol([BARE, "ZWS2.0/CURVE"], closed), "ZWS2.0/CURVE");
    assert.deepEqual(offeredProtocols(closed), ["ZWS2.0/CURVE", STREAM]);
    assert.deepEqual(offeredProtocols(closed, true), [STREAM]);
    assert.deepEqual(offeredProtocols(open), ["ZWS2.0/NULL", BARE, STREAM]);
    assert.deepEqual(offeredProtocols(open, true), [BARE, STREAM]);
  });
});
