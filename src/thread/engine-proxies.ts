/**
 * The proxies whose sockets live in an I/O thread. A socket moves with all of
 * its pipes at once: both threads stand still for that moment, so no message is
 * between them.
 *
 *   sockets' thread                          I/O thread
 *   what it wrote is in the rings
 *   moveProxy  ---------------------------->  reads no more, writes what came to the rings
 *   reads the rings                           when they have all: CUT; it stands still
 *   movedProxy, what its patterns know ---->
 *   ANSWERED                                  makes the patterns, and goes on
 */

import type { Clock } from "../base/clock.ts";
import { ZmqError } from "../base/errors.ts";
import { STATISTICS_NUMBERS } from "../engine/moving-proxy.ts";
import type { Bell } from "./bell.ts";
import { CaptureWriter } from "./capture.ts";
import type { EngineNotice, EngineRequest, MovedSide, MovingSide, SeenSocket } from "./engine-mail.ts";
import type { Inbox } from "./inbox.ts";
import { MovedDrops } from "./moved-drops.ts";
import type { MovedLoop, MovedSocket, ProxyMaker } from "./moved-socket.ts";
import { CUT, dropsOf } from "./proxy-memory.ts";
import { sendError } from "./sent-errors.ts";
import type { ServedPipe } from "./served-pipe.ts";

/** So long the I/O thread stands still at most. */
const ANSWER_MS = 10_000;

type MoveRequest = EngineRequest & { readonly kind: "moveProxy" };
type LookRequest = EngineRequest & { readonly kind: "look" | "hearDrops" };
type MovedRequest = EngineRequest & { readonly kind: "movedProxy" };

/** The server, as its proxies see it. */
export interface ProxiesServer {
  readonly bell: Bell;
  readonly inbox: Inbox;
  readonly clock: Clock;
  /** Of a socket, by its number. */
  pipesOf(socket: number): Iterable<ServedPipe>;
  hasEndpoints(socket: number): boolean;
  post(notice: EngineNotice): void;
  /** Posts what waits to be posted, at once. */
  flush(): void;
  /** The next request. */
  receive(): EngineRequest | undefined;
  /** Does what it says. */
  requested(request: EngineRequest): void;
}

interface RunningProxy {
  /** By their numbers. */
  readonly sockets: readonly [front: number, back: number];
  readonly loop: MovedLoop;
  readonly capture: CaptureWriter | undefined;
}

export class EngineProxies {
  readonly #server: ProxiesServer;
  readonly #maker: ProxyMaker;
  readonly #moving: MoveRequest[] = [];
  readonly #running = new Map<number, RunningProxy>();
  /** By the number of the socket. */
  readonly #sockets = new Map<number, MovedSocket>();
  readonly #drops = new Map<number, MovedDrops>();

  constructor(server: ProxiesServer, maker: ProxyMaker) {
    this.#server = server;
    this.#maker = maker;
  }

  /** The pattern of a socket that has moved. */
  socket(number: number): MovedSocket | undefined {
    return this.#sockets.get(number);
  }

