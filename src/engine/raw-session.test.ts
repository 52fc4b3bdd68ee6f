import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../test/fake-clock.ts";
import { FakeLink } from "../../test/fake-link.ts";
import { DEAF_OWNER } from "../../test/fake-pipe.ts";
import { fromText, toText } from "../base/bytes.ts";
import type { Message } from "../base/message.ts";
import { defaultOptions } from "../base/options.ts";
import { createPipe, type Pipe } from "../base/pipe.ts";
import type { ConnectionOwner } from "./connection.ts";
import { EngineLoop } from "./engine-loop.ts";
import { RawSession } from "./raw-session.ts";

/** A connection of plain bytes whose reader is the test, with room for one message. */
function connection() {
  const ignored = () => {};
  const pipe = createPipe(DEAF_OWNER, "tcp://fake", false, {
    sendHighWaterMark: 0,
    receiveHighWaterMark: 1,
    conflate: false,
  });
  const owner: ConnectionOwner = {
    endpoint: "tcp://fake",
    options: defaultOptions("STREAM", { ipv6: false, blocky: true }),
    loop: new EngineLoop(new FakeClock()),
    departedBacklog: undefined,
    sendsBehind: false,
    readsBehind: false,
    emit: ignored,
    authenticate: () => Promise.resolve(undefined),
    ready: () => pipe,
    started: ignored,
    ended: () => pipe.end(),
  };
  const link = new FakeLink();
  const session = new RawSession(link, owner);
  session.start();
  return { link, pipe, session };
}

function readAll(pipe: Pipe): string[] {
  const all: string[] = [];
  for (let message: Message | undefined = pipe.read(); message !== undefined; message = pipe.read()) {
    all.push(message.map(toText).join("|"));
  }
  return all;
}

for (const [how, end] of [
  ["its link is lost", ({ link }) => link.handler.closed()],
  ["its endpoint is given up", ({ session }) => session.close()],
  ["its endpoint is given up without linger", ({ session }) => session.abort(true)],
] satisfies [string, (of: ReturnType<typeof connection>) => void][]) {
  test(`chunks beyond the high-water mark stay readable when ${how}`, () => {
    const one = connection();
    for (const chunk of ["1", "2", "3"]) one.link.handler.data(fromText(chunk));
    end(one);
    assert.deepEqual(readAll(one.pipe), ["1", "2", "3"]);
  });
}

test("a small frame is its sender's again although the link keeps what it was given", () => {
  const { link, pipe } = connection();
  const kept: Uint8Array[] = [];
  link.isFull = true;
  link.write = (chunks) => {
    kept.push(...chunks);
    return false;
  };
  const reused = fromText("first");
  pipe.write([reused]);
  reused.fill(0x2e);
  assert.deepEqual(kept.map(toText), ["first"]);
});
