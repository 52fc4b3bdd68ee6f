/**
 * WebSocket frames (RFC 6455 section 5): their head, and a reader that is as strict as the RFC. Only binary messages
 * are known here; text closes the connection with 1003. No extensions. Masks are in websocket-mask.ts, the writer is in
 * websocket-writer.ts, the opening handshake in websocket-upgrade.ts.
 *
 *   FIN(1) RSV(3) opcode(4)   MASK(1) length(7) [length(2) | length(8)] [key(4)]   payload
 */

import { ByteArray, EMPTY, toText } from "../base/bytes.ts";
import { ZmqError } from "../base/errors.ts";
import { readSize, writeSize } from "./frame.ts";
import { maskBytes, rotatedKey } from "./websocket-mask.ts";

export const CONTINUATION = 0;
export const BINARY = 2;
export const CLOSE = 8;
export const PING = 9;
export const PONG = 10;

/** Octets of the largest head: two, a length of eight, a key of four. */
export const LONGEST_FRAME_HEAD = 14;
/** Octets of the longest payload of a control frame. */
export const LONGEST_CONTROL = 125;

/** Close codes (RFC 6455 section 7.4.1). */
export const NORMAL_CLOSURE = 1000;
const PROTOCOL_ERROR = 1002;
const UNSUPPORTED_DATA = 1003;
const NO_CODE = 1005;
const INVALID_PAYLOAD = 1007;
export const MESSAGE_TOO_BIG = 1009;

const FIN = 0x80;
const RESERVED = 0x70;
const OPCODE = 0x0f;
const MASK = 0x80;
const IS_CONTROL = 0x08;

/** Writes the head of a final frame; `key` masks it. Returns the offset behind it. */
export function writeFrameHead(
  target: Uint8Array,
  offset: number,
  opcode: number,
  length: number,
  key?: number,
): number {
  const mask = key === undefined ? 0 : MASK;
  target[offset] = FIN | opcode;
  let end = offset + 2;
  if (length < 126) target[offset + 1] = mask | length;
  else if (length < 65_536) {
    target[offset + 1] = mask | 126;
    target[end++] = length >>> 8;
    target[end++] = length;
  } else {
    target[offset + 1] = mask | 127;
    end = writeSize(target, end, length);
  }
  if (key === undefined) return end;
  target[end] = key;
  target[end + 1] = key >>> 8;
  target[end + 2] = key >>> 16;
  target[end + 3] = key >>> 24;
  return end + 4;
}

/** Octets of the head that `writeFrameHead` writes. */
export function frameHeadBytes(length: number, isMasked: boolean): number {
  return (length < 126 ? 2 : length < 65_536 ? 4 : 10) + (isMasked ? 4 : 0);
}

/**
 * - `stream`: the payloads are one stream of bytes, and the borders of messages mean nothing.
 * - `messages`: the borders count.
 */
export type Carrying = "stream" | "messages";

/** What a reader finds. */
export interface FrameSink {
  /**
   * The next octets of a message, unmasked and valid during the call. `isEnd`: the message is complete. Of a stream all
   * that a chunk brings comes in one call.
   */
  payload(bytes: Uint8Array, isEnd: boolean): void;
  /** A PING or PONG. `payload` is valid during the call. */
  signal(opcode: number, payload: Uint8Array): void;
  /** A Close frame; nothing behind it is read. `code` is 1005 when it has none. */
  closing(code: number, reason: string): void;
}

export class WebSocketReader {
  readonly #isMasked: boolean;
  readonly #sink: FrameSink;
  readonly #head = new Uint8Array(LONGEST_FRAME_HEAD);
  #headFilled = 0;
  /** Octets of the head that must be there before it makes sense to look again. */
  #headNeeded = 2;
  #inPayload = false;
  #remaining = 0;
  #first = 0;
  #key = 0;
  /** A message has begun, and its last frame has not. */
  #isFragmented = false;
  readonly #control = new Uint8Array(LONGEST_CONTROL);
  #controlFilled = 0;
  #isDone = false;
  #isStopped = false;
  #closeCode = PROTOCOL_ERROR;
  readonly #isStream: boolean;
  /** Control frames, empty frames and fragments of which more is to come, so far: they cost much beside what they carry. */
  costlyFrames = 0;
  /** The chunk at hand, and where in it the payload of a stream is that was found so far, joined. */
  #chunk: Uint8Array = EMPTY;
  #from = 0;
  #to = 0;

  /** `peer`: clients mask, servers do not. */
  constructor(peer: "client" | "server", carrying: Carrying, sink: FrameSink) {
    this.#isMasked = peer === "client";
    this.#isStream = carrying === "stream";
    this.#sink = sink;
  }

  /** For the Close frame, once `push` has thrown. */
  get closeCode(): number {
    return this.#closeCode;
  }

