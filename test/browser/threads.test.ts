/** inproc between a page and its dedicated workers, which share memory because the page is cross-origin isolated. */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type * as Library from "../../src/browser.ts";
import { noBrowser, TestPage } from "./chromium.ts";

const limit = { timeout: 60_000 };

declare global {
  /** In the page. */
  class Worker {
    constructor(url: string, options: { type: "module" });
    postMessage(message: unknown): void;
    terminate(): void;
    onmessage: ((event: { readonly data: unknown }) => void) | null;
  }
}

const WORKER = `
  import { Context, Pull, Push, Reply, Request } from "/browser.js";
  import "/browser-threads.js";
  const text = (frame) => new TextDecoder().decode(frame);
  const tasks = {
    async answer(context) {
      const [reply, request] = [new Reply({ context }), new Request({ context })];
      await reply.bind("inproc://worker");
      request.connect("inproc://page");
      await request.send("question");
      request.receive().then(async ([answer]) => request.send("the worker heard " + text(answer)));
      for await (const [question] of reply) await reply.send(text(question) + "!");
    },
    async push(context) {
      const push = new Push({ context });
      push.connect("inproc://results");
      for (let i = 0; i < 200; i++) await push.send([String(i), new Uint8Array(300_000).fill(i)]);
    },
    async pull(context) {
      const pull = new Pull({ context });
      await pull.bind("inproc://results");
      let [bytes, isInOrder] = [0, true];
      for (let i = 0; i < 200; i++) {
        const [number, body] = await pull.receive();
        isInOrder &&= text(number) === String(i) && body[0] === i && body.at(-1) === i;
        bytes += body.length;
      }
      postMessage({ messages: 200, bytes, isInOrder });
    },
  };
  onmessage = ({ data: { handle, task } }) => tasks[task](Context.from(handle));
`;

describe("the threads of a page", { skip: noBrowser ?? false }, () => {
  let chromium: TestPage;
  before(async () => {
    chromium = await TestPage.open({ isIsolated: true, scripts: { "/worker.js": WORKER } });
  });
  after(async () => {
    await chromium[Symbol.asyncDispose]();
  });

  test("a request of the page is answered by a worker, and one of a worker by the page", limit, async () => {
    await chromium.load();
    const answers = await chromium.page.evaluate(async () => {
      await import("/browser-threads.js" as string);
      const { Context, Reply, Request } = zmq;
      const context = new Context();
      const [request, reply] = [new Request({ context }), new Reply({ context })];
      await reply.bind("inproc://page");
      const worker = new Worker("/worker.js", { type: "module" });
      worker.postMessage({ handle: context.handle, task: "answer" });
      request.connect("inproc://worker");
      const answers: string[] = [];
      for (let i = 0; i < 100; i++) {
        await request.send(`${i}`);
        answers.push(new TextDecoder().decode((await request.receive())[0]));
      }
      const [question] = await reply.receive();
      await reply.send(question as Uint8Array);
      answers.push(new TextDecoder().decode((await reply.receive())[0]));
      return answers;
    });
    assert.deepEqual(answers, [...Array.from({ length: 100 }, (_, i) => `${i}!`), "the worker heard question"]);
  });

  test("two workers exchange large messages past a page that computes", limit, async () => {
    await chromium.load();
    const received = await chromium.page.evaluate(async () => {
      await import("/browser-threads.js" as string);
      const { handle } = new zmq.Context();
      const workers = ["push", "pull"].map((task) => {
        const worker = new Worker("/worker.js", { type: "module" });
        worker.postMessage({ handle, task });
        return worker;
      });
      const result = new Promise((resolve) => {
        (workers[1] as Worker).onmessage = ({ data }) => resolve(data);
      });
      for (const end = performance.now() + 500; performance.now() < end; );
      return result;
    });
    assert.deepEqual(received, { messages: 200, bytes: 200 * 300_000, isInOrder: true });
  });

  test("a worker that is terminated is a peer that left, and its names are free", limit, async () => {
    await chromium.load();
    const told = await chromium.page.evaluate(async () => {
      await import("/browser-threads.js" as string);
      const context = new zmq.Context();
      const worker = new Worker("/worker.js", { type: "module" });
      worker.postMessage({ handle: context.handle, task: "answer" });
      const request = new zmq.Request({ context });
      request.connect("inproc://worker");
      await request.send("1");
      await request.receive();
      worker.terminate();
      while (request.peers.some(({ connected }) => connected)) await new Promise((resolve) => setTimeout(resolve, 20));
      const reply = new zmq.Reply({ context });
      await reply.bind("inproc://worker");
      return request.peers.length;
    });
    assert.equal(typeof told, "number");
  });

  test("a page that is not isolated has no handle, and says why", limit, async () => {
    await using open = await TestPage.open();
    const error = await open.page.evaluate(async () => {
      await import("/browser-threads.js" as string);
      try {
        return String(new zmq.Context().handle);
      } catch (refused) {
        return { code: (refused as Library.ZmqError).code };
      }
    });
    assert.equal((error as { readonly code: string }).code, "ENOTSUP");
  });
});
