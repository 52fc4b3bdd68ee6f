import assert from "node:assert/strict";
import { test } from "node:test";
import vm from "node:vm";
import { Dealer, Subscriber } from "../index.ts";
import { toMessage } from "./frames.ts";

/** Made in another realm, as by test runners that give each file its own: its classes are not ours. */
function foreign(expression: string): unknown {
  return vm.runInContext(expression, vm.createContext({}));
}

test("bytes of another realm are sent as bytes", () => {
  for (const bytes of [
    "new Uint8Array([1, 2])",
    "new Uint8Array([1, 2]).buffer",
    "new DataView(new Uint8Array([1, 2]).buffer)",
    "{ const memory = new SharedArrayBuffer(2); new Uint8Array(memory).set([1, 2]); memory }",
  ]) {
    assert.deepEqual(toMessage(foreign(bytes)), [Buffer.from([1, 2])], bytes);
  }
  assert.deepEqual(toMessage(foreign("['a', new Uint8Array([1])]")), [Buffer.from("a"), Buffer.from([1])]);
});

test("options and topics take bytes of another realm", () => {
  const dealer = new Dealer({ routingId: foreign("new Uint8Array([65, 66])") as Uint8Array });
  assert.equal(dealer.routingId, "AB");
  dealer.close();
  const subscriber = new Subscriber();
  subscriber.subscribe(foreign("new Uint8Array([65])") as Uint8Array);
  assert.equal(subscriber.topicsCount, 1);
  assert.throws(() => subscriber.subscribe(foreign("new Uint16Array([65])") as Uint8Array), TypeError);
  subscriber.close();
});

test("a symbol is refused, as it has no text", () => {
  assert.throws(() => toMessage(Symbol("x")), TypeError);
});