  /** Nothing more is read, from the chunk at hand neither. */
  stop(): void {
    this.#isDone = true;
    this.#isStopped = true;
  }

  /** Payloads are unmasked and joined in place. Throws EPROTO; the reader is of no use afterwards. */
  push(chunk: Uint8Array): void {
    if (!this.#isStream) {
      this.#read(chunk);
      return;
    }
    this.#chunk = chunk;
    try {
      this.#read(chunk);
    } catch (error) {
      this.#deliver();
      // What came before may be all that its receiver wants.
      if (this.#isStopped) return;
      throw error;
    }
    this.#deliver();
  }

  #read(chunk: Uint8Array): void {
    const end = chunk.length;
    let at = 0;
    /** That of the chunk, and where the chunk begins there, once it is needed: to ask for it costs as much as a view. */
    let memory: ArrayBufferLike | undefined;
    let offset = 0;
    while (at < end && !this.#isDone) {
      if (!this.#inPayload) {
        if (this.#headFilled === 0 && end - at >= LONGEST_FRAME_HEAD) {
          this.#beginHead(chunk[at] as number, chunk[at + 1] as number);
          const start = at;
          at += this.#headNeeded;
          this.#endHead(chunk, start);
        } else {
          this.#head[this.#headFilled++] = chunk[at++] as number;
          if (this.#headFilled === 2) this.#beginHead(this.#head[0] as number, this.#head[1] as number);
          if (this.#headFilled === this.#headNeeded) this.#endHead(this.#head, 0);
        }
        continue;
      }
      const length = Math.min(this.#remaining, end - at);
      const next = at + length;
      this.#remaining -= length;
      if ((this.#first & IS_CONTROL) !== 0) {
        this.#control.set(chunk.subarray(at, next), this.#controlFilled);
        this.#controlFilled += length;
        if (this.#remaining === 0) this.#endControl();
      } else {
        if (this.#isMasked) {
          maskBytes(chunk, at, next, this.#key);
          this.#key = rotatedKey(this.#key, length);
        }
        const isLast = this.#remaining === 0;
        if (isLast) this.#nextFrame();
        if (this.#isStream) this.#join(chunk, at, next);
        else {
          if (memory === undefined) {
            memory = chunk.buffer;
            offset = chunk.byteOffset;
          }
          this.#sink.payload(new ByteArray(memory, offset + at, length), isLast && !this.#isFragmented);
        }
      }
      at = next;
    }
  }

  /**
   * Moves what is behind a head next to what is before it, or that behind it, whichever is less: a receiver that gets a chunk in
   * pieces must keep a copy of all but the first.
   */
  #join(chunk: Uint8Array, at: number, next: number): void {
    const before = this.#to - this.#from;
    if (before === 0) {
      this.#from = at;
      this.#to = next;
    } else if (before < next - at) {
      chunk.copyWithin(at - before, this.#from, this.#to);
      this.#from = at - before;
      this.#to = next;
    } else {
      chunk.copyWithin(this.#to, at, next);
      this.#to += next - at;
    }
  }

  #deliver(): void {
    const chunk = this.#chunk;
    const from = this.#from;
    const length = this.#to - from;
    this.#chunk = EMPTY;
    this.#from = 0;
    this.#to = 0;
    if (length > 0) this.#sink.payload(new ByteArray(chunk.buffer, chunk.byteOffset + from, length), false);
  }

  #nextFrame(): void {
    this.#inPayload = false;
    this.#headFilled = 0;
    this.#headNeeded = 2;
  }

  /** Its first two octets say how many there are. */
  #beginHead(first: number, second: number): void {
    this.#checkHead(first, second);
    const short = second & 0x7f;
    this.#headNeeded = 2 + (short === 126 ? 2 : short === 127 ? 8 : 0) + (this.#isMasked ? 4 : 0);
  }

  /** All of the head is in `head` from `start` on. */
  #endHead(head: Uint8Array, start: number): void {
    const short = (head[start + 1] as number) & 0x7f;
    let length = short;
    if (short === 126) length = ((head[start + 2] as number) << 8) | (head[start + 3] as number);
    else if (short === 127) length = readSize(head, start + 2);
    if (length > Number.MAX_SAFE_INTEGER) throw this.#broken(`a length of ${length} octets`, MESSAGE_TOO_BIG);
    if ((short === 126 && length < 126) || (short === 127 && length < 65_536)) {
      throw this.#broken(`a length of ${length} that is not written in the shortest way`);
    }
    if (this.#isMasked) {
      const at = start + this.#headNeeded - 4;
      this.#key =
        (head[at] as number) |
        ((head[at + 1] as number) << 8) |
        ((head[at + 2] as number) << 16) |
        ((head[at + 3] as number) << 24);
    }
    this.#remaining = length;
    this.#inPayload = true;
    this.#controlFilled = 0;
    const isControl = (this.#first & IS_CONTROL) !== 0;
    if (isControl || length === 0 || (this.#first & FIN) === 0) this.costlyFrames++;
    if (length > 0) return;
    if (isControl) this.#endControl();
    else {
      this.#nextFrame();
      if (!this.#isStream) this.#sink.payload(EMPTY, !this.#isFragmented);
    }
  }

  /** The first two octets of a frame. */
  #checkHead(first: number, second: number): void {
    if ((first & RESERVED) !== 0) throw this.#broken("reserved bits are set, but no extension was agreed on");
    if (((second & MASK) !== 0) !== this.#isMasked) {
      throw this.#broken(this.#isMasked ? "a client's frame is not masked" : "a server's frame is masked");
    }
    const opcode = first & OPCODE;
    const isFinal = (first & FIN) !== 0;
    switch (opcode) {
      case CLOSE:
      case PING:
      case PONG:
        if (!isFinal) throw this.#broken("a control frame is fragmented");
        if ((second & 0x7f) > LONGEST_CONTROL) throw this.#broken("a control frame of more than 125 octets");
        break;
      case CONTINUATION:
        if (!this.#isFragmented) throw this.#broken("a continuation of no message");
        this.#isFragmented = !isFinal;
        break;
      case BINARY:
        if (this.#isFragmented) throw this.#broken("a message begins within another");
        this.#isFragmented = !isFinal;
        break;
      case 1:
        throw this.#broken("a text message, expected binary ones", UNSUPPORTED_DATA);
      default:
        throw this.#broken(`opcode ${opcode} is reserved`);
    }
    this.#first = first;
  }

  #endControl(): void {
    this.#nextFrame();
    const payload = this.#controlFilled === 0 ? EMPTY : this.#control.subarray(0, this.#controlFilled);
    if (this.#isMasked) maskBytes(payload, 0, payload.length, this.#key);
    const opcode = this.#first & OPCODE;
    if (opcode !== CLOSE) {
      this.#sink.signal(opcode, payload);
      return;
    }
    const code = payload.length === 0 ? NO_CODE : ((payload[0] as number) << 8) | (payload[1] ?? 0);
    if (payload.length === 1 || (payload.length > 1 && !mayBeSent(code))) {
      throw this.#broken(payload.length === 1 ? "a Close frame of one octet" : `close code ${code} may not be sent`);
    }
    const reason = payload.subarray(2);
    if (!isUtf8(reason)) throw this.#broken("a close reason that is not UTF-8", INVALID_PAYLOAD);
    if (this.#isStream) this.#deliver();
    if (this.#isStopped) return;
    this.#isDone = true;
    this.#sink.closing(code, toText(reason));
  }

  #broken(detail: string, closeCode = PROTOCOL_ERROR): ZmqError {
    this.#isDone = true;
    this.#closeCode = closeCode;
    return new ZmqError("EPROTO", { detail: `WebSocket: ${detail}` });
  }
}

/** Close codes that may travel: those of the RFC and of its registry, and those that programs may make up. */
function mayBeSent(code: number): boolean {
  if (code >= 3000) return code <= 4999;
  return code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006;
}

/** Made when it is needed first: jsdom has none. */
let strict: InstanceType<typeof TextDecoder> | undefined;

function isUtf8(bytes: Uint8Array): boolean {
  strict ??= new TextDecoder("utf-8", { fatal: true });
  try {
    strict.decode(bytes);
    return true;
  } catch {
    return false; // A TypeError is how the decoder says no.
  }
}

/** The payload of a Close frame. */
export function closePayload(code: number): Uint8Array {
  return code === NO_CODE ? EMPTY : Uint8Array.of(code >>> 8, code & 0xff);
}

/** Joins the pieces of messages, where borders of messages count. */
export class MessageJoiner {
  /** Octets of the longest message. */
  maxBytes: number;
  #memory: Uint8Array = EMPTY;
  #filled = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /**
   * Adds a piece; returns the message when it is complete: `bytes` itself if it came whole, else memory that is used no
   * further. Throws EMSGSIZE as soon as the pieces are too long together.
   */
  add(bytes: Uint8Array, isEnd: boolean): Uint8Array | undefined {
    const length = this.#filled + bytes.length;
    if (length > this.maxBytes) {
      throw new ZmqError("EMSGSIZE", {
        detail: `WebSocket message of ${length} bytes and more exceeds the limit of ${this.maxBytes}`,
      });
    }
    if (isEnd && this.#filled === 0) return bytes;
    if (length > this.#memory.length) {
      const memory = new Uint8Array(isEnd ? length : Math.max(1024, length * 2));
      memory.set(this.#memory.subarray(0, this.#filled));
      this.#memory = memory;
    }
    this.#memory.set(bytes, this.#filled);
    this.#filled = length;
    if (!isEnd) return undefined;
    const message = this.#memory.subarray(0, length);
    this.#memory = EMPTY;
    this.#filled = 0;
    return message;
  }
}
