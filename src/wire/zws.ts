/**
 * ZWS 2.0 (45/ZWS) as libzmq speaks it, as a `Protocol` over a link that carries WebSocket messages. Each frame is one
 * message:
 *
 *   flags(1) body      flags: 1 = MORE, 2 = COMMAND (not ZMTP's 4); others are ignored
 *
 * `ZWS2.0/NULL` and its like begin with the commands of that mechanism; bare `ZWS2.0` with a frame that holds the
 * routing id, and there is neither security nor a heartbeat. Subscriptions are messages, also when they are sealed:
 * libzmq ignores the commands, though its SUB sends them over CURVE, so that they are understood here.
 */

import { ByteArray, copier, EMPTY, ownCopyOf, uninitialized } from "../base/bytes.ts";
import { ZmqError } from "../base/errors.ts";
import { type Control, type Message, NO_PROPERTIES, subscriptionFrame } from "../base/message.ts";
import {
  BATCH_BYTES,
  type Decoded,
  type DecoderLimits,
  type Dialect,
  type FrameCipher,
  type FrameDecoder,
  type FrameEncoder,
  type HandshakeReader,
  type Opening,
  type OpeningConfig,
  type PeerCommand,
  type Protocol,
} from "../base/protocol.ts";
import { controlBody, parseCommand } from "./command.ts";
import { BARE } from "./subprotocols.ts";

const MORE = 1;
const COMMAND = 2;

/** What ZWS asks of the link that carries its messages. */
export interface MessageWire {
  /** Octets of the longest message that the peer may send. */
  maxMessageBytes: number;
  /** Asks the peer for a sign of life, where the link can; whatever comes back counts. */
  ping(): void;
}

/** `name`: what the peers chose, `ZWS2.0` or one with a mechanism. `side`: ours. */
export function zws(name: string, wire: MessageWire, side: "client" | "server"): Protocol {
  return { open: (config) => new ZwsOpening(name, wire, side, config) };
}

/**
 * The WebSocket handshake has found out what is spoken, with one exception: a server may choose `ZWS2.0/NULL` because it
 * chooses whatever comes first, and speak without a mechanism (jszmq). It begins with its routing id, where libzmq sends
 * READY without waiting for ours. So a client looks at the first frame before it says anything.
 */
class ZwsOpening implements Opening {
  readonly rest: Uint8Array[] = [];
  readonly #name: string;
  readonly #wire: MessageWire;
  readonly #needsMechanism: boolean;
  #agreed: Dialect | undefined = undefined;

  constructor(name: string, wire: MessageWire, side: "client" | "server", { needsMechanism }: OpeningConfig) {
    this.#name = name;
    this.#wire = wire;
    this.#needsMechanism = needsMechanism;
    const isOpen = name === `${BARE}/NULL` && side === "client" && !needsMechanism;
    if (!isOpen && (name !== BARE || !needsMechanism)) this.#agreed = new ZwsDialect(name, wire);
  }

  get agreed(): Dialect | undefined {
    return this.#agreed;
  }

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return; // A sign of life.
    if (this.#needsMechanism) {
      throw new ZmqError("EPROTO", { detail: `${BARE} without a mechanism, expected one` });
    }
    const isCommand = (flagsOf(chunk) & COMMAND) !== 0;
    this.#agreed = new ZwsDialect(isCommand ? this.#name : BARE, this.#wire);
    this.rest.push(chunk);
  }

  produce(): undefined {}
}

class ZwsDialect implements Dialect {
  readonly name: string;
  readonly hasMechanism: boolean;
  readonly hasPing: boolean;
  readonly isSubscribedToAll = false;
  readonly peer = NO_PROPERTIES;
  readonly #wire: MessageWire;

  constructor(name: string, wire: MessageWire) {
    this.name = name;
    this.hasMechanism = name !== BARE;
    this.hasPing = this.hasMechanism;
    this.#wire = wire;
  }

  reader(maxFrameBytes: number): HandshakeReader {
    this.#limit(maxFrameBytes);
    return new ZwsReader();
  }

  encoder(): FrameEncoder {
    return new ZwsEncoder(this.#wire);
  }

  decoder(limits: DecoderLimits, isSecured: boolean): FrameDecoder {
    this.#limit(limits.maxFrameBytes);
    return new ZwsDecoder(limits, isSecured);
  }

  encodeIdentity(encoder: FrameEncoder, routingId: Uint8Array): void {
    encoder.encode([routingId]);
  }

  parseCommand(body: Uint8Array): PeerCommand | undefined {
    const command = parseCommand(body);
    return command?.kind === "ping" || command?.kind === "pong" ? undefined : command;
  }

  #limit(maxFrameBytes: number): void {
    this.#wire.maxMessageBytes = maxFrameBytes < 0 ? Number.POSITIVE_INFINITY : maxFrameBytes + 1;
  }
}

