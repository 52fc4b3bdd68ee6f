/** What the ZAP handler's answer does to a connection. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../test/fake-clock.ts";
import { FakeLink } from "../../test/fake-link.ts";
import { DEAF_OWNER } from "../../test/fake-pipe.ts";
import { hex, LIMITS, V31 } from "../../test/handshakes.ts";
import { concat, EMPTY, toText } from "../base/bytes.ts";
import { defaultOptions } from "../base/options.ts";
import { createPipe } from "../base/pipe.ts";
import type { ZapListener, ZapReply } from "../security/mechanism.ts";
import { NullMechanism } from "../security/null.ts";
import { readyBody } from "../wire/command.ts";
import { encodeMetadata } from "../wire/metadata.ts";
import { zmtp } from "../wire/zmtp-all.ts";
import { EngineLoop } from "./engine-loop.ts";
import { Handshake } from "./handshake.ts";
import { Session } from "./session.ts";

/** A PULL whose peer is a PUSH that says it is root; `answer` is what the ZAP handler does. */
async function connection(answer: (listener: ZapListener) => void) {
  const clock = new FakeClock();
  const link = new FakeLink();
  const told: string[] = [];
  let questions = 0;
  const pipe = createPipe(DEAF_OWNER, "", false, { sendHighWaterMark: 0, receiveHighWaterMark: 0, conflate: false });
  const config = { socketType: "PULL", routingId: EMPTY, metadata: new Map() } as const;
  const mechanism = new NullMechanism(config, true);
  const ours = new Handshake({ protocol: zmtp, ...config, mechanism, zapDomainSet: true, limits: LIMITS });
  const session = new Session(link, ours, {
    loop: new EngineLoop(clock),
    options: defaultOptions("PULL", { blocky: false, ipv6: false } as never),
    endpoint: "",
    departedBacklog: undefined,
    sendsBehind: false,
    readsBehind: false,
    started() {},
    emit: (event) => told.push("error" in event ? `${event.type} ${event.error.code}` : event.type),
    ready: () => pipe,
    ended: (_connection, reason) => told.push(`ended ${reason}`),
    authenticate(_request, _link, signal, listener) {
      questions++;
      signal.addEventListener("abort", () => told.push("called off"));
      answer(listener);
    },
  });
  session.start();
  link.handler.data(hex(V31));
  link.handler.data(concat([Uint8Array.of(4, READY.length), READY]));
  await new Promise<void>((resolve) => setImmediate(resolve));
  const said = (name: string): string => toText(pipe.peer.get(name) ?? EMPTY);
  return { told, said, questions: () => questions, session };
}

const READY = readyBody(
  encodeMetadata({ socketType: "PUSH", routingId: EMPTY, metadata: new Map([["User-Id", "root"]]) }),
);

const reply = (status: ZapReply["status"], userId: string, metadata: [string, string][] = []): ZapReply => ({
  status,
  text: "",
  userId,
  metadata: new Map(metadata.map(([name, value]) => [name, Buffer.from(value)])),
});

test("what the handler says of the peer counts more than what the peer says of itself", async () => {
  const named = await connection(({ answered }) => answered(reply(200, "alice", [["Role", "admin"]])));
  assert.deepEqual([named.said("User-Id"), named.said("Role")], ["alice", "admin"]);
  assert.deepEqual([named.told, named.questions()], [["handshake"], 1]);
  const unnamed = await connection(({ answered }) => answered(reply(200, "")));
  assert.equal(unnamed.said("User-Id"), "");
});

test("a refused peer is told of once, though it leaves afterwards", async () => {
  const { told } = await connection(({ answered }) => answered(reply(400, "")));
  assert.deepEqual(told, ["handshake:error:auth EACCES", "disconnect", "ended handshake"]);
});

test("without a handler, where there must be one, the connection ends", async () => {
  const { told } = await connection(({ answered }) => answered(undefined));
  assert.deepEqual(told, ["handshake:error:other EFAULT", "disconnect", "ended handshake"]);
});

test("a question whose connection is over is called off, and its answer is of no use", async () => {
  let listener: ZapListener | undefined;
  const { told, session } = await connection((asked) => {
    listener = asked;
  });
  session.abort(true);
  listener?.answered(reply(200, "late"));
  await new Promise<void>((resolve) => setImmediate(resolve));
  assert.deepEqual(told, ["called off", "ended local"]);
});
