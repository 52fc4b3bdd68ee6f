import assert from "node:assert/strict";
import { test } from "node:test";
import { crypto } from "../../test/crypto.ts";
import { FakeClock } from "../../test/fake-clock.ts";
import { fromText, toText } from "../base/bytes.ts";
import { ZmqError } from "../base/errors.ts";
import type { FarEnd } from "../base/far-end.ts";
import type { Message } from "../base/message.ts";
import { WHOLE } from "../core/reach.ts";
import { Turn } from "../core/turn.ts";
import { Context } from "../socket/context.ts";
import { Publisher, Subscriber, XPublisher } from "../socket/sockets.ts";
import type { DatagramProtocol, DatagramSession, DatagramSessionOwner } from "./datagram-session.ts";
import { LocalHost } from "./local-host.ts";

/** A session that a test plays the network of. */
class FakeSession implements DatagramSession {
  readonly queues = true;
  readonly canWrite = true;
  readonly owner: DatagramSessionOwner;
  readonly failures: Error[];
  readonly sent: string[] = [];
  isFull = false;
  isOpen = false;
  isFinishing = false;
  #pipe: FarEnd | undefined;

  constructor(owner: DatagramSessionOwner, failures: Error[]) {
    this.owner = owner;
    this.failures = failures;
  }
  open(): Promise<string> {
    return new Promise((resolve) => resolve(this.openSync()));
  }
  openSync(): string {
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    this.isOpen = true;
    return "epgm://127.0.0.1;239.0.0.1:5555";
  }
  start(pipe: FarEnd): void {
    this.#pipe = pipe;
    this.drain();
  }
  get pipe(): FarEnd {
    assert.ok(this.#pipe !== undefined);
    return this.#pipe;
  }
  get isIdle(): boolean {
    return !this.isFull;
  }
  write(message: Message): boolean {
    if (!this.isFull) this.sent.push(message.map(toText).join());
    return !this.isFull;
  }
  writeControl(): boolean {
    return true;
  }
  resume(): void {}
  close(lingerMs: number): void {
    this.owner.close(lingerMs);
  }
  finish(): void {
    this.isFinishing = true;
  }
  drain(): void {
    this.isFull = false;
    for (let item = this.#pipe?.pull(); item !== undefined; item = this.#pipe?.pull()) {
      if (Array.isArray(item)) this.write(item);
    }
    if (this.isFinishing) this.owner.finished();
  }
  destroy(): void {
    this.isOpen = false;
  }
  flushNow(): void {}
}

function setUp(...failures: Error[]) {
  const clock = new FakeClock();
  const sessions: FakeSession[] = [];
  const protocol: DatagramProtocol = {
    scheme: "epgm",
    check(target) {
      if (target.text.includes("nowhere")) throw new ZmqError("ENODEV", { address: target.text });
    },
    session(owner) {
      const session = new FakeSession(owner, failures);
      sessions.push(session);
      return session;
    },
  };
  class FakeContext extends Context {
    constructor() {
      super({
        ...WHOLE,
        turn: new Turn(clock),
        crypto,
        engine: new LocalHost(clock, [], crypto, [protocol]),
        warn() {},
      });
    }
  }
  return { clock, context: new FakeContext(), sessions };
}

const ENDPOINT = "epgm://127.0.0.1;239.0.0.1:5555";

test("what a publisher sends before its datagram sockets are open leaves when they are", async () => {
  const { context, sessions } = setUp();
  const pub = new Publisher({ context });
  pub.connect(ENDPOINT);
  await pub.connected();
  await pub.send("one");
  assert.deepEqual(sessions[0]?.sent, ["one"]);
  pub.close();
});

test("a subscriber reads what its session delivers, by its subscriptions", async () => {
  const { context, sessions } = setUp();
  const sub = new Subscriber({ context });
  sub.subscribe("b");
  await sub.bind(ENDPOINT);
  sessions[0]?.pipe.deliver([fromText("a1")]);
  sessions[0]?.pipe.deliver([fromText("b1")]);
  assert.deepEqual((await sub.receive()).map(String), ["b1"]);
  sub.close();
});

test("XPUB is told of one subscription to everything", async () => {
  const { context } = setUp();
  const xpub = new XPublisher({ context });
  xpub.bindSync(ENDPOINT);
  assert.deepEqual(await xpub.receive(), [Buffer.from([1])]);
  xpub.close();
});

test("a bind that fails rejects with the session's error, and leaves nothing behind", async () => {
  const { context, sessions } = setUp(new ZmqError("EADDRINUSE"), new ZmqError("EACCES"));
  const pub = new Publisher({ context });
  await assert.rejects(pub.bind(ENDPOINT), { code: "EADDRINUSE" });
  assert.throws(() => pub.bindSync(ENDPOINT), { code: "EACCES" });
  assert.deepEqual(
    sessions.map(({ isOpen }) => isOpen),
    [false, false],
  );
  assert.throws(() => pub.unbindSync(ENDPOINT), { code: "ENOENT" });
  pub.close();
});

test("a connect whose sockets cannot be opened says why and tries again", async () => {
  const { context, sessions, clock } = setUp(new ZmqError("EADDRINUSE"));
  const pub = new Publisher({ context });
  const { events } = pub;
  pub.connect(ENDPOINT);
  assert.deepEqual(await next(), "connect:delay");
  assert.deepEqual(await next(), "close");
  assert.deepEqual(await next(), "connect:retry");
  clock.advance(200);
  assert.deepEqual(await next(), "connect:delay");
  assert.deepEqual(await next(), "connect");
  assert.equal(sessions.length, 2);
  pub.close();

  async function next(): Promise<string> {
    return (await events.receive()).type;
  }
});

test("an interface that does not exist is refused at the call", () => {
  const { context } = setUp();
  const pub = new Publisher({ context });
  assert.throws(() => pub.connect("epgm://nowhere;239.0.0.1:5555"), { code: "ENODEV" });
  pub.close();
});

test("a closed endpoint sends what is queued within its linger period", async () => {
  const { context, sessions, clock } = setUp();
  const pub = new Publisher({ context, linger: 1000 });
  pub.bindSync(ENDPOINT);
  const [session] = sessions;
  assert.ok(session !== undefined);
  session.isFull = true;
  await pub.send("late");
  pub.close();
  assert.equal(session.isOpen, true);
  session.drain();
  assert.deepEqual(session.sent, ["late"]);
  assert.equal(session.isOpen, false);
  assert.equal(clock.pending, 0);
  await context.close();
});

test("what has not left when the linger period ends is dropped and counted", async () => {
  const { context, sessions, clock } = setUp();
  const pub = new Publisher({ context, linger: 1000 });
  pub.bindSync(ENDPOINT);
  const [session] = sessions;
  assert.ok(session !== undefined);
  session.isFull = true;
  await pub.send("never");
  pub.close();
  clock.advance(999);
  assert.equal(session.isOpen, true);
  clock.advance(1);
  assert.equal(session.isOpen, false);
  assert.equal(pub.drops.disconnected, 1);
});
