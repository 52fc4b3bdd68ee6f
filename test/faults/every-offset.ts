/**
 * The connection breaks at every byte of a handshake and of a multipart
 * message, in either direction, for every pair of socket types. What must hold
 * each time: messages arrive whole, in order and at most once; a request is
 * answered; and once there is a connection again, everything goes on.
 */

import assert from "node:assert/strict";
import {
  curveKeyPair,
  Dealer,
  type Message,
  Pair,
  Publisher,
  Pull,
  Push,
  type Readable,
  Reply,
  Request,
  Router,
  type Socket,
  Subscriber,
  type Writable,
  XPublisher,
  XSubscriber,
} from "../../src/index.ts";
import type { Context } from "../../src/socket/context.ts";
import { type Direction, type Faults, faultyContext } from "./faulty-transport.ts";

type Speaker = Socket & Writable;
type Listener = Socket & Readable;
interface Types {
  new (options: { context?: Context; linger?: number; reconnectInterval?: number }): Socket;
}

interface Pairing {
  readonly name: string;
  readonly binder: Types;
  readonly dialer: Types;
  readonly sender: "binder" | "dialer";
  /** Frames before those of the message, as sent. */
  readonly prefix?: string;
  /** Frames before those of the message, as received. */
  readonly received?: number;
  readonly binderOptions?: object;
  readonly dialerOptions?: object;
}

const server = curveKeyPair();
const client = curveKeyPair();
const CURVE = {
  binderOptions: { curveServer: true, curveSecretKey: server.secretKey },
  dialerOptions: {
    curveServerKey: server.publicKey,
    curvePublicKey: client.publicKey,
    curveSecretKey: client.secretKey,
  },
};
const NAMED = { binderOptions: { handover: true }, dialerOptions: { routingId: "d" } };

/** By what is spoken over WebSocket; those with CURVE speak it with `/CURVE`. */
export const SUBPROTOCOLS = ["zmtp3.1.stream", "ZWS2.0/NULL", "ZWS2.0"] as const;

/** A pairing over WebSocket. Undefined where that dialect has no security. */
export function overWebSocket(pairing: Pairing, subprotocol: (typeof SUBPROTOCOLS)[number]) {
  const isSecure = pairing.binderOptions === CURVE.binderOptions;
  if (isSecure && subprotocol === "ZWS2.0") return undefined;
  const agreed = isSecure ? subprotocol.replace("/NULL", "/CURVE") : subprotocol;
  return (faults: Faults): Promise<Outcome> => runPairing(pairing, { ...faults, subprotocol: agreed });
}

export const PAIRINGS: readonly Pairing[] = [
  { name: "PUSH to PULL", binder: Pull, dialer: Push, sender: "dialer" },
  { name: "bound PUSH to PULL", binder: Push, dialer: Pull, sender: "binder" },
  { name: "PUB to SUB", binder: Publisher, dialer: Subscriber, sender: "binder" },
  { name: "PUB to bound SUB", binder: Subscriber, dialer: Publisher, sender: "dialer" },
  { name: "XPUB to XSUB", binder: XPublisher, dialer: XSubscriber, sender: "binder" },
  { name: "PAIR to PAIR", binder: Pair, dialer: Pair, sender: "dialer" },
  { name: "bound PAIR to PAIR", binder: Pair, dialer: Pair, sender: "binder" },
  { name: "DEALER to DEALER", binder: Dealer, dialer: Dealer, sender: "dialer" },
  { name: "DEALER to ROUTER", binder: Router, dialer: Dealer, sender: "dialer", received: 1, ...NAMED },
  { name: "ROUTER to DEALER", binder: Router, dialer: Dealer, sender: "binder", prefix: "d", ...NAMED },
  { name: "PUSH to PULL, CURVE", binder: Pull, dialer: Push, sender: "dialer", ...CURVE },
];

/** One frame has a short header, one a long one, one is empty. */
function message(n: number): Uint8Array[] {
  return [Buffer.from(`${n}`), new Uint8Array(260).fill(n), new Uint8Array(0), Buffer.from(`${n}`)];
}

/** The number in a message; throws when it is torn. */
function numberOf(frames: readonly Uint8Array[]): number {
  assert.equal(frames.length, 4, "a message was torn");
  const n = Number(String(frames[0]));
  assert.deepEqual(frames.map(plain), message(n).map(plain), "a message was changed");
  return n;
}

function plain(frame: Uint8Array): string {
  return Buffer.from(frame).toString("hex");
}

export interface Outcome {
  /** Bytes that crossed the first connection until the first message had arrived. */
  readonly bytes: Readonly<Record<Direction, number>>;
  readonly isCut: boolean;
  readonly received: readonly number[];
}