  /** A socket has no endpoint any more. While its proxy runs it may get others. */
  withoutEndpoints(socket: number): void {
    for (const { sockets } of this.#running.values()) if (sockets.includes(socket)) return;
    this.#sockets.get(socket)?.close();
    this.#sockets.delete(socket);
    this.#drops.delete(socket);
  }

  move(request: MoveRequest): void {
    this.#moving.push(request);
    for (const pipe of this.#pipes(request)) pipe.hold();
  }

  /** True when a socket has moved. */
  poll(): boolean {
    const [request] = this.#moving;
    if (request === undefined) return false;
    for (const pipe of this.#pipes(request)) {
      pipe.takeAll();
      if (!pipe.isInRing) return false;
    }
    this.#moving.shift();
    this.#meet(request);
    return true;
  }

  steer(proxy: number, to: "pause" | "resume" | "stop"): void {
    const running = this.#running.get(proxy);
    running?.loop[to]();
    if (to === "stop") this.#over(proxy);
  }

  asked(request: LookRequest): void {
    const { socket: number } = request;
    const socket = this.#sockets.get(number);
    if (request.kind === "hearDrops") {
      this.#drops.get(number)?.hear();
      return;
    }
    if (socket !== undefined) this.#server.post({ kind: "looked", socket: number, seen: this.#see(socket, request) });
    this.#server.flush();
    Atomics.store(request.word, 0, 1);
    Atomics.notify(request.word, 0);
  }

  #see(socket: MovedSocket, { socket: number, want }: LookRequest & { readonly kind: "look" }): SeenSocket {
    const changed = () => this.#server.post({ kind: "changed", socket: number });
    return {
      topicsCount: socket.topicsCount,
      hasSubscriber: typeof want !== "string" && socket.hasSubscriber(want, changed),
      topics: want === "topics" ? socket.topics() : [],
      peers: want === "peers" ? [...this.#server.pipesOf(number)].flatMap((pipe) => pipe.see() ?? []) : [],
    };
  }

  assign(socket: number, name: string, value: unknown): void {
    this.#sockets.get(socket)?.assign(name, value);
  }

  /** Both threads stand still. */
  #meet(request: MoveRequest): void {
    const { word } = request;
    const server = this.#server;
    server.flush();
    Atomics.store(word, 0, CUT);
    Atomics.notify(word, 0);
    while (Atomics.load(word, 0) === CUT) if (Atomics.wait(word, 0, CUT, ANSWER_MS) === "timed-out") break;
    for (let next = server.receive(); next !== undefined; next = server.receive()) {
      if (next.kind === "movedProxy" && next.proxy === request.proxy) {
        this.#moved(request, next);
        return;
      }
      server.requested(next);
    }
    throw new ZmqError("EMTHREAD", { detail: "the thread of a proxy's sockets did not answer" });
  }

  #moved(request: MoveRequest, { proxy, front, back }: MovedRequest): void {
    const { capture, numbers } = request;
    const { bell, inbox, clock } = this.#server;
    const writer = capture && new CaptureWriter(capture, bell, inbox, clock);
    const moved = [this.#socket(request, front, 0), this.#socket(request, back, 1)] as const;
    const loop = this.#maker.loop({
      front: moved[0],
      back: moved[1],
      frontUnread: front.unread,
      backUnread: back.unread,
      statistics: numbers.subarray(0, STATISTICS_NUMBERS),
      capture: writer && ((message) => writer.take(message)),
      ended: (error) => {
        this.#over(proxy);
        this.#server.post({ kind: "proxyEnded", proxy, error: error === undefined ? undefined : sendError(error) });
      },
    });
    this.#running.set(proxy, { sockets: [request.front.socket, request.back.socket], loop, capture: writer });
    for (const pipe of this.#pipes(request)) pipe.begin();
  }

  #socket(request: MoveRequest, { topics, peers }: MovedSide, side: 0 | 1): MovedSocket {
    const { socket, type, options }: MovingSide = side === 0 ? request.front : request.back;
    const drops = dropsOf(request.numbers, side);
    const moved = this.#maker.socket(type, options, drops);
    this.#sockets.set(socket, moved);
    const told = new MovedDrops(this.#server.clock, (drops) => this.#server.post({ kind: "drops", socket, drops }));
    this.#drops.set(socket, told);
    for (const topic of topics) moved.subscribe(topic);
    const known = new Map(peers.map((peer, place) => [`${peer.id} ${peer.pipe}`, { ...peer, place }]));
    const placeOf = ({ key }: ServedPipe) => known.get(key)?.place ?? Number.POSITIVE_INFINITY;
    for (const pipe of [...this.#server.pipesOf(socket)].sort((a, b) => Math.sign(placeOf(a) - placeOf(b)) || 0)) {
      if (!pipe.isOpen) continue;
      const peer = known.get(pipe.key);
      pipe.moveTo(moved, peer?.routingId, peer?.topics ?? []);
    }
    moved.forgetNotices();
    moved.tellDrops(told);
    return moved;
  }

  #over(proxy: number): void {
    const running = this.#running.get(proxy);
    this.#running.delete(proxy);
    running?.capture?.close();
    for (const socket of running?.sockets ?? []) if (!this.#server.hasEndpoints(socket)) this.withoutEndpoints(socket);
  }

  *#pipes({ front, back }: MoveRequest): Generator<ServedPipe> {
    yield* this.#server.pipesOf(front.socket);
    yield* this.#server.pipesOf(back.socket);
  }
}
