/**
 * Frames as the interop tests write and compare them: text as it is, large ones as the size and seed of a pattern, and
 * what was received as hex or as length and hash, so that no megabytes pass between the processes as text.
 */

import { createHash } from "node:crypto";

/** Text, bytes as hex, or a pattern of `size` octets that begins at `seed`. */
export type FrameSpec = string | { readonly hex: string } | { readonly size: number; readonly seed: number };

export type MessageSpec = readonly FrameSpec[];

export function bytesOf(frame: FrameSpec): Buffer {
  if (typeof frame === "string") return Buffer.from(frame);
  if ("hex" in frame) return Buffer.from(frame.hex, "hex");
  const turn = Buffer.alloc(251);
  for (let i = 0; i < turn.length; i++) turn[i] = (frame.seed + i) % 251;
  return Buffer.alloc(frame.size, turn);
}

/** What tells two frames apart: hex up to 64 octets, then length and hash. */
export function described(frame: Uint8Array): string {
  if (frame.length <= 64) return Buffer.from(frame).toString("hex");
  return `${frame.length}:${createHash("sha1").update(frame).digest("hex")}`;
}

/** The same, of a frame that is not made yet. */
export function expected(message: MessageSpec): string[] {
  return message.map((frame) => described(bytesOf(frame)));
}

/** What every pair of sockets exchanges: each size at which the framing changes, a large frame, and many frames. */
export const MESSAGES: readonly MessageSpec[] = [
  [""],
  ["x"],
  [{ size: 124, seed: 7 }],
  [{ size: 125, seed: 8 }],
  [{ size: 126, seed: 9 }],
  [{ size: 254, seed: 10 }],
  [{ size: 255, seed: 1 }],
  [{ size: 256, seed: 2 }],
  [{ size: 65_534, seed: 11 }],
  [{ size: 65_535, seed: 3 }],
  [{ size: 65_536, seed: 4 }],
  [{ size: 65_537, seed: 12 }],
  [{ size: 3 * 1024 * 1024, seed: 5 }],
  ["first", "", { size: 300, seed: 6 }, ""],
  Array.from({ length: 50 }, (_, i) => ({ size: (i * 37) % 600, seed: i })),
];
