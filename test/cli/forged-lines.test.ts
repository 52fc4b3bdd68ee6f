/** What a peer says of itself is a part of the line that tells it, and never a line, a colour or a property of its own. */

import assert from "node:assert/strict";
import { createServer, type Socket as NetSocket } from "node:net";
import { type TestContext, test } from "node:test";
import { concat, fromText } from "../../src/base/bytes.ts";
import { toJson } from "../../src/cli/formats.ts";
import { visibleJson, visibleWord } from "../../src/cli/terminal.ts";
import { commandBody, errorBody } from "../../src/wire/command.ts";
import { encodeProperty } from "../../src/wire/metadata.ts";
import { GREETING } from "../fake-link.ts";
import { Shell } from "./zmq.ts";

const FORGED = "x\n13:00:00.000 handshake \x1b[2J\x9b31m\u202e";
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
const UNSAFE = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/;

function frame(body: Uint8Array): Uint8Array {
  return concat([Uint8Array.of(4, body.length), body]);
}

const ready = frame(
  commandBody(
    "READY",
    concat([
      encodeProperty("Socket-Type", fromText("REP")),
      encodeProperty(FORGED, fromText(FORGED)),
      encodeProperty("from", fromText("client")),
      encodeProperty("event", fromText("accept")),
    ]),
  ),
);
const refusal = frame(errorBody(FORGED));

/** A peer that greets and says `body`. Returns its endpoint. */
async function peer(t: TestContext, body: Uint8Array): Promise<string> {
  const open = new Set<NetSocket>();
  const server = createServer((link) => {
    open.add(link);
    link.on("error", () => {}); // Cut off: the command has ended.
    link.write(GREETING);
    let received = 0;
    link.on("data", (chunk) => {
      if (received < GREETING.length && received + chunk.length >= GREETING.length) link.write(body);
      received += chunk.length;
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  t.after(() => {
    server.close();
    for (const link of open) link.destroy();
  });
  return `tcp://127.0.0.1:${(server.address() as { port: number }).port}`;
}

const utf8 = (latin1: string) => Buffer.from(latin1, "latin1").toString();

test("monitor prints a property on one line, whatever is in its name and value", async (t) => {
  const shell = new Shell(t);
  const endpoint = await peer(t, ready);
  const text = utf8((await shell.run("", "monitor", endpoint, "--once", "--timeout", "5s")).stdout);
  assert.doesNotMatch(text, UNSAFE);
  assert.doesNotMatch(text, /^13:00/m);
  const json = utf8((await shell.run("", "monitor", endpoint, "--once", "--json", "--timeout", "5s")).stdout);
  assert.doesNotMatch(json, UNSAFE);
  const last = JSON.parse(json.trim().split("\n").at(-1) as string);
  assert.deepEqual([last.event, last.peer[FORGED]], ["handshake", FORGED]);
});

test("tap prints a reason and a property on one line, and no property passes as one of the line", async (t) => {
  const shell = new Shell(t);
  for (const body of [ready, refusal]) {
    for (const flags of [[], ["--json"]]) {
      const tap = shell.start("tap", "tcp://127.0.0.1:*", await peer(t, body), "--once", ...flags);
      const endpoint = await tap.bound();
      const monitor = shell.start("monitor", endpoint, "--type", "req");
      await tap.until("stdout", /READY.*REP|ERROR.*\n/);
      monitor.kill("SIGINT");
      const printed = utf8((await tap.ended).stdout);
      assert.doesNotMatch(printed, UNSAFE);
      assert.doesNotMatch(printed, /^13:00/m);
      if (flags.length === 0) continue;
      const said = printed
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line));
      const { metadata, reason } = said.find(
        ({ from, what }) => from === "target" && (what === "READY" || what === "ERROR"),
      );
      assert.equal(metadata?.from ?? reason, body === ready ? "client" : FORGED);
    }
  }
});

test("a refusal is told on one line of stderr", async (t) => {
  const shell = new Shell(t);
  const { stderr, code } = await shell.run("", "req", "-c", await peer(t, refusal), "--timeout", "5s", "hello");
  assert.equal(code, 1);
  assert.doesNotMatch(stderr, UNSAFE);
  assert.doesNotMatch(stderr, /^13:00/m);
});

test("JSON on a terminal has no control characters, and reads back as the same", () => {
  const frames = [Buffer.from(FORGED), Buffer.from("\x7f\x85\u2028")];
  const line = toJson(frames);
  assert.doesNotMatch(line, UNSAFE);
  assert.deepEqual(JSON.parse(line), frames.map(String));
  assert.deepEqual(JSON.parse(visibleJson({ [FORGED]: FORGED })), { [FORGED]: FORGED });
});

test("a word that could be taken for two stands in quotes", () => {
  assert.equal(visibleWord("PUB  Identity=me"), '"PUB  Identity=me"');
  assert.equal(visibleWord("PUB"), "PUB");
  assert.equal(visibleWord('a"b'), '"a\\"b"');
});
