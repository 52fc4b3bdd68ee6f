import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import * as zmq from "../index.ts";

const ANY_PORT = "tcp://127.0.0.1:*";
const server = zmq.curveKeyPair();
const client = zmq.curveKeyPair();
const CURVE_SERVER = { curveServer: true, curveSecretKey: server.secretKey };
const CURVE_CLIENT = { curveServerKey: server.publicKey, curveSecretKey: client.secretKey };

const open: zmq.Socket[] = [];
afterEach(() => {
  for (const socket of open.splice(0)) socket.close();
});

function opened<S extends zmq.Socket>(socket: S): S {
  socket.linger = 0;
  open.push(socket);
  return socket;
}

test("options that turn off what was not on leave CURVE on, at either side", async () => {
  const off = { plainServer: false, plainUsername: null, plainPassword: null };
  const router = opened(new zmq.Router({ ...CURVE_SERVER, ...off }));
  await router.bind(ANY_PORT);
  const endpoint = router.lastEndpoint as string;
  const dealer = opened(new zmq.Dealer({ ...CURVE_CLIENT, ...off, curveServer: false }));
  assert.deepEqual([router.securityMechanism, dealer.securityMechanism], ["curve", "curve"]);
  dealer.connect(endpoint);
  await dealer.connected();
  const open = opened(new zmq.Dealer());
  const mismatch = new Promise<zmq.EventOfType<"handshake:error:protocol">>((resolve) => {
    open.events.on("handshake:error:protocol", resolve);
  });
  open.connect(endpoint);
  assert.equal((await mismatch).error.code, "ERR_ZMTP_MECHANISM_MISMATCH");
});

test("a socket that is given CURVE and then PLAIN is not made", () => {
  const plain = { plainUsername: "admin", plainPassword: "correct horse" };
  assert.throws(() => new zmq.Dealer({ ...CURVE_CLIENT, ...plain }), { code: "EINVAL" });
  assert.throws(() => new zmq.Router({ ...CURVE_SERVER, plainServer: true }), { code: "EINVAL" });
});

test("sockets without ZMTP refuse options of security, which they could not keep", async () => {
  for (const options of [CURVE_SERVER, CURVE_CLIENT, { plainServer: true }, { zapDomain: "vault" }]) {
    for (const socket of [opened(new zmq.Stream(options)), opened(new zmq.Router({ ...options, raw: true }))]) {
      await assert.rejects(socket.bind(ANY_PORT), { code: "EINVAL" });
      assert.throws(() => socket.connect("tcp://127.0.0.1:9"), { code: "EINVAL" });
    }
  }
});
