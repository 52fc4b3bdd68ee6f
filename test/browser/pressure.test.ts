/** Pages and peers that do not read, calls that are called off, and what a page cannot send to libzmq itself. */

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as libzmq from "zeromq";
import { Pull, Push, Reply, type Socket } from "../../src/index.ts";
import { noBrowser, TestPage } from "./chromium.ts";

describe("a page under pressure", { skip: noBrowser ?? false, timeout: 120_000 }, () => {
  let browser: TestPage;
  const open: { close(): void }[] = [];
  before(async () => {
    browser = await TestPage.open();
  });
  after(async () => {
    for (const socket of open) socket.close();
    await browser[Symbol.asyncDispose]();
  });

  async function bound(socket: Socket, path: string): Promise<string> {
    open.push(socket);
    return socket.bind(`ws://127.0.0.1:*/${path}`);
  }

  it("sends wait while the peer does not read, and nothing is lost", async () => {
    const pull = new Pull({ wsServer: browser.server, receiveHighWaterMark: 10 });
    const address = await bound(pull, "slow-peer");
    const sent = await browser.page.evaluate(async (to) => {
      const push = new zmq.Push({ sendHighWaterMark: 10, sendTimeout: 300 });
      Object.assign(globalThis, { push });
      push.connect(to);
      await push.connected();
      const body = new Uint8Array(65_536);
      for (let i = 0; i < 2000; i++) {
        new DataView(body.buffer).setUint32(0, i);
        try {
          await push.send(body.slice());
        } catch (error) {
          return (error as { code: string }).code === "EAGAIN" ? i : -1;
        }
      }
      return 2000;
    }, address);
    assert.ok(sent > 10 && sent < 1000, `${sent} messages of 64 KiB were taken`);
    for (let i = 0; i < sent; i++) assert.equal((await pull.receive())[0]?.readUInt32BE(0), i);
    const more = browser.page.evaluate(async () => {
      const { push } = globalThis as unknown as { push: InstanceType<typeof zmq.Push> };
      await push.send("goes on");
      push.close();
    });
    assert.equal(String(await pull.receive()), "goes on");
    await more;
  });

  it("a page that does not receive holds up its peer's connection to a bound, and is told why it ended", async () => {
    const push = new Push({ wsServer: browser.server, sendHighWaterMark: 1, linger: 0 });
    const address = await bound(push, "slow-page");
    const cause = browser.page.evaluate(async (to) => {
      const pull = new zmq.Pull({ receiveHighWaterMark: 1, reconnectInterval: -1 });
      const cause = new Promise((resolve) =>
        pull.events.on("disconnect", (event) => resolve(event.cause as { code: string; detail: string })),
      );
      pull.connect(to);
      const { code, detail } = (await cause) as { code: string; detail: string };
      const [first] = await pull.receive();
      pull.close();
      return `${code} ${detail} ${first?.length}`;
    }, address);
    let sent = 0;
    const ended = new Promise<void>((resolve) => push.events.on("disconnect", () => resolve()));
    const sending = (async () => {
      for (; ; sent++) await push.send(Buffer.alloc(1_048_576));
    })().catch(() => {});
    assert.match(await cause, /^EMSGSIZE more than 67108864 octets .* 1048576$/);
    await ended;
    // The page's bound is exact, and stands in the error. What came in until its word of the end was here is the machine's:
    // 100 MiB and more on fast ones.
    assert.ok(sent >= 60 && sent < 256, `${sent} MiB were sent`);
    push.close();
    await sending;
  });

  it("what is too long for libzmq without a relay is refused at the call, and the connection goes on", async () => {
    const pull = new libzmq.Pull();
    open.push(pull);
    await pull.bind("ws://127.0.0.1:*");
    const told = browser.page.evaluate(async (to) => {
      const push = new zmq.Push();
      const dropped = new Promise<string>((resolve) => push.events.on("drop", ({ reason }) => resolve(reason)));
      push.connect(to);
      await push.send(new Uint8Array(70_000)); // Nobody knows yet what the peer speaks.
      await push.connected();
      const early = await dropped;
      const calls = [["a", new Uint8Array(65_536)], new Uint8Array(65_535), "short"].map((message) =>
        push.send(message).then(
          () => "sent",
          ({ code, detail }) => `${code} ${detail}`,
        ),
      );
      const all = [early, ...(await Promise.all(calls))];
      await push.drained();
      push.close();
      return all;
    }, pull.lastEndpoint as string);
    assert.equal((await pull.receive())[0]?.length, 65_535);
    assert.equal(String(await pull.receive()), "short");
    assert.deepEqual(await told, [
      "tooLong",
      "EMSGSIZE a frame of 65536 octets, expected 65535 at most: the peer speaks plain ZWS 2.0",
      "sent",
      "sent",
    ]);
  });

  it("a libzmq that does not read gets a hundred megabytes of the longest frames whole, for browsers cut none of them", async () => {
    const pull = new libzmq.Pull({ receiveHighWaterMark: 5 });
    open.push(pull);
    await pull.bind("ws://127.0.0.1:*");
    const count = 1600;
    const sent = browser.page.evaluate(
      async ([to, count]) => {
        const push = new zmq.Push({ sendHighWaterMark: 5 });
        Object.assign(globalThis, { flood: push });
        push.connect(to);
        await push.connected();
        const body = new Uint8Array(65_535);
        for (let i = 0; i < count; i++) {
          new DataView(body.buffer).setUint32(0, i);
          await push.send(body.slice());
        }
        await push.drained();
        push.close();
      },
      [pull.lastEndpoint as string, count] as const,
    );
    // Its queues, the kernel's buffers and the browser are full when the page sends no more.
    const held = () => browser.page.evaluate(`flood.peers[0]?.messagesSent ?? 0`) as Promise<number>;
    for (let before = -1, now = 0; now !== before || now === 0; before = now, now = await held()) {
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    for (let i = 0; i < count; i++) {
      const [frame] = await pull.receive();
      assert.deepEqual([frame?.length, frame?.readUInt32BE(0)], [65_535, i]);
    }
    await sent;
  });

  it("calls are called off by signals and time limits, events are heard, and blocks close their sockets", async () => {
    const reply = new Reply({ wsServer: browser.server });
    const address = await bound(reply, "calls");
    const told = await browser.page.evaluate(async (to) => {
      const all: unknown[] = [];
      // A method, because tools that keep the names of functions wrap others in what a page has not.
      const outcome = {
        of(call: Promise<unknown>) {
          return call.then(String, (error: { name: string; code?: unknown }) =>
            typeof error.code === "string" ? error.code : error.name,
          );
        },
      };
      {
        const request = new zmq.Request({ receiveTimeout: 20 });
        all.push(await outcome.of(request.connected({ signal: AbortSignal.timeout(10) })));
        const events = Promise.all(
          (["connect", "handshake"] as const).map((type) => new Promise((resolve) => request.events.on(type, resolve))),
        );
        request.connect(to);
        await request.connected();
        all.push((await events).length, String(request.peers[0]?.metadata["Socket-Type"]));
        await request.send("never answered");
        all.push(await outcome.of(request.receive()));
        const control = new AbortController();
        request.receiveTimeout = -1;
        const call = request.receive({ signal: control.signal });
        control.abort();
        all.push(await outcome.of(call));
        request.close();
      }
      return all;
    }, address);
    assert.deepEqual(told, ["TimeoutError", 2, "REP", "EAGAIN", "AbortError"]);
    // As text, because tools write `await using` in another way.
    const isClosed = await browser.page.evaluate(`(async () => {
      let kept;
      {
        await using request = new zmq.Request();
        kept = request;
      }
      return kept.closed;
    })()`);
    assert.equal(isClosed, true);
  });
});
