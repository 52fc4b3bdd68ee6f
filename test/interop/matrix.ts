/**
 * Every legal pair of socket types, over tcp, ipc and ws, with either side binding: our socket against libzmq's. A pair is
 * a row of a table that says how its messages flow; each row exchanges all of `MESSAGES` of frames.ts.
 */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import * as zmq from "../../src/index.ts";
import { bytesOf, described, expected, type FrameSpec, MESSAGES, type MessageSpec } from "./frames.ts";
import { ANY_PORT, ANY_WS_PORT } from "./opener.ts";
import { type Library, Peer, type PeerSocket, type TypeName } from "./peer.ts";

export const CLASSES = {
  PAIR: zmq.Pair,
  PUB: zmq.Publisher,
  SUB: zmq.Subscriber,
  REQ: zmq.Request,
  REP: zmq.Reply,
  DEALER: zmq.Dealer,
  ROUTER: zmq.Router,
  PULL: zmq.Pull,
  PUSH: zmq.Push,
  XPUB: zmq.XPublisher,
  XSUB: zmq.XSubscriber,
  STREAM: zmq.Stream,
} as const;

/** What a flow needs of a socket of ours, wherever it is; the types of the classes are narrower, each in its own way. */
export interface Ours {
  linger: number;
  close(): void;
  bind(address: string): Promise<void>;
  connect(address: string): void;
  readonly lastEndpoint: string | null;
  connected(): Promise<void>;
  send(frames: Uint8Array[]): Promise<void>;
  receive(): Promise<Uint8Array[]>;
  subscribe(...topics: string[]): void;
  subscriberJoined(topic: string): Promise<void>;
}

type Flow = (ours: Ours, theirs: PeerSocket, messages: readonly MessageSpec[]) => Promise<void>;

export interface Pair {
  readonly ours: TypeName;
  readonly theirs: TypeName;
  readonly flow: Flow;
  /** Options of both sockets, by zeromq.js's names. */
  readonly options?: Record<string, unknown>;
  readonly theirOptions?: Record<string, unknown>;
}

export const PAIRS: readonly Pair[] = [
  { ours: "PAIR", theirs: "PAIR", flow: bothWays },
  { ours: "PUSH", theirs: "PULL", flow: outward },
  { ours: "PULL", theirs: "PUSH", flow: inward },
  { ours: "REQ", theirs: "REP", flow: (...all) => ask(...all, [], 0) },
  { ours: "REQ", theirs: "ROUTER", flow: (...all) => ask(...all, [], 2) },
  { ours: "DEALER", theirs: "REP", flow: (...all) => ask(...all, [""], 0) },
  { ours: "DEALER", theirs: "DEALER", flow: bothWays },
  { ours: "DEALER", theirs: "ROUTER", flow: (...all) => ask(...all, [], 1) },
  { ours: "REP", theirs: "REQ", flow: (...all) => answer(...all, [], 0) },
  { ours: "REP", theirs: "DEALER", flow: (...all) => answer(...all, [""], 0) },
  { ours: "ROUTER", theirs: "REQ", flow: (...all) => answer(...all, [], 2) },
  { ours: "ROUTER", theirs: "DEALER", flow: (...all) => answer(...all, [], 1) },
  {
    ours: "ROUTER",
    theirs: "ROUTER",
    flow: routers,
    options: { routingId: "ours", mandatory: true },
    theirOptions: { routingId: "theirs", mandatory: true },
  },
  { ours: "PUB", theirs: "SUB", flow: publish },
  { ours: "PUB", theirs: "XSUB", flow: publish },
  { ours: "XPUB", theirs: "SUB", flow: publish },
  { ours: "XPUB", theirs: "XSUB", flow: publish },
  { ours: "SUB", theirs: "PUB", flow: subscribe },
  { ours: "SUB", theirs: "XPUB", flow: subscribe },
  { ours: "XSUB", theirs: "PUB", flow: (...all) => subscribe(...all, true) },
  { ours: "XSUB", theirs: "XPUB", flow: (...all) => subscribe(...all, true) },
];

type Transport = "tcp" | "ipc" | "ws";

/** Registers the matrix against one library. */
export function matrix(library: Library, transports: readonly Transport[] = ["tcp", "ipc"]): void {
  describe(`socket types against ${library}`, () => {
    const peer = new Peer(library);
    const folder = mkdtempSync(join(tmpdir(), "zmq-"));
    let sockets = 0;
    before(async () => assert.match(await peer.call<string>("version"), /^4\.3\./));
    after(async () => {
      await peer.end();
      rmSync(folder, { recursive: true, force: true });
    });

    const addresses = {
      tcp: () => ANY_PORT,
      ipc: () => `ipc://${join(folder, String(sockets++))}`,
      ws: () => ANY_WS_PORT,
    };
    for (const transport of transports) {
      for (const binder of ["we bind", "libzmq binds"]) {
        for (const pair of PAIRS) {
          it(`${pair.ours} and ${pair.theirs} of libzmq exchange every size of message over ${transport}, ${binder}`, {
            timeout: 15_000,
          }, async () => {
            await exchange(peer, pair, { address: addresses[transport](), weBind: binder === "we bind" });
          });
        }
      }
    }
  });
}

export interface Meeting {
  /** Where one of them binds; `tcp://127.0.0.1:*` for a free port. */
  readonly address: string;
  readonly weBind: boolean;
  /** Of security, for example; beside those that the pair itself needs. */
  readonly ourOptions?: object;
  readonly theirOptions?: object;
}

