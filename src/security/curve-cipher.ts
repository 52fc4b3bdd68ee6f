/**
 * The traffic of an established CURVE connection: each frame, messages and
 * commands alike, travels in a MESSAGE command (26/CURVEZMQ). Outside the box
 * it has no flags; inside, 1 is MORE and 2 is COMMAND, as libzmq has it (the
 * RFC reserves the latter).
 *
 * Nonces of either direction must grow; gaps are allowed. No memory is
 * allocated for a frame but that of an opened one; a frame in memory of its own is opened there.
 */

import { ByteArray, EMPTY, sharedMemory, uninitialized } from "../base/bytes.ts";
import { ZmqError } from "../base/errors.ts";
import type { FrameCipher } from "../base/protocol.ts";
import { commandName } from "../wire/command.ts";
import { readUint32, writeUint32 } from "../wire/frame.ts";
import { type Boxes, type BoxKey, type Crypto, TAG_BYTES } from "./crypto.ts";
import { NONCE, nonceFrom } from "./curve.ts";

const NAME = Uint8Array.of(0x07, 0x4d, 0x45, 0x53, 0x53, 0x41, 0x47, 0x45);
const NONCE_AT = NAME.length;
const BOX_AT = NONCE_AT + 8;
const SHORTEST_MESSAGE = BOX_AT + TAG_BYTES + 1;
/** Where a nonce's counter begins. */
const COUNTER_AT = 16;

/**
 * Opened frames are cut from slabs: an array of its own costs as much as opening
 * a frame of a kilobyte. A kept frame pins its slab, so small ones, of which
 * many may be kept, share small slabs, as they do in the decoder.
 */
const SMALL_BYTES = 256;
const FIRST_SLAB_BYTES = 512;
const SMALL_SLAB_BYTES = 8192;
const MEDIUM_BYTES = 16_384;
const MEDIUM_SLAB_BYTES = 65_536;

export interface CurveTraffic {
  readonly role: "client" | "server";
  /** The key of the boxes between the connection's two key pairs. */
  readonly key: Uint8Array;
  /** The counter of the first frame to seal: 3 for a client, 2 for a server. */
  readonly nextCounter: number;
  /** The peer's last nonce of the handshake, as eight octets: that of INITIATE or READY. */
  readonly peerCounter: Uint8Array;
}

export class CurveCipher implements FrameCipher {
  readonly overhead = SHORTEST_MESSAGE;
  readonly #boxes: Boxes;
  /** One for each direction; the counters in their nonces change. */
  readonly #sealing: BoxKey;
  readonly #opening: BoxKey;
  #nextCounter: number;
  /** The peer's last counter, in two halves: it has 64 bits. */
  #peerHigh: number;
  #peerLow: number;
  /** Of the frame opened last. */
  flags = 0;
  readonly #small = new Slab(SMALL_SLAB_BYTES);
  readonly #medium = new Slab(MEDIUM_SLAB_BYTES);

  constructor(crypto: Crypto, traffic: CurveTraffic) {
    this.#boxes = crypto.primitives.boxes;
    const isClient = traffic.role === "client";
    const none = new Uint8Array(8);
    this.#sealing = crypto.boxKey(traffic.key, nonceFrom(isClient ? NONCE.fromClient : NONCE.fromServer, none, 0));
    this.#opening = crypto.boxKey(traffic.key, nonceFrom(isClient ? NONCE.fromServer : NONCE.fromClient, none, 0));
    this.#nextCounter = traffic.nextCounter;
    this.#peerHigh = readUint32(traffic.peerCounter, 0);
    this.#peerLow = readUint32(traffic.peerCounter, 4);
  }

