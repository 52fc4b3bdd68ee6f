import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bytes, command, FakeLink, fakeContext, frame, GREETING, ready } from "../../test/fake-link.ts";
import { EMPTY, fromText, toText } from "../base/bytes.ts";
import { ZmqError } from "../base/errors.ts";
import type { Link } from "../base/link.ts";
import { Dealer, Router, Subscriber, XPublisher } from "../socket/sockets.ts";

const ADDRESS = "tcp://127.0.0.1:1";
const HELLO = frame(0, fromText("hello"));

/** Sockets that connect; `dialed` are their links, in order. */
function dialing() {
  const { context, clock, transport } = fakeContext();
  const dialed: FakeLink[] = [];
  transport.connect = (): Promise<Link> => {
    const link = new FakeLink();
    dialed.push(link);
    return Promise.resolve(link);
  };
  const dealer = new Dealer({ context });
  const subscriber = new Subscriber({ context });
  return { clock, transport, dialed, dealer, subscriber };
}

const shakeHands = (link: FakeLink | undefined, type: string) =>
  link?.handler.data(bytes(GREETING, ready(type, EMPTY)));
const lastSent = (link: FakeLink | undefined): string => toText(link?.lastSent ?? EMPTY);

describe("what is sent on a connection that was just made", () => {
  it("leaves behind the subscriptions of a SUB that was dialed before", async () => {
    const { clock, dialed, dealer, subscriber } = dialing();
    dealer.connect(ADDRESS);
    subscriber.connect(ADDRESS);
    subscriber.subscribe("topic");
    await dealer.send("hello");
    const [first, second] = dialed;
    shakeHands(first, "ROUTER");
    clock.turn();
    assert.match(lastSent(first), /READY/);
    assert.doesNotMatch(lastSent(first), /hello/);
    await dealer.send("world");
    clock.turn();
    shakeHands(second, "PUB");
    assert.match(lastSent(second), /READY.*SUBSCRIBEtopic/s, "in the same write as the end of the handshake");
    clock.turn();
    assert.match(lastSent(first), /hello.*world/s);
  });

  it("waits no longer than 100 ms, and then nobody waits for that subscriber any more", async () => {
    const { clock, dialed, dealer, subscriber } = dialing();
    subscriber.connect(ADDRESS);
    dealer.connect(ADDRESS);
    await dealer.send("hello");
    await undefined;
    shakeHands(dialed[1], "ROUTER");
    clock.advance(99);
    assert.doesNotMatch(lastSent(dialed[1]), /hello/);
    clock.advance(1);
    assert.match(lastSent(dialed[1]), /hello/);
    dealer.connect("tcp://127.0.0.1:2");
    await undefined;
    await undefined;
    shakeHands(dialed[2], "ROUTER");
    await dealer.send("other");
    await dealer.send("other");
    clock.turn();
    assert.match(lastSent(dialed[2]), /other/);
  });

  it("does not wait for subscribers that are dialed later", async () => {
    const { clock, dialed, dealer, subscriber } = dialing();
    dealer.connect(ADDRESS);
    await undefined;
    await undefined;
    shakeHands(dialed[0], "ROUTER");
    subscriber.connect(ADDRESS);
    await dealer.send("hello");
    clock.turn();
    assert.match(lastSent(dialed[0]), /hello/);
  });

  for (const [what, end] of [
    ["is refused", undefined],
    ["is disconnected", (subscriber: Subscriber) => subscriber.disconnect("tcp://127.0.0.1:3")],
    ["is closed", (subscriber: Subscriber) => subscriber.close()],
  ] as const) {
    it(`does not wait for a subscriber that ${what}`, async () => {
      const { clock, transport, dialed, dealer, subscriber } = dialing();
      dealer.connect(ADDRESS);
      await undefined;
      await undefined;
      const isRefused = end === undefined;
      transport.connect = () => (isRefused ? Promise.reject(new ZmqError("ECONNREFUSED")) : new Promise(() => {}));
      subscriber.connect("tcp://127.0.0.1:3");
      await dealer.send("hello");
      if (!isRefused) shakeHands(dialed[0], "ROUTER");
      end?.(subscriber);
      await undefined;
      await undefined;
      if (isRefused) shakeHands(dialed[0], "ROUTER");
      clock.turn();
      assert.match(lastSent(dialed[0]), /hello/);
    });
  }

  it("still leaves when the socket is closed meanwhile", async () => {
    const { clock, dialed, dealer, subscriber } = dialing();
    subscriber.connect(ADDRESS);
    dealer.connect(ADDRESS);
    await dealer.send("hello");
    await undefined;
    shakeHands(dialed[1], "ROUTER");
    dealer.close();
    clock.advance(100);
    assert.match(lastSent(dialed[1]), /hello/);
    assert.equal(dialed[1]?.isOpen, false);
  });
});

describe("what a peer sends on a connection that was just accepted", () => {
  /** A ROUTER and an XPUB in one process; what they receive, in order. */
  function bound() {
    const { context, clock, transport } = fakeContext();
    const received: string[] = [];
    const publisher = new XPublisher({ context });
    publisher.bindSync(ADDRESS);
    const subscriber = transport.connection();
    const router = new Router({ context });
    router.bindSync("tcp://127.0.0.1:2");
    const dealer = transport.connection();
    void publisher.receive().then(() => received.push("subscription"));
    void router.receive().then(([, body]) => received.push(String(body)));
    return { clock, subscriber, dealer, received };
  }
  const settled = () => new Promise(setImmediate);

  it("is received behind a subscription that came in the same turn", async () => {
    const { clock, subscriber, dealer, received } = bound();
    shakeHands(subscriber, "SUB");
    shakeHands(dealer, "DEALER");
    dealer.handler.data(HELLO);
    await settled();
    subscriber.handler.data(command("SUBSCRIBE"));
    await settled();
    clock.turn();
    await settled();
    assert.deepEqual(received, ["subscription", "hello"]);
  });

  it("is received though the peer leaves in that turn", async () => {
    const { clock, dealer, received } = bound();
    dealer.handler.data(bytes(GREETING, ready("DEALER", EMPTY), HELLO));
    dealer.handler.closed();
    clock.turn();
    await settled();
    assert.deepEqual(received, ["hello"]);
  });

  it("is received at once when no subscriber came for a while", async () => {
    const { clock, dealer, received } = bound();
    clock.advance(100);
    dealer.handler.data(bytes(GREETING, ready("DEALER", EMPTY), HELLO));
    await settled();
    assert.deepEqual(received, ["hello"]);
  });
});
