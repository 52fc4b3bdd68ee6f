import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createHttpServer, get } from "node:http";
import net, { type AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { CERTIFICATE, KEY } from "../../../test/certificate.ts";
import { transportConformance } from "../../../test/transport-conformance.ts";
import { Bound, connectTo, End, holdProcess, testOptions } from "../../../test/transport-ends.ts";
import { systemClock } from "../../base/clock.ts";
import { ZmqError } from "../../base/errors.ts";
import type { Transport } from "../../base/link.ts";
import { webSocketTransports } from "./ws.ts";

const [ws, wss] = webSocketTransports(systemClock()) as [Transport, Transport];

transportConformance({
  transport: ws,
  free: () => "ws://127.0.0.1:*",
  async deserted() {
    const bound = await Bound.at(ws, "ws://127.0.0.1:*");
    bound.listener.close();
    return bound.listener.address;
  },
  desertedCode: "ECONNREFUSED",
  steals: false,
});

/** wss between those who trust, as the suite knows transports. */
const trusted: Transport = {
  scheme: "wss",
  connect: (to, options, signal) => wss.connect(to, { ...options, wssTrustPem: CERTIFICATE }, signal),
  listen: (on, options, handler) => wss.listen(on, { ...options, wssKeyPem: KEY, wssCertPem: CERTIFICATE }, handler),
};

transportConformance({
  transport: trusted,
  free: () => "wss://127.0.0.1:*",
  async deserted() {
    const bound = await Bound.at(trusted, "wss://127.0.0.1:*");
    bound.listener.close();
    return bound.listener.address;
  },
  desertedCode: "ECONNREFUSED",
  steals: false,
  isLate: true,
});

const REQUEST =
  "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: Z0WLa2mYPORR3LD0SpToKg==\r\n" +
  "Sec-WebSocket-Protocol: ZWS2.0\r\nSec-WebSocket-Version: 13\r\n";

function portOf(address: string): number {
  return Number(new URL(address.replace(/^wss?/, "http")).port);
}

/** The first line of what a server answers to a raw request. */
async function ask(port: number, path: string, headers = ""): Promise<string> {
  return (await answerOf(port, path, headers)).split("\r\n", 1)[0] as string;
}

async function answerOf(port: number, path: string, headers = ""): Promise<string> {
  const socket = net.connect(port, "127.0.0.1");
  const host = /^Host:/im.test(headers) ? "" : `Host: 127.0.0.1:${port}\r\n`;
  socket.write(`GET ${path} HTTP/1.1\r\n${host}${REQUEST}${headers}\r\n`);
  try {
    const [answer] = await once(socket, "data");
    return String(answer);
  } finally {
    socket.destroy();
  }
}

const YES = "HTTP/1.1 101 Switching Protocols";

describe("paths", () => {
  holdProcess();

  it("several endpoints share a port, and each gets its own peers", async () => {
    const one = await Bound.at(ws, "ws://127.0.0.1:*/one");
    const port = portOf(one.listener.address);
    const two = await Bound.at(ws, `ws://127.0.0.1:${port}/two`);
    const three = Bound.syncAt(ws, `ws://127.0.0.1:${port}/a/three?x=1`);
    await assert.rejects(Bound.at(ws, `ws://127.0.0.1:${port}/two`), { code: "EADDRINUSE" });
    for (const bound of [one, two, three]) {
      const dialed = new End(await connectTo(ws, bound.listener.address));
      const accepted = new End(await bound.link());
      dialed.link.write([Buffer.from("hello")]);
      await accepted.until((end) => end.text() === "hello");
      dialed.link.destroy();
    }
    one.listener.close();
    assert.match(await ask(port, "/one"), / 404 /);
    assert.equal(await ask(port, "/two"), YES);
    two.listener.close();
    three.listener.close();
    three.listener.close();
    const again = await Bound.at(ws, `ws://127.0.0.1:${port}/one`);
    again.listener.close();
  });

  it("libzmq's last segment leads to a longer path, and a socket bound without a path takes the rest", async () => {
    const deep = await Bound.at(ws, "ws://127.0.0.1:*/a/pull");
    const port = portOf(deep.listener.address);
    assert.equal(await ask(port, "/pull"), YES);
    assert.equal(await ask(port, "/a/pull?token=1"), YES);
    assert.match(await ask(port, "/other"), / 404 /);
    const rest = await Bound.at(ws, `ws://127.0.0.1:${port}`);
    assert.equal(await ask(port, "/other"), YES);
    await rest.link();
    deep.listener.close();
    rest.listener.close();
  });
});

describe("who may come in", () => {
  holdProcess();

  it("libzmq, which would never try again after an answer, gets none at a path that no socket has yet", async () => {
    const bound = await Bound.at(ws, "ws://127.0.0.1:*/x");
    const socket = net.connect(portOf(bound.listener.address), "127.0.0.1");
    socket.write(`GET /y HTTP/1.1\r\nHost: x\r\n${REQUEST.replace("ZWS2.0", "ZWS2.0/NULL,ZWS2.0")}\r\n`);
    socket.on("data", (chunk) => assert.fail(String(chunk)));
    await once(socket, "end");
    socket.destroy();
    assert.match((bound.failures.at(-1) as ZmqError).detail ?? "", /no ZeroMQ socket is bound at \/y/);
    bound.listener.close();
  });

  it("pages of the same host, those that are listed, and programs; others get 403 and an event that names them", async () => {
    const options = { ...testOptions(), wsAllowedOrigins: ["https://app.example"] };
    const bound = await Bound.at(ws, "ws://127.0.0.1:*/x", options);
    const port = portOf(bound.listener.address);
    assert.equal(await ask(port, "/x"), YES);
    assert.equal(await ask(port, "/x", `Origin: http://127.0.0.1:${port}\r\n`), YES);
    assert.equal(await ask(port, "/x", "Origin: https://app.example\r\n"), YES);
    for (const origin of ["http://evil.example", "null", "http://127.0.0.1", "https://app.example:444"]) {
      assert.match(await ask(port, "/x", `Origin: ${origin}\r\n`), / 403 /, origin);
    }
    // A name that was made to lead here (DNS rebinding).
    assert.match(await ask(port, "/x", "Host: evil.example\r\nOrigin: http://evil.example\r\n"), / 403 /);
    assert.match((bound.failures[0] as ZmqError).detail ?? "", /http:\/\/evil\.example/);
    assert.equal(bound.failures.length, 5);
    bound.listener.close();
  });

  it("all pages when * is listed", async () => {
    const bound = await Bound.at(ws, "ws://127.0.0.1:*/x", { ...testOptions(), wsAllowedOrigins: ["*"] });
    assert.equal(await ask(portOf(bound.listener.address), "/x", "Origin: http://evil.example\r\n"), YES);
    bound.listener.close();
  });

  it("those whom wsAccept lets in, at once or later", async () => {
    const seen: string[] = [];
    const options = {
      ...testOptions(),
      wsAccept: async ({
        target,
        headers,
        remoteAddress,
      }: {
        target: string;
        headers: object;
        remoteAddress: string;
      }) => {
        seen.push(`${target} ${"sec-websocket-key" in headers} ${remoteAddress}`);
        await new Promise((resolve) => setImmediate(resolve));
        if (target.endsWith("bad")) throw new Error("no such token");
        return target.endsWith("good");
      },
    };
    const bound = await Bound.at(ws, "ws://127.0.0.1:*/x", options);
    const port = portOf(bound.listener.address);
    assert.equal(await ask(port, "/x?good"), YES);
    assert.match(await ask(port, "/x?other"), / 403 /);
    assert.doesNotMatch(await answerOf(port, "/x?bad"), /no such token/, "the program's errors are not for peers");
    assert.match((bound.failures.at(-1) as ZmqError).detail ?? "", /wsAccept threw no such token/);
    assert.deepEqual(seen[0], "/x?good true 127.0.0.1");
    bound.listener.close();
  });

  it("no peers outside tcpAcceptFilter", async () => {
    const bound = await Bound.at(ws, "ws://127.0.0.1:*/x", { ...testOptions(), tcpAcceptFilter: ["10.0.0.0/8"] });
    assert.match(await ask(portOf(bound.listener.address), "/x"), / 403 /);
    bound.listener.close();
  });

  it("no peers without a mechanism where there must be one", async () => {
    const bound = await Bound.at(ws, "ws://127.0.0.1:*/x", { ...testOptions(), securityMechanism: "curve" });
    assert.match(await ask(portOf(bound.listener.address), "/x"), / 400 /);
    bound.listener.close();
  });
});

describe("what is no WebSocket handshake", () => {
  holdProcess();

  it("is answered in HTTP, and the socket goes on", async () => {
    const bound = await Bound.at(ws, "ws://127.0.0.1:*/x");
    const port = portOf(bound.listener.address);
    const answer = await new Promise<{ statusCode?: number | undefined }>((resolve, reject) => {
      get({ port, host: "127.0.0.1", path: "/x" }, (response) => {
        response.resume();
        resolve(response);
      }).on("error", reject);
    });
    assert.equal(answer.statusCode, 426);
    const ended = (bytes: string | Uint8Array): Promise<string> =>
      new Promise((resolve) => {
        const socket = net.connect(port, "127.0.0.1", () => socket.write(bytes));
        let text = "";
        socket.on("data", (data) => {
          text += data;
        });
        socket.on("close", () => resolve(text));
        socket.on("error", () => {});
      });
    assert.match(await ended(Buffer.from("ff00000000000000017f03", "hex")), /^HTTP\/1\.1 400 /);
    assert.match(await ended(`GET /x HTTP/1.1\r\nCookie: ${"c".repeat(20_000)}\r\n`), /^HTTP\/1\.1 431 /);
    assert.match(await ended("\r\n\r\n"), /^HTTP\/1\.1 400 /);
    assert.equal(await ask(port, "/x"), YES);
    bound.listener.close();
  });

  it("is given up after handshakeInterval, and a server that never answers too", async () => {
    const options = { ...testOptions(), handshakeInterval: 50 };
    const bound = await Bound.at(ws, "ws://127.0.0.1:*/x", options);
    const socket = net.connect(portOf(bound.listener.address), "127.0.0.1");
    socket.write("GET /x HT");
    assert.match(String((await once(socket, "data"))[0]), / 408 /);
    bound.listener.close();

    const deaf = net.createServer(() => {}).listen(0, "127.0.0.1");
    await once(deaf, "listening");
    const { port } = deaf.address() as AddressInfo;
    await assert.rejects(connectTo(ws, `ws://127.0.0.1:${port}`, options), { code: "ETIMEDOUT" });
    deaf.close();
    socket.destroy();
  });

  it("is refused by the client with a reason", async () => {
    const answers = ["HTTP/1.1 404 Not Found\r\n\r\n", "no HTTP\r\n\r\n", `${YES}\r\nUpgrade: websocket\r\n\r\n`];
    const server = net.createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", () => socket.end(answers.shift() ?? ""));
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = server.address() as AddressInfo;
    const detail = async (): Promise<string> => {
      const failure = await connectTo(ws, `ws://127.0.0.1:${port}`).catch((error: unknown) => error);
      assert(failure instanceof ZmqError);
      return failure.detail ?? "";
    };
    assert.match(await detail(), /answered 404 Not Found/);
    assert.match(await detail(), /no answer of HTTP/);
    assert.match(await detail(), /does not upgrade/);
    assert.match(await detail(), /closed the connection during the WebSocket handshake/);
    server.close();
  });

  it("leads to other names when the server refuses those with a slash", async () => {
    const offers: string[] = [];
    const server = net.createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", (data) => {
        offers.push(/Protocol: (.*)\r/.exec(String(data))?.[1] ?? "");
        socket.end("HTTP/1.1 400 Bad Request\r\n\r\n");
      });
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = server.address() as AddressInfo;
    await assert.rejects(connectTo(ws, `ws://127.0.0.1:${port}`));
    assert.deepEqual(offers, ["ZWS2.0/NULL,ZWS2.0,zmtp3.1.stream", "ZWS2.0,zmtp3.1.stream"]);
    server.close();
  });
});

