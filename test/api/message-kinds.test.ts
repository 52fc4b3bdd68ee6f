/**
 * What may be sent, kind by kind, in today's API and in version 5's: each value
 * is sent here and by npm `zeromq`, alone and behind another frame, and what the
 * peer receives, or the error, is compared.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import vm from "node:vm";
import * as reference from "zeromq";
import * as reference5 from "zeromq/v5-compat.js";
import * as ours from "../../src/index.ts";
import * as ours5 from "../../src/v5-compat.ts";

const BYTES = new Uint8Array([97, 98, 99]);
const SHARED = new SharedArrayBuffer(3);
new Uint8Array(SHARED).set(BYTES);

class OwnBytes extends Uint8Array {}

const KINDS: Readonly<Record<string, unknown>> = {
  undefined: undefined,
  null: null,
  "a string": "é☃",
  "an empty string": "",
  "half a surrogate pair": "\ud800",
  "a string with a NUL": "a\0b",
  "a number": 15.99,
  "minus zero": -0,
  NaN: Number.NaN,
  "a bigint": 10n,
  true: true,
  false: false,
  "a symbol": Symbol("x"),
  "a function": function named() {},
  "a date": new Date(0),
  "a regular expression": /x/,
  "an error": new Error("e"),
  "a plain object": { a: 1 },
  "an object with a text": { toString: () => "text" },
  "an object without a prototype": Object.create(null),
  "an object whose text throws": {
    toString() {
      throw new Error("no text");
    },
  },
  "a boxed string": Object("boxed"),
  "a map": new Map(),
  "a promise": Promise.resolve(1),
  "an array-like object": { length: 1, 0: "a" },
  "an empty array": [],
  "an array": ["a", "b"],
  "an array of nothing": [null, undefined],
  "an array with a hole": new Array(1).concat("b"),
  "a nested array": [["a"], ["b", ["c"]], []],
  "an array of another realm": vm.runInNewContext("['a', 1]"),
  "a Buffer": Buffer.from("buffer"),
  "an empty Buffer": Buffer.alloc(0),
  "a Uint8Array": BYTES,
  "a part of a Uint8Array": BYTES.subarray(1, 2),
  "a subclass of Uint8Array": new OwnBytes([97]),
  "an Int8Array": new Int8Array([97]),
  "a Uint8ClampedArray": new Uint8ClampedArray([97]),
  "a Uint16Array": new Uint16Array([0x6261]),
  "a Float64Array": new Float64Array([1]),
  "a BigInt64Array": new BigInt64Array([97n]),
  "an ArrayBuffer": BYTES.slice().buffer,
  "an empty ArrayBuffer": new ArrayBuffer(0),
  "a view of shared memory": new Uint8Array(SHARED),
};

/** Sent as their bytes here. zeromq.js refuses a DataView, and sends a SharedArrayBuffer as "[object SharedArrayBuffer]". */
const BETTER: Readonly<Record<string, unknown>> = {
  "a SharedArrayBuffer": SHARED,
  "a DataView": new DataView(BYTES.slice().buffer),
};

interface Outcome {
  /** Each frame in hexadecimal; undefined: nothing came before the next message. */
  readonly received: readonly string[] | undefined;
  readonly error: string | undefined;
}

let count = 0;

function told(error: unknown): string {
  const { name, message } = error as Error;
  return `${name}: ${message}`;
}

async function outcome6(library: typeof ours | typeof reference, value: unknown): Promise<Outcome> {
  const address = `inproc://kinds-${count++}`;
  const sender: ours.Pair | reference.Pair = new library.Pair({ linger: 0 });
  const receiver: ours.Pair | reference.Pair = new library.Pair();
  await receiver.bind(address);
  sender.connect(address);
  let error: string | undefined;
  try {
    await sender.send(value as string);
  } catch (thrown) {
    error = told(thrown);
  }
  await sender.send("the end");
  const frames = hex(await receiver.receive());
  for (const socket of [sender, receiver]) socket.close();
  return { received: isEnd(frames) ? undefined : frames, error };
}

async function outcome5(library: typeof ours5 | typeof reference5, value: unknown): Promise<Outcome> {
  const address = `inproc://kinds-${count++}`;
  const sender: ours5.Socket | reference5.Socket = library.socket("pair");
  const receiver: ours5.Socket | reference5.Socket = library.socket("pair");
  receiver.bindSync(address);
  sender.connect(address);
  const messages: string[][] = [];
  let error: string | undefined;
  sender.on("error", (raised: unknown) => {
    error = told(raised);
  });
  const ended = new Promise<void>((resolve) => {
    receiver.on("message", (...message: Uint8Array[]) => {
      const frames = hex(message);
      if (isEnd(frames)) resolve();
      else messages.push(frames);
    });
  });
  sender.send(value as string);
  sender.send("the end");
  await ended;
  for (const socket of [sender, receiver]) socket.close();
  return { received: messages[0], error };
}

function hex(frames: readonly Uint8Array[]): string[] {
  return frames.map((frame) => Buffer.from(frame).toString("hex"));
}

function isEnd(frames: readonly string[]): boolean {
  return frames[0] === Buffer.from("the end").toString("hex");
}

for (const [kind, value] of Object.entries(KINDS)) {
  test(`${kind} is sent as zeromq.js sends it`, async () => {
    assert.deepEqual(await outcome6(ours, value), await outcome6(reference, value));
    assert.deepEqual(await outcome6(ours, ["x", value]), await outcome6(reference, ["x", value]));
  });

  test(`${kind} is sent as zeromq.js sends it through its version 5 API`, async () => {
    assert.deepEqual(await outcome5(ours5, value), await outcome5(reference5, value));
    assert.deepEqual(await outcome5(ours5, ["x", value]), await outcome5(reference5, ["x", value]));
  });
}

for (const [kind, value] of Object.entries(BETTER)) {
  test(`${kind} is sent as its bytes, which zeromq.js does not`, async () => {
    const received = ["616263"];
    for (const outcome of [await outcome6(ours, value), await outcome5(ours5, value)]) {
      assert.deepEqual(outcome, { received, error: undefined });
    }
    assert.notDeepEqual(await outcome6(reference, value), { received, error: undefined });
  });
}

test("an empty array changes no state: a REQ may send its request after it", async () => {
  await using rep = new ours.Reply();
  await using req = new ours.Request();
  await rep.bind("inproc://kinds-state");
  req.connect("inproc://kinds-state");
  await req.send([]);
  await req.send("question");
  assert.deepEqual((await rep.receive()).map(String), ["question"]);
});

test("an empty array is no request, and nothing that a PULL can send", async () => {
  await using req = new ours.Request();
  assert.throws(() => req.request([]), /^TypeError: Message must be present$/);
  await using pull = new ours.Pull();
  await assert.rejects((pull as unknown as ours.Push).send([]), { code: "ENOTSUP" });
});
