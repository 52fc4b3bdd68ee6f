import assert from "node:assert/strict";
import { test } from "node:test";
import { fromText, toText } from "../base/bytes.ts";
import { encodeProperty } from "../wire/metadata.ts";
import { encodeZapRequest, parseZapReply, type ZapRule, zapRule } from "./zap.ts";

const frames = (...texts: (string | Uint8Array)[]) =>
  texts.map((each) => (typeof each === "string" ? fromText(each) : each));

test("a request has libzmq's frames in libzmq's order", () => {
  const question = {
    domain: "global",
    address: "127.0.0.1",
    routingId: fromText("server"),
    mechanism: "PLAIN",
  } as const;
  const request = encodeZapRequest({ ...question, credentials: frames("admin", "secret") });
  assert.deepEqual(request.map(toText), ["", "1.0", "1", "global", "127.0.0.1", "server", "PLAIN", "admin", "secret"]);
  assert.equal(encodeZapRequest({ ...question, mechanism: "NULL", credentials: [] }).length, 7);
});

test("a reply gives status, text, user id and metadata", () => {
  const metadata = encodeProperty("X-Role", fromText("boss"));
  const reply = parseZapReply(frames("", "1.0", "1", "200", "fine", "alice", metadata));
  assert.deepEqual([reply.status, reply.text, reply.userId], [200, "fine", "alice"]);
  assert.equal(toText(reply.metadata.get("X-Role")!), "boss");
  for (const status of [300, 400, 500]) {
    assert.equal(parseZapReply(frames("", "1.0", "1", `${status}`, "", "", "")).status, status);
  }
});

test("a reply that breaks RFC 27 has libzmq's codes", () => {
  const cases: [string, (string | Uint8Array)[]][] = [
    ["ERR_ZAP_MALFORMED_REPLY", ["", "1.0", "1", "200", "", ""]],
    ["ERR_ZAP_MALFORMED_REPLY", ["", "1.0", "1", "200", "", "", "", ""]],
    ["ERR_ZAP_MALFORMED_REPLY", []],
    ["ERR_ZAP_UNSPECIFIED", ["x", "1.0", "1", "200", "", "", ""]],
    ["ERR_ZAP_BAD_VERSION", ["", "1.1", "1", "200", "", "", ""]],
    ["ERR_ZAP_BAD_REQUEST_ID", ["", "1.0", "2", "200", "", "", ""]],
    ["ERR_ZAP_BAD_REQUEST_ID", ["", "1.0", "", "200", "", "", ""]],
    ["ERR_ZAP_INVALID_STATUS_CODE", ["", "1.0", "1", "201", "", "", ""]],
    ["ERR_ZAP_INVALID_STATUS_CODE", ["", "1.0", "1", "2000", "", "", ""]],
    ["ERR_ZAP_INVALID_STATUS_CODE", ["", "1.0", "1", "", "", "", ""]],
    ["ERR_ZAP_INVALID_METADATA", ["", "1.0", "1", "200", "", "", "\x05abc"]],
  ];
  for (const [code, reply] of cases) assert.throws(() => parseZapReply(frames(...reply)), { code }, code);
});

test("who is asked, and what a missing handler means, is as in libzmq", () => {
  const rows: ["NULL" | "PLAIN" | "CURVE", boolean, boolean, boolean, ZapRule][] = [
    // mechanism, server, domain, enforced
    ["NULL", false, false, false, "never"],
    ["NULL", false, false, true, "never"],
    ["NULL", false, true, false, "optional"],
    ["NULL", false, true, true, "required"],
    ["PLAIN", true, false, false, "required"],
    ["PLAIN", true, true, false, "required"],
    ["PLAIN", false, true, true, "never"],
    ["CURVE", true, false, false, "optional"],
    ["CURVE", true, true, false, "optional"],
    ["CURVE", true, false, true, "never"],
    ["CURVE", true, true, true, "required"],
    ["CURVE", false, true, true, "never"],
  ];
  for (const [mechanism, isServer, hasDomain, enforcesDomain, wanted] of rows) {
    assert.equal(
      zapRule({ mechanism, isServer, hasDomain, enforcesDomain }),
      wanted,
      `${mechanism} ${isServer} ${hasDomain} ${enforcesDomain}`,
    );
  }
});
