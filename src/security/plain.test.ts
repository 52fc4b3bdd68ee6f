import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { inspect } from "node:util";
import { toText } from "../base/bytes.ts";
import { ZmqError } from "../base/errors.ts";
import type { SocketTypeName } from "../base/socket-types.ts";
import type { MechanismConfig, ZapReply } from "./mechanism.ts";
import { PlainClient, PlainServer } from "./plain.ts";

const config = (socketType: SocketTypeName): MechanismConfig => ({
  socketType,
  routingId: new Uint8Array(0),
  metadata: new Map(),
});
const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));
const hex = (body: Uint8Array | undefined) => body && Buffer.from(body).toString("hex");
const text = (latin1: string) => Uint8Array.from(Buffer.from(latin1, "latin1"));
const reply = (status: ZapReply["status"]): ZapReply => ({ status, text: "", userId: "", metadata: new Map() });
const code = (wanted: string) => (error: unknown) => error instanceof ZmqError && error.code === wanted;

const HELLO = bytes("05 48454c4c4f 05 61646d696e 06 736563726574");
const WELCOME = bytes("07 57454c434f4d45");
const METADATA = bytes("0b 536f636b65742d54797065 00000004 50555348");
const INITIATE = Uint8Array.from([...bytes("08 494e495449415445"), ...METADATA]);
const READY = Uint8Array.from([...bytes("05 5245414459"), ...METADATA]);

const newClient = () => new PlainClient(config("PUSH"), { username: "admin", password: "secret" });
/** A client that sent HELLO. */
function greetedClient(): PlainClient {
  const client = newClient();
  client.produce();
  return client;
}

test("the client's commands are those of RFC 24, octet by octet", () => {
  const client = newClient();
  assert.equal(hex(client.produce()), hex(HELLO));
  assert.equal(client.produce(), undefined);
  client.consume(WELCOME);
  assert.equal(hex(client.produce()), hex(INITIATE));
  assert.equal(client.state, "handshaking");
  client.consume(READY);
  assert.equal(client.state, "ready");
  assert.equal(toText(client.peer.get("Socket-Type")!), "PUSH");
});

test("the server's commands are those of RFC 24, octet by octet", () => {
  const server = new PlainServer(config("PUSH"));
  server.consume(HELLO);
  assert.equal(server.state, "authorizing");
  assert.deepEqual(server.zap?.credentials.map(toText), ["admin", "secret"]);
  assert.equal(server.produce(), undefined);
  server.authorize(reply(200));
  assert.equal(server.zap, undefined);
  assert.equal(hex(server.produce()), hex(WELCOME));
  server.consume(INITIATE);
  assert.equal(toText(server.peer.get("Socket-Type")!), "PUSH");
  assert.equal(hex(server.produce()), hex(READY));
  assert.equal(server.state, "ready");
});

for (const capture of JSON.parse(readFileSync(new URL("../../test/vectors/security.json", import.meta.url), "utf8"))) {
  if (!capture.name.startsWith("PLAIN")) continue;
  test(`captured from libzmq ${capture.libzmq}: ${capture.name}`, () => {
    const ours = {
      ...config(capture.name.includes("refuses") ? "PULL" : "PULL"),
      metadata: new Map([["X-Test", "ours"]]),
    };
    const password = capture.name.includes("refuses") ? "wrong" : "secret";
    const mechanism = capture.name.includes("server")
      ? new PlainClient(ours, { username: "admin", password })
      : new PlainServer(ours);
    for (const { from, hex: captured } of capture.frames) {
      const body = bytes(captured);
      if (from === "us") assert.equal(hex(mechanism.produce()), captured);
      else if (mechanism.state === "ready") assert.equal(toText(body), "one");
      else if (body[0] === 0x5e) {
        assert.throws(() => mechanism.consume(body), { code: "EACCES", status: 400 });
        return;
      } else mechanism.consume(body);
      if (mechanism instanceof PlainServer && mechanism.state === "authorizing") mechanism.authorize(reply(200));
    }
    assert.equal(mechanism.state, "ready");
    assert.equal(toText(mechanism.peer.get("Socket-Type")!), "PUSH");
  });
}

test("400 and 500 send ERROR in the form that libzmq 4.3 knows, 300 sends nothing", () => {
  for (const [status, wanted] of [
    [400, "5e 52524f52 03 343030"],
    [500, "5e 52524f52 03 353030"],
    [300, undefined],
  ] as const) {
    const server = new PlainServer(config("PULL"));
    server.consume(HELLO);
    server.authorize(reply(status));
    assert.equal(hex(server.produce()), wanted?.replaceAll(" ", ""));
    assert.equal(server.produce(), undefined);
    assert.equal(server.state, "handshaking");
    assert.throws(() => server.consume(INITIATE), code("ERR_ZMTP_UNEXPECTED_COMMAND"));
    assert.equal(server.state, "failed");
  }
});

