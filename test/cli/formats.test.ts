/** The formats of `zmq`, in and out. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeMessage, lineParser, toJson } from "../../src/cli/formats.ts";
import { visibleBytes } from "../../src/cli/terminal.ts";
import { Shell } from "./zmq.ts";

const bytes = (...octets: number[]) => Buffer.from(octets);
const MESSAGE = [Buffer.from("topic"), bytes(), bytes(0, 0xff)];

test("text joins frames by a tab, or what is asked for", () => {
  assert.deepEqual(encodeMessage(MESSAGE, "text"), Buffer.from("topic\t\t\0\xff\n", "latin1"));
  assert.deepEqual(encodeMessage([bytes(0x61), bytes(0x62)], "text", "|"), Buffer.from("a|b\n"));
});

test("json shows frames that are no UTF-8 as base64", () => {
  assert.equal(toJson(MESSAGE), '["topic","",{"base64":"AP8="}]');
});

for (const format of ["json", "hex", "base64"] as const) {
  test(`${format} lines read back as the same message`, () => {
    const line = encodeMessage(MESSAGE, format);
    assert.equal(line.at(-1), 0x0a);
    assert.deepEqual(
      lineParser(format)(line.subarray(0, -1), "line 1").map((frame) => Buffer.from(frame)),
      MESSAGE,
    );
  });
}

test("raw is the bytes of all frames and nothing else", () => {
  assert.deepEqual(encodeMessage(MESSAGE, "raw"), Buffer.from("topic\0\xff", "latin1"));
});

test("a separator splits text into frames", () => {
  assert.deepEqual(lineParser("text", "::")(Buffer.from("a::b::"), "line 1").map(String), ["a", "b", ""]);
});

test("what is wrong with a line is told with its number", () => {
  assert.throws(() => lineParser("json")(Buffer.from("{}"), "line 7"), /line 7: expected a JSON array of frames/);
  assert.throws(() => lineParser("json")(Buffer.from("[]"), "line 7"), /line 7: expected at least one frame/);
  assert.throws(() => lineParser("hex")(Buffer.from("abc"), "line 2"), /line 2: expected pairs of hexadecimal digits/);
  assert.throws(() => lineParser("base64")(Buffer.from("a"), "line 3"), /line 3: expected base64/);
});

test("control characters are made visible for terminals", () => {
  assert.equal(visibleBytes(Buffer.from("a\x1b[31mb\r")), "a\\x1b[31mb\\x0d");
  assert.equal(visibleBytes(bytes(0x61, 0xff)), "a\\xff");
});

test("formats go from one process to the other", async (t) => {
  const shell = new Shell(t);
  const pull = shell.start("pull", "-b", shell.ipc("a"), "-n", "2", "-f", "hex");
  await shell.run('["a","b"]\n"\u00e9"\n', "push", "-c", shell.ipc("a"), "-f", "json");
  assert.equal((await pull.ended).stdout, "61 62\nc3a9\n");
});

test("req prints in --format and reads in --input-format", async (t) => {
  const shell = new Shell(t);
  shell.start("rep", "-b", shell.ipc("r"), "--echo");
  const req = ["req", "-c", shell.ipc("r"), "-f", "hex"];
  assert.equal((await shell.run("", ...req, "ab")).stdout, "6162\n");
  assert.equal((await shell.run("", ...req, "--input-format", "base64", "AP8=")).stdout, "00ff\n");
});

test("--separator makes frames of the input and joins those of the output", async (t) => {
  const shell = new Shell(t);
  const pull = shell.start("pull", "-b", shell.ipc("a"), "-n", "1", "-s", " | ");
  await shell.run("one,two\n", "push", "-c", shell.ipc("a"), "-s", ",");
  assert.equal((await pull.ended).stdout, "one | two\n");
});
