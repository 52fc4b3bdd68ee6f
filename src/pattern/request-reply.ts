/**
 * REQ and REP (28/REQREP): strict turns of request and reply. On the wire a
 * request is an envelope, an empty delimiter and the body; the envelope is
 * empty, or with `correlate` a 4-byte request id, or holds the routing ids that
 * routers on the way added. A reply comes back in the same envelope.
 */

import { EMPTY, equal, uninitialized } from "../base/bytes.ts";
import { ZmqError } from "../base/errors.ts";
import type { Frame, Message } from "../base/message.ts";
import type { NearEnd } from "../base/near-end.ts";
import { prepend } from "./envelope.ts";
import { FairQueue } from "./fair-queue.ts";
import { OpeningMessages } from "./opening-messages.ts";
import type { Pattern, PatternHost } from "./pattern.ts";
import { RoundRobin } from "./round-robin.ts";

const REQUEST_ID_BYTES = 4;
/** The envelope of most requests. Not written to. */
const JUST_DELIMITER: Frame[] = [EMPTY];
const NO_DELIMITER = "reply: expected an optional request id, an empty delimiter and a body";

/**
 * Whether a REQ may receive these frames: an optional 4-byte frame, an empty
 * delimiter, and a body of at least one frame. libzmq closes the connection on
 * anything else, whether `correlate` is set or not.
 */
export function checkReplyFrames(message: Message): boolean {
  const delimiter = message[0]?.length === REQUEST_ID_BYTES ? 1 : 0;
  return message.length > delimiter + 1 && message[delimiter]?.length === 0;
}

/**
 * Sends to the next peer in turn and then waits for that peer's reply; others'
 * messages and late replies are skipped. When that peer ends for good, a reply
 * from any peer is taken, as with libzmq.
 */
export class ReqPattern implements Pattern {
  readonly #host: PatternHost;
  readonly #outgoing = new RoundRobin();
  readonly #incoming = new FairQueue();
  readonly #first: OpeningMessages;
  #awaitsReply = false;
  /** The peer that was asked. Undefined while waiting: it ended. */
  #asked: NearEnd | undefined;
  /** The last request's id, present when that request was sent with `correlate`. */
  #requestId: Frame = EMPTY;
  #counter: number;
  /** The body of the reply, found by `canReceive`. */
  #reply: Message | undefined;
  source: NearEnd | undefined;
  blockedBy: "EAGAIN" | "EFSM" = "EAGAIN";

  constructor(host: PatternHost) {
    this.#host = host;
    this.#first = new OpeningMessages(host.options);
    this.#counter = host.random32();
  }

  attach(pipe: NearEnd): void {
    this.#outgoing.add(pipe);
    this.#incoming.attach(pipe);
  }