/** Runs one pairing over a link with these faults and checks what must hold. Rejects when it does not. */
export async function runPairing(pairing: Pairing, faults: Faults): Promise<Outcome> {
  const { context, transport, advance } = faultyContext(faults);
  const common = { context, linger: 0, reconnectInterval: 10 };
  const binder = Object.assign(new pairing.binder(common), pairing.binderOptions);
  const dialer = Object.assign(new pairing.dialer(common), pairing.dialerOptions);
  const sender = (pairing.sender === "binder" ? binder : dialer) as unknown as Speaker;
  const receiver = (pairing.sender === "binder" ? dialer : binder) as unknown as Listener;
  const received: number[] = [];
  let failure: unknown;
  void (async () => {
    for (;;) received.push(numberOf((await receiver.receive()).slice(pairing.received ?? 0)));
  })().catch((error: unknown) => {
    if (!receiver.closed) failure = error;
  });
  const send = (n: number): void => {
    const frames = message(n);
    // A message that waits for a peer when all is over rejects then.
    sender.send(pairing.prefix === undefined ? frames : [pairing.prefix, ...frames]).catch(() => {});
  };

  binder.bindSync("tcp://127.0.0.1:1000");
  dialer.connect("tcp://127.0.0.1:1000");
  if (receiver instanceof Subscriber) receiver.subscribe();
  if (receiver instanceof XSubscriber) void receiver.send([new Uint8Array([1])]);
  await advance(40);
  send(1);
  await advance(20);
  const bytes = { ...transport.bytes };
  send(2);
  send(3);
  // The shortest wait for a new connection, the handshake byte by byte, and what waited.
  await advance(100);
  send(4);
  send(5);
  await advance(40);
  for (const socket of [binder, dialer]) socket.close();
  await advance(5);

  if (failure !== undefined) throw failure;
  const { isCut } = transport;
  for (let i = 1; i < received.length; i++) {
    assert.ok(Number(received[i]) > Number(received[i - 1]), `out of order or twice: ${received}`);
  }
  assert.deepEqual(received.slice(-2), [4, 5], "it went on after the cut");
  if (!isCut) assert.deepEqual(received, [1, 2, 3, 4, 5]);
  return { bytes, isCut, received };
}

/** REQ asks through `request`, which must be answered whatever happens to the connection. */
export async function runRequest(isBound: boolean, faults: Faults): Promise<Outcome> {
  const { context, transport, advance } = faultyContext(faults);
  const common = { context, linger: 0, reconnectInterval: 10 };
  const request = new Request(common);
  const reply = new Reply(common);
  void (async () => {
    for (;;) await reply.send(await reply.receive());
  })().catch(() => {}); // the end
  const [binder, dialer] = isBound ? [request, reply] : [reply, request];
  binder.bindSync("tcp://127.0.0.1:1000");
  dialer.connect("tcp://127.0.0.1:1000");
  const received: number[] = [];
  let failure: unknown;
  const ask = (n: number) =>
    request.request(message(n), { timeout: 60, retries: 5 }).then(
      (frames: Message[]) => received.push(numberOf(frames)),
      (error: unknown) => {
        failure ??= error;
      },
    );
  await advance(40);
  void ask(1);
  await advance(20);
  const bytes = { ...transport.bytes };
  void ask(2);
  void ask(3);
  await advance(300);
  for (const socket of [binder, dialer]) socket.close();
  await advance(5);
  if (failure !== undefined) throw failure;
  assert.deepEqual(received, [1, 2, 3]);
  return { bytes, isCut: transport.isCut, received };
}

/** Every run there is: one per pairing, direction and byte. `modes` are taken in turn, from byte to byte. */
export async function atEveryOffset(
  run: (faults: Faults) => Promise<Outcome>,
  modes: readonly Faults[],
  step = 1,
): Promise<number> {
  const [first] = modes;
  if (first === undefined) throw new RangeError("expected a mode or more");
  const { bytes } = await run(first);
  let runs = 0;
  for (const direction of ["up", "down"] as const) {
    for (let afterBytes = 1; afterBytes <= bytes[direction]; afterBytes += step) {
      const faults = { ...(modes[runs++ % modes.length] as Faults), cut: { direction, afterBytes } };
      try {
        const { isCut } = await run(faults);
        assert.ok(isCut, "the connection was cut");
      } catch (error) {
        const where = `cut after ${afterBytes} bytes ${direction}, ${JSON.stringify(faults)}`;
        throw new Error(`${where}: ${error instanceof Error ? error.message : error}`, { cause: error });
      }
    }
  }
  return runs;
}