  forget(): void {
    this.#nextCounter = Number.MAX_SAFE_INTEGER; // No frame is sealed with what is left of the keys.
    for (const { key, streamKey } of [this.#sealing, this.#opening]) {
      key.fill(0);
      streamKey.fill(0);
    }
    this.#boxes.forget?.();
  }

  /** Throws ERR_ZMTP_INVALID_SEQUENCE when the counter has passed 2^53: no nonce may be used twice. */
  seal(flags: number, body: Uint8Array, target: Uint8Array, offset: number): void {
    const counter = this.#nextCounter;
    if (counter >= Number.MAX_SAFE_INTEGER) {
      throw new ZmqError("ERR_ZMTP_INVALID_SEQUENCE", { message: "CURVE: the nonces of this connection are used up" });
    }
    this.#nextCounter = counter + 1;
    for (let i = 0; i < NONCE_AT; i++) target[offset + i] = NAME[i] as number;
    const { nonce } = this.#sealing;
    writeUint32(nonce, COUNTER_AT, Math.floor(counter / 0x1_0000_0000));
    writeUint32(nonce, COUNTER_AT + 4, counter % 0x1_0000_0000);
    for (let i = 0; i < 8; i++) target[offset + NONCE_AT + i] = nonce[COUNTER_AT + i] as number;
    this.#boxes.seal(this.#sealing, flags, body, target, offset + BOX_AT);
  }

  /**
   * Throws ERR_ZMTP_MALFORMED_COMMAND_UNSPECIFIED, …_UNEXPECTED_COMMAND,
   * …_MALFORMED_COMMAND_MESSAGE, …_INVALID_SEQUENCE or …_CRYPTOGRAPHIC; the
   * connection must be closed then.
   */
  open(source: Uint8Array, start: number, end: number, own = false): Uint8Array {
    if (end - start < SHORTEST_MESSAGE) throw notMessage(source.subarray(start, end));
    for (let i = 0; i < NONCE_AT; i++) if (source[start + i] !== NAME[i]) throw notMessage(source.subarray(start, end));
    const counterAt = start + NONCE_AT;
    const high = readUint32(source, counterAt);
    const low = readUint32(source, counterAt + 4);
    if (high < this.#peerHigh || (high === this.#peerHigh && low <= this.#peerLow)) {
      throw new ZmqError("ERR_ZMTP_INVALID_SEQUENCE", { message: "CURVE: the nonce of a MESSAGE has not grown" });
    }
    const { nonce } = this.#opening;
    for (let i = 0; i < 8; i++) nonce[COUNTER_AT + i] = source[counterAt + i] as number;
    const contentLength = end - start - BOX_AT - TAG_BYTES;
    let memory: Uint8Array;
    let at = 0;
    if (own) {
      // A fresh array costs a large frame as much as its tag.
      memory = source;
      at = end - contentLength;
    } else if (contentLength < MEDIUM_BYTES) {
      const slab = contentLength < SMALL_BYTES ? this.#small : this.#medium;
      at = slab.take(contentLength);
      memory = slab.memory;
    } else memory = uninitialized(contentLength);
    if (!this.#boxes.open(this.#opening, source, start + BOX_AT, end, memory, at)) {
      throw new ZmqError("ERR_ZMTP_CRYPTOGRAPHIC", { message: "CURVE: a MESSAGE does not open" });
    }
    this.#peerHigh = high;
    this.#peerLow = low;
    this.flags = memory[at] as number;
    return new ByteArray(memory.buffer, memory.byteOffset + at + 1, contentLength - 1);
  }
}

/** Memory for the frames of one connection. */
class Slab {
  readonly #largest: number;
  /** Where the octets taken last are. */
  memory: Uint8Array = EMPTY;
  #used = 0;
  #next = FIRST_SLAB_BYTES;

  constructor(largest: number) {
    this.#largest = largest;
  }

  /** Where in `memory` the next `length` octets are. Slabs grow as long as frames follow each other, so that an idle connection holds little. */
  take(length: number): number {
    if (this.#used + length > this.memory.length) {
      this.memory = sharedMemory(Math.max(this.#next, length));
      this.#used = 0;
      this.#next = Math.min(this.memory.length * 2, this.#largest);
    }
    const start = this.#used;
    this.#used = start + length;
    return start;
  }
}

/** Why `body` is no MESSAGE, in libzmq's order of checks. */
function notMessage(body: Uint8Array): ZmqError {
  const nameLength = body[0];
  if (body.length <= 1 || nameLength === undefined || body.length <= nameLength) {
    return new ZmqError("ERR_ZMTP_MALFORMED_COMMAND_UNSPECIFIED", {
      message: `CURVE: expected a MESSAGE command, a frame of ${body.length} bytes came`,
    });
  }
  for (let i = 0; i < NAME.length; i++) {
    if (body[i] !== NAME[i]) {
      // In clear, a frame may hold anything: only the names of ZMTP's commands are told.
      const name = commandName(body);
      const came = /^[A-Z]{1,16}$/.test(name) ? name : "something else";
      return new ZmqError("ERR_ZMTP_UNEXPECTED_COMMAND", {
        message: `CURVE: expected a MESSAGE command, ${came} came`,
      });
    }
  }
  return new ZmqError("ERR_ZMTP_MALFORMED_COMMAND_MESSAGE", {
    message: `CURVE: MESSAGE of ${body.length} bytes, expected at least ${SHORTEST_MESSAGE}`,
  });
}