  detach(pipe: NearEnd): void {
    this.#first.forget(pipe);
    if (!this.#awaitsReply || (this.#asked !== undefined && pipe !== this.#asked)) this.#discard(pipe);
    if (pipe === this.#asked) this.#asked = undefined;
  }

  connected(pipe: NearEnd): void {
    this.#first.write(pipe, false);
  }

  readable(pipe: NearEnd): void {
    this.#incoming.add(pipe);
  }

  writable(pipe: NearEnd): void {
    this.#outgoing.add(pipe);
  }

  /** With `relaxed`, a request takes the place of one that waits for its reply, also while it waits for a peer itself. */
  send(message: Message): boolean {
    const { correlate, relaxed } = this.#host.options;
    if (this.#awaitsReply && !relaxed) {
      this.blockedBy = "EFSM";
      return false;
    }
    this.#awaitsReply = false;
    // Unread messages are discarded when there is a peer to send to, and that may refuse the only one.
    if (this.#outgoing.canSend) this.#discardPending();
    if (!this.#outgoing.canSend) {
      this.blockedBy = "EAGAIN";
      return false;
    }
    let request = prepend(EMPTY, message);
    if (correlate) {
      this.#requestId = this.#nextRequestId();
      request = prepend(this.#requestId, request);
    }
    this.#asked = this.#outgoing.send(request);
    this.#awaitsReply = true;
    this.#asked?.expedite();
    return true;
  }

  receive(): Message | undefined {
    if (!this.canReceive) {
      this.blockedBy = this.#awaitsReply ? "EAGAIN" : "EFSM";
      return undefined;
    }
    const reply = this.#reply;
    this.#reply = undefined;
    this.source = this.#incoming.source;
    this.#awaitsReply = false;
    return reply;
  }

  abandon(): void {
    if (!this.#awaitsReply) return;
    const asked = this.#asked;
    this.#asked = undefined;
    asked?.renew();
    this.#discardPending();
    this.#awaitsReply = false;
  }

  get canSend(): boolean {
    return (!this.#awaitsReply || this.#host.options.relaxed) && this.#outgoing.canSend;
  }

  get canReceive(): boolean {
    if (!this.#awaitsReply) return false;
    this.#reply ??= this.#nextReply();
    return this.#reply !== undefined;
  }

  /** Reads until the awaited reply appears; returns its body. */
  #nextReply(): Message | undefined {
    for (let message = this.#read(); message !== undefined; message = this.#read()) {
      const pipe = this.#incoming.source;
      const isFromAsked = this.#asked === undefined || pipe === this.#asked;
      if (isFromAsked && this.#isAnswer(message)) {
        if (this.#host.options.correlate) message.shift();
        message.shift();
        return message;
      }
      this.#host.dropped("invalid", pipe, message);
    }
    return undefined;
  }

  /** Of a well-formed reply: whether it has the envelope of the last request. */
  #isAnswer(message: Message): boolean {
    const first = message[0] as Frame;
    return this.#host.options.correlate ? equal(first, this.#requestId) : first.length === 0;
  }

  /** The next well-formed message; a peer that sends another is disconnected, but not over inproc, as with libzmq. */
  #read(): Message | undefined {
    for (let message = this.#incoming.receive(); message !== undefined; message = this.#incoming.receive()) {
      if (checkReplyFrames(message)) return message;
      const pipe = this.#incoming.source;
      this.#host.dropped("invalid", pipe, message);
      if (pipe?.isCrossed === false) pipe.refuse(new ZmqError("EPROTO", { detail: NO_DELIMITER }));
    }
    return undefined;
  }

  /** Drops the messages of a peer that was not asked: they are never read, and would pile up as peers come and go. */
  #discard(pipe: NearEnd): void {
    this.#incoming.remove(pipe);
    for (let message = pipe.read(); message !== undefined; message = pipe.read()) {
      this.#host.dropped("invalid", pipe, message);
    }
  }

  /** A reply to an earlier request must not answer the next one. */
  #discardPending(): void {
    if (this.#reply !== undefined) this.#host.dropped("invalid", this.#incoming.source, this.#reply);
    this.#reply = undefined;
    for (let message = this.#read(); message !== undefined; message = this.#read()) {
      this.#host.dropped("invalid", this.#incoming.source, message);
    }
  }

  /** In host byte order with libzmq; little-endian here on every machine, for peers only echo it. */
  #nextRequestId(): Frame {
    this.#counter = (this.#counter + 1) >>> 0;
    const id = uninitialized(REQUEST_ID_BYTES);
    id[0] = this.#counter;
    id[1] = this.#counter >>> 8;
    id[2] = this.#counter >>> 16;
    id[3] = this.#counter >>> 24;
    return id;
  }
}

/**
 * Receives fairly, and sends each reply to where its request came from. The
 * envelope is taken off when the user reads the request, so it always belongs
 * to the request being answered. A reply that cannot be delivered is dropped.
 */
export class RepPattern implements Pattern {
  readonly #host: PatternHost;
  readonly #incoming = new FairQueue();
  /** A request with its envelope, found by `canReceive`, and where its delimiter stands. */
  #request: Message | undefined;
  #delimiter = 0;
  #owesReply = false;
  /** The frames before the body of the request that is being answered. A long one becomes the beginning of the reply. */
  #envelope: Frame[] = JUST_DELIMITER;
  source: NearEnd | undefined;
  blockedBy: "EAGAIN" | "EFSM" = "EAGAIN";

  constructor(host: PatternHost) {
    this.#host = host;
  }

  attach(pipe: NearEnd): void {
    this.#incoming.attach(pipe);
  }

  /** Unread messages stay in the fair queue. */
  detach(pipe: NearEnd): void {
    this.#incoming.ended(pipe);
  }

  readable(pipe: NearEnd): void {
    this.#incoming.add(pipe);
  }

  writable(_pipe: NearEnd): void {}

  send(message: Message): boolean {
    if (!this.#owesReply) {
      this.blockedBy = "EFSM";
      return false;
    }
    this.#owesReply = false;
    const pipe = this.source as NearEnd;
    if (!pipe.canWrite) {
      this.#host.dropped(pipe.isClosed ? "disconnected" : "highWaterMark", pipe, message);
      return true;
    }
    pipe.write(this.#inEnvelope(message));
    pipe.expedite();
    return true;
  }

  receive(): Message | undefined {
    if (!this.canReceive) {
      this.blockedBy = this.#owesReply ? "EFSM" : "EAGAIN";
      return undefined;
    }
    const request = this.#request as Message;
    this.#request = undefined;
    this.#owesReply = true;
    this.source = this.#incoming.source;
    if (this.#delimiter > 0) {
      const body = request.slice(this.#delimiter + 1);
      request.length = this.#delimiter + 1;
      this.#envelope = request;
      return body;
    }
    this.#envelope = JUST_DELIMITER;
    request.shift();
    return request;
  }

  /** An envelope may have as many frames as a message: each frame is moved once. */
  #inEnvelope(message: Message): Message {
    const envelope = this.#envelope;
    if (envelope === JUST_DELIMITER) return prepend(EMPTY, message);
    this.#envelope = JUST_DELIMITER;
    for (let i = 0; i < message.length; i++) envelope.push(message[i] as Frame);
    return envelope;
  }

  get canSend(): boolean {
    return this.#owesReply;
  }

  get canReceive(): boolean {
    if (this.#owesReply) return false;
    while (this.#request === undefined) {
      const message = this.#incoming.receive();
      if (message === undefined) return false;
      const delimiter = message.findIndex(isEmpty);
      if (delimiter >= 0 && delimiter < message.length - 1) {
        this.#request = message;
        this.#delimiter = delimiter;
      } else {
        this.#host.dropped("invalid", this.#incoming.source, message);
        this.#incoming.source?.wasted();
      }
    }
    return true;
  }
}

function isEmpty(frame: Frame): boolean {
  return frame.length === 0;
}
