/**
 * One ZMTP connection from its link to its end: drives the handshake, hands the
 * established connection to `Traffic`, raises its events, and tells its dialer
 * or acceptor how it ended.
 */

import { EMPTY, fromText } from "../base/bytes.ts";
import type { Timer } from "../base/clock.ts";
import { ZmqError } from "../base/errors.ts";
import type { ErrorEventType } from "../base/events.ts";
import type { Link, LinkHandler } from "../base/link.ts";
import type { OptionValues } from "../base/options.ts";
import { Admission, type Applicant } from "./admission.ts";
import type { Connection, ConnectionOwner, EndReason } from "./connection.ts";
import type { EngineLoop } from "./engine-loop.ts";
import type { Handshake, HandshakeOutcome } from "./handshake.ts";
import { Traffic, type TrafficOwner } from "./traffic.ts";

/**
 * - `handshake`: it is not done.
 * - `established`: it is; the traffic is missing while the owner is asked for the pipe.
 * - `over`: the link is closed, or about to be, and nothing of it counts any more.
 */
type State = "handshake" | "established" | "over";

/** Properties that only this side may set. libzmq passes on the peer's own claims where there is no ZAP handler. */
const OURS_TO_SAY = ["User-Id", "Peer-Address"];

export class Session implements Connection, LinkHandler, TrafficOwner, Applicant {
  readonly link: Link;
  readonly #owner: ConnectionOwner;
  readonly #handshake: Handshake;
  readonly #admission: Admission;
  #state: State = "handshake";
  #traffic: Traffic | undefined = undefined;
  #handshakeTimer: Timer | undefined = undefined;
  /** The peer was told that it is refused: that it leaves is no further event. */
  #isRefused = false;
  /** The link holds bytes of the handshake. */
  #isBlocked = false;

  constructor(link: Link, handshake: Handshake, owner: ConnectionOwner) {
    this.link = link;
    this.#owner = owner;
    this.#handshake = handshake;
    this.#admission = new Admission(this, handshake, owner);
    link.handler = this;
  }

  get loop(): EngineLoop {
    return this.#owner.loop;
  }

  get options(): OptionValues {
    return this.#owner.options;
  }

  get isOver(): boolean {
    return this.#state === "over";
  }

  // --- Connection: from the dialer or acceptor ---

