/**
 * The security handshake after the greeting: commands in, commands out, no
 * bytes and no timers. 23/ZMTP and 37/ZMTP "Mechanism"; NULL, PLAIN (24) and
 * CURVE (25, 26) are implementations.
 */

import type { Properties } from "../base/message.ts";
import type { OptionValues } from "../base/options.ts";
import type { FrameCipher } from "../base/protocol.ts";
import type { SocketTypeName } from "../base/socket-types.ts";

/** The options that decide. */
export type SecurityOptions = Pick<
  OptionValues,
  | "securityMechanism"
  | "plainServer"
  | "plainUsername"
  | "plainPassword"
  | "curveServer"
  | "curvePublicKey"
  | "curveSecretKey"
  | "curveServerKey"
  | "zapDomain"
  | "zapEnforceDomain"
  | "routingId"
  | "metadata"
>;

/** The metadata that every mechanism sends to the peer. */
export interface MechanismConfig {
  readonly socketType: SocketTypeName;
  readonly routingId: Uint8Array;
  /** ZMQ_METADATA: further properties, whose names begin with `X-`. */
  readonly metadata: ReadonlyMap<string, string>;
}

export function mechanismConfig(socketType: SocketTypeName, options: SecurityOptions): MechanismConfig {
  const { routingId, metadata } = options;
  return { socketType, routingId, metadata: new Map(Object.entries(metadata)) };
}

export type MechanismState = "handshaking" | "authorizing" | "ready" | "failed";

/** The state of a mechanism that is at `step`: some steps are called like states, all others are of the handshake. */
export function stateAt(step: string): MechanismState {
  return step === "authorizing" || step === "ready" || step === "failed" ? step : "handshaking";
}

/** The server side's question to the ZAP handler (27/ZAP). `credentials`: the frames after `mechanism`. */
export interface ZapRequest {
  readonly mechanism: "NULL" | "PLAIN" | "CURVE";
  readonly credentials: readonly Uint8Array[];
}

export interface ZapReply {
  readonly status: 200 | 300 | 400 | 500;
  readonly text: string;
  readonly userId: string;
  readonly metadata: Properties;
}

/**
 * Hears the answer of a ZAP handler: once, and within the call that brings it or within the question itself. So a thread
 * that blocks hears it too, which it does not with promises.
 */
export interface ZapListener {
  /** Undefined: there is no handler, and one is demanded. */
  answered(reply: ZapReply | undefined): void;
  failed(error: unknown): void;
}

export interface Mechanism {
  readonly name: "NULL" | "PLAIN" | "CURVE";
  /** For people: what a peer may have against this side's secrets, with `, or ` behind it. */
  readonly doubts?: string;
  /** `authorizing` while a ZAP answer is awaited. */
  readonly state: MechanismState;
  /**
   * What the peer said of itself; filled as soon as its metadata arrived, when
   * the driver checks its Socket-Type, and final when `ready`.
   */
  readonly peer: Properties;
  /** The body of the next command to send (name length, name, data), or undefined. Call until it is undefined. */
  produce(): Uint8Array | undefined;
  /**
   * A command from the peer, as a body. Throws ZmqError (`ERR_ZMTP_…`) when it
   * breaks the protocol; an ERROR command from the peer throws with `status`
   * where its reason is 300, 400 or 500.
   */
  consume(body: Uint8Array): void;
  /** Set while `authorizing`. The driver asks the handler and passes the answer to `authorize`. */
  readonly zap?: ZapRequest | undefined;
  /** The driver merges the reply's user id and metadata into the peer's properties. */
  authorize?(reply: ZapReply): void;
  /** The connection ended before the handshake did: secrets made for it are overwritten. */
  forget?(): void;
  /** CURVE: present when each frame after the handshake travels in a MESSAGE command. */
  readonly cipher?: FrameCipher | undefined;
}
