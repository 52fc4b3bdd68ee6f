/**
 * The names of zeromq.js 6, with their members: a program written for it finds
 * all it asks for. The installed zeromq.js says what that is.
 */

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import * as reference from "zeromq";
import * as draft from "../../src/draft.ts";
import zmqDefault, * as zmq from "../../src/index.ts";

const theirs: Record<string, unknown> = { ...reference };
const ours: Record<string, unknown> = { ...zmq };
const NAMES = Object.keys(reference).filter((name) => /^[a-zA-Z]\w*$/.test(name) && name !== "default");

test("zeromq.js has the twenty names that we know of", () => {
  assert.equal(NAMES.length, 20);
});

for (const name of NAMES) {
  test(`${name} is exported as the same kind of thing`, () => {
    assert.equal(typeof ours[name], typeof theirs[name]);
  });
}

test("the default export is all of them", () => {
  const all: Record<string, unknown> = { ...zmqDefault };
  for (const name of NAMES) assert.equal(all[name], ours[name]);
});

for (const name of NAMES.filter((each) => /^[A-Z]/.test(each))) {
  test(`${name} has the members that it has in zeromq.js`, () => {
    const missing: string[] = [];
    const prototype = prototypeOf(ours[name]);
    for (const member of membersOf(prototypeOf(theirs[name]))) {
      if (!(member in prototype) && !(name === "Proxy" && PROXY_FIELDS.has(member))) missing.push(member);
    }
    assert.deepEqual(missing, []);
  });
}

test("a proxy has both its sockets", () => {
  const [front, back] = [new zmq.Router(), new zmq.Dealer()];
  const proxy = new zmq.Proxy(front, back);
  assert.equal(proxy.frontEnd, front);
  assert.equal(proxy.backEnd, back);
});

test("no class has members of its own beside its prototype: what is internal is out of reach", () => {
  for (const [name, exported] of Object.entries(ours)) {
    if (typeof exported !== "function" || !/^[A-Z]/.test(name)) continue;
    const statics = Reflect.ownKeys(exported).filter((key) => !["length", "name", "prototype"].includes(String(key)));
    assert.deepEqual(statics, name === "Context" ? ["from"] : [], name);
  }
});

test("version is that of a libzmq, as programs compare it", () => {
  assert.match(zmq.version, /^\d+\.\d+\.\d+$/);
  assert.equal(zmq.version, reference.version);
});

test("each capability is true or false", () => {
  for (const value of Object.values(zmq.capability)) assert.equal(typeof value, "boolean");
  assert.equal(zmq.capability.ipc, true);
  assert.equal(zmq.capability.curve, true);
});

test("curveKeyPair gives two keys of 40 characters", () => {
  const { publicKey, secretKey } = zmq.curveKeyPair();
  assert.equal(publicKey.length, 40);
  assert.equal(secretKey.length, 40);
  assert.notEqual(publicKey, secretKey);
});

test("SocketType has the numbers that sockets tell as their type", () => {
  assert.equal(new zmq.Pair().type, zmq.SocketType.Pair);
  assert.equal(new zmq.Router().type, 6);
  assert.equal(new zmq.Stream().type, zmq.SocketType.Stream);
});

test("the draft entry has zeromq.js's classes with their members, and Peer and Channel", () => {
  const reference: Record<string, unknown> = createRequire(import.meta.url)("zeromq/draft");
  const entry: Record<string, unknown> = { ...draft };
  const names = Object.keys(reference);
  assert.deepEqual([...names, "Peer", "Channel", "default"].sort(), Object.keys(entry).sort());
  for (const name of names) {
    const prototype = prototypeOf(entry[name]);
    const members = membersOf(prototypeOf(reference[name])).filter((member) => !(member in prototype));
    assert.deepEqual(members, [], name);
  }
  for (const member of ["join", "leave"]) assert.ok(member in draft.Dish.prototype);
});

/** Fields here, accessors there. */
const PROXY_FIELDS = new Set(["frontEnd", "backEnd"]);

/** Drafts' own, the emitter that zeromq.js keeps inside its observers, and what every class has. */
const NOT_OURS = new Set(["constructor", "join", "leave", "emitter"]);

function prototypeOf(value: unknown): object {
  return (value as { prototype: object }).prototype;
}

function membersOf(prototype: object): string[] {
  const names: string[] = [];
  for (let at = prototype; at !== Object.prototype && at !== null; at = Object.getPrototypeOf(at)) {
    names.push(...Object.getOwnPropertyNames(at).filter((name) => !NOT_OURS.has(name)));
  }
  return names;
}