test("the client understands ERROR in either form, at either step", () => {
  for (const error of ["\x05ERROR\x03400", "\x5eRROR\x03400"]) {
    const client = greetedClient();
    assert.throws(() => client.consume(text(error)), { code: "EACCES", status: 400 });
    const later = greetedClient();
    later.consume(WELCOME);
    later.produce();
    assert.throws(() => later.consume(text(error)), { code: "EACCES", status: 400 });
    assert.equal(later.state, "failed");
  }
  assert.throws(() => greetedClient().consume(text("\x5eRROR\x0540")), code("ERR_ZMTP_MALFORMED_COMMAND_ERROR"));
});

test("HELLO of libzmq 4.3.0 and 4.3.1, which calls itself WELCOME, is understood", () => {
  const server = new PlainServer(config("PULL"));
  server.consume(text("\x05WELCOME\x05admin\x06secret"));
  assert.deepEqual(server.zap?.credentials.map(toText), ["admin", "secret"]);
});

test("credentials may be empty or 255 octets, and not more", () => {
  for (const length of [0, 255]) {
    const client = new PlainClient(config("PUSH"), { username: "u".repeat(length), password: "p".repeat(length) });
    const server = new PlainServer(config("PULL"));
    server.consume(client.produce()!);
    assert.deepEqual(
      server.zap?.credentials.map((each) => each.length),
      [length, length],
    );
  }
  assert.throws(() => new PlainClient(config("PUSH"), { username: "", password: "ä".repeat(128) }), code("EINVAL"));
});

test("HELLO cut at every length, or with one octet more, is malformed", () => {
  for (let end = 0; end <= HELLO.length + 1; end++) {
    if (end === HELLO.length) continue;
    const body = Uint8Array.from([...HELLO, 0]).subarray(0, end);
    const wanted = end < 6 ? "ERR_ZMTP_UNEXPECTED_COMMAND" : "ERR_ZMTP_MALFORMED_COMMAND_HELLO";
    assert.throws(() => new PlainServer(config("PULL")).consume(body), code(wanted), `${end}`);
  }
});

test("WELCOME with data is malformed, and cut it is no WELCOME", () => {
  assert.throws(() => greetedClient().consume(text("\x07WELCOME\x00")), code("ERR_ZMTP_MALFORMED_COMMAND_WELCOME"));
  for (let end = 0; end < WELCOME.length; end++) {
    assert.throws(() => greetedClient().consume(WELCOME.subarray(0, end)), code("ERR_ZMTP_UNEXPECTED_COMMAND"));
  }
});

test("metadata that is cut short ends the handshake on either side", () => {
  for (let end = 7; end < READY.length; end++) {
    const client = greetedClient();
    client.consume(WELCOME);
    client.produce();
    assert.throws(() => client.consume(READY.subarray(0, end)), code("ERR_ZMTP_INVALID_METADATA"), `${end}`);
    const server = new PlainServer(config("PULL"));
    server.consume(HELLO);
    server.authorize(reply(200));
    server.produce();
    assert.throws(() => server.consume(INITIATE.subarray(0, end + 3)), code("ERR_ZMTP_INVALID_METADATA"), `${end}`);
  }
});

test("commands out of turn end the handshake", () => {
  const unexpected = code("ERR_ZMTP_UNEXPECTED_COMMAND");
  for (const body of [WELCOME, INITIATE, READY])
    assert.throws(() => new PlainServer(config("PULL")).consume(body), unexpected);
  for (const body of [HELLO, INITIATE, READY]) assert.throws(() => greetedClient().consume(body), unexpected);
  assert.throws(() => newClient().consume(WELCOME), unexpected);
  const server = new PlainServer(config("PULL"));
  server.consume(HELLO);
  assert.throws(() => server.consume(INITIATE), unexpected);
  const client = greetedClient();
  client.consume(WELCOME);
  assert.throws(() => client.consume(WELCOME), unexpected);
});

test("neither errors nor a printed mechanism show the password", () => {
  const client = newClient();
  const server = new PlainServer(config("PULL"));
  server.consume(client.produce()!);
  assert.equal(/secret|Buffer|Uint8Array/.test(inspect(client, { depth: 10, showHidden: true })), false);
  try {
    new PlainServer(config("PULL")).consume(text("\x05HELLO\x05admin\x09secret"));
    assert.fail("accepted");
  } catch (error) {
    assert.equal(inspect(error).includes("secret"), false);
  }
});
