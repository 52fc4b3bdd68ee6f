/**
 * One connection: joins a Link (bytes) to a Pipe (messages). It drives the
 * handshake, then the decoder, the encoder and the heartbeat, which know
 * neither sockets nor timers themselves.
 *
 *   pipe --take--> encoder --write--> link          link --data--> decoder --deliver--> pipe
 *
 * Outgoing: messages are encoded at once into a batch, which is written when it
 * is full or at the end of the turn (`Clock.defer`). While the link holds bytes
 * that the kernel refused, messages wait in the pipe.
 * Incoming: decoding stops at the pipe's high-water mark; what has arrived
 * waits as bytes, and the link is paused when more comes.
 */

import { copyOf, EMPTY, fromText } from "../base/bytes.ts";
import type { Timer } from "../base/clock.ts";
import { ZmqError } from "../base/errors.ts";
import type { Link, LinkHandler } from "../base/link.ts";
import type { Control, Message } from "../base/message.ts";
import type { Outlet, Pipe } from "../base/pipe.ts";
import { controlBody, parseCommand, pingBody, pongBody, subscriptionMessage } from "../wire/command.ts";
import type { FrameDecoder } from "../wire/decoder.ts";
import { BATCH_BYTES, type Encoder } from "../wire/encoder.ts";
import type { Connection, ConnectionOwner, EndReason } from "./connection.ts";
import type { Handshake } from "./handshake.ts";
import { Heartbeat } from "./heartbeat.ts";

/** After so long all that arrived is decoded, up to the high-water mark, read or not: a PING may be among it. */
const CATCH_UP_MS = 50;
/** Messages that may wait in a batch when the pipe has no limit. */
const UNLIMITED = 0xffff_ffff;

export class Session implements Connection, LinkHandler, Outlet {
  readonly link: Link;
  /** What `take` refuses waits in the pipe. */
  readonly queues = true;
  readonly #owner: ConnectionOwner;
  #handshake: Handshake | undefined;
  #handshakeTimer: Timer | undefined = undefined;
  /** Set once the ZAP handler is asked, which it is once, whatever the peer sends meanwhile. */
  #zapQuestion: AbortController | undefined = undefined;
  /** The ZAP handler refused the peer: that it leaves, or does not in time, is no further event, as in libzmq. */
  #isRefused = false;
  #pipe: Pipe | undefined = undefined;
  #encoder: Encoder | undefined = undefined;
  #decoder: FrameDecoder | undefined = undefined;
  #heartbeat: Heartbeat | undefined = undefined;
  #heartbeatTimer: Timer | undefined = undefined;
  /** Subscriptions travel as commands (ZMTP 3.1) or as messages (older). */
  #sendsCommands = false;
  #hasMechanism = false;

