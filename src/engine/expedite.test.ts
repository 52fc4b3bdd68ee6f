import assert from "node:assert/strict";
import { test } from "node:test";
import { bytes, fakeContext, frame } from "../../test/fake-link.ts";
import { EMPTY, fromText, toText } from "../base/bytes.ts";
import { Dealer, Reply, Request } from "../socket/sockets.ts";

const REQUEST = bytes(frame(1, EMPTY), frame(0, fromText("ask")));

test("what somebody waits for, a request or a reply to the only one, leaves within its send", async () => {
  const { context, transport } = fakeContext();
  const rep = new Reply({ context });
  await rep.bind("tcp://127.0.0.1:1");
  const asking = transport.peer("REQ");
  asking.handler.data(REQUEST);
  await rep.receive();
  rep.send("answer");
  assert.match(toText(asking.lastSent), /answer/);

  const req = new Request({ context });
  await req.bind("tcp://127.0.0.1:2");
  const asked = transport.peer("REP");
  req.send("question");
  assert.match(toText(asked.lastSent), /question/);
  rep.close();
  req.close();
});

test("replies to requests that came together leave together, as do messages of other types", async () => {
  const { context, clock, transport } = fakeContext();
  const rep = new Reply({ context });
  await rep.bind("tcp://127.0.0.1:1");
  const asking = transport.peer("DEALER");
  asking.handler.data(bytes(REQUEST, REQUEST, REQUEST));
  for (const reply of ["first", "second"]) {
    await rep.receive();
    rep.send(reply);
    assert.doesNotMatch(toText(asking.lastSent), /first/);
  }
  await rep.receive();
  rep.send("third");
  assert.match(toText(asking.lastSent), /first.*second.*third/s);

  const dealer = new Dealer({ context });
  await dealer.bind("tcp://127.0.0.1:2");
  const peer = transport.peer("DEALER");
  dealer.send("one");
  assert.doesNotMatch(toText(peer.lastSent), /one/);
  dealer.send("two");
  clock.turn();
  assert.match(toText(peer.lastSent), /one.*two/s);
  rep.close();
  dealer.close();
});
