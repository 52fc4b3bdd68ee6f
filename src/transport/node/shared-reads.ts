/**
 * Reads all connections of a thread into one buffer. Node otherwise takes 64 KiB
 * of fresh memory for every read; with one buffer that stays in the processor's
 * cache a read of 64 KiB costs 11 us instead of 23 us (bench/micro/reads.ts).
 *
 * The rest of a large frame is read right into its place (`readNextInto`).
 *
 * `net` offers this (`onread`) to sockets that one makes oneself; a socket that
 * exists already, and is paused, hands its handle over to such a one. Where it has read something already, or the runtime
 * does not work this way, the socket stays as it is, and its link listens for 'data'.
 */

import net, { type Socket } from "node:net";
import { maskableMemory } from "../../wire/mask-vectors.ts";
import { keepFreedMemory } from "./freed-memory.ts";

const READ_BYTES = 131_072;

/** The object behind a socket of Node: present in every version so far, documented in none. */
interface Handle {
  useUserBuffer?: unknown;
}
interface HandledSocket {
  _handle?: Handle | null;
}

let shared: Uint8Array | undefined;
let sharedMaskable: Uint8Array | undefined;
/** Where the connection that is being read reads next. */
let next: Uint8Array | undefined;
/** One for all connections, for it is asked right behind `received`. */
const nextBuffer = (): Uint8Array => next as Uint8Array;

/** The buffer for connections whose peers mask what they send. */
export function maskableReads(): Uint8Array {
  sharedMaskable ??= maskableMemory(READ_BYTES);
  return sharedMaskable;
}

/**
 * For `received`, in every call, which brought `length` bytes: where the next bytes of this connection go; undefined: into
 * `usual`, or the shared buffer.
 */
export function readNextInto(memory: Uint8Array | undefined, usual: Uint8Array | undefined, length: number): void {
  if (memory !== undefined) keepFreedMemory(length);
  next = memory ?? usual ?? shared;
}

/**
 * A socket over the connection of `socket`, which is of no use afterwards. It
 * is paused; once resumed it calls `received` with itself as `this` and bytes
 * that are valid only during the call. `usual`: what it reads into, in place of the shared buffer. Undefined: impossible here.
 */
export function shareReads(
  socket: Socket,
  received: (this: Socket, length: number, buffer: Uint8Array) => boolean,
  usual?: Uint8Array,
): Socket | undefined {
  const held = socket as unknown as HandledSocket;
  const handle = held._handle;
  // Sockets of another class (TLS) have more behind them than a handle; and what a socket has read already stays with it.
  const isPlain = Object.getPrototypeOf(socket) === net.Socket.prototype && socket.readableLength === 0;
  if (!isPlain || typeof handle?.useUserBuffer !== "function") {
    return undefined;
  }
  shared ??= Buffer.allocUnsafeSlow(READ_BYTES);
  next = usual ?? shared;
  held._handle = null;
  const onread = { buffer: nextBuffer, callback: received };
  const options = { handle, pauseOnCreate: true, onread };
  return new net.Socket(options as ConstructorParameters<typeof Socket>[0]);
}
