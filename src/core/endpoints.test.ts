/** Endpoints on an engine that is not in this thread, as far as they can see: all they know of it is `EngineHost`. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { crypto } from "../../test/crypto.ts";
import { FakeClock } from "../../test/fake-clock.ts";
import { fromText, toText } from "../base/bytes.ts";
import type { Endpoint } from "../base/endpoint-grammar.ts";
import { ZmqError } from "../base/errors.ts";
import type { FarEnd } from "../base/far-end.ts";
import { type Message, NO_PROPERTIES } from "../base/message.ts";
import type { OptionValues } from "../base/options.ts";
import type { EndpointOwner } from "../engine/endpoint-owner.ts";
import type { BoundEndpoint, ConnectedEndpoint } from "../engine/engine-endpoint.ts";
import type { EngineHost } from "../engine/engine-host.ts";
import { ContextCore } from "./context-core.ts";
import { PATTERNS } from "./patterns.ts";
import { flushNow } from "./process-end.ts";
import { WHOLE } from "./reach.ts";
import { Turn } from "./turn.ts";

/** One endpoint; the test plays what is behind it. */
class Remote implements BoundEndpoint {
  endpoint: string;
  isClosing = false;
  isIdle = true;
  pipe: FarEnd | undefined;
  readonly #owner: EndpointOwner;
  readonly #log: string[];

  constructor(owner: EndpointOwner, { text }: Endpoint, log: string[]) {
    this.endpoint = text;
    this.#owner = owner;
    this.#log = log;
  }
  isAt(text: string): boolean {
    return text === this.endpoint;
  }
  start(): Promise<void> {
    this.startSync();
    return Promise.resolve();
  }
  startSync(): void {
    this.#log.push(`start ${this.endpoint}`);
    this.endpoint = this.endpoint.replace("*", "4711");
  }
  close(lingerMs: number): void {
    this.#log.push(`close ${this.endpoint} within ${lingerMs}`);
    this.isClosing = true;
  }
  flushNow(): void {
    this.#log.push(`flush ${this.endpoint}`);
  }
  /** A peer is there; what it is sent goes to `sent`. */
  peer(options: OptionValues, sent: Message[]): FarEnd {
    const pipe = this.#owner.createPipe(this.endpoint, false, options);
    pipe.open();
    pipe.attach({
      queues: true,
      canWrite: true,
      write: (message) => sent.push(message) > 0,
      writeControl: () => true,
      resume() {},
      close() {},
    });
    pipe.connect(NO_PROPERTIES);
    return pipe;
  }
  gone(): void {
    this.#owner.gone(this);
  }
}

class RemoteHost implements EngineHost {
  readonly endpoints: Remote[] = [];
  readonly log: string[] = [];
  checkConnect({ scheme, text }: Endpoint): void {
    if (scheme === "ipc") throw new ZmqError("EPROTONOSUPPORT", { address: text });
  }
  connect(owner: EndpointOwner, target: Endpoint): ConnectedEndpoint {
    return this.bind(owner, target);
  }
  bind(owner: EndpointOwner, target: Endpoint): Remote {
    const endpoint = new Remote(owner, target, this.log);
    this.endpoints.push(endpoint);
    return endpoint;
  }
}

function opened() {
  const engine = new RemoteHost();
  const context = new ContextCore({ ...WHOLE, turn: new Turn(new FakeClock()), crypto, engine, warn() {} });
  const socket = context.open("DEALER", PATTERNS.DEALER);
  return { context, engine, socket, ...socket };
}

test("bind and connect are done by the context's engine host, and so are unbind and disconnect", async () => {
  const { engine, endpoints } = opened();
  await endpoints.bind("tcp://127.0.0.1:*");
  assert.equal(endpoints.lastEndpoint, "tcp://127.0.0.1:4711");
  endpoints.bindSync("ipc:///tmp/x");
  endpoints.connect("tcp://127.0.0.1:1", {});
  endpoints.end("tcp://127.0.0.1:1");
  endpoints.unbindSync("tcp://127.0.0.1:4711");
  assert.deepEqual(engine.log, [
    "start tcp://127.0.0.1:*",
    "start ipc:///tmp/x",
    "start tcp://127.0.0.1:1",
    "close tcp://127.0.0.1:1 within -1",
    "close tcp://127.0.0.1:4711 within -1",
  ]);
});

test("connect throws what the engine host knows to be in vain", () => {
  const { engine, endpoints } = opened();
  assert.throws(() => endpoints.connect("ipc:///tmp/x", {}), { code: "EPROTONOSUPPORT" });
  assert.deepEqual(engine.endpoints, []);
});

test("messages go through the pipes that the engine host asks for", async () => {
  const { engine, core, endpoints } = opened();
  endpoints.bindSync("tcp://127.0.0.1:1");
  const sent: Message[] = [];
  const pipe = engine.endpoints[0]?.peer(core.options, sent);
  await core.operations.send([fromText("question")], core);
  assert.deepEqual(
    sent.map((message) => message.map(toText)),
    [["question"]],
  );
  pipe?.deliver([fromText("answer")]);
  assert.deepEqual((await core.operations.receive(core)).map(toText), ["answer"]);
});

test("a closed context is done when the engine host says that its endpoints are gone", async () => {
  const { context, engine, endpoints } = opened();
  endpoints.connect("tcp://127.0.0.1:1", {});
  const [remote] = engine.endpoints;
  assert.equal(endpoints.isIdle, true);
  if (remote) remote.isIdle = false;
  assert.equal(endpoints.isIdle, false);
  let isDone = false;
  const closed = context.close().then(() => {
    isDone = true;
  });
  flushNow(context);
  await undefined;
  assert.equal(isDone, false);
  remote?.gone();
  await closed;
  assert.deepEqual(engine.log.slice(-2), ["close tcp://127.0.0.1:1 within -1", "flush tcp://127.0.0.1:1"]);
});
