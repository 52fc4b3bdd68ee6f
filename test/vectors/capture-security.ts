/**
 * Records handshakes of PLAIN and CURVE with a real libzmq (pyzmq), for the
 * tests of src/security: `node --import tsx test/vectors/capture-security.ts >
 * test/vectors/security.json`. Our random octets are a counted sequence, so
 * that a recorded handshake can be played again.
 */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { CurveClient } from "../../src/security/curve-client.ts";
import { CurveServer } from "../../src/security/curve-server.ts";
import { decodeKey } from "../../src/security/keys.ts";
import type { Mechanism, MechanismConfig } from "../../src/security/mechanism.ts";
import { PlainClient, PlainServer } from "../../src/security/plain.ts";
import { ZAP_ACCEPTED } from "../../src/security/zap.ts";
import { writeHeader } from "../../src/wire/frame.ts";
import { crypto, primitives } from "../crypto.ts";
import { CLIENT, countedRandom, SERVER } from "./security.ts";

interface Captured {
  readonly name: string;
  readonly libzmq: string;
  /** Bodies of all frames, in the order of the wire; those of libzmq and ours. */
  readonly frames: { readonly from: "libzmq" | "us"; readonly hex: string }[];
}

const PEER = `
import os, sys, time, zmq, json
from zmq.auth.thread import ThreadAuthenticator
spec = json.loads(sys.argv[1])
context = zmq.Context()
socket = context.socket(getattr(zmq, spec["type"]))
socket.linger = 0
if spec.get("auth"):
    auth = ThreadAuthenticator(context); auth.start()
    if spec["auth"] == "plain": auth.configure_plain(domain="*", passwords={"admin": "secret"})
    else:
        class Keys:
            def callback(self, domain, key): return spec["auth"] == "allow"
        auth.configure_curve_callback(domain="*", credentials_provider=Keys())
    time.sleep(0.2)
for name, value in spec["options"].items():
    setattr(socket, name, value.encode() if isinstance(value, str) else value)
if spec.get("subscribe"): socket.setsockopt(zmq.SUBSCRIBE, spec["subscribe"].encode())
if "connect" in spec: socket.connect(spec["connect"])
else: print(socket.bind_to_random_port("tcp://127.0.0.1"), flush=True)
for message in spec.get("send", []): socket.send_multipart([part.encode() for part in message])
if spec.get("echo"):
    message = socket.recv_multipart()
    socket.send_multipart(message)
time.sleep(0.5)
os._exit(0)
`;

const config = (socketType: MechanismConfig["socketType"]): MechanismConfig => ({
  socketType,
  routingId: new Uint8Array(0),
  metadata: new Map([["X-Test", "ours"]]),
});
const raw = (pair: { secretKey: string }) => primitives().keys.pairOf(decodeKey(pair.secretKey, "secretKey"));
const curveClient = {
  curve_serverkey: SERVER.publicKey,
  curve_publickey: CLIENT.publicKey,
  curve_secretkey: CLIENT.secretKey,
};
const curveServer = { curve_server: 1, curve_secretkey: SERVER.secretKey };

const captures: Captured[] = [
  await capture(
    "CURVE client SUB",
    { type: "SUB", options: { ...curveClient, heartbeat_ivl: 100 }, subscribe: "abc" },
    (random) => new CurveServer(config("PUB"), raw(SERVER), true, crypto, random),
  ),
  await capture(
    "CURVE client DEALER",
    { type: "DEALER", options: curveClient, send: [["one"], ["two", "", "x".repeat(300)]] },
    (random) => new CurveServer(config("ROUTER"), raw(SERVER), false, crypto, random),
  ),
  await capture(
    "CURVE server",
    { type: "DEALER", options: curveServer, bind: true, send: [["one"], ["two", "", "x".repeat(300)]] },
    (random) => new CurveClient(config("DEALER"), { own: raw(CLIENT), server: raw(SERVER).publicKey }, crypto, random),
  ),
  await capture(
    "CURVE server that refuses",
    { type: "PULL", options: curveServer, bind: true, auth: "deny" },
    (random) => new CurveClient(config("PUSH"), { own: raw(CLIENT), server: raw(SERVER).publicKey }, crypto, random),
  ),
  await capture(
    "PLAIN client",
    { type: "PUSH", options: { plain_username: "admin", plain_password: "secret" }, send: [["one"]] },
    () => new PlainServer(config("PULL")),
  ),
  await capture(
    "PLAIN server",
    { type: "PUSH", options: { plain_server: 1 }, bind: true, auth: "plain", send: [["one"]] },
    () => new PlainClient(config("PULL"), { username: "admin", password: "secret" }),
  ),
  await capture(
    "PLAIN server that refuses",
    { type: "PUSH", options: { plain_server: 1 }, bind: true, auth: "plain" },
    () => new PlainClient(config("PULL"), { username: "admin", password: "wrong" }),
  ),
];
console.log(JSON.stringify(captures, null, 1));

async function capture(
  name: string,
  spec: { type: string; options: object; subscribe?: string; send?: string[][]; auth?: string; bind?: boolean },
  create: (random: (length: number) => Uint8Array) => Mechanism,
): Promise<Captured> {
  const mechanism = create(countedRandom());
  let socket: Socket;
  let peer: ReturnType<typeof spawn>;
  if (spec.bind) {
    peer = spawn("/usr/bin/python3", ["-c", PEER, JSON.stringify(spec)], { stdio: ["ignore", "pipe", "inherit"] });
    const [port] = await once(createInterface(peer.stdout as NodeJS.ReadableStream), "line");
    socket = connect(Number(port), "127.0.0.1");
  } else {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    peer = spawn("/usr/bin/python3", ["-c", PEER, JSON.stringify({ ...spec, connect: `tcp://127.0.0.1:${port}` })], {
      stdio: "inherit",
    });
    [socket] = await once(server, "connection");
    server.close();
  }
  const frames: Captured["frames"] = [];
  const greeting = Buffer.alloc(64);
  greeting.set([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 1]);
  greeting.write(mechanism.name, 12, "latin1");
  socket.write(greeting);
  let received = Buffer.alloc(0);
  let greeted = false;
  const send = () => {
    if (mechanism.state === "authorizing") mechanism.authorize?.(ZAP_ACCEPTED);
    for (let body = mechanism.produce(); body !== undefined; body = mechanism.produce()) {
      const header = Buffer.alloc(9);
      frames.push({ from: "us", hex: Buffer.from(body).toString("hex") });
      socket.write(Buffer.concat([header.subarray(0, writeHeader(header, 0, 4, body.length)), body]));
    }
  };
  socket.on("data", (chunk) => {
    received = Buffer.concat([received, chunk]);
    if (!greeted) {
      if (received.length < 64) return;
      greeted = true;
      received = received.subarray(64);
      send();
    }
    for (;;) {
      if (received.length < 2) return;
      const isLong = ((received[0] as number) & 2) !== 0;
      const start = isLong ? 9 : 2;
      if (received.length < start) return;
      const length = isLong ? Number(received.readBigUInt64BE(1)) : (received[1] as number);
      if (received.length < start + length) return;
      const body = received.subarray(start, start + length);
      received = received.subarray(start + length);
      frames.push({ from: "libzmq", hex: body.toString("hex") });
      if (mechanism.state === "ready") continue;
      try {
        mechanism.consume(body);
      } catch {
        socket.destroy();
        return;
      }
      send();
    }
  });
  await once(peer, "exit");
  socket.destroy();
  return { name, libzmq: "4.3.4", frames };
}
