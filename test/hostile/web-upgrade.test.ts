/** Peers that never finish WebSocket's opening handshake, or ask for something else, at a port of ws or wss. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { describe, it } from "node:test";
import { systemClock } from "../../src/base/clock.ts";
import type { Transport } from "../../src/base/link.ts";
import { webSocketTransports } from "../../src/transport/node/ws.ts";
import { CERTIFICATE, KEY } from "../certificate.ts";
import { Bound, connectTo, End, holdProcess, testOptions } from "../transport-ends.ts";
import { upgradeOf } from "../websocket-frames.ts";

const [ws, wss] = webSocketTransports(systemClock()) as [Transport, Transport];
const REQUEST = upgradeOf("/x", "ZWS2.0/NULL,ZWS2.0,zmtp3.1.stream");

function portOf({ listener }: Bound): number {
  return Number(new URL(listener.address.replace(/^wss?/, "http")).port);
}

interface Guest {
  readonly tcp: Socket;
  readonly closed: Promise<string>;
}

/** A connection, and all that came on it once it is closed. */
function guest(bound: Bound): Guest {
  const tcp = connect({ port: portOf(bound), host: "127.0.0.1", noDelay: true });
  let text = "";
  tcp.on("data", (chunk) => {
    text += chunk.toString("latin1");
  });
  tcp.on("error", () => {}); // A reset; "close" follows.
  return { tcp, closed: new Promise((resolve) => tcp.on("close", () => resolve(text))) };
}

/** Whether a good peer is served by the port. */
async function goesOn(transport: Transport, bound: Bound, options = testOptions()): Promise<void> {
  const dialed = new End(await connectTo(transport, bound.listener.address, options));
  const accepted = new End(await bound.link());
  dialed.link.write([Buffer.from("good")]);
  await accepted.until((end) => end.text() === "good");
  dialed.link.destroy();
}

/** Writes pieces of its own making as fast as they are taken, until the connection is over. */
function pour({ tcp }: Guest, next: () => string): void {
  const write = (): void => {
    while (!tcp.destroyed && tcp.write(next()));
    if (!tcp.destroyed) tcp.once("drain", write);
  };
  write();
}

describe("a request that never ends", () => {
  holdProcess();

  it("is given up after handshakeInterval, and an octet now and then does not begin that time anew", async () => {
    const bound = await Bound.at(ws, "ws://127.0.0.1:*/x", testOptions({ handshakeInterval: 150 }));
    const slow = Array.from({ length: 50 }, () => guest(bound));
    let sent = 0;
    const timer = setInterval(() => {
      for (const { tcp } of slow) tcp.write(REQUEST[sent] as string);
      sent++;
    }, 5);
    for (const answer of await Promise.all(slow.map(({ closed }) => closed))) assert.match(answer, /^HTTP\/1\.1 408 /);
    clearInterval(timer);
    assert.ok(sent < REQUEST.length);
    await goesOn(ws, bound);
    bound.listener.close();
  });

  it("has an end where its headers, their number, or one of its lines are too long", async () => {
    const bound = await Bound.at(ws, "ws://127.0.0.1:*/x");
    const start = "GET /x HTTP/1.1\r\n";
    let n = 0;
    const floods = [
      () => `X-${n++}: ${"a".repeat(500)}\r\n`,
      () => "X: 1\r\n".repeat(50),
      () => "a".repeat(5000),
      () => "X:\t",
    ];
    const flooding = floods.map(async (flood) => {
      const one = guest(bound);
      one.tcp.write(start);
      pour(one, flood);
      // The answer may be lost with a connection that is reset while it is written to.
      assert.match(await one.closed, /^(HTTP\/1\.1 431 |$)/);
    });
    await Promise.all(flooding);
    assert.deepEqual(new Set(bound.failures.map((error) => (error as { code?: string }).code)), new Set(["EMSGSIZE"]));
    await goesOn(ws, bound);
    bound.listener.close();
  });

  it("makes room for others beyond maxPendingHandshakes, the oldest first", async () => {
    const bound = await Bound.at(ws, "ws://127.0.0.1:*/x", testOptions({ maxPendingHandshakes: 3 }));
    const silent: Guest[] = [];
    for (let i = 0; i < 6; i++) {
      const one = guest(bound);
      await once(one.tcp, "connect");
      one.tcp.write("GET /x HT");
      silent.push(one);
    }
    for (const { closed } of silent.slice(0, 3)) assert.equal(await closed, "");
    await goesOn(ws, bound);
    for (const { tcp } of silent) tcp.destroy();
    bound.listener.close();
  });

  it("leaves nothing behind, at whatever octet it is cut", async () => {
    const bound = await Bound.at(ws, "ws://127.0.0.1:*/x", testOptions({ maxPendingHandshakes: 8 }));
    for (let length = 0; length < REQUEST.length; length++) {
      const one = guest(bound);
      if (length % 2 === 0) one.tcp.end(REQUEST.slice(0, length));
      else one.tcp.write(REQUEST.slice(0, length), () => one.tcp.resetAndDestroy());
      await one.closed;
    }
    assert.deepEqual(bound.failures, []);
    await goesOn(ws, bound);
    bound.listener.close();
  });
});

