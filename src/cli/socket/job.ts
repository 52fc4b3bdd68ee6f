/**
 * What all socket commands share while they run: the socket, where messages
 * come from and go to, and when to end. The loops are in loops.ts.
 */

import { setTimeout as sleep } from "node:timers/promises";
import type { Message } from "../../base/message.ts";
import { ZmqError } from "../../index.ts";
import type { Attached } from "../endpoints.ts";
import { EXIT, Failure, isTimeout } from "../failure.ts";
import type { Output } from "../output.ts";
import type { Shutdown } from "../shutdown.ts";
import type { Traffic } from "../traffic.ts";
import { draftFrames, draftSender, isDraftReceiver } from "./draft-messages.ts";
import type { AnySocket, Kind } from "./kinds.ts";
import { withReason } from "./last-reason.ts";
import { StreamPeers } from "./stream-peers.ts";

/** How often a message to a peer that is not there is tried again. */
const RETRY_MS = 20;

export class Job {
  readonly kind: Kind;
  readonly socket: AnySocket;
  readonly attached: Attached;
  readonly output: Output;
  readonly shutdown: Shutdown;
  readonly traffic: Traffic;
  /** Messages after which to end. */
  readonly limit: number;
  /** Milliseconds; undefined: for ever. */
  readonly timeoutMs: number | undefined;
  /** Input that was taken was not sent. */
  isCutShort = false;
  readonly #sendWait: { signal: AbortSignal };
  readonly #receiveWait: { signal: AbortSignal };
  readonly #isMandatory: boolean;
  readonly #sendDraft: ReturnType<typeof draftSender>;
  readonly #isDraftReceiver: boolean;
  readonly #streamPeers: StreamPeers | undefined;

  constructor(fields: {
    kind: Kind;
    socket: AnySocket;
    attached: Attached;
    output: Output;
    shutdown: Shutdown;
    traffic: Traffic;
    limit: number;
    timeoutMs: number | undefined;
  }) {
    this.kind = fields.kind;
    this.socket = fields.socket;
    this.attached = fields.attached;
    this.output = fields.output;
    this.shutdown = fields.shutdown;
    this.traffic = fields.traffic;
    this.limit = fields.limit;
    this.timeoutMs = fields.timeoutMs;
    this.#sendWait = { signal: fields.shutdown.abandoning };
    this.#receiveWait = { signal: fields.shutdown.stopping };
    const { type } = fields.kind;
    this.#isMandatory = type === "ROUTER";
    this.#sendDraft = draftSender(type);
    this.#isDraftReceiver = isDraftReceiver(type);
    this.#streamPeers = fields.kind.type === "STREAM" ? new StreamPeers() : undefined;
  }

  /** Sends; waits for a peer as long as it takes. Rejects when the command is abandoned, or at the time-out. */
  send(message: Message): Promise<void> {
    this.traffic.sent.add(message);
    if (this.#sendDraft !== undefined) return this.#sendDraft(this.socket, message, this.#sendWait);
    return this.#isMandatory ? this.#sendToNamed(message) : this.socket.send(message, this.#sendWait);
  }

  /** Sends a message of the input; on STREAM sockets to every peer, once there is one. */
  async sendInput(message: Message): Promise<void> {
    if (this.#streamPeers === undefined) return this.send(message);
    const body = message.length === 1 ? (message[0] ?? null) : Buffer.concat(message);
    for (const id of await this.#streamPeers.all(this.shutdown.abandoning)) {
      this.traffic.sent.add(message);
      await this.socket.send([id, body], this.#sendWait);
    }
  }

  /** The next message; rejects when the command stops, or at the time-out. */
  receive(): Promise<Message> {
    if (this.#isDraftReceiver) return this.socket.receive(this.#receiveWait).then(draftFrames);
    return this.#streamPeers === undefined
      ? this.socket.receive(this.#receiveWait)
      : this.#receiveData(this.#streamPeers);
  }

  /** A message that has arrived already; undefined when there is none. */
  async receiveArrived(): Promise<Message | undefined> {
    while (this.socket.readable) {
      const received = await this.socket.receive();
      const message = this.#isDraftReceiver ? draftFrames(received) : received;
      if (!this.#streamPeers?.noticed(message)) return message;
    }
    return undefined;
  }

  /** Prints a message; a promise when the reader of stdout has to catch up. */
  print(message: Message): Promise<void> | undefined {
    this.traffic.received.add(message);
    return this.output.write(message);
  }

  /** The error to end with after a rejected send or receive; undefined when the command just ends. */
  failureOf(error: unknown): unknown {
    if (isTimeout(error) && !this.socket.closed) return this.timedOut("nothing", error);
    const { stopping, abandoning } = this.shutdown;
    if (abandoning.aborted && error === abandoning.reason) this.isCutShort = true;
    else if (!stopping.aborted || error !== stopping.reason) return error;
    return undefined;
  }

  /** The error that ends the command when its time is over. */
  timedOut(what: string, cause: unknown): Failure {
    const limit = this.timeoutMs === undefined ? "the time-out" : `${this.timeoutMs} ms`;
    const text = `${this.kind.name}: ${what} within ${limit}`;
    return new Failure(withReason(this.socket, text), EXIT.timeout, cause);
  }

  async #receiveData(peers: StreamPeers): Promise<Message> {
    for (;;) {
      const message = await this.socket.receive(this.#receiveWait);
      if (!peers.noticed(message)) return message;
    }
  }

  /** A ROUTER drops messages that it cannot deliver; here the command waits for the peer. */
  async #sendToNamed(message: Message): Promise<void> {
    const deadline = performance.now() + (this.timeoutMs ?? Number.POSITIVE_INFINITY);
    for (;;) {
      try {
        return await this.socket.send(message, this.#sendWait);
      } catch (error) {
        if (!(error instanceof ZmqError) || error.code !== "EHOSTUNREACH") throw error;
        if (performance.now() > deadline) throw new ZmqError("EAGAIN");
        await sleep(RETRY_MS);
        this.#sendWait.signal.throwIfAborted();
      }
    }
  }
}