  start(): void {
    const { handshakeInterval } = this.options;
    if (handshakeInterval > 0) {
      this.#handshakeTimer = this.loop.clock.setTimer(() => {
        this.failed(new ZmqError("EAGAIN", { detail: `handshake not done within ${handshakeInterval} ms` }));
      }, handshakeInterval);
    }
    this.#advance();
  }

  get isIdle(): boolean {
    return this.#traffic?.isIdle !== false;
  }

  close(): void {
    this.#traffic?.readRest();
    if (this.#traffic === undefined) this.abort(true);
    else this.#traffic.close(-1);
  }

  abort(graceful: boolean): void {
    if (graceful) {
      this.#traffic?.readRest();
      this.#traffic?.flush();
    }
    this.end("local", graceful);
  }

  flushNow(): void {
    this.#traffic?.flush();
  }

  // --- LinkHandler, until the handshake is done ---

  data(chunk: Uint8Array): void {
    if (this.#state === "handshake") this.#admission.data(chunk);
  }

  drained(): void {
    this.#isBlocked = false;
  }

  closed(error?: Error): void {
    const detail = `the peer closed the connection during the handshake, ${this.#handshake.stage}`;
    this.failed(new ZmqError(error === undefined ? "EPIPE" : "ECONNRESET", { cause: error, detail }));
  }

  // --- Applicant ---

  shake(chunks: readonly Uint8Array[]): void {
    this.advance(() => {
      for (const chunk of chunks) this.#handshake.push(chunk);
    });
  }

  advance(step: () => void): void {
    if (this.#state !== "handshake") return;
    try {
      step();
      this.#advance();
    } catch (error) {
      this.#handshakeBroken(error);
    }
  }

  refused(error: ZmqError): void {
    this.#emitError("handshake:error:auth", error);
    this.#isRefused = true;
  }

  failed(error: ZmqError): void {
    if (this.#state !== "handshake") return;
    if (!this.#isRefused) this.#emitError("handshake:error:other", error);
    this.end("handshake", false, error);
  }

  // --- TrafficOwner ---

  broken(error: unknown): void {
    if (this.#state !== "established") return;
    const isZmq = error instanceof ZmqError;
    if (isZmq && this.#handshake.outcome.dialect.hasMechanism && error.code.startsWith("ERR_")) {
      this.#emitError("handshake:error:protocol", error);
    }
    this.end("protocol", false, error);
    if (!isZmq) throw error;
  }

  // --- Handshake ---

  #advance(): void {
    const handshake = this.#handshake;
    const pieces: Uint8Array[] = [];
    for (let bytes = handshake.produce(); bytes !== undefined; bytes = handshake.produce()) pieces.push(bytes);
    const { state } = handshake;
    if (state === "done") {
      this.#establish(handshake.outcome, pieces);
      return;
    }
    if (pieces.length > 0) this.#isBlocked = !this.link.write(pieces);
    if (state === "failed") this.end("handshake");
    else this.#admission.authorize();
  }

  /** `last`: what is still to be sent of the handshake. Subscriptions and messages leave with it, in one write. */
  #establish(outcome: HandshakeOutcome, last: readonly Uint8Array[]): void {
    const { link } = this;
    for (const piece of last) outcome.encoder.raw(piece);
    const lastBytes = outcome.encoder.size;
    this.#state = "established";
    this.#clearHandshakeTimer();
    if (outcome.dialect.hasMechanism) {
      this.#owner.emit({ type: "handshake", address: this.#owner.endpoint, remoteAddress: link.remoteAddress });
    }
    const peer = new Map(outcome.peer);
    for (const name of OURS_TO_SAY) peer.delete(name);
    this.#admission.describe(peer);
    if (link.peerAddress !== "") peer.set("Peer-Address", fromText(link.peerAddress));
    const pipe = this.#owner.ready(this, peer);
    if (pipe === undefined) {
      this.end("local", true);
      return;
    }
    const traffic = new Traffic(link, pipe, outcome, this.#isBlocked, this.#owner, this);
    this.#traffic = traffic;
    link.handler = traffic;
    pipe.countSent(-lastBytes); // Traffic counts what it writes; this is none.
    pipe.attach(traffic);
    pipe.connect(peer, link.remoteAddress);
    if (this.isOver) return;
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
    // The rest of the greeting: the peer learns from it which mechanism this side wants.
    const rest = isMismatch ? this.#handshake.produce() : undefined;
    if (rest !== undefined) this.link.write([rest]);
    this.end("protocol", isMismatch, error);
  }

  #emitError(type: ErrorEventType, error: ZmqError): void {
    this.#owner.emit({ type, address: this.#owner.endpoint, error, remoteAddress: this.link.remoteAddress });
  }

  end(reason: EndReason, graceful = false, cause?: unknown): void {
    const { link } = this;
    if (this.isOver) return;
    if (reason !== "local") {
      const { remoteAddress } = link;
      this.#owner.emit({ type: "disconnect", address: this.#owner.endpoint, remoteAddress, cause });
      if (this.isOver) return;
    }
    if (this.#state === "handshake") this.#handshake.forget();
    this.#state = "over";
    this.#clearHandshakeTimer();
    this.#admission.end();
    this.#traffic?.end();
    this.#traffic = undefined;
    if (graceful) link.close();
    else link.destroy();
    this.#owner.ended(this, reason, cause);
  }

  #clearHandshakeTimer(): void {
    if (this.#handshakeTimer !== undefined) this.loop.clock.clearTimer(this.#handshakeTimer);
  }
}
