import assert from "node:assert/strict";
import { test } from "node:test";
import { crypto } from "../../test/crypto.ts";
import { FakeClock } from "../../test/fake-clock.ts";
import { FakeDatagrams } from "../../test/fake-datagrams.ts";
import { WHOLE } from "../core/reach.ts";
import { Turn } from "../core/turn.ts";
import { Context } from "../socket/context.ts";
import type { LossEvent } from "../socket/event-types.ts";
import { Publisher, Push, Subscriber, XPublisher } from "../socket/sockets.ts";
import { LocalHost } from "./local-host.ts";
import { pgmProtocol } from "./pgm-protocol.ts";

const ENDPOINT = "epgm://eth0;239.0.0.1,239.0.0.2:7500";

function setUp() {
  const clock = new FakeClock();
  const datagrams = new FakeDatagrams(clock);
  class FakeContext extends Context {
    constructor() {
      const engine = new LocalHost(clock, [], crypto, [pgmProtocol("epgm", datagrams)]);
      super({ ...WHOLE, turn: new Turn(clock), crypto, engine, warn() {} });
    }
  }
  const context = new FakeContext();
  const publisher = (options = {}) => {
    const pub = new Publisher({ context, linger: 0, ...options });
    pub.bindSync(ENDPOINT);
    clock.turn();
    return pub;
  };
  const subscriber = (options = {}) => {
    const sub = new Subscriber({ context, ...options });
    sub.subscribe("");
    sub.bindSync(ENDPOINT);
    return sub;
  };
  const say = async (pub: Publisher, text: string) => {
    await pub.send(text);
    clock.turn();
  };
  return { clock, datagrams, context, publisher, subscriber, say };
}

test("a publisher sends to the first group from the interface, with its hops and loop, and is asked at that address", () => {
  const { datagrams, publisher } = setUp();
  publisher({ multicastHops: 5, multicastLoop: false, sendBufferSize: 1000 }).close();
  const iface = { name: "eth0", address: "192.0.2.1", family: 4 };
  const [out, back] = datagrams.opened.map(({ place }) => place);
  assert.deepEqual(out, {
    family: 4,
    address: "192.0.2.1",
    port: 0,
    iface,
    hops: 5,
    loop: false,
    sendBufferBytes: 1000,
  });
  assert.deepEqual(back, { family: 4, address: "192.0.2.1", port: 7500, isShared: true });
  assert.ok(datagrams.opened.every(({ isOpen }) => !isOpen));
});

test("a subscriber listens to all groups at the port, which it shares", () => {
  const { datagrams, subscriber } = setUp();
  subscriber({ receiveBufferSize: 12_345 }).close();
  const groups = datagrams.opened.map(({ place }) => place).filter(({ group }) => group !== undefined);
  assert.deepEqual(
    groups.map(({ group }) => group),
    ["239.0.0.1", "239.0.0.2"],
  );
  assert.ok(groups.every(({ isShared, receiveBufferBytes }) => isShared && receiveBufferBytes === 12_345));
});

test("messages of a publisher come to every subscriber, by its subscriptions", async () => {
  const { clock, publisher, subscriber, say, context } = setUp();
  const all = subscriber();
  const some = new Subscriber({ context });
  some.subscribe("b");
  some.bindSync(ENDPOINT);
  const pub = publisher();
  for (const text of ["a1", "b1"]) await say(pub, text);
  clock.turn();
  assert.deepEqual(
    [String(await all.receive()), String(await all.receive()), String(await some.receive())],
    ["a1", "b1", "b1"],
  );
  for (const socket of [all, some, pub]) socket.close();
});

test("packets that cannot be repaired are a loss event and a count", async () => {
  const { clock, datagrams, publisher, subscriber, say } = setUp();
  const options = { rate: 12, recoveryInterval: 2000 }; // a window of one packet
  const sub = subscriber(options);
  const told: LossEvent[] = [];
  sub.events.on("loss", (event) => told.push(event));
  const pub = publisher(options);
  await say(pub, "first");
  datagrams.filter = () => false;
  await say(pub, "lost");
  clock.advance(1000);
  datagrams.filter = () => true;
  await say(pub, "next");
  clock.advance(1000);
  assert.deepEqual([String(await sub.receive()), String(await sub.receive())], ["first", "next"]);
  clock.turn();
  assert.deepEqual(
    told.map(({ type, address, remoteAddress, packets }) => ({ type, address, remoteAddress, packets })),
    [{ type: "loss", address: ENDPOINT, remoteAddress: "epgm://192.0.2.1:9", packets: 1 }],
  );
  assert.equal(sub.drops.lost, 1);
  for (const socket of [sub, pub]) socket.close();
});

test("a subscriber that does not read holds its window, and reads on without a gap", async () => {
  const { clock, publisher, subscriber, say } = setUp();
  const options = { rate: 100_000, recoveryInterval: 1000 };
  const sub = subscriber({ ...options, receiveHighWaterMark: 10 });
  const pub = publisher(options);
  for (let i = 0; i < 100; i++) await say(pub, `${i}`);
  for (let i = 0; i < 100; i++) {
    assert.equal(String(await sub.receive()), `${i}`);
    clock.turn();
  }
  for (const socket of [sub, pub]) socket.close();
});

test("beyond the rate a publisher queues up to its high-water mark, then drops and counts", async () => {
  const { clock, publisher, say } = setUp();
  const pub = publisher({ rate: 8, sendHighWaterMark: 5 });
  for (let i = 0; i < 50; i++) await say(pub, "x".repeat(1000));
  assert.ok((pub.drops.highWaterMark ?? 0) > 30);
  clock.advance(20_000);
  assert.equal(pub.peers[0]?.sendQueueLength, 0);
  pub.close();
});

test("what goes with no multicast is refused at the call", () => {
  const { context } = setUp();
  const pub = new Publisher({ context });
  const refused = (endpoint: string, code: string) => {
    assert.throws(() => pub.connect(endpoint), { code }, endpoint);
    assert.throws(() => pub.bindSync(endpoint), { code }, endpoint);
  };
  refused("epgm://eth7;239.0.0.1:7500", "ENODEV");
  refused("epgm://eth0;239.0.0.1,[ff15::1]:7500", "EINVAL");
  pub.multicastMaxTransportDataUnit = 60;
  refused(ENDPOINT, "EINVAL");
  pub.multicastMaxTransportDataUnit = 1500;
  pub.plainUsername = "somebody";
  pub.plainPassword = "secret";
  refused(ENDPOINT, "EINVAL");
  pub.close();
  const push = new Push({ context });
  assert.throws(() => push.connect(ENDPOINT), { code: "ENOCOMPATPROTO" });
  push.close();
});

test("XPUB reads one subscription to everything", async () => {
  const { context } = setUp();
  const xpub = new XPublisher({ context });
  xpub.bindSync(ENDPOINT);
  assert.deepEqual(await xpub.receive(), [Buffer.from([1])]);
  xpub.close();
});
