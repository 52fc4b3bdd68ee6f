/** The browser entry in Chromium, with peers on Node: zmq-ts over the stream, libzmq over plain ZWS 2.0. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { after, before, describe, it } from "node:test";
import * as libzmq from "zeromq";
import {
  curveKeyPair,
  Dealer,
  Proxy as Forwarder,
  Publisher,
  Pull,
  Push,
  Reply,
  Router,
  type Socket,
} from "../../src/index.ts";
import { noBrowser, TestPage } from "./chromium.ts";

const PYTHON_REP = `
import zmq
s = zmq.Context().socket(zmq.REP)
print(s.bind_to_random_port("tcp://127.0.0.1"), flush=True)
while True: s.send(b"python heard " + s.recv())
`;

const PYTHON_CURVE_REP = `
import sys, zmq
s = zmq.Context().socket(zmq.REP)
s.curve_server = True
s.curve_secretkey, s.curve_publickey = (key.encode() for key in sys.argv[1:])
print(s.bind_to_random_port("tcp://127.0.0.1"), flush=True)
while True: s.send(b"python opened " + s.recv())
`;

/** In the page. */
declare const document: {
  createElement(name: "meta"): { httpEquiv: string; content: string };
  readonly head: { append(element: object): void };
};

describe("a page in Chromium", { skip: noBrowser ?? false, timeout: 180_000 }, () => {
  let browser: TestPage;
  const open: Socket[] = [];
  before(async () => {
    browser = await TestPage.open();
  });
  after(async () => {
    for (const socket of open) socket.close();
    await browser[Symbol.asyncDispose]();
  });

  /** Binds to the page's own server, so that page and socket have one origin. */
  async function bound(socket: Socket, path: string): Promise<string> {
    open.push(socket);
    return socket.bind(`ws://127.0.0.1:*/${path}`);
  }

  it("asks a REP, over the stream of ZMTP", async () => {
    const reply = new Reply({ wsServer: browser.server });
    const address = await bound(reply, "rep");
    const asked = reply.receiveFrom();
    const answered = asked.then(({ message }) => reply.send(`you said ${message[0]}`));
    const got = await browser.page.evaluate(async (to) => {
      const request = new zmq.Request();
      request.connect(to);
      await request.send("hello");
      const [frame] = await request.receive();
      request.close();
      return new TextDecoder().decode(frame);
    }, address);
    await answered;
    assert.equal(got, "you said hello");
    assert.equal((await asked).metadata["Socket-Type"], "REQ");
  });

  it("gets what it subscribes to", async () => {
    const publisher = new Publisher({ wsServer: browser.server });
    const address = await bound(publisher, "pub");
    const got = browser.page.evaluate(async (to) => {
      const subscriber = new zmq.Subscriber();
      subscriber.subscribe("cpu", "mem");
      subscriber.connect(to);
      const topics: string[] = [];
      for await (const [topic] of subscriber) {
        topics.push(new TextDecoder().decode(topic));
        if (topics.length === 3) break;
      }
      subscriber.close();
      return topics;
    }, address);
    await publisher.subscriberJoined("mem");
    for (const topic of ["cpu", "disk", "mem", "net", "cpu"]) await publisher.send([topic, "1"]);
    assert.deepEqual(await got, ["cpu", "mem", "cpu"]);
  });

  it("sends and receives a hundred thousand messages each way, in order", async () => {
    const pull = new Pull({ wsServer: browser.server });
    const push = new Push({ wsServer: browser.server });
    const [to, from] = [await bound(pull, "in"), await bound(push, "out")];
    const count = 100_000;
    const sum = browser.page.evaluate(
      async ([to, from, count]) => {
        const push = new zmq.Push();
        const pull = new zmq.Pull();
        push.connect(to);
        pull.connect(from);
        const sent = (async () => {
          for (let i = 0; i < count; i++) await push.send(`message ${i}`);
        })();
        let wrong = 0;
        for (let i = 0; i < count; i++) {
          const [frame] = await pull.receive();
          if (new TextDecoder().decode(frame) !== `message ${i}`) wrong++;
        }
        await sent;
        await push.drained();
        push.close();
        pull.close();
        return wrong;
      },
      [to, from, count] as const,
    );
    const sending = (async () => {
      for (let i = 0; i < count; i++) await push.send(`message ${i}`);
    })();
    for (let i = 0; i < count; i++) assert.equal(String((await pull.receive())[0]), `message ${i}`);
    await sending;
    assert.equal(await sum, 0);
  });

  it("echoes 64 MiB", async () => {
    const dealer = new Dealer({ wsServer: browser.server });
    const address = await bound(dealer, "large");
    const same = browser.page.evaluate(async (to) => {
      const socket = new zmq.Dealer();
      socket.connect(to);
      const body = new Uint8Array(64 * 2 ** 20);
      for (let i = 0; i < body.length; i += 4093) body[i] = i;
      await socket.send(body);
      const frame = (await socket.receive())[0] as Uint8Array;
      socket.close();
      return frame.length === body.length && frame.every((octet, i) => octet === body[i]);
    }, address);
    await dealer.send(await dealer.receive());
    assert.equal(await same, true);
  });

  it("proves itself by CURVE and seals what it sends", async () => {
    const server = curveKeyPair();
    const router = new Router({ wsServer: browser.server, curveServer: true, curveSecretKey: server.secretKey });
    const address = await bound(router, "curve");
    const got = browser.page.evaluate(
      async ([to, curveServerKey]) => {
        await import("/browser-curve.js" as string);
        const { publicKey: curvePublicKey, secretKey: curveSecretKey } = zmq.curveKeyPair();
        const dealer = new zmq.Dealer({ curveServerKey, curvePublicKey, curveSecretKey });
        dealer.connect(to);
        await dealer.send("secret");
        const [frame] = await dealer.receive();
        dealer.close();
        return new TextDecoder().decode(frame);
      },
      [address, server.publicKey] as const,
    );
    const [id, body] = await router.receive();
    assert.equal(String(body), "secret");
    await router.send([id as Buffer, "sealed"]);
    assert.equal(await got, "sealed");
  });

  it("connects again when its peer has gone and comes back", async () => {
    const first = new Reply({ wsServer: browser.server });
    const address = await bound(first, "again");
    await browser.page.evaluate(async (to) => {
      const request = new zmq.Request({ reconnectInterval: 20 });
      Object.assign(globalThis, { request, lost: new Promise((resolve) => request.events.on("disconnect", resolve)) });
      request.connect(to);
      await request.connected();
    }, address);
    first.close();
    const second = new Reply({ wsServer: browser.server });
    open.push(second);
    await second.bind(address);
    const got = browser.page.evaluate(async () => {
      const { request, lost } = globalThis as unknown as {
        request: InstanceType<typeof zmq.Request>;
        lost: Promise<unknown>;
      };
      await lost; // A request that is under way when the connection ends would be lost with it.
      await request.connected();
      await request.send("still there?");
      const [frame] = await request.receive();
      request.close();
      return new TextDecoder().decode(frame);
    });
    await second.receive();
    await second.send("yes");
    assert.equal(await got, "yes");
  });

  it("joins sockets of one page by inproc", async () => {
    const got = await browser.page.evaluate(async () => {
      const a = new zmq.Pair();
      const b = new zmq.Pair();
      await a.bind("inproc://pair");
      b.connect("inproc://pair");
      await a.send(["one", "two"]);
      const frames = await b.receive();
      a.close();
      b.close();
      return frames.map((frame) => new TextDecoder().decode(frame));
    });
    assert.deepEqual(got, ["one", "two"]);
  });

  it("reaches libzmq itself, which speaks no stream", async () => {
    const reply = new libzmq.Reply();
    await reply.bind("ws://127.0.0.1:*");
    const { lastEndpoint: address } = reply;
    const answered = reply.receive().then((message) => reply.send(message));
    const got = browser.page.evaluate(async (to) => {
      const request = new zmq.Request();
      request.connect(to);
      await request.send(["two", "frames"]);
      const frames = await request.receive();
      request.close();
      return frames.map((frame) => new TextDecoder().decode(frame));
    }, address as string);
    await answered;
    assert.deepEqual(await got, ["two", "frames"]);
    reply.close();
  });

  it("reaches a pyzmq peer over tcp, through a proxy on Node", async () => {
    const python = spawn("/usr/bin/python3", ["-c", PYTHON_REP]);
    try {
      const [line] = (await once(python.stdout, "data")) as [Buffer];
      const front = new Router({ wsServer: browser.server });
      const back = new Dealer();
      const address = await bound(front, "proxy");
      back.connect(`tcp://127.0.0.1:${String(line).trim()}`);
      const proxy = new Forwarder(front, back);
      const running = proxy.run();
      const got = await browser.page.evaluate(async (to) => {
        const request = new zmq.Request();
        request.connect(to);
        await request.send("page");
        const [frame] = await request.receive();
        request.close();
        return new TextDecoder().decode(frame);
      }, address);
      assert.equal(got, "python heard page");
      proxy.terminate();
      await running;
    } finally {
      python.kill();
    }
  });

  it("talks to pyzmq by CURVE end to end, through a relay that sees closed boxes alone", async () => {
    const server = curveKeyPair();
    const python = spawn("/usr/bin/python3", ["-c", PYTHON_CURVE_REP, server.secretKey, server.publicKey]);
    const relays: ReturnType<typeof spawn>[] = [];
    try {
      const [line] = (await once(python.stdout, "data")) as [Buffer];
      const relay = spawn(process.execPath, [
        ...["dist/cli/zmq.js", "proxy", "ws://127.0.0.1:*", `tcp://127.0.0.1:${String(line).trim()}`],
        ...["--type", "relay", "--option", `wsAllowedOrigins=http://127.0.0.1:${browser.port}`],
      ]);
      relays.push(relay);
      const [said] = (await once(relay.stderr, "data")) as [Buffer];
      const got = await browser.page.evaluate(
        async ([to, curveServerKey]) => {
          await import("/browser-curve.js" as string);
          const { publicKey: curvePublicKey, secretKey: curveSecretKey } = zmq.curveKeyPair();
          const request = new zmq.Request({ curveServerKey, curvePublicKey, curveSecretKey });
          request.connect(to);
          await request.send("sealed page");
          const [frame] = await request.receive();
          request.close();
          return new TextDecoder().decode(frame);
        },
        [/ws:\S+/.exec(String(said))?.[0] ?? "", server.publicKey] as const,
      );
      assert.equal(got, "python opened sealed page");
    } finally {
      python.kill();
      for (const relay of relays) relay.kill();
    }
  });

  it("is told of a peer that it loses while offline, by heartbeats, and is back afterwards", async () => {
    const reply = new Reply({ wsServer: browser.server });
    const address = await bound(reply, "offline");
    const { page } = browser;
    await page.evaluate(async (to) => {
      const request = new zmq.Request({ heartbeatInterval: 50, heartbeatTimeout: 200, reconnectInterval: 50 });
      Object.assign(globalThis, { request, lost: new Promise((resolve) => request.events.on("disconnect", resolve)) });
      request.connect(to);
      await request.connected();
    }, address);
    await page.context().setOffline(true);
    await page.evaluate(() => (globalThis as unknown as { lost: Promise<unknown> }).lost.then(() => {}));
    await page.context().setOffline(false);
    const answered = reply.receive().then(() => reply.send("welcome back"));
    const got = await page.evaluate(async () => {
      const { request } = globalThis as unknown as { request: InstanceType<typeof zmq.Request> };
      await request.connected();
      await request.send("hello");
      const [frame] = await request.receive();
      request.close();
      return new TextDecoder().decode(frame);
    });
    await answered;
    assert.equal(got, "welcome back");
  });

  it("leaves its peers when it is loaded again, and may come anew", async () => {
    const router = new Router({ wsServer: browser.server });
    const address = await bound(router, "reload");
    for (const word of ["before", "after"]) {
      await browser.page.evaluate(
        async ([to, word]) => {
          const dealer = new zmq.Dealer({ routingId: "page" });
          dealer.connect(to);
          await dealer.send(word);
          await dealer.drained();
        },
        [address, word] as const,
      );
      assert.deepEqual((await router.receive()).map(String), ["page", word]);
      const left = new Promise((resolve) => router.events.on("disconnect", resolve));
      await browser.load();
      await left;
    }
  });

  it("is told what a browser cannot do, by libzmq's codes and what to use", async () => {
    const told = await browser.page.evaluate(async () => {
      const socket = new zmq.Dealer();
      const all: string[] = [];
      for (const call of [
        () => socket.connect("tcp://127.0.0.1:1"),
        () => socket.bind("tcp://127.0.0.1:1"),
        () => socket.connect("ipc:///tmp/x"),
        () => socket.bind("ws://127.0.0.1:1"),
        () => socket.bindSync("ws://127.0.0.1:1"),
      ]) {
        try {
          await call();
          all.push("done");
        } catch (error) {
          const { code, detail } = error as { code: string; detail?: string };
          all.push(`${code} ${detail}`);
        }
      }
      socket.close();
      return all;
    });
    assert.match(told[0] as string, /^EPROTONOSUPPORT .*ws:\/\//);
    assert.match(told[1] as string, /^EPROTONOSUPPORT .*bind/);
    assert.match(told[2] as string, /^EPROTONOSUPPORT .*ws:\/\//);
    assert.match(told[3] as string, /^EPROTONOSUPPORT .*bind/);
    assert.match(told[4] as string, /^EPROTONOSUPPORT .*bind/);
  });

  it("is told when its own policy forbids a connection", async () => {
    const told = await browser.page.evaluate(async () => {
      const policy = document.createElement("meta");
      policy.httpEquiv = "content-security-policy";
      policy.content = "connect-src https:";
      document.head.append(policy);
      const dealer = new zmq.Dealer({ reconnectInterval: -1 });
      const closed = new Promise((resolve) => dealer.events.on("close", ({ cause }) => resolve(cause)));
      dealer.connect("ws://127.0.0.1:1");
      const { code, detail } = (await closed) as { code: string; detail: string };
      dealer.close();
      return `${code} ${detail}`;
    });
    await browser.load();
    assert.match(told, /^ECONNREFUSED the browser's console says why/);
  });
});
