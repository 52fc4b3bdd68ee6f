/**
 * One ZMTP connection from its link to its end: drives the handshake, hands the
 * established connection to `Traffic`, raises its events, and tells its dialer
 * or acceptor how it ended.
 */

import { EMPTY, fromText, ownCopyOf } from "../base/bytes.ts";
import type { Timer } from "../base/clock.ts";
import { ZmqError } from "../base/errors.ts";
import type { ErrorEventType } from "../base/events.ts";
import { networkOf } from "../base/ip.ts";
import type { Link, LinkHandler } from "../base/link.ts";
import type { OptionValues } from "../base/options.ts";
import type { ZapReply } from "../security/mechanism.ts";
import type { Connection, ConnectionOwner, EndReason } from "./connection.ts";
import type { EngineLoop } from "./engine-loop.ts";
import type { Handshake, HandshakeOutcome } from "./handshake.ts";
import { Traffic, type TrafficOwner } from "./traffic.ts";
import { HANDSHAKE_COST, type TurnWaiter } from "./turn-budget.ts";

/**
 * - `handshake`: it is not done.
 * - `established`: it is; `traffic` is missing while the owner is asked for the pipe.
 * - `over`: the link is closed, or about to be, and nothing of it counts any more.
 */
type Life =
  | { readonly state: "handshake"; readonly handshake: Handshake }
  | { readonly state: "established"; readonly hasMechanism: boolean; readonly traffic?: Traffic }
  | { readonly state: "over" };

const OVER: Life = { state: "over" };

export class Session implements Connection, LinkHandler, TrafficOwner, TurnWaiter {
  readonly link: Link;
  readonly #owner: ConnectionOwner;
  #life: Life;
  #handshakeTimer: Timer | undefined = undefined;
  /** Bytes of a handshake that costs computing, until it is this one's turn. */
  readonly #waiting: Uint8Array[] = [];
  #isPaused = false;
  /** Set once the ZAP handler is asked, which it is once, whatever the peer sends meanwhile. */
  #zapQuestion: AbortController | undefined = undefined;
  /** The peer was told that it is refused: that it leaves is no further event. */
  #isRefused = false;
  /** The link holds bytes of the handshake. */
  #isBlocked = false;

  constructor(link: Link, handshake: Handshake, owner: ConnectionOwner) {
    this.link = link;
    this.#owner = owner;
    this.#life = { state: "handshake", handshake };
    link.handler = this;
  }

