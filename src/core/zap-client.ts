/**
 * Asks the ZAP handler of a context (27/ZAP) about one peer, as libzmq's
 * sessions do: over an inproc pipe of its own to whatever socket is bound to
 * `inproc://zeromq.zap.01`, so that requests do not wait for each other and a
 * ROUTER as handler may answer in any order. No socket is opened for it.
 *
 * libzmq asks only REP, ROUTER and SERVER sockets and takes any other for no
 * handler, by which a CURVE server would let everyone in; here it is asked too,
 * and peers wait for its answer.
 */

import { EMPTY, fromText } from "../base/bytes.ts";
import type { Clock } from "../base/clock.ts";
import type { Link } from "../base/link.ts";
import { passUncopied } from "../base/message.ts";
import type { NearEnd, PipeOwner } from "../base/near-end.ts";
import type { OptionValues } from "../base/options.ts";
import { createPipe } from "../base/pipe.ts";
import type { ZapListener, ZapReply, ZapRequest } from "../security/mechanism.ts";
import { securityZapRule } from "../security/select-mechanism.ts";
import { encodeZapRequest, parseZapReply, ZAP_ACCEPTED, ZAP_ENDPOINT, type ZapQuestion } from "../security/zap.ts";
import type { InprocNames } from "../transport/inproc.ts";
import type { ZapContext } from "./platform.ts";

const OPEN_SERVER =
  "A CURVE server accepts every client, because its context has no ZAP handler. Start an Authenticator, or set zapDomain and zapEnforceDomain to refuse them.";

const NAME = ZAP_ENDPOINT.slice("inproc://".length);
/** A handshake may not be refused because others are being asked about: no limit, as in libzmq. */
const LIMITS = { sendHighWaterMark: 0, receiveHighWaterMark: 0, conflate: false };
const PROPERTIES = new Map([
  ["Socket-Type", fromText("DEALER")],
  ["Identity", EMPTY],
]);

/** Whether a handler is bound in the context that owns `names`. */
export function hasZapHandler(names: InprocNames): boolean {
  return names.isBound(NAME);
}

/** As `EndpointOwner.authenticate`: undefined when no handler is bound in the context and `options` demand one. */
export function authenticate(
  { inproc, platform }: ZapContext,
  request: ZapRequest,
  link: Pick<Link, "peerAddress">,
  options: OptionValues,
  signal: AbortSignal,
  listener: ZapListener,
): void {
  if (!hasZapHandler(inproc)) {
    const mayPass = securityZapRule(options) !== "required";
    if (mayPass && request.mechanism === "CURVE") platform.warn(OPEN_SERVER, "ZMQ_CURVE_OPEN");
    listener.answered(mayPass ? ZAP_ACCEPTED : undefined);
    return;
  }
  const { zapDomain, routingId } = options;
  const question = { ...request, domain: zapDomain ?? "", address: link.peerAddress, routingId };
  askZapHandler(inproc, platform.turn.clock, question, signal, listener);
}

/**
 * `listener` hears the handler's answer, or ERR_ZAP_… when that breaks RFC 27.
 * A handler that never answers, or is closed before it does, is not told of:
 * the handshake's own time-out ends that connection. When `signal` fires the
 * question is withdrawn.
 */
export function askZapHandler(
  names: InprocNames,
  clock: Clock,
  question: ZapQuestion,
  signal: AbortSignal,
  listener: ZapListener,
): void {
  const answered = (frames: readonly Uint8Array[]) => {
    // Later: the handler's socket is still inside its `send`.
    clock.defer(() => pipe.close());
    let reply: ZapReply;
    try {
      reply = parseZapReply(frames);
    } catch (error) {
      listener.failed(error);
      return;
    }
    listener.answered(reply);
  };
  const pipe = createPipe(new Asker(answered), ZAP_ENDPOINT, true, LIMITS);
  signal.addEventListener("abort", () => pipe.close(), { once: true });
  const request = encodeZapRequest(question);
  passUncopied(request, () => {
    pipe.write(request);
    names.connect(NAME, { pipe, sendHighWaterMark: 0, receiveHighWaterMark: 0, properties: PROPERTIES });
  });
}

/** The near side of the pipe: waits for the first message. */
class Asker implements PipeOwner {
  #answered: ((frames: readonly Uint8Array[]) => void) | undefined;

  constructor(answered: (frames: readonly Uint8Array[]) => void) {
    this.#answered = answered;
  }

  readable(pipe: NearEnd): void {
    const answered = this.#answered;
    this.#answered = undefined;
    const frames = pipe.read();
    if (frames !== undefined) answered?.(frames);
  }

  writable(): void {}
  connected(): void {}
  disconnected(): void {}
  control(): void {}
  ended(): void {}
}
