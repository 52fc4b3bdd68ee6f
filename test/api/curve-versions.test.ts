/** CURVE with peers of ZMTP 3.0 and 3.1, played by the sans-IO parts: subscriptions in either form, heartbeats, multipart. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Socket as TcpSocket } from "node:net";
import { afterEach, test } from "node:test";
import type { SocketTypeName } from "../../src/base/socket-types.ts";
import { Handshake } from "../../src/engine/handshake.ts";
import * as zmq from "../../src/index.ts";
import { CurveClient } from "../../src/security/curve-client.ts";
import { CurveServer } from "../../src/security/curve-server.ts";
import type { Mechanism } from "../../src/security/mechanism.ts";
import { commandBody, parseCommand, pingBody } from "../../src/wire/command.ts";
import { Encoder } from "../../src/wire/encoder.ts";
import { zmtp } from "../../src/wire/zmtp-all.ts";
import { crypto } from "../crypto.ts";
import { config, own, server } from "../curve-pair.ts";
import { CLIENT, SERVER } from "../vectors/security.ts";

/** Where in a greeting ZMTP's minor version stands. */
const MINOR = 11;
const PING = pingBody(10, Buffer.from("ctx"));

const open: { close(): void }[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

/** The far end of `tcp`, which says that it speaks ZMTP 3.`minor`. What it reads is told as text: `!` is a command. */
async function play(tcp: TcpSocket, type: SocketTypeName, mechanism: Mechanism, minor: number) {
  const limits = { maxFrameBytes: -1, maxFrames: 100, maxMessageBytes: 1e6 };
  const handshake = new Handshake({ protocol: zmtp, socketType: type, routingId: Buffer.alloc(0), mechanism, zapDomainSet: false, limits }); // biome-ignore format: one row
  let sent = 0;
  const send = () => {
    for (let bytes = handshake.produce(); bytes !== undefined; bytes = handshake.produce()) {
      const at = MINOR - sent;
      if (at >= 0 && at < bytes.length) bytes[at] = minor;
      sent += bytes.length;
      tcp.write(bytes);
    }
  };
  const read: string[] = [];
  const take = () => {
    if (handshake.state !== "done") return;
    const { decoder } = handshake.outcome;
    for (let next = decoder.next(); next !== undefined; next = decoder.next()) {
      const isCommand = !Array.isArray(next);
      read.push(isCommand ? `!${parseCommand(next as Uint8Array)?.kind}` : (next as Uint8Array[]).join("|"));
    }
    tcp.emit("taken");
  };
  tcp.on("error", () => {});
  tcp.on("data", (chunk) => {
    handshake.push(chunk);
    send();
    take();
  });
  send();
  while (handshake.state !== "done") await once(tcp, "taken").catch(() => {});
  const { encoder } = handshake.outcome;
  const write = () => {
    for (const bytes of encoder.take()) tcp.write(Uint8Array.from(bytes));
    encoder.sent();
  };
  return {
    message(...frames: string[]) {
      encoder.encode(frames.map((text) => Buffer.from(text)));
      write();
    },
    command(body: Uint8Array) {
      assert.ok(encoder instanceof Encoder);
      encoder.encodeCommand(body);
      write();
    },
    /** Waits until `text` was read. */
    async until(text: string) {
      while (!read.includes(text)) await once(tcp, "taken");
    },
    read,
  };
}

for (const minor of [0, 1]) {
  const form = minor === 0 ? "\u0001a" : "!subscribe";

  test(`a SUB under CURVE subscribes at a publisher of ZMTP 3.${minor} in its form, and hears it`, async () => {
    const listener = createServer().listen(0, "127.0.0.1");
    await once(listener, "listening");
    const accepted = once(listener, "connection") as Promise<[TcpSocket]>;
    const keys = { curveServerKey: SERVER.publicKey, curveSecretKey: CLIENT.secretKey };
    const sub = new zmq.Subscriber({ ...keys, heartbeatInterval: 20, heartbeatTimeout: 5000, linger: 0 });
    sub.subscribe("a");
    sub.connect(`tcp://127.0.0.1:${(listener.address() as { port: number }).port}`);
    const [tcp] = await accepted;
    open.push(sub, { close: () => tcp.destroy() }, listener);
    const peer = await play(tcp, "XPUB", new CurveServer(config("XPUB"), server, false, crypto), minor);
    await peer.until(form);
    await peer.until("!ping");
    peer.command(PING);
    peer.message("a1", "", "second");
    peer.message("b");
    peer.message("a2");
    await peer.until("!pong");
    assert.deepEqual((await sub.receive()).map(String), ["a1", "", "second"]);
    assert.deepEqual((await sub.receive()).map(String), ["a2"]);
    assert.deepEqual(new Set(peer.read), new Set([form, "!ping", "!pong"]));
  });

  test(`a PUB under CURVE hears a subscriber of ZMTP 3.${minor} in its form, and sends to it`, async () => {
    const pub = new zmq.XPublisher({ curveServer: true, curveSecretKey: SERVER.secretKey, linger: 0 });
    await pub.bind("tcp://127.0.0.1:*");
    const tcp = connect(Number((pub.lastEndpoint as string).split(":").at(-1)), "127.0.0.1");
    open.push(pub, { close: () => tcp.destroy() });
    const client = new CurveClient(config("SUB"), { own, server: server.publicKey }, crypto);
    const peer = await play(tcp, "SUB", client, minor);
    if (minor === 0) peer.message("\u0001a");
    else peer.command(commandBody("SUBSCRIBE", Buffer.from("a")));
    assert.deepEqual((await pub.receive()).map(String), ["\u0001a"]);
    peer.command(PING);
    await peer.until("!pong");
    await pub.send(["a1", "", "second"]);
    await pub.send("b");
    await pub.send("a2");
    await peer.until("a2");
    assert.deepEqual(peer.read, ["!pong", "a1||second", "a2"]);
  });
}
