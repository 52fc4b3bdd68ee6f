/**
 * The ZeroMQ Authentication Protocol (27/ZAP) as values: when the handler is
 * asked, the frames of a request, the check of a reply. How they travel to
 * `inproc://zeromq.zap.01` and back is not done here.
 *
 *   request  "" "1.0" request-id domain address routing-id mechanism credentials...
 *   reply    "" "1.0" request-id status text user-id metadata
 */

import { EMPTY, equal, fromText, toText } from "../base/bytes.ts";
import { ZmqError } from "../base/errors.ts";
import { type Message, NO_PROPERTIES, type Properties } from "../base/message.ts";
import { parseMetadata } from "../wire/metadata.ts";
import type { ZapReply, ZapRequest } from "./mechanism.ts";

/** Where handlers are bound. */
export const ZAP_ENDPOINT = "inproc://zeromq.zap.01";

const VERSION = fromText("1.0");
/** libzmq's request id, always: each connection has a pipe of its own to the handler. */
const REQUEST_ID = fromText("1");
const REPLY_FRAMES = 7;

/** The question of a server side about one of its peers. */
export interface ZapQuestion extends ZapRequest {
  /** ZMQ_ZAP_DOMAIN of the asking socket. */
  readonly domain: string;
  /** The peer's IP address without its port; of an ipc peer `localhost:uid:gid:pid`. */
  readonly address: string;
  /** The asking socket's own routing id, not the peer's: so libzmq does. */
  readonly routingId: Uint8Array;
}

/** The frames of a request, the empty delimiter first. */
export function encodeZapRequest(question: ZapQuestion): Message {
  return [
    EMPTY,
    VERSION,
    REQUEST_ID,
    fromText(question.domain),
    fromText(question.address),
    question.routingId,
    fromText(question.mechanism),
    ...question.credentials,
  ];
}

/** Throws ERR_ZAP_… when a handler's answer is not as RFC 27 demands; the connection must be closed then. */
export function parseZapReply(frames: readonly Uint8Array[]): ZapReply {
  const [delimiter, version, requestId, status, text, userId, metadata] = frames;
  if (
    frames.length !== REPLY_FRAMES ||
    !delimiter ||
    !version ||
    !requestId ||
    !status ||
    !text ||
    !userId ||
    !metadata
  ) {
    throw new ZmqError("ERR_ZAP_MALFORMED_REPLY", {
      message: `ZAP reply of ${frames.length} frames, expected ${REPLY_FRAMES}`,
    });
  }
  if (delimiter.length > 0) {
    throw new ZmqError("ERR_ZAP_UNSPECIFIED", { message: "ZAP reply: the first frame is not empty" });
  }
  if (!equal(version, VERSION)) throw new ZmqError("ERR_ZAP_BAD_VERSION", { message: "ZAP reply: version is not 1.0" });
  if (!equal(requestId, REQUEST_ID)) {
    throw new ZmqError("ERR_ZAP_BAD_REQUEST_ID", { message: "ZAP reply: the request id is not that of the request" });
  }
  return {
    status: parseStatus(status),
    text: toText(text),
    userId: toText(userId),
    metadata: parseReplyMetadata(metadata),
  };
}

function parseStatus(frame: Uint8Array): ZapReply["status"] {
  switch (frame.length === 3 ? toText(frame) : "") {
    case "200":
      return 200;
    case "300":
      return 300;
    case "400":
      return 400;
    case "500":
      return 500;
    default:
      throw new ZmqError("ERR_ZAP_INVALID_STATUS_CODE", { message: "ZAP reply: status is not 200, 300, 400 or 500" });
  }
}

function parseReplyMetadata(frame: Uint8Array): Properties {
  if (frame.length === 0) return NO_PROPERTIES;
  try {
    return parseMetadata(frame, Number.POSITIVE_INFINITY); // The handler is this side's own.
  } catch (cause) {
    throw new ZmqError("ERR_ZAP_INVALID_METADATA", { message: "ZAP reply: a metadata property is cut short", cause });
  }
}

/**
 * Whether the handler is asked about peers, and what a missing handler means:
 * `never`: not asked. `optional`: without a handler every peer is let in.
 * `required`: without one every peer is refused (EFAULT in libzmq's event).
 */
export type ZapRule = "never" | "optional" | "required";

export interface ZapSituation {
  readonly mechanism: "NULL" | "PLAIN" | "CURVE";
  /** This side is the server of PLAIN or CURVE. NULL has no roles. */
  readonly isServer: boolean;
  readonly hasDomain: boolean;
  /** ZMQ_ZAP_ENFORCE_DOMAIN. */
  readonly enforcesDomain: boolean;
}

/** libzmq's rule for each mechanism. */
export function zapRule(situation: ZapSituation): ZapRule {
  const { mechanism, isServer, hasDomain, enforcesDomain } = situation;
  switch (mechanism) {
    case "NULL":
      if (!hasDomain) return "never";
      return enforcesDomain ? "required" : "optional";
    case "PLAIN":
      return isServer ? "required" : "never";
    case "CURVE":
      if (!isServer) return "never";
      if (!enforcesDomain) return "optional";
      return hasDomain ? "required" : "never";
  }
}

/** The answer in place of a missing handler where the rule is `optional`. */
export const ZAP_ACCEPTED: ZapReply = { status: 200, text: "OK", userId: "", metadata: NO_PROPERTIES };
