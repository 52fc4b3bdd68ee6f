/**
 * What a connection speaks, as the engine sees it: how it opens, and how messages, subscriptions and signs of life
 * are written and read. ZMTP over a stream of bytes is one (wire/zmtp.ts); a link that carries something else brings
 * its own (`Link.protocol`). Mechanisms, heartbeats and everything behind them are the same for all.
 *
 *   Protocol --open--> Opening --agreed--> Dialect --> HandshakeReader, FrameEncoder, FrameDecoder
 *
 * Bytes in, values out: no sockets, no timers. Chunks stay as they are between link and protocol, neither joined nor
 * split, for a link may carry messages: then each chunk is one.
 */

import type { Control, Message, Properties, SharedMessage } from "./message.ts";
import type { SocketTypeName } from "./socket-types.ts";

/** Bytes of one batch; also the size from which an encoder's bytes should be written at once. */
export const BATCH_BYTES = 65_536;

export interface Protocol {
  /** Begins with a fresh link. */
  open(config: OpeningConfig): Opening;
}

export interface OpeningConfig {
  readonly socketType: SocketTypeName;
  readonly routingId: Uint8Array;
  /** NULL, PLAIN or CURVE. */
  readonly mechanism: string;
  /** A peer that speaks a dialect without a mechanism is refused. */
  readonly needsMechanism: boolean;
}

/** How two peers find out how to talk. */
export interface Opening {
  /** Set once that is clear; at once where there is nothing to find out. */
  readonly agreed: Dialect | undefined;
  /** Chunks from behind the opening, if any came. They may share the memory of what was pushed. */
  readonly rest: readonly Uint8Array[];
  /** Bytes from the peer; not to be called again once there is agreement. Throws ZmqError for a peer that is refused. */
  push(chunk: Uint8Array): void;
  /** The next bytes to send, or undefined. They are the caller's. */
  produce(): Uint8Array | undefined;
}

/** How two peers agreed to talk. */
export interface Dialect {
  /** For tests and errors, such as `ZMTP 3.1`. */
  readonly name: string;
  /**
   * The commands of a mechanism follow, and heartbeats are possible. Otherwise each side sends its identity in one
   * frame, and there is no security.
   */
  readonly hasMechanism: boolean;
  /** PING is one of its commands, so that every peer answers. Older ones of libzmq may. */
  readonly hasPing: boolean;
  /** The peer may not forward subscriptions: a publisher assumes that it wants everything. */
  readonly isSubscribedToAll: boolean;
  /** What the opening said of the peer. */
  readonly peer: Properties;
  /** Reads the frames of the handshake. `maxFrameBytes`: the longest body that is accepted, -1 for any. */
  reader(maxFrameBytes: number): HandshakeReader;
  encoder(): FrameEncoder;
  /** `isSecured`: frames share no memory with those of other connections. */
  decoder(limits: DecoderLimits, isSecured: boolean): FrameDecoder;
  /** Encodes our identity, where no mechanism tells it. */
  encodeIdentity(encoder: FrameEncoder, routingId: Uint8Array): void;
  /** The meaning of a command from the decoder; undefined for an unknown or malformed one. May share the memory of `body`. */
  parseCommand(body: Uint8Array): PeerCommand | undefined;
}

/** A command of the peer after the handshake. */
export type PeerCommand =
  | Control
  | { readonly kind: "ping"; readonly ttlDeciseconds: number; readonly context: Uint8Array }
  | { readonly kind: "pong"; readonly context: Uint8Array };

/** One frame at a time: those of handshakes mean something before there are messages. */
export interface HandshakeReader {
  /** Keeps the chunk. */
  push(chunk: Uint8Array): void;
  /** The body of the next frame, the caller's, or undefined until all of it came. Throws EMSGSIZE or EPROTO. */
  next(): Uint8Array | undefined;
  /** All that no `next` has returned; the reader is empty afterwards. */
  takeRest(): readonly Uint8Array[];
}

