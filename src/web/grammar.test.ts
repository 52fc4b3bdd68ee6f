import assert from "node:assert/strict";
import { test } from "node:test";
import { PAGE_GRAMMAR } from "./grammar.ts";

const connect = (text: string, ipv6 = false) => {
  const { text: given, ...endpoint } = PAGE_GRAMMAR.parse(text, "connect", ipv6);
  assert.equal(given, text);
  return endpoint;
};

const ws = (host: string, port: number, path = "/", scheme = "ws") => ({ scheme, host, port, path });

test("a page connects to hosts by name and address, with a port or the usual one, and a path", () => {
  assert.deepEqual(connect("ws://127.0.0.1:5555"), ws("127.0.0.1", 5555));
  assert.deepEqual(connect("ws://127.0.0.1:5555/"), ws("127.0.0.1", 5555));
  assert.deepEqual(connect("ws://a.example/x"), ws("a.example", 80, "/x"));
  assert.deepEqual(connect("ws://a.example:80/x"), ws("a.example", 80, "/x"));
  assert.deepEqual(connect("wss://a.example"), ws("a.example", 443, "/", "wss"));
  assert.deepEqual(connect("wss://a.example:8443/a/b?c=d:e@f", false), ws("a.example", 8443, "/a/b?c=d:e@f", "wss"));
  assert.deepEqual(connect("ws://a:1?b"), ws("a", 1, "/?b"));
  assert.deepEqual(connect("ws://[::1]:7/x", true), ws("::1", 7, "/x"));
  assert.deepEqual(connect("inproc://any thing"), { scheme: "inproc", name: "any thing" });
});

test("an endpoint is written as it is asked for, whatever was left out", () => {
  for (const [text, canonical] of [
    ["ws://a.example", "ws://a.example:80/"],
    ["wss://a.example/x?y", "wss://a.example:443/x?y"],
    ["ws://[::1]:7", "ws://[::1]:7/"],
    ["inproc://x", "inproc://x"],
  ] as const) {
    assert.equal(PAGE_GRAMMAR.format(PAGE_GRAMMAR.parse(text, "connect", true)), canonical);
  }
});

test("what is no endpoint is refused, and not mended", () => {
  for (const text of [
    "a.example",
    "ws://",
    "ws:///x",
    "ws://:80/",
    "ws://a:70000/",
    "ws://a:0/",
    "ws://a:*",
    "ws://*:80",
    "ws://a b:1",
    "ws://a:1/b c",
    "ws://a:1/b#c",
    "ws://user@a:1/",
    "ws://[::1:1/",
    "ws://ä/",
  ]) {
    assert.throws(() => connect(text), { code: "EINVAL" }, text);
  }
  assert.throws(() => connect("ws://[::1]:7"), { code: "EINVAL", detail: /ipv6/ });
  assert.throws(() => PAGE_GRAMMAR.parse(7, "connect", false), TypeError);
});

test("a page has no other transports, and binds inproc alone", () => {
  assert.throws(() => connect("tcp://a:1"), { code: "EPROTONOSUPPORT", detail: /ws:\/\// });
  for (const text of ["tcp://*:1", "ws://*:*", "ws://*:80/x"]) {
    assert.throws(() => PAGE_GRAMMAR.parse(text, "bind", false), { code: "EPROTONOSUPPORT", detail: /binds inproc/ });
  }
});