class ZwsReader implements HandshakeReader {
  readonly #messages: Uint8Array[] = [];

  push(chunk: Uint8Array): void {
    if (chunk.length > 0) this.#messages.push(chunk); // An empty one is a sign of life.
  }

  next(): Uint8Array | undefined {
    const message = this.#messages.shift();
    if (message === undefined) return undefined;
    flagsOf(message);
    return ownCopyOf(message.subarray(1));
  }

  takeRest(): readonly Uint8Array[] {
    return this.#messages.splice(0);
  }
}

/** Larger messages are copied into memory of their own. */
const SMALL_BYTES = 4096;
const smallBodyOf = copier(undefined, 1);

/** A copy of a message without its flags, for connections whose peers are nobody in particular. */
function bodyOf(message: Uint8Array): Uint8Array {
  return message.length > SMALL_BYTES ? ownCopyOf(message.subarray(1)) : smallBodyOf(message);
}

const freeBatches: Uint8Array[] = [];
const KEPT_BATCHES = 8;

/** Each piece that `take` returns is a message. */
class ZwsEncoder implements FrameEncoder {
  readonly #wire: MessageWire;
  #cipher: FrameCipher | undefined = undefined;
  #pieces: Uint8Array[] = [];
  #batch: Uint8Array | undefined = undefined;
  /** The memory of the batch, and where it begins there: to ask for it costs as much as a view. */
  #memory: ArrayBufferLike = EMPTY.buffer;
  #offset = 0;
  #end = 0;
  size = 0;

  constructor(wire: MessageWire) {
    this.#wire = wire;
  }

  secure(cipher: FrameCipher): void {
    this.#cipher = cipher;
  }

  /** Headers of WebSocket messages are masked apiece: nothing is shared. */
  encodeShared(message: Message): void {
    this.encode(message);
  }

  encode(message: Message): void {
    const last = message.length - 1;
    for (let i = 0; i < last; i++) this.#frame(MORE, message[i] as Uint8Array);
    this.#frame(0, message[last] as Uint8Array);
  }

  encodeControl(control: Control): void {
    if (control.kind === "join" || control.kind === "leave") this.#frame(COMMAND, controlBody(control));
    else this.#frame(0, subscriptionFrame(control));
  }

  encodeClear(body: Uint8Array): void {
    this.#plain(COMMAND, body);
  }

  encodePing(): void {
    this.#wire.ping();
  }

  /** The link has answered the PING. */
  encodePong(): void {}

  /** A message that is encoded already. */
  raw(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#pieces.push(bytes);
    this.size += bytes.length;
  }

  take(): Uint8Array[] {
    const pieces = this.#pieces;
    this.#pieces = [];
    this.size = 0;
    return pieces;
  }

  sent(): void {
    if (this.#batch !== undefined && freeBatches.length < KEPT_BATCHES) freeBatches.push(this.#batch);
    this.#batch = undefined;
  }

  kept(): void {
    this.#batch = undefined;
  }

  #frame(flags: number, body: Uint8Array): void {
    const cipher = this.#cipher;
    if (cipher === undefined) {
      this.#plain(flags, body);
      return;
    }
    const length = body.length + cipher.overhead + 1;
    const memory = this.#reserve(length);
    const start = memory === this.#batch ? this.#end : 0;
    memory[start] = 0;
    cipher.seal(flags, body, memory, start + 1);
    this.#encoded(memory, start, length);
  }

  #plain(flags: number, body: Uint8Array): void {
    const length = body.length + 1;
    const memory = this.#reserve(length);
    const start = memory === this.#batch ? this.#end : 0;
    memory[start] = flags;
    if (length > 1) memory.set(body, start + 1);
    this.#encoded(memory, start, length);
  }

  /** The batch, with room for so many octets at its end, or memory of its own for a large frame. */
  #reserve(length: number): Uint8Array {
    if (length > BATCH_BYTES / 4) return uninitialized(length);
    if (this.#batch === undefined || this.#end + length > BATCH_BYTES) {
      this.#batch = freeBatches.pop() ?? uninitialized(BATCH_BYTES);
      this.#memory = this.#batch.buffer;
      this.#offset = this.#batch.byteOffset;
      this.#end = 0;
    }
    return this.#batch;
  }

  #encoded(memory: Uint8Array, start: number, length: number): void {
    this.size += length;
    if (memory === this.#batch) {
      this.#pieces.push(new ByteArray(this.#memory, this.#offset + start, length));
      this.#end = start + length;
    } else this.#pieces.push(memory);
  }
}