/** Messages and commands to bytes, in batches. */
export interface FrameEncoder {
  /** Bytes encoded and not yet taken. */
  readonly size: number;
  /** From now on every frame is sealed. */
  secure(cipher: FrameCipher): void;
  /** Throws EMSGSIZE for a message that cannot be sent over this connection; nothing was encoded then. */
  encode(message: Message): void;
  /** As `encode`, for a message that may be shared: what was encoded of it for others may serve here. */
  encodeShared(message: SharedMessage): void;
  /** A change of subscriptions, as a command or as a message. */
  encodeControl(control: Control): void;
  /** A command of the handshake, which no cipher seals. */
  encodeClear(body: Uint8Array): void;
  encodePing(ttlDeciseconds: number): void;
  /** `context`: that of the peer's PING. */
  encodePong(context: Uint8Array): void;
  /** Bytes that are encoded already. */
  raw(bytes: Uint8Array): void;
  /** All encoded bytes, in order. Call `sent` or `kept` once the link has them. */
  take(): Uint8Array[];
  /** The link wrote everything: their memory may be used again. */
  sent(): void;
  /** The link still holds the bytes. */
  kept(): void;
}

export interface DecoderLimits {
  /** ZMQ_MAXMSGSIZE: octets of one frame as it is on the wire, any frame; -1 for no limit. */
  readonly maxFrameBytes: number;
  /** Frames of one message; a longer multipart closes the connection. */
  readonly maxFrames: number;
  /** Octets of all frames of a multipart message together; absent for no limit. */
  readonly maxMessageBytes?: number;
  /** After so many frames of a message `next` returns undefined without being starved, for others to have their turn; absent: never. */
  readonly framesAtOnce?: number;
}

/** A message (array of frames) or the body of a command (one byte array). */
export type Decoded = Message | Uint8Array;

/** Bytes to messages and commands, pulled. */
export interface FrameDecoder {
  /** The chunk's memory must not change until `next` returned undefined or `retain` was called. It may be the beginning of `room`. */
  push(chunk: Uint8Array): void;
  /** Where the rest of a large frame belongs, of which the beginning came; see `LinkHandler`. */
  readonly room?: Uint8Array | undefined;
  /** Copies the unread rest of the pushed chunk: its memory is about to change. */
  retain(): void;
  /**
   * The next message or command; undefined when starved, or when it is time for others: see `framesAtOnce`. Throws
   * ZmqError when the peer breaks the protocol; the decoder is of no use afterwards.
   */
  next(): Decoded | undefined;
  /** True when all pushed bytes were used up, or only the beginning of a frame is left. */
  readonly starved: boolean;
  /** Frames that are there of a message that is not complete. Absent where a message is one frame. */
  readonly assembling?: number;
  /** From now on every frame is opened. Absent where there is no security. */
  secure?(cipher: FrameCipher): void;
}

/** Seals and opens the frames of an established connection. */
export interface FrameCipher {
  /** The connection is over: its keys are overwritten, and nothing can be sealed or opened any more. */
  forget?(): void;
  /** Octets that sealing adds to a frame body: 33 for CURVE. */
  readonly overhead: number;
  /**
   * Writes the sealed frame body (`body.length + overhead` octets) at `offset` of `target`.
   * `flags`: 1 = MORE, 2 = COMMAND (the numbers inside a CURVE box, not those of ZMTP 2.0 frames).
   */
  seal(flags: number, body: Uint8Array, target: Uint8Array, offset: number): void;
  /**
   * Opens the sealed frame body from `start` to `end` of `source`; returns its plaintext: a copy, or a view of `source`
   * when that is `own`, which is memory of this frame alone and may be overwritten. Throws ZmqError.
   */
  open(source: Uint8Array, start: number, end: number, own?: boolean): Uint8Array;
  /** Those of the frame opened last: 1 = MORE, 2 = COMMAND. */
  readonly flags: number;
}