describe("what is no request for a WebSocket", () => {
  holdProcess();
  const cases: Readonly<Record<string, readonly [RegExp, string]>> = {
    "lines that end with a line feed alone": [/^$|^HTTP\/1\.1 40/, REQUEST.replaceAll("\r\n", "\n")],
    "a folded header": [/^HTTP\/1\.1 400 /, REQUEST.replace("\r\nUpgrade", "\r\n folded\r\nUpgrade")],
    "a blank before the colon": [/^HTTP\/1\.1 400 /, REQUEST.replace("Host:", "Host :")],
    "a NUL in a value": [/^HTTP\/1\.1 400 /, REQUEST.replace("Host: 127", "Host: \x0a7")],
    "two hosts": [/^HTTP\/1\.1 400 /, REQUEST.replace("Upgrade:", "Host: other\r\nUpgrade:")],
    "a body": [/^HTTP\/1\.1 400 /, REQUEST.replace("Upgrade:", "Content-Length: 5\r\nUpgrade:")],
    "a chunked body": [/^HTTP\/1\.1 400 /, REQUEST.replace("Upgrade:", "Transfer-Encoding: chunked\r\nUpgrade:")],
    POST: [/^HTTP\/1\.1 400 /, REQUEST.replace("GET", "POST")],
    "HTTP/1.0": [/^HTTP\/1\.1 400 /, REQUEST.replace("HTTP/1.1", "HTTP/1.0")],
    "a whole URL for a path": [/^HTTP\/1\.1 400 /, REQUEST.replace("/x", "http://127.0.0.1/x")],
    "another version of WebSocket": [/^HTTP\/1\.1 426 /, REQUEST.replace("Version: 13", "Version: 8")],
    "a key of 15 octets": [/^HTTP\/1\.1 400 /, REQUEST.replace("Z0WLa2mYPORR3LD0SpToKg==", "Z0WLa2mYPORR3LD0SpTo")],
    "no subprotocol of ours": [/^HTTP\/1\.1 400 /, REQUEST.replace(/Protocol: .*/, "Protocol: chat, superchat")],
    "another path": [/^HTTP\/1\.1 404 /, REQUEST.replace("/x", "/y")],
    "HTTP/2 without more ado": [/^HTTP\/1\.1 400 /, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    "the greeting of ZMTP": [/^HTTP\/1\.1 400 /, "\xff\0\0\0\0\0\0\0\x01\x7f\x03\x01NULL"],
    TLS: [/^HTTP\/1\.1 400 /, "\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03"],
  };
  for (const [what, [expected, sent]] of Object.entries(cases)) {
    it(`is refused with a status: ${what}`, async () => {
      const bound = await Bound.at(ws, "ws://127.0.0.1:*/x", testOptions({ handshakeInterval: 200 }));
      const one = guest(bound);
      one.tcp.write(sent, "latin1");
      assert.match(await one.closed, expected);
      assert.equal(bound.failures.length, 1);
      await goesOn(ws, bound);
      bound.listener.close();
    });
  }

  it("ends at a port of wss by itself, and silence after handshakeInterval", async () => {
    const secure = testOptions({ wssKeyPem: KEY, wssCertPem: CERTIFICATE, handshakeInterval: 200 });
    const bound = await Bound.at(wss, "wss://127.0.0.1:*/x", secure);
    const plain = guest(bound);
    plain.tcp.write(REQUEST);
    const silent = guest(bound);
    const half = guest(bound);
    half.tcp.write("\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03", "latin1");
    for (const { closed } of [plain, silent, half]) assert.doesNotMatch(await closed, /101/);
    await goesOn(wss, bound, testOptions({ wssTrustPem: CERTIFICATE }));
    bound.listener.close();
  });
});

describe("a port of wss", () => {
  holdProcess();

  it("has room for maxPendingHandshakes connections without TLS, and the oldest makes room", async () => {
    const secure = testOptions({ wssKeyPem: KEY, wssCertPem: CERTIFICATE, maxPendingHandshakes: 3 });
    const bound = await Bound.at(wss, "wss://127.0.0.1:*/x", secure);
    const silent: Guest[] = [];
    for (let i = 0; i < 6; i++) {
      const one = guest(bound);
      await once(one.tcp, "connect");
      silent.push(one);
    }
    for (const { closed } of silent.slice(0, 3)) assert.equal(await closed, "");
    for (let i = 0; i < 5; i++) await goesOn(wss, bound, testOptions({ wssTrustPem: CERTIFICATE }));
    for (const { tcp } of silent) tcp.destroy();
    bound.listener.close();
  });
});

describe("an HTTP server of the program", () => {
  holdProcess();

  it("has room for maxPendingHandshakes requests that wsAccept has not decided, and the oldest makes room", async () => {
    const server = createHttpServer();
    await once(server.listen(0, "127.0.0.1"), "listening");
    const wsAccept = ({ headers }: { headers: Readonly<Record<string, string>> }): Promise<boolean> =>
      headers.host === "127.0.0.1" ? new Promise(() => {}) : Promise.resolve(true);
    const options = testOptions({ wsServer: server, wsAccept, maxPendingHandshakes: 3 });
    const bound = Bound.syncAt(ws, "ws://*:*/x", options);
    const waiting: Guest[] = [];
    for (let i = 0; i < 6; i++) {
      const one = guest(bound);
      one.tcp.write(REQUEST);
      await once(server, "upgrade");
      waiting.push(one);
    }
    for (const { closed } of waiting.slice(0, 3)) assert.equal(await closed, "");
    for (let i = 0; i < 5; i++) await goesOn(ws, bound);
    for (const { tcp } of waiting) tcp.destroy();
    bound.listener.close();
    server.close();
    server.closeAllConnections();
  });
});

describe("a client", () => {
  holdProcess();
  const YES =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
    "Sec-WebSocket-Accept: x\r\nSec-WebSocket-Protocol: ZWS2.0/NULL\r\n\r\n";

  it("is told of an answer that is cut at any octet, and of one that never ends", async () => {
    let answer = "";
    let isEndless = false;
    const server = createServer((socket) => {
      socket.on("error", () => {}); // It leaves.
      socket.once("data", () => {
        if (!isEndless) socket.end(answer);
        else pour({ tcp: socket, closed: Promise.resolve("") }, () => `X-Y: ${"a".repeat(500)}\r\n`);
      });
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = server.address() as AddressInfo;
    for (let length = 0; length < YES.length; length++) {
      answer = YES.slice(0, length);
      await assert.rejects(connectTo(ws, `ws://127.0.0.1:${port}`), { code: "ECONNRESET" });
    }
    answer = YES;
    await assert.rejects(connectTo(ws, `ws://127.0.0.1:${port}`), { code: "EPROTO" });
    isEndless = true;
    answer = YES;
    await assert.rejects(connectTo(ws, `ws://127.0.0.1:${port}`), { code: "EMSGSIZE" });
    server.close();
  });
});
