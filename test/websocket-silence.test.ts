/**
 * A client of libzmq over ws takes whatever comes behind our command, before it has sent its own next one, for a broken
 * protocol, for good. So nothing may, however long it takes, and whatever waits: subscriptions, messages, PINGs.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { SOCKET_TYPES, type SocketTypeName } from "../src/base/socket-types.ts";
import { CurveClient } from "../src/security/curve-client.ts";
import { decodeKey } from "../src/security/keys.ts";
import type { Mechanism, MechanismConfig } from "../src/security/mechanism.ts";
import { NullMechanism } from "../src/security/null.ts";
import { PlainClient } from "../src/security/plain.ts";
import * as drafts from "../src/socket/draft-sockets.ts";
import type { Socket } from "../src/socket/socket.ts";
import * as sockets from "../src/socket/sockets.ts";
import { WebSocketLink } from "../src/transport/node/websocket-link.ts";
import { crypto, curveKeyPair, newKeyPair } from "./crypto.ts";
import { bound } from "./hostile/bound.ts";
import { zwsFrame } from "./websocket-frames.ts";

const NOTHING = new Uint8Array(0);
/** Beyond every PING that is due; all steps together are within the handshake's time. */
const LONG_MS = 5000;
const server = curveKeyPair();

const MECHANISMS: Readonly<Record<string, { options: object; client(config: MechanismConfig): Mechanism }>> = {
  NULL: { options: {}, client: (config) => new NullMechanism(config, false) },
  PLAIN: {
    options: { plainServer: true },
    client: (config) => new PlainClient(config, { username: "user", password: "secret" }),
  },
  CURVE: {
    options: { curveServer: true, curveSecretKey: server.secretKey },
    client: (config) => {
      const keys = { own: newKeyPair(), server: decodeKey(server.publicKey, "curveServerKey") };
      return new CurveClient(config, keys, crypto);
    },
  },
};

type Kind = new (options: object) => Socket & { bindSync(address: string): void };
const { Pair, Publisher, Subscriber, Request, Reply, Dealer, Router, Pull, Push, XPublisher, XSubscriber } = sockets;
const { Server, Client, Radio, Dish, Gather, Scatter, Peer, Channel } = drafts;
const KINDS = {
  ...{ PAIR: Pair, PUB: Publisher, SUB: Subscriber, REQ: Request, REP: Reply, DEALER: Dealer, ROUTER: Router },
  ...{ PULL: Pull, PUSH: Push, XPUB: XPublisher, XSUB: XSubscriber, SERVER: Server, CLIENT: Client, RADIO: Radio },
  ...{ DISH: Dish, GATHER: Gather, SCATTER: Scatter, PEER: Peer, CHANNEL: Channel },
} as unknown as Partial<Record<SocketTypeName, Kind>>;

/** All that this socket may have to say to a peer that comes. */
function say(socket: Socket, type: SocketTypeName): void {
  const { subscribe, join, send } = socket as unknown as Record<string, ((...given: unknown[]) => unknown) | undefined>;
  if (type === "SUB") subscribe?.call(socket, "a", "b");
  join?.call(socket, "group");
  if (type === "XSUB") void send?.call(socket, "\x01topic");
  else if (["PAIR", "REQ", "DEALER", "PUSH", "CLIENT", "SCATTER", "CHANNEL"].includes(type)) {
    const sent = send?.call(socket, "waits") as Promise<void>;
    sent.catch(() => {}); // closed while it waits
  }
}

/** Answers every question of ZAP with 200. */
function letAllIn(handler: sockets.Reply): sockets.Reply {
  handler.bindSync("inproc://zeromq.zap.01");
  void (async () => {
    for await (const [version = "", id = ""] of handler) await handler.send([version, id, "200", "OK", "", ""]);
  })();
  return handler;
}

/** Payloads of a server's frames, which are whole and short. */
function payloads(octets: Uint8Array): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let at = 0; at < octets.length; ) {
    const short = octets[at + 1] as number;
    const begin = at + (short < 126 ? 2 : 4);
    const length = short < 126 ? short : ((octets[at + 2] as number) << 8) | (octets[at + 3] as number);
    found.push(octets.subarray(begin, begin + length));
    at = begin + length;
  }
  return found;
}

for (const [mechanism, { options, client }] of Object.entries(MECHANISMS)) {
  for (const [type, Kind] of Object.entries(KINDS) as [SocketTypeName, Kind][]) {
    test(`${type} sends nothing behind its command of ${mechanism} before the peer's next one came`, async () => {
      const heartbeats = { heartbeatInterval: 100, heartbeatTimeout: 60_000 };
      const more = type === "ROUTER" || type === "DEALER" || type === "REQ" ? { probeRouter: true } : {};
      const { socket, clock, transport } = bound(Kind, { ...options, ...heartbeats, ...more });
      const sent: Uint8Array[] = [];
      transport.over = (link) => {
        const write = link.write.bind(link);
        link.write = (chunks) => {
          for (const chunk of chunks) sent.push(chunk.slice());
          return write(chunks);
        };
        return new WebSocketLink(link, clock, "client", `ZWS2.0/${mechanism}`, NOTHING);
      };
      const asked = letAllIn(new Reply({ context: socket.context }));
      say(socket, type);
      const link = transport.connection();
      const peer = client({ socketType: SOCKET_TYPES[type].peers[0] as SocketTypeName, routingId: NOTHING, metadata: new Map() }); // biome-ignore format: one row
      /** What came, however long one waits. */
      const came = async (): Promise<Uint8Array[]> => {
        for (let turns = 0; turns < 10; turns++) {
          clock.turn();
          await new Promise<void>((resolve) => setImmediate(resolve));
        }
        clock.advance(LONG_MS);
        return payloads(Buffer.concat(sent.splice(0)));
      };
      for (let isFirst = true; ; isFirst = false) {
        const frames = await came();
        if (peer.state === "ready") {
          assert.ok(frames.length > 0, "nothing came, where PINGs at least are due");
          break;
        }
        if (frames[0] !== undefined) peer.consume(frames[0].subarray(1));
        const next = peer.produce();
        if (next === undefined) break; // It has said all, so that more may be behind the last one of ours.
        assert.equal(frames.length, isFirst && mechanism !== "NULL" ? 0 : 1);
        link.handler.data(zwsFrame(2, next));
      }
      assert.equal(peer.state, "ready");
      assert.equal(link.isOpen, true);
      socket.close();
      asked.close();
    });
  }
}