/** Joins two sockets and runs the pair's flow between them. */
export async function exchange(peer: Peer, pair: Pair, meeting: Meeting): Promise<void> {
  const options = { ...pair.options, ...meeting.ourOptions };
  const ours = new CLASSES[pair.ours](options) as unknown as Ours;
  const theirs = await peer.open(pair.theirs, { ...pair.theirOptions, ...meeting.theirOptions });
  try {
    if (meeting.weBind) {
      await ours.bind(meeting.address);
      await theirs.connect(ours.lastEndpoint as string);
    } else ours.connect(await theirs.bind(meeting.address));
    await pair.flow(ours, theirs, MESSAGES);
    await uneventful(theirs, /^wss?:/.test(meeting.address) ? 2 : 1);
  } finally {
    ours.linger = 0;
    ours.close();
    await theirs.close();
  }
}

/** The monitor of a libzmq socket saw one connection come up, and nothing go wrong. Over ws it tells of WebSocket's own handshake too. */
export async function uneventful(theirs: PeerSocket, handshakes: number): Promise<void> {
  await theirs.event("handshake");
  const events = await theirs.events();
  const told = events.filter((type) => !["bind", "accept", "connect", "connect:delay", "handshake"].includes(type));
  assert.deepEqual(told, [], `events: ${events}`);
  const seen = events.filter((type) => type === "handshake").length;
  assert(seen >= 1 && seen <= handshakes, `${seen} handshakes`);
}

function reversed(message: MessageSpec): MessageSpec {
  return [...message].reverse();
}

async function outward(
  ours: Ours,
  theirs: PeerSocket,
  messages: readonly MessageSpec[],
  isReady?: () => Promise<void>,
): Promise<void> {
  const received = theirs.receive(messages.length);
  await isReady?.();
  for (const message of messages) await ours.send(message.map(bytesOf));
  assert.deepEqual(await received, messages.map(expected));
}

async function inward(ours: Ours, theirs: PeerSocket, messages: readonly MessageSpec[]): Promise<void> {
  const sent = theirs.send(...messages);
  for (const message of messages) assert.deepEqual((await ours.receive()).map(described), expected(message));
  await sent;
}

async function bothWays(ours: Ours, theirs: PeerSocket, messages: readonly MessageSpec[]): Promise<void> {
  await Promise.all([outward(ours, theirs, messages), inward(ours, theirs, messages)]);
}

/** We ask. The peer keeps `kept` frames of what it receives as they are and reverses the others. */
async function ask(
  ours: Ours,
  theirs: PeerSocket,
  messages: readonly MessageSpec[],
  envelope: readonly FrameSpec[],
  kept: number,
): Promise<void> {
  const echoed = theirs.echo(messages.length, kept);
  for (const message of messages) {
    await ours.send([...envelope, ...message].map(bytesOf));
    const reply = [...envelope, ...reversed(message)];
    assert.deepEqual((await ours.receive()).map(described), expected(reply));
  }
  await echoed;
}

/** The peer asks, we answer: `kept` frames as they came, the others reversed. */
async function answer(
  ours: Ours,
  theirs: PeerSocket,
  messages: readonly MessageSpec[],
  envelope: readonly FrameSpec[],
  kept: number,
): Promise<void> {
  for (const message of messages) {
    const asked = theirs.send([...envelope, ...message]);
    const request = await ours.receive();
    assert.deepEqual(request.slice(kept).map(described), expected(message));
    await ours.send([...request.slice(0, kept), ...request.slice(kept).reverse()]);
    await asked;
    assert.deepEqual(await theirs.receive(1), [expected([...envelope, ...reversed(message)])]);
  }
}

async function routers(ours: Ours, theirs: PeerSocket, messages: readonly MessageSpec[]): Promise<void> {
  await ours.connected();
  const received = theirs.receive(messages.length);
  for (const message of messages) await ours.send(["theirs", ...message].map(bytesOf));
  assert.deepEqual(
    await received,
    messages.map((message) => expected(["ours", ...message])),
  );
  const sent = theirs.send(...messages.map((message) => ["ours", ...message]));
  for (const message of messages) {
    assert.deepEqual((await ours.receive()).map(described), expected(["theirs", ...message]));
  }
  await sent;
}

/**
 * The peer subscribes to everything. An XSUB does so by a message. A libzmq socket that was bound tells a new peer of
 * its subscriptions only when its application enters the library, so it must be receiving already.
 */
async function publish(ours: Ours, theirs: PeerSocket, messages: readonly MessageSpec[]): Promise<void> {
  if (theirs.type === "XSUB") await theirs.send([{ hex: "01" }]);
  else await theirs.subscribe("");
  await outward(ours, theirs, messages, () => ours.subscriberJoined(""));
}

/** We subscribe to everything, an XSUB by a message. The publisher cannot know when: it repeats a probe until one has arrived. */
async function subscribe(
  ours: Ours,
  theirs: PeerSocket,
  messages: readonly MessageSpec[],
  isByMessage = false,
): Promise<void> {
  if (isByMessage) await ours.send([Uint8Array.of(1)]);
  else ours.subscribe("");
  const first = ours.receive();
  for (let isThere = false; !isThere; ) {
    await theirs.send(["probe"]);
    isThere = await Promise.race([first.then(() => true), new Promise<false>((no) => setTimeout(no, 2, false))]);
  }
  await theirs.send(["over"]);
  for (let frame = ""; frame !== "over"; ) frame = String((await ours.receive())[0]);
  await inward(ours, theirs, messages);
}