  /** The link holds bytes that the kernel refused. */
  #isBlocked = false;
  /** Messages that waited in the pipe are being encoded: newer ones must queue behind them. */
  #isPumping = false;
  #isFlushDue = false;
  #batched = 0;
  #catchUpTimer: Timer | undefined = undefined;
  /** Decoding stopped at the pipe's high-water mark. */
  #isStalled = false;
  #isPaused = false;
  /** The link is closed; what it brought is still being decoded. */
  #isEnded = false;
  #isDecoding = false;
  #isClosing = false;
  #isOver = false;
  readonly #flushLater = (): void => {
    this.#isFlushDue = false;
    this.#flush();
  };

  constructor(link: Link, handshake: Handshake, owner: ConnectionOwner) {
    this.link = link;
    this.#owner = owner;
    this.#handshake = handshake;
    link.handler = this;
  }

  /** Begins the handshake. Call once, in the turn in which the link appeared. */
  start(): void {
    const { handshakeInterval } = this.#owner.options;
    if (handshakeInterval > 0) {
      this.#handshakeTimer = this.#owner.clock.setTimer(() => {
        this.#handshakeTimer = undefined;
        this.#handshakeFailed(new ZmqError("EAGAIN", { detail: `handshake not done within ${handshakeInterval} ms` }));
      }, handshakeInterval);
    }
    this.#advanceHandshake();
  }

  /** True when every accepted message has left for the kernel. */
  get isIdle(): boolean {
    return !this.#isBlocked && !this.#pipe?.hasQueued && (this.#encoder === undefined || this.#encoder.size === 0);
  }

  // --- Outlet: from the pipe ---

  take(message: Message): boolean {
    if (this.#isBlocked || this.#isPumping) return false;
    const encoder = this.#encoder as Encoder;
    encoder.encode(message);
    this.#encoded(encoder);
    return true;
  }

  get canTake(): boolean {
    return !this.#isBlocked && !this.#isPumping;
  }

  takeControl(control: Control): boolean {
    if (this.#isBlocked || this.#isPumping) return false;
    this.#encodeControl(control);
    this.#encoded(this.#encoder as Encoder);
    return true;
  }

  resume(): void {
    if (!this.#isStalled || this.#isDecoding) return;
    this.#isStalled = false;
    this.#decodeAll();
  }

  supply(): void {
    this.#decode(true);
  }

  /** The pipe was closed by its near side: sends what is queued, then closes the link. */
  close(): void {
    if (this.#isOver || this.#isClosing) return;
    this.#isClosing = true;
    this.#flush();
    this.#closeIfIdle();
  }

  /** Closes now. With `graceful`, bytes already handed to the link still leave. */
  abort(graceful: boolean): void {
    if (this.#isOver) return;
    if (graceful && this.#encoder !== undefined) this.#flush();
    this.#finish("local", graceful);
  }

  /** Writes what is batched, as far as the kernel takes it at once. For the end of the process. */
  flushNow(): void {
    if (!this.#isOver && this.#encoder !== undefined) this.#flush();
  }

  // --- LinkHandler: from the link ---

  data(chunk: Uint8Array): void {
    if (this.#isOver) return;
    if (this.#decoder === undefined) {
      this.#consumeHandshake(copyOf(chunk));
      return;
    }
    this.#decoder.push(chunk);
    if (this.#pipe !== undefined) this.#pipe.bytesReceived += chunk.length;
    if (this.#isStalled || this.#pipe?.isBehind) this.#pause();
    else {
      this.#decodeSome();
      this.#decoder.retain();
    }
  }

  target(): Uint8Array | undefined {
    return this.#decoder?.target?.();
  }

  drained(): void {
    if (this.#isOver) return;
    this.#isBlocked = false;
    if (this.#pipe === undefined) return;
    this.#pump();
    this.#closeIfIdle();
  }

  closed(error?: Error): void {
    if (this.#isOver) return;
    if (this.#handshake !== undefined && !this.#isClosing) {
      const code = error === undefined ? "EPIPE" : "ECONNRESET";
      const detail = "the peer closed the connection during the handshake";
      this.#handshakeFailed(new ZmqError(code, { cause: error, detail }));
      return;
    }
    // What arrived is the application's, whatever the high-water mark says: it is a chunk or two.
    this.#isEnded = true;
    this.#decodeAll();
    this.#lost("lost");
  }

  // --- Handshake ---

  #consumeHandshake(chunk: Uint8Array): void {
    try {
      this.#handshake?.push(chunk);
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
    if (pieces.length > 0) this.#isBlocked = !this.link.write(pieces);
    const { state } = handshake;
    if (state === "done") this.#established(handshake);
    else if (state === "authorizing") this.#authorize(handshake);
    else if (state === "failed") this.#lost("handshake");
  }

  #authorize(handshake: Handshake): void {
    const request = handshake.zap;
    if (request === undefined || this.#zapQuestion !== undefined) return;
    this.#zapQuestion = new AbortController();
    this.#owner.authenticate(request, this.link, this.#zapQuestion.signal).then(
      (reply) => {
        if (this.#isOver) return;
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
      },
      (error) => {
        if (!this.#isOver) this.#handshakeBroken(error);
      },
    );
  }

  #established(handshake: Handshake): void {
    const { clock, options } = this.#owner;
    const { outcome } = handshake;
    if (outcome === undefined) return;
    const { version, unversioned, hasMechanism, decoder, encoder } = outcome;
    const peer = new Map(outcome.peer);
    if (this.link.peerAddress !== "") peer.set("Peer-Address", fromText(this.link.peerAddress));
    this.#handshake = undefined;
    this.#zapQuestion = undefined;
    this.#clearHandshakeTimer();
    this.#decoder = decoder;
    this.#encoder = encoder;
    this.#sendsCommands = version === "3.1";
    this.#hasMechanism = hasMechanism;
    if (hasMechanism) {
      this.#owner.emit({
        type: "handshake",
        address: this.#owner.endpoint,
        remoteAddress: this.link.remoteAddress,
      });
      this.#heartbeat = new Heartbeat({
        intervalMs: options.heartbeatInterval,
        timeoutMs: options.heartbeatTimeout,
        ttlMs: options.heartbeatTimeToLive,
      });
      this.#heartbeat.started(clock.now());
    }
    const pipe = this.#owner.ready(this, peer);
    if (pipe === undefined) {
      this.#finish("local", true);
      return;
    }
    this.#pipe = pipe;
    pipe.remoteAddress = this.link.remoteAddress;
    pipe.attach(this);
    pipe.connect(peer);
    if (this.#isOver) return;
    if (unversioned) pipe.deliverControl({ kind: "subscribe", topic: EMPTY });
    this.#scheduleHeartbeat();
    this.#pump();
    this.#decodeAll();
  }

  // --- Outgoing ---

  #encoded(encoder: Encoder): void {
    if (encoder.size >= BATCH_BYTES || ++this.#batched >= (this.#pipe?.sendHighWaterMark || UNLIMITED)) {
      this.#flush();
    } else if (!this.#isFlushDue) {
      this.#isFlushDue = true;
      this.#owner.clock.defer(this.#flushLater);
    }
  }

  #flush(): void {
    const encoder = this.#encoder;
    if (encoder === undefined || encoder.size === 0 || this.#isOver) return;
    this.#batched = 0;
    if (this.#pipe !== undefined) this.#pipe.bytesSent += encoder.size;
    if (this.link.write(encoder.take())) encoder.sent();
    else {
      encoder.kept();
      this.#isBlocked = true;
    }
  }

  /** Encodes what waits in the pipe, as long as the link takes it. */
  #pump(): void {
    const pipe = this.#pipe as Pipe;
    const encoder = this.#encoder as Encoder;
    this.#isPumping = true;
    while (!this.#isBlocked && !this.#isOver) {
      this.#sendDuePing();
      const item = pipe.pull();
      if (item === undefined) break;
      if (Array.isArray(item)) encoder.encode(item);
      else this.#encodeControl(item);
      if (encoder.size >= BATCH_BYTES) this.#flush();
    }
    this.#isPumping = false;
    if (!this.#isBlocked) this.#flush();
  }

  #encodeControl(control: Control): void {
    const encoder = this.#encoder as Encoder;
    if (this.#sendsCommands || control.kind === "join" || control.kind === "leave") {
      encoder.encodeCommand(controlBody(control));
    } else encoder.encode([subscriptionMessage(control)]);
  }

  #closeIfIdle(): void {
    if (this.#isClosing && !this.#isOver && this.isIdle) this.#finish("local", true);
  }

  // --- Incoming ---

  /**
   * Delivers the first messages only; whoever reads is supplied with the others one by one. So messages die young:
   * decoding all at once cost 64 busy subscribers in one process 43 % of their time in garbage collection.
   */
  #decodeSome(): void {
    const pipe = this.#pipe;
    if (pipe === undefined) return;
    if (pipe.conflates) {
      this.#decodeAll();
      return;
    }
    // Pending receives take theirs at once; one more shows that there is something to read.
    while (!pipe.canRead && this.#decode(false));
    if (this.#isOver || this.#decoder?.starved) return;
    pipe.isBehind = true;
    this.#catchUpTimer ??= this.#owner.clock.setTimer(() => this.#catchUp(pipe.messagesReceived), CATCH_UP_MS);
  }

  /** Nobody has read for a while: what arrived is decoded all the same. */
  #catchUp(messagesBefore: number): void {
    this.#catchUpTimer = undefined;
    const pipe = this.#pipe;
    if (this.#isOver || pipe === undefined || !pipe.isBehind) return;
    if (pipe.messagesReceived === messagesBefore) this.#decodeAll();
    else this.#catchUpTimer = this.#owner.clock.setTimer(() => this.#catchUp(pipe.messagesReceived), CATCH_UP_MS);
  }

  /** Decodes what is there, up to the high-water mark. */
  #decodeAll(): void {
    const pipe = this.#pipe;
    const decoder = this.#decoder;
    if (pipe === undefined || decoder === undefined) return;
    pipe.isBehind = false;
    while (!this.#isOver && !decoder.starved) {
      if (pipe.inboundFull && !this.#isEnded) {
        this.#isStalled = true;
        return;
      }
      if (!this.#decode(false)) return;
    }
  }

  /** Decodes up to the next message; `supplies`: for whoever is reading just now. False when nothing came of it. */
  #decode(supplies: boolean): boolean {
    const pipe = this.#pipe;
    const decoder = this.#decoder;
    if (pipe === undefined || decoder === undefined || this.#isDecoding) return false;
    this.#isDecoding = true;
    try {
      while (!this.#isOver) {
        const decoded = decoder.next();
        if (decoded === undefined) {
          this.#caughtUp(pipe);
          return false;
        }
        this.#heartbeat?.received();
        if (!Array.isArray(decoded)) this.#obey(pipe, decoded);
        else {
          if (supplies) pipe.append(decoded);
          else pipe.deliver(decoded);
          return true;
        }
      }
    } catch (error) {
      this.#protocolError(error);
    } finally {
      this.#isDecoding = false;
    }
    return false;
  }

  /** All that arrived is decoded. */
  #caughtUp(pipe: Pipe): void {
    pipe.isBehind = false;
    if (!this.#isPaused || this.#isOver || this.#isEnded) return;
    this.#isPaused = false;
    this.#heartbeat?.paused(false, this.#owner.clock.now());
    this.link.resume();
  }

  #obey(pipe: Pipe, body: Uint8Array): void {
    const command = parseCommand(body);
    if (command === undefined) return; // Unknown or malformed: ignored, as libzmq does (37/ZMTP).
    switch (command.kind) {
      case "ping":
        this.#answerPing(command.ttlDeciseconds, command.context);
        break;
      case "pong": // A sign of life, like any frame.
        break;
      default:
        pipe.deliverControl(command);
    }
  }

  #pause(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.#heartbeat?.paused(true, this.#owner.clock.now());
    this.link.pause();
  }

  // --- Heartbeat ---

  #answerPing(ttlDeciseconds: number, context: Uint8Array): void {
    this.#heartbeat?.pinged(ttlDeciseconds, this.#owner.clock.now());
    this.#scheduleHeartbeat();
    if (this.#isBlocked) return; // The peer does not read: bytes it will get are sign of life enough.
    const encoder = this.#encoder as Encoder;
    encoder.encodeCommand(pongBody(context));
    this.#encoded(encoder);
  }

  #sendDuePing(): void {
    const heartbeat = this.#heartbeat;
    if (heartbeat?.takePing(this.#owner.clock.now())) {
      (this.#encoder as Encoder).encodeCommand(pingBody(heartbeat.ttlDeciseconds));
    }
  }

  #scheduleHeartbeat(): void {
    const heartbeat = this.#heartbeat;
    if (heartbeat === undefined || this.#isOver) return;
    const { clock } = this.#owner;
    if (this.#heartbeatTimer !== undefined) clock.clearTimer(this.#heartbeatTimer);
    this.#heartbeatTimer = undefined;
    const deadline = heartbeat.nextDeadline;
    if (deadline === Number.POSITIVE_INFINITY) return;
    this.#heartbeatTimer = clock.setTimer(() => this.#beat(), Math.max(0, deadline - clock.now()));
  }

  #beat(): void {
    this.#heartbeatTimer = undefined;
    const heartbeat = this.#heartbeat as Heartbeat;
    if (heartbeat.isExpired(this.#owner.clock.now())) {
      this.#lost("lost");
      return;
    }
    if (!this.#isBlocked) {
      this.#sendDuePing();
      this.#flush();
    }
    this.#scheduleHeartbeat();
  }

  // --- The end ---

  /** The peer broke the protocol after the handshake. */
  #protocolError(error: unknown): void {
    if (this.#isOver) return;
    if (this.#hasMechanism && error instanceof ZmqError && error.code.startsWith("ERR_")) {
      this.#emitError("handshake:error:protocol", error);
    } else if (!(error instanceof ZmqError)) {
      this.#lost("protocol");
      throw error;
    }
    this.#lost("protocol");
  }

  #handshakeBroken(error: unknown): void {
    if (!(error instanceof ZmqError)) throw error;
    if (error.status !== undefined) this.#emitError("handshake:error:auth", error);
    else if (error.code.startsWith("ERR_")) this.#emitError("handshake:error:protocol", error);
    this.#lost("protocol");
  }

  #handshakeFailed(error: ZmqError): void {
    if (!this.#isRefused) this.#emitError("handshake:error:other", error);
    this.#lost("handshake");
  }

  #emitError(
    type: "handshake:error:other" | "handshake:error:protocol" | "handshake:error:auth",
    error: ZmqError,
  ): void {
    this.#owner.emit({ type, address: this.#owner.endpoint, error, remoteAddress: this.link.remoteAddress });
  }

  /** The connection is over and not by our wish. */
  #lost(reason: EndReason): void {
    if (this.#isOver) return;
    this.#owner.emit({
      type: "disconnect",
      address: this.#owner.endpoint,
      remoteAddress: this.link.remoteAddress,
    });
    this.#finish(reason, false);
  }

  #finish(reason: EndReason, graceful: boolean): void {
    this.#isOver = true;
    this.#clearHandshakeTimer();
    this.#zapQuestion?.abort();
    if (this.#heartbeatTimer !== undefined) this.#owner.clock.clearTimer(this.#heartbeatTimer);
    if (this.#catchUpTimer !== undefined) this.#owner.clock.clearTimer(this.#catchUpTimer);
    if (graceful) this.link.close();
    else this.link.destroy();
    this.#owner.ended(this, reason);
  }

  #clearHandshakeTimer(): void {
    if (this.#handshakeTimer === undefined) return;
    this.#owner.clock.clearTimer(this.#handshakeTimer);
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
