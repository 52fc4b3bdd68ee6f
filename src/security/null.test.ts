import assert from "node:assert/strict";
import { test } from "node:test";
import { NO_PROPERTIES } from "../base/message.ts";
import type { MechanismConfig, ZapReply } from "./mechanism.ts";
import { NullMechanism } from "./null.ts";
import { NullMechanism as SmallNullMechanism } from "./small-null.ts";

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));

const CONFIG: MechanismConfig = { socketType: "SUB", routingId: new Uint8Array(0), metadata: new Map() };
const READY = "05 52 45 41 44 59 0b 53 6f 63 6b 65 74 2d 54 79 70 65 00 00 00 03 53 55 42";

const sent = (mechanism: NullMechanism | SmallNullMechanism): string | undefined => {
  const body = mechanism.produce();
  return body && Buffer.from(body).toString("hex");
};
const reply = (status: ZapReply["status"]): ZapReply => ({ status, text: "", userId: "", metadata: NO_PROPERTIES });

for (const [where, make] of [
  ["", () => new NullMechanism(CONFIG, false)],
  [", in a page", () => new SmallNullMechanism(CONFIG)],
] as const) {
  test(`READY goes out at once and once, and the peer's makes it ready${where}`, () => {
    const mechanism = make();
    assert.equal(sent(mechanism), READY.replaceAll(" ", ""));
    assert.equal(mechanism.produce(), undefined);
    assert.equal(mechanism.state, "handshaking");
    mechanism.consume(hex(READY));
    assert.equal(mechanism.state, "ready");
    assert.equal(Buffer.from(mechanism.peer.get("Socket-Type") as Uint8Array).toString(), "SUB");
  });

  test(`the peer's READY may come first${where}`, () => {
    const mechanism = make();
    mechanism.consume(hex(READY));
    assert.equal(mechanism.state, "handshaking");
    assert.ok(mechanism.produce());
    assert.equal(mechanism.state, "ready");
  });

  test(`a second READY is unexpected${where}`, () => {
    const mechanism = make();
    mechanism.consume(hex(READY));
    assert.throws(() => mechanism.consume(hex(READY)), { code: "ERR_ZMTP_UNEXPECTED_COMMAND" });
  });

  test(`anything but READY and ERROR is unexpected${where}`, () => {
    for (const body of ["", "00", "05 48 45 4c 4c 4f", "05 52 45 41 44", "04 50 49 4e 47 00 00"]) {
      const mechanism = make();
      assert.throws(() => mechanism.consume(hex(body)), { code: "ERR_ZMTP_UNEXPECTED_COMMAND" }, body);
    }
  });

  test(`a READY with broken metadata is refused${where}`, () => {
    const mechanism = make();
    assert.throws(() => mechanism.consume(hex(`${READY} 00`)), { code: "ERR_ZMTP_INVALID_METADATA" });
  });

  test(`an ERROR carries a status only when its reason is one of ZAP's${where}`, () => {
    const mechanism = make;
    assert.throws(() => mechanism().consume(hex("05 45 52 52 4f 52 03 34 30 30")), {
      code: "EACCES",
      status: 400,
      message: "Authentication failure",
    });
    assert.throws(() => mechanism().consume(hex("05 45 52 52 4f 52 03 33 30 30")), { status: 300 });
    assert.throws(
      () => mechanism().consume(hex("05 45 52 52 4f 52 02 6e 6f")),
      (error: { code: string; status?: number }) => error.code === "EPROTO" && error.status === undefined,
    );
    assert.throws(() => mechanism().consume(hex("05 45 52 52 4f 52 03 34")), {
      code: "ERR_ZMTP_MALFORMED_COMMAND_ERROR",
    });
  });
}

test("with a ZAP domain nothing is sent before the handler's 200", () => {
  const mechanism = new NullMechanism(CONFIG, true);
  assert.equal(mechanism.state, "authorizing");
  assert.deepEqual(mechanism.zap, { mechanism: "NULL", credentials: [] });
  assert.equal(mechanism.produce(), undefined);
  mechanism.consume(hex(READY));
  assert.equal(mechanism.state, "authorizing");
  mechanism.authorize(reply(200));
  assert.equal(mechanism.zap, undefined);
  assert.equal(sent(mechanism), READY.replaceAll(" ", ""));
  assert.equal(mechanism.state, "ready");
});

for (const status of [400, 500] as const) {
  test(`${status} from the handler sends ERROR, and the peer's READY ends it`, () => {
    const mechanism = new NullMechanism(CONFIG, true);
    mechanism.authorize(reply(status));
    assert.equal(mechanism.state, "handshaking");
    assert.equal(sent(mechanism), `054552524f5203${Buffer.from(String(status)).toString("hex")}`);
    assert.equal(mechanism.produce(), undefined);
    assert.equal(mechanism.state, "handshaking");
    mechanism.consume(hex(READY));
    assert.equal(mechanism.state, "failed");
  });
}

test("300 from the handler sends nothing, and the peer's READY ends it", () => {
  const mechanism = new NullMechanism(CONFIG, true);
  mechanism.authorize(reply(300));
  assert.equal(mechanism.produce(), undefined);
  assert.equal(mechanism.state, "handshaking");
  mechanism.consume(hex(READY));
  assert.equal(mechanism.state, "failed");
});

test("an answer that nobody asked for is the caller's mistake", () => {
  const mechanism = new NullMechanism(CONFIG, false);
  assert.throws(() => mechanism.authorize(reply(200)), { code: "EFSM" });
});