describe("an HTTP server that runs already", () => {
  holdProcess();

  it("serves its pages and the endpoints bound on it", async () => {
    const server = createHttpServer((_request, response) => response.end("page"));
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = server.address() as AddressInfo;
    const options = { ...testOptions(), wsServer: server };
    const bound = Bound.syncAt(ws, "ws://*:*/feed", options);
    const other = await Bound.at(ws, "ws://*:*/other", options);
    assert.equal(bound.listener.address, `ws://127.0.0.1:${port}/feed`);
    await assert.rejects(Bound.at(ws, "ws://*:*/feed", options), { code: "EADDRINUSE" });
    const page = await fetch(`http://127.0.0.1:${port}/`);
    assert.equal(await page.text(), "page");
    const dialed = new End(await connectTo(ws, bound.listener.address));
    const accepted = new End(await bound.link());
    dialed.link.write([new Uint8Array(300_000).fill(1)]);
    accepted.link.write([Buffer.from("hello")]);
    await accepted.until((end) => end.received === 300_000);
    await dialed.until((end) => end.text() === "hello");
    assert.match(await ask(port, "/nowhere"), / 404 /);
    assert.match(await ask(port, "/feed", "Origin: http://evil.example\r\n"), / 403 /);
    bound.listener.close();
    other.listener.close();
    assert.equal(server.listenerCount("upgrade"), 0);
    dialed.link.destroy();
    await accepted.until((end) => end.isClosed);
    server.close();
  });

  it("is asked no longer than handshakeInterval whether a peer may come in", async () => {
    const server = createHttpServer();
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = server.address() as AddressInfo;
    const never = (): Promise<boolean> => new Promise(() => {});
    const options = { ...testOptions(), wsServer: server, wsAccept: never, handshakeInterval: 50 };
    const bound = Bound.syncAt(ws, "ws://*:*/feed", options);
    assert.match(await ask(port, "/feed"), / 408 /);
    bound.listener.close();
    server.close();
    server.closeAllConnections();
  });

  it("keeps its own upgrades", async () => {
    const server = createHttpServer();
    server.on("upgrade", (request, socket) => {
      if (request.url === "/own") socket.end("HTTP/1.1 299 Own\r\n\r\n");
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = server.address() as AddressInfo;
    const bound = Bound.syncAt(ws, "ws://*:*/feed", { ...testOptions(), wsServer: server });
    assert.match(await ask(port, "/own"), / 299 /);
    assert.equal(await ask(port, "/feed"), YES);
    bound.listener.close();
    server.close();
    server.closeAllConnections();
  });
});

describe("wss", () => {
  holdProcess();
  const secure = { ...testOptions(), wssKeyPem: KEY, wssCertPem: CERTIFICATE };

  it("carries bytes both ways between those who trust", async () => {
    for (const bind of [Bound.at, Bound.syncAt]) {
      const bound = await bind(wss, "wss://127.0.0.1:*/x", secure);
      const trusting = { ...testOptions(), wssTrustPem: CERTIFICATE };
      const dialed = new End(await connectTo(wss, bound.listener.address, trusting));
      const accepted = new End(await bound.link());
      const bytes = new Uint8Array(3_000_000).map((_, i) => i);
      dialed.link.write([bytes]);
      accepted.link.write([Buffer.from("hello")]);
      await accepted.until((end) => end.received === bytes.length);
      await dialed.until((end) => end.text() === "hello");
      assert.match(dialed.link.remoteAddress, /^wss:\/\/127\.0\.0\.1:/);
      dialed.link.close();
      await accepted.until((end) => end.isClosed);
      bound.listener.close();
    }
  });

  it("is refused by a client that does not trust, or expects another name", async () => {
    const bound = await Bound.at(wss, "wss://127.0.0.1:*/x", secure);
    const { address } = bound.listener;
    const failure = (options: object): Promise<unknown> =>
      connectTo(wss, address, { ...testOptions(), ...options }).catch((error: unknown) => error);
    assert.match(((await failure({})) as ZmqError).detail ?? "", /set wssTrustPem or wssTrustSystem/);
    const causeOf = async (options: object): Promise<string> => {
      const { cause } = (await failure(options)) as { cause: NodeJS.ErrnoException };
      return cause.code ?? "";
    };
    assert.match(await causeOf({ wssTrustSystem: true }), /SELF_SIGNED|UNABLE_TO_VERIFY/);
    const other = { wssTrustPem: CERTIFICATE, wssHostname: "other.example" };
    assert.equal(await causeOf(other), "ERR_TLS_CERT_ALTNAME_INVALID");
    const right = await connectTo(wss, address, {
      ...testOptions(),
      wssTrustPem: CERTIFICATE,
      wssHostname: "localhost",
    });
    right.destroy();
    bound.listener.close();
  });

  it("is bound with a key and a certificate that fit", async () => {
    for (const options of [{}, { wssKeyPem: KEY }, { wssKeyPem: "no key", wssCertPem: CERTIFICATE }]) {
      await assert.rejects(Bound.at(wss, "wss://127.0.0.1:*", { ...testOptions(), ...options }), { code: "EINVAL" });
    }
  });

  it("is not reached by ws, nor ws by wss", async () => {
    const bound = await Bound.at(wss, "wss://127.0.0.1:*/x", secure);
    await assert.rejects(connectTo(ws, bound.listener.address.replace("wss", "ws")));
    const plain = await Bound.at(ws, "ws://127.0.0.1:*/x");
    await assert.rejects(connectTo(wss, plain.listener.address.replace("ws", "wss")));
    bound.listener.close();
    plain.listener.close();
  });
});
