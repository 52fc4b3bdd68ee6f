import assert from "node:assert/strict";
import { test } from "node:test";
import { crypto } from "../../test/crypto.ts";
import { CLIENT, SERVER } from "../../test/vectors/security.ts";
import type { SocketTypeName } from "../base/socket-types.ts";
import { CurveClient } from "./curve-client.ts";
import { CurveServer } from "./curve-server.ts";
import type { SecurityOptions } from "./mechanism.ts";
import { NullMechanism } from "./null.ts";
import { PlainClient, PlainServer } from "./plain.ts";
import { securityZapRule, selectMechanism as select } from "./select-mechanism.ts";

const selectMechanism = (type: SocketTypeName, options: SecurityOptions) => select(type, options, crypto);

const options = (set: Partial<SecurityOptions> = {}): SecurityOptions => ({
  securityMechanism: null,
  plainServer: false,
  plainUsername: null,
  plainPassword: null,
  curveServer: false,
  curvePublicKey: null,
  curveSecretKey: null,
  curveServerKey: null,
  zapDomain: null,
  zapEnforceDomain: false,
  routingId: new Uint8Array(0),
  metadata: {},
  ...set,
});
const client = {
  securityMechanism: "curve",
  curvePublicKey: CLIENT.publicKey,
  curveSecretKey: CLIENT.secretKey,
  curveServerKey: SERVER.publicKey,
} as const;
const server = { securityMechanism: "curve", curveServer: true, curveSecretKey: SERVER.secretKey } as const;

test("options choose the mechanism and the role", () => {
  assert.ok(selectMechanism("PUSH", options())() instanceof NullMechanism);
  assert.ok(
    selectMechanism("PUSH", options({ securityMechanism: "plain", plainUsername: "a" }))() instanceof PlainClient,
  );
  assert.ok(
    selectMechanism("PUSH", options({ securityMechanism: "plain", plainServer: true }))() instanceof PlainServer,
  );
  assert.ok(selectMechanism("PUSH", options(client))() instanceof CurveClient);
  assert.ok(selectMechanism("PUSH", options(server))() instanceof CurveServer);
});

test("two sockets' options make mechanisms that agree, with metadata and ZAP", () => {
  const dealer = selectMechanism("DEALER", options({ ...client, metadata: { "X-A": "b" } }))();
  const router = selectMechanism("ROUTER", options(server))();
  router.consume(dealer.produce()!);
  dealer.consume(router.produce()!);
  router.consume(dealer.produce()!);
  assert.equal(router.state, "authorizing");
  assert.equal(Buffer.from(router.peer.get("X-A")!).toString(), "b");
});

test("each connection has a mechanism of its own, whose key pair was never used", () => {
  const make = selectMechanism("DEALER", options(client));
  const [first, second] = [make(), make()];
  assert.notDeepEqual(first.produce(), second.produce());
  assert.equal(first.produce(), undefined);
});

test("a CURVE server asks ZAP but for an enforced domain that is empty", () => {
  assert.equal(securityZapRule(options(server)), "optional");
  assert.equal(securityZapRule(options({ ...server, zapEnforceDomain: true })), "never");
  assert.equal(securityZapRule(options({ ...server, zapEnforceDomain: true, zapDomain: "x" })), "required");
  assert.equal(securityZapRule(options(client)), "never");
});

test("a client may leave out its public key, which follows from the secret one", () => {
  assert.ok(selectMechanism("PUSH", options({ ...client, curvePublicKey: null }))() instanceof CurveClient);
});

test("options that cannot work are refused, never weakened, and no error shows a key", () => {
  const broken: [string, Partial<SecurityOptions>][] = [
    ["server without secret key", { ...server, curveSecretKey: null }],
    ["client without secret key", { ...client, curveSecretKey: null }],
    ["keys without a role", { ...client, curveServerKey: null }],
    ["a server key that is no point of the curve", { ...client, curveServerKey: "0".repeat(40) }],
    ["keys that do not belong together", { ...client, curvePublicKey: SERVER.publicKey }],
    [
      "PLAIN server with an enforced domain that is empty",
      { securityMechanism: "plain", plainServer: true, zapEnforceDomain: true },
    ],
    ["GSSAPI", { securityMechanism: "gssapi" }],
  ];
  for (const [what, set] of broken) {
    assert.throws(
      () => selectMechanism("PUSH", options(set)),
      (error: Error & { code: string }) => error.code === "EINVAL" && !error.message.includes(CLIENT.secretKey),
      what,
    );
  }
});
