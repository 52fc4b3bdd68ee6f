/** A proxy that has moved to an I/O thread, as the thread of its sockets sees it; engine-proxies.ts is on the other side. */

import { ZmqError } from "../base/errors.ts";
import {
  type MovedProxy,
  type MovedProxyOwner,
  type MovingSocket,
  STATISTICS_NUMBERS,
} from "../engine/moving-proxy.ts";
import { type Capture, CaptureReader, createCapture } from "./capture.ts";
import { type MovedSide, postedOptions } from "./engine-mail.ts";
import { ANSWERED, dropsOf, PROXY_NUMBERS } from "./proxy-memory.ts";
import { RemoteEndpoint } from "./remote-endpoint.ts";
import type { RemotePipe } from "./remote-pipe.ts";
import { RemoteSocket } from "./remote-socket.ts";
import type { EngineThread } from "./remote-thread.ts";

/** So long it may take until what was written is in the rings, and until the I/O thread has answered. */
const IN_RING_MS = 200;
const ANSWER_MS = 10_000;

/** A socket, and the number by which the I/O thread knows it. */
export interface NumberedSocket {
  readonly socket: MovingSocket;
  readonly number: number;
}

/** Undefined where the sockets must stay: something of them is on a way that does not end. Throws EMTHREAD. */
export function moveProxy(
  id: number,
  thread: EngineThread,
  front: NumberedSocket,
  back: NumberedSocket,
  owner: MovedProxyOwner,
): MovedProxy | undefined {
  const sides = [front, back] as const;
  if (sides.some(({ socket }) => thread.hasOrphanOf(socket.owner)) || !isInRing(thread, sides)) return undefined;
  const word = new Int32Array(new SharedArrayBuffer(4));
  const numbers = new Float64Array(new SharedArrayBuffer(PROXY_NUMBERS * 8));
  const capture = owner.captured && createCapture(owner.captureMark);
  const moving = ({ socket: { type, options }, number }: NumberedSocket) => ({
    socket: number,
    type,
    options: postedOptions(options),
  });
  thread.post({ kind: "moveProxy", proxy: id, front: moving(front), back: moving(back), word, numbers, capture });
  const readAll = (): void => {
    thread.receiveAll();
    for (const [, , pipe] of pipesOf(sides)) pipe.takeAll();
  };
  if (!thread.waitFor(word, ANSWER_MS, readAll)) throw new ZmqError("EMTHREAD", { message: "The I/O thread ended" });
  readAll();
  thread.post({ kind: "movedProxy", proxy: id, front: movedSide(front), back: movedSide(back) });
  const remotes: RemoteSocket[] = [];
  for (const [side, { socket, number }] of sides.entries()) {
    const remote = new RemoteSocket(number, socket, thread, dropsOf(numbers, side === 0 ? 0 : 1));
    thread.addMoved(remote);
    remotes.push(remote);
    socket.moved(remote);
    for (const endpoint of socket.endpoints) if (endpoint instanceof RemoteEndpoint) endpoint.moved();
  }
  Atomics.store(word, 0, ANSWERED);
  Atomics.notify(word, 0);
  return new RemoteProxy(id, thread, remotes, numbers.subarray(0, STATISTICS_NUMBERS), capture, owner);
}

/** Whether all that the two have written is in the rings, or comes there soon. */
function isInRing(thread: EngineThread, sides: readonly NumberedSocket[]): boolean {
  const until = thread.clock.now() + IN_RING_MS;
  const nobody = new Int32Array(new SharedArrayBuffer(4));
  for (;;) {
    let isAll = true;
    for (const [, , pipe] of pipesOf(sides)) {
      pipe.flush();
      if (!pipe.isInRing) isAll = false;
    }
    if (isAll) return true;
    if (thread.isDead || thread.clock.now() >= until) return false;
    Atomics.wait(nobody, 0, 0, 1);
  }
}

function* pipesOf(
  sides: readonly NumberedSocket[],
): Generator<readonly [id: number, number: number, pipe: RemotePipe]> {
  for (const { socket } of sides) {
    for (const endpoint of socket.endpoints) {
      if (!(endpoint instanceof RemoteEndpoint)) continue;
      for (const [number, pipe] of endpoint.ringPipes()) yield [endpoint.id, number, pipe];
    }
  }
}

function movedSide(side: NumberedSocket): MovedSide {
  const { socket } = side;
  const places = new Map<object, { readonly id: number; readonly pipe: number }>();
  for (const [id, number, { pipe }] of pipesOf([side])) places.set(pipe, { id, pipe: number });
  const unread = socket.takeUnread();
  const peers: MovedSide["peers"][number][] = [];
  for (const { pipe, routingId, topics } of socket.peers()) {
    const place = places.get(pipe);
    if (place !== undefined) peers.push({ ...place, routingId, topics });
  }
  return { topics: socket.topics(), unread, peers };
}

class RemoteProxy implements MovedProxy {
  readonly statistics: Float64Array;
  readonly #id: number;
  readonly #thread: EngineThread;
  readonly #sockets: readonly RemoteSocket[];
  readonly #captured: CaptureReader | undefined;

  constructor(
    id: number,
    thread: EngineThread,
    sockets: readonly RemoteSocket[],
    statistics: Float64Array,
    capture: Capture | undefined,
    { captured, ended }: MovedProxyOwner,
  ) {
    this.#id = id;
    this.#thread = thread;
    this.#sockets = sockets;
    this.statistics = statistics;
    this.#captured = capture && captured && new CaptureReader(capture, thread.inbox, thread.bell, captured);
    thread.addProxy(id, (error) => {
      this.#over();
      ended(error);
    });
  }

  pause(): void {
    this.#thread.post({ kind: "steerProxy", proxy: this.#id, to: "pause" });
  }

  resume(): void {
    this.#thread.post({ kind: "steerProxy", proxy: this.#id, to: "resume" });
  }

  stop(): void {
    this.#thread.post({ kind: "steerProxy", proxy: this.#id, to: "stop" });
    this.#over();
  }

  #over(): void {
    this.#thread.removeProxy(this.#id);
    for (const socket of this.#sockets) this.#thread.removeMoved(socket);
    if (this.#thread.isDead) this.#captured?.end();
  }
}
