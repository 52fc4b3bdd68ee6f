/**
 * What a handshake depends on beside the two peers: the ZAP handler, which decides about the peer, and the budget of the
 * turn, for the commands of CURVE cost computing. A page, which is the client of servers that it chose, has
 * small-admission.ts in the place of this.
 */

import { fromText, ownCopyOf } from "../base/bytes.ts";
import { ZmqError } from "../base/errors.ts";
import { networkOf } from "../base/ip.ts";
import type { Link } from "../base/link.ts";
import type { ZapReply } from "../security/mechanism.ts";
import type { ConnectionOwner } from "./connection.ts";
import type { Handshake } from "./handshake.ts";
import { HANDSHAKE_COST, type TurnWaiter } from "./turn-budget.ts";

/** The session, whose handshake it is. */
export interface Applicant {
  readonly link: Link;
  readonly isOver: boolean;
  /** The handshake goes on with these bytes. */
  shake(chunks: readonly Uint8Array[]): void;
  /** It goes on after the ZAP handler's answer, or ends with what `step` throws. */
  advance(step: () => void): void;
  refused(error: ZmqError): void;
  failed(error: ZmqError): void;
}

export class Admission implements TurnWaiter {
  readonly #applicant: Applicant;
  readonly #handshake: Handshake;
  readonly #owner: ConnectionOwner;
  /** Bytes of a handshake that costs computing, until it is this one's turn. */
  readonly #waiting: Uint8Array[] = [];
  #isPaused = false;
  /** Set once the ZAP handler is asked, which it is once, whatever the peer sends meanwhile. */
  #question: AbortController | undefined = undefined;
  #reply: ZapReply | undefined = undefined;

  constructor(applicant: Applicant, handshake: Handshake, owner: ConnectionOwner) {
    this.#applicant = applicant;
    this.#handshake = handshake;
    this.#owner = owner;
  }

  /** Bytes of the handshake, valid during the call. */
  data(chunk: Uint8Array): void {
    const bytes = ownCopyOf(chunk);
    if (this.#handshake.mechanism.name !== "CURVE") this.#applicant.shake([bytes]);
    else if (this.#waiting.length > 0 || !this.#owner.loop.budget.isOpen) this.#wait(bytes);
    else this.#shakeAtCost([bytes]);
  }

  /** The turn has come for the bytes that waited. */
  turnBegan(): void {
    const { isOver, link } = this.#applicant;
    if (isOver) return;
    // Before the traffic begins, which may stop it again.
    if (this.#isPaused) link.resume();
    this.#isPaused = false;
    this.#shakeAtCost(this.#waiting.splice(0));
  }

  #wait(bytes: Uint8Array): void {
    const { link } = this.#applicant;
    this.#waiting.push(bytes);
    this.#owner.loop.budget.wait(this, networkOf(link.peerAddress), this.#handshake.commands > 0);
    if (this.#isPaused) return;
    this.#isPaused = true;
    link.pause();
  }

  #shakeAtCost(chunks: readonly Uint8Array[]): void {
    const before = this.#handshake.commands;
    this.#applicant.shake(chunks);
    const commands = this.#handshake.commands - before;
    if (commands > 0) this.#owner.loop.budget.spend(commands * HANDSHAKE_COST);
  }

  /** Asks the ZAP handler, where the handshake waits for its answer. */
  authorize(): void {
    const { state, mechanism } = this.#handshake;
    const request = state === "authorizing" ? mechanism.zap : undefined;
    if (request === undefined || this.#question !== undefined) return;
    const question = new AbortController();
    this.#question = question;
    // In a turn of its own, also where the answer is known at once.
    new Promise<ZapReply | undefined>((answered, failed) => {
      this.#owner.authenticate(request, this.#applicant.link, question.signal, { answered, failed });
    }).then(
      (reply) => this.#authorized(reply),
      (error) =>
        this.#applicant.advance(() => {
          throw error;
        }),
    );
  }

  #authorized(reply: ZapReply | undefined): void {
    const applicant = this.#applicant;
    if (applicant.isOver) return;
    this.#question = undefined;
    if (reply === undefined) {
      applicant.failed(new ZmqError("EFAULT", { message: "Bad address", detail: "no ZAP handler is bound" }));
      return;
    }
    if (reply.status !== 200) applicant.refused(new ZmqError("EACCES", authFailure(reply.status)));
    this.#reply = reply;
    applicant.advance(() => this.#handshake.authorize(reply));
  }

  /** Adds what the ZAP handler said of the peer, which counts more than what the peer said of itself. */
  describe(peer: Map<string, Uint8Array>): void {
    if (this.#reply === undefined) return;
    for (const [name, value] of this.#reply.metadata) peer.set(name, value);
    if (this.#reply.userId !== "") peer.set("User-Id", fromText(this.#reply.userId));
  }

  /** The handshake is over, well or not. */
  end(): void {
    this.#question?.abort();
    this.#owner.loop.budget.forget(this);
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