  get #handshake(): Handshake | undefined {
    return this.#life.state === "handshake" ? this.#life.handshake : undefined;
  }

  get #traffic(): Traffic | undefined {
    return this.#life.state === "established" ? this.#life.traffic : undefined;
  }

  get #isOver(): boolean {
    return this.#life.state === "over";
  }

  get loop(): EngineLoop {
    return this.#owner.loop;
  }

  get options(): OptionValues {
    return this.#owner.options;
  }

  // --- Connection: from the dialer or acceptor ---

  start(): void {
    const { handshakeInterval } = this.options;
    if (handshakeInterval > 0) {
      this.#handshakeTimer = this.loop.clock.setTimer(() => {
        this.#handshakeTimer = undefined;
        this.#handshakeFailed(new ZmqError("EAGAIN", { detail: `handshake not done within ${handshakeInterval} ms` }));
      }, handshakeInterval);
    }
    this.#advanceHandshake();
  }

  get isIdle(): boolean {
    return this.#traffic === undefined || this.#traffic.isIdle;
  }

  close(): void {
    if (this.#traffic === undefined) {
      this.abort(true);
      return;
    }
    this.#traffic.readRest();
    this.#traffic.close(-1);
  }

  abort(graceful: boolean): void {
    if (this.#isOver) return;
    if (graceful) {
      this.#traffic?.readRest();
      this.#traffic?.flush();
    }
    this.#finish("local", graceful);
  }

  flushNow(): void {
    this.#traffic?.flush();
  }

  // --- LinkHandler, until the handshake is done ---

  data(chunk: Uint8Array): void {
    const handshake = this.#handshake;
    if (handshake === undefined) return;
    if (!handshake.isCostly) this.#shake(handshake, [ownCopyOf(chunk)]);
    else if (this.#waiting.length > 0 || !this.loop.budget.isOpen) this.#wait(ownCopyOf(chunk));
    else this.#shakeAtCost(handshake, [ownCopyOf(chunk)]);
  }

  /** The turn has come for the bytes that waited. */
  turnBegan(): void {
    const handshake = this.#handshake;
    if (handshake === undefined) return;
    this.#shakeAtCost(handshake, this.#waiting.splice(0));
    if (this.#isPaused && !this.#isOver && !this.#traffic?.isPaused) this.link.resume();
    this.#isPaused = false;
  }

  drained(): void {
    this.#isBlocked = false;
  }

  closed(error?: Error): void {
    if (this.#isOver) return;
    const code = error === undefined ? "EPIPE" : "ECONNRESET";
    const stage = this.#handshake?.stage;
    const detail = `the peer closed the connection during the handshake${stage === undefined ? "" : `, ${stage}`}`;
    this.#handshakeFailed(new ZmqError(code, { cause: error, detail }));
  }

  // --- TrafficOwner ---

  lost(cause?: unknown): void {
    this.#end("lost", cause);
  }

  left(): void {
    this.#end("lost", undefined, true);
  }

  renew(): void {
    this.#end("renewed");
  }

  sentAll(): void {
    this.#finish("local", true);
  }

  gaveUp(): void {
    this.#finish("local", false);
  }

  broken(error: unknown): void {
    if (this.#life.state !== "established") return;
    const isZmq = error instanceof ZmqError;
    if (isZmq && this.#life.hasMechanism && error.code.startsWith("ERR_")) {
      this.#emitError("handshake:error:protocol", error);
    }
    this.#end("protocol", error);
    if (!isZmq) throw error;
  }

  // --- Handshake ---

  #wait(bytes: Uint8Array): void {
    this.#waiting.push(bytes);
    const isFurther = this.#handshake !== undefined && this.#handshake.commands > 0;
    this.loop.budget.wait(this, networkOf(this.link.peerAddress), isFurther);
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.link.pause();
  }

  #shakeAtCost(handshake: Handshake, chunks: readonly Uint8Array[]): void {
    const before = handshake.commands;
    this.#shake(handshake, chunks);
    const commands = handshake.commands - before;
    if (commands > 0) this.loop.budget.spend(commands * HANDSHAKE_COST);
  }

  #shake(handshake: Handshake, chunks: readonly Uint8Array[]): void {
    try {
      for (const chunk of chunks) handshake.push(chunk);
      this.#advanceHandshake();
    } catch (error) {
      this.#handshakeBroken(error);
    }
  }

  #advanceHandshake(): void {
    const handshake = this.#handshake;
    if (handshake === undefined) return;
    const pieces: Uint8Array[] = [];
    for (let bytes = handshake.produce(); bytes !== undefined; bytes = handshake.produce()) pieces.push(bytes);
    const { state } = handshake;
    if (state === "done") {
      this.#establish(handshake.outcome, pieces);
      return;
    }
    if (pieces.length > 0) this.#isBlocked = !this.link.write(pieces);
    if (state === "authorizing") this.#authorize(handshake);
    else if (state === "failed") this.#end("handshake");
  }

  #authorize(handshake: Handshake): void {
    const request = handshake.zap;
    if (request === undefined || this.#zapQuestion !== undefined) return;
    const question = new AbortController();
    this.#zapQuestion = question;
    // In a turn of its own, also where the answer is known at once.
    new Promise<ZapReply | undefined>((answered, failed) => {
      this.#owner.authenticate(request, this.link, question.signal, { answered, failed });
    }).then(
      (reply) => {
        if (!this.#isOver) this.#authorized(handshake, reply);
      },
      (error) => {
        if (!this.#isOver) this.#handshakeBroken(error);
      },
    );
  }

  #authorized(handshake: Handshake, reply: ZapReply | undefined): void {
    if (reply === undefined) {
      this.#handshakeFailed(new ZmqError("EFAULT", { message: "Bad address", detail: "no ZAP handler is bound" }));
      return;
    }
    if (reply.status !== 200) {
      this.#emitError("handshake:error:auth", new ZmqError("EACCES", authFailure(reply.status)));
      this.#isRefused = true;
    }
    try {
      handshake.authorize(reply);
      this.#advanceHandshake();
    } catch (error) {
      this.#handshakeBroken(error);
    }
  }

  /** `last`: what is still to be sent of the handshake. Subscriptions and messages leave with it, in one write. */
  #establish(outcome: HandshakeOutcome, last: readonly Uint8Array[]): void {
    for (const piece of last) outcome.encoder.raw(piece);
    const lastBytes = outcome.encoder.size;
    const { hasMechanism } = outcome.dialect;
    this.#life = { state: "established", hasMechanism };
    this.#zapQuestion = undefined;
    this.#clearHandshakeTimer();
    const { link } = this;
    if (hasMechanism) {
      this.#owner.emit({ type: "handshake", address: this.#owner.endpoint, remoteAddress: link.remoteAddress });
    }
    const peer = new Map(outcome.peer);
    if (link.peerAddress !== "") peer.set("Peer-Address", fromText(link.peerAddress));
    const pipe = this.#owner.ready(this, peer);
    if (pipe === undefined) {
      this.#finish("local", true);
      return;
    }
    const traffic = new Traffic(link, pipe, outcome, this.#isBlocked, this.#owner, this);
    this.#life = { state: "established", hasMechanism, traffic };
    link.handler = traffic;
    pipe.countSent(-lastBytes); // Traffic counts what it writes; this is none.
    pipe.attach(traffic);
    pipe.connect(peer, link.remoteAddress);
    if (this.#isOver) return;
    if (outcome.dialect.isSubscribedToAll) pipe.deliverControl({ kind: "subscribe", topic: EMPTY });
    traffic.start();
    this.#owner.started();
  }

  // --- The end ---

  #handshakeBroken(error: unknown): void {
    if (!(error instanceof ZmqError)) throw error;
    if (error.status !== undefined) this.#emitError("handshake:error:auth", error);
    else if (error.code.startsWith("ERR_")) this.#emitError("handshake:error:protocol", error);
    const isMismatch = error.code === "ERR_ZMTP_MECHANISM_MISMATCH";
    if (isMismatch) this.#sendRest();
    this.#end("protocol", error, isMismatch);
  }

  /** The rest of the greeting: the peer learns from it which mechanism this side wants. */
  #sendRest(): void {
    const rest = this.#handshake?.produce();
    if (rest !== undefined) this.link.write([rest]);
  }

  #handshakeFailed(error: ZmqError): void {
    if (!this.#isRefused) this.#emitError("handshake:error:other", error);
    this.#end("handshake", error);
  }

  #emitError(type: ErrorEventType, error: ZmqError): void {
    this.#owner.emit({ type, address: this.#owner.endpoint, error, remoteAddress: this.link.remoteAddress });
  }

  /** The connection is over and not by our wish. `graceful`: what was written still leaves. */
  #end(reason: EndReason, cause?: unknown, graceful = false): void {
    if (this.#isOver) return;
    this.#owner.emit({
      type: "disconnect",
      address: this.#owner.endpoint,
      remoteAddress: this.link.remoteAddress,
      cause,
    });
    this.#finish(reason, graceful, cause);
  }

  #finish(reason: EndReason, graceful: boolean, cause?: unknown): void {
    const life = this.#life;
    this.#life = OVER;
    switch (life.state) {
      case "handshake":
        this.#clearHandshakeTimer();
        this.#zapQuestion?.abort();
        life.handshake.forget();
        break;
      case "established":
        if (graceful) life.traffic?.takeLeave();
        life.traffic?.end();
        break;
      case "over":
        return;
    }
    this.loop.budget.forget(this);
    if (graceful) this.link.close();
    else this.link.destroy();
    this.#owner.ended(this, reason, cause);
  }

  #clearHandshakeTimer(): void {
    if (this.#handshakeTimer === undefined) return;
    this.loop.clock.clearTimer(this.#handshakeTimer);
    this.#handshakeTimer = undefined;
  }
}

/** zeromq.js's sentences for the ZAP status codes. */
function authFailure(status: number): { message: string; status: number } {
  const messages: Record<number, string> = {
    300: "Temporary error",
    400: "Authentication failure",
    500: "Internal error",
  };
  return { message: messages[status] ?? "Unknown error", status };
}