class ZwsDecoder implements FrameDecoder {
  readonly #limits: DecoderLimits;
  readonly #bodyOf: (message: Uint8Array) => Uint8Array;
  #cipher: FrameCipher | undefined = undefined;
  /** The message that was pushed last, in memory of the link. */
  #chunk: Uint8Array | undefined = undefined;
  /** Copies of those that were pushed before it was used up, without their flags, and these. */
  readonly #later: Uint8Array[] = [];
  readonly #laterFlags: number[] = [];
  #nextLater = 0;
  #frames: Message = [];
  #assembled = 0;

  constructor(limits: DecoderLimits, isSecured: boolean) {
    this.#limits = limits;
    this.#bodyOf = isSecured ? copier(512, 1) : bodyOf;
  }

  get starved(): boolean {
    return this.#chunk === undefined && this.#later.length === 0;
  }

  get assembling(): number {
    return this.#frames.length;
  }

  secure(cipher: FrameCipher): void {
    this.#cipher = cipher;
  }

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return; // A sign of life.
    this.retain();
    if (this.#later.length === 0) this.#chunk = chunk;
    else this.#keep(chunk);
  }

  retain(): void {
    if (this.#chunk === undefined) return;
    this.#keep(this.#chunk);
    this.#chunk = undefined;
  }

  #keep(message: Uint8Array): void {
    this.#laterFlags.push(flagsOf(message));
    this.#later.push(message.length === 1 ? EMPTY : this.#bodyOf(message));
  }

  next(): Decoded | undefined {
    for (;;) {
      const cipher = this.#cipher;
      let body: Uint8Array | undefined;
      let flags: number;
      const chunk = this.#chunk;
      if (cipher !== undefined && chunk !== undefined) {
        this.#chunk = undefined;
        body = cipher.open(chunk, 1, chunk.length); // It copies what it opens.
        ({ flags } = cipher);
      } else {
        this.retain();
        body = this.#later[this.#nextLater];
        if (body === undefined) return undefined;
        flags = this.#laterFlags[this.#nextLater] as number;
        this.#shift();
        if (cipher === undefined) this.#checkLength(body.length);
        else {
          body = cipher.open(body, 0, body.length);
          ({ flags } = cipher);
        }
      }
      if ((flags & COMMAND) !== 0) return body;
      if ((flags & MORE) === 0 && this.#frames.length === 0) return [body];
      const frames = this.#assemble(body);
      if ((flags & MORE) === 0) {
        this.#frames = [];
        return frames;
      }
      const { framesAtOnce } = this.#limits;
      if (framesAtOnce !== undefined && frames.length % framesAtOnce === 0) return undefined;
    }
  }

  #shift(): void {
    const later = this.#later;
    later[this.#nextLater++] = EMPTY;
    if (this.#nextLater !== later.length && this.#nextLater < 1024) return;
    later.splice(0, this.#nextLater);
    this.#laterFlags.splice(0, this.#nextLater);
    this.#nextLater = 0;
  }

  /** The link's own limit counts the flags octet too, and not every link can have one. */
  #checkLength(length: number): void {
    const { maxFrameBytes } = this.#limits;
    if (maxFrameBytes < 0 || length <= maxFrameBytes) return;
    throw new ZmqError("EMSGSIZE", { detail: `frame of ${length} bytes exceeds the limit of ${maxFrameBytes}` });
  }

  /** Adds a frame of a multipart message. Throws EMSGSIZE. */
  #assemble(body: Uint8Array): Message {
    const frames = this.#frames;
    const { maxFrames, maxMessageBytes } = this.#limits;
    if (frames.length >= maxFrames) {
      throw new ZmqError("EMSGSIZE", { detail: `message of more than ${maxFrames} frames` });
    }
    this.#assembled = frames.length === 0 ? body.length : this.#assembled + body.length;
    if (frames.length > 0 && maxMessageBytes !== undefined && this.#assembled > maxMessageBytes) {
      throw new ZmqError("EMSGSIZE", {
        detail: `multipart message of ${this.#assembled} bytes exceeds the limit of ${maxMessageBytes}`,
      });
    }
    frames.push(body);
    return frames;
  }
}

/** Throws EPROTO for an empty message. */
function flagsOf(message: Uint8Array): number {
  const flags = message[0];
  if (flags === undefined) throw new ZmqError("EPROTO", { detail: "ZWS: an empty message, expected a flags octet" });
  return flags;
}
