/** Whose memory it is: what a sender may use again, and what a receiver may write into. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Pull, Push, Subscriber, XPublisher } from "../../src/index.ts";

for (const endpoint of ["inproc://memory", "tcp://127.0.0.1:*"]) {
  const transport = endpoint.slice(0, endpoint.indexOf(":"));

  test(`a buffer of up to 128 bytes may be used again after await send: ${transport}`, async () => {
    await using pull = new Pull();
    await pull.bind(endpoint);
    await using push = new Push();
    push.connect(pull.lastEndpoint ?? "");
    for (const size of [1, 128]) {
      const reused = Buffer.alloc(size);
      for (let i = 1; i <= 200; i++) await push.send([reused.fill(i), "text"]);
      for (let i = 1; i <= 200; i++) {
        assert.deepEqual(await pull.receive(), [Buffer.alloc(size, i), Buffer.from("text")]);
      }
    }
  });

  test(`a subscriber may write into a small frame and its array, and no other subscriber sees it: ${transport}`, async () => {
    await using publisher = new XPublisher({ verbosity: "allSubs" });
    await publisher.bind(endpoint);
    const subscribers = [new Subscriber(), new Subscriber()] as const;
    for (const subscriber of subscribers) {
      subscriber.subscribe("");
      subscriber.connect(publisher.lastEndpoint ?? "");
      await publisher.receive();
    }
    await publisher.send(["topic", "body"]);
    const [first, second] = subscribers;
    const message = await first.receive();
    message[1]?.fill(0);
    message.push(Buffer.from("more"));
    assert.deepEqual((await second.receive()).map(String), ["topic", "body"]);
    for (const subscriber of subscribers) subscriber.close();
  });
}
