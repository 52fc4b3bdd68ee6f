/**
 * Messages that go to many connections, encoded once: header and body of their frames, in blocks of memory that all
 * encoders of the thread refer to. Only for connections that send frames as they are, in the framing of ZMTP 2.0 and
 * later. The last blocks are kept; a connection that is further behind encodes for itself, so that what is queued for
 * a slow peer keeps no block alive.
 */

import { isResizable, uninitialized } from "../base/bytes.ts";
import type { Share, SharedMessage } from "../base/message.ts";
import { LONGEST_HEADER, MORE, writeHeader } from "./frame.ts";

const BLOCK_BYTES = 65_536;
const KEPT_BLOCKS = 8;
/** Longer messages are not shared: a block holds several. */
const LONGEST_BYTES = 16_384;

const blocks: Uint8Array[] = [];
/** The number of the block that is being filled, and how far it is. */
let newest = -1;
let used = BLOCK_BYTES;

/** The block in which the message is encoded, at the place that `share` tells; undefined when it is in none that is kept. */
export function sharedBlock(message: SharedMessage, share: Share): Uint8Array | undefined {
  if (share.block < 0) return encode(message, share);
  return newest - share.block < KEPT_BLOCKS ? blocks[share.block % KEPT_BLOCKS] : undefined;
}

function encode(message: SharedMessage, share: Share): Uint8Array | undefined {
  let most = 0;
  for (let i = 0; i < message.length; i++) {
    const frame = message[i] as Uint8Array;
    if (isResizable(frame)) return undefined;
    most += LONGEST_HEADER + frame.length;
    if (most > LONGEST_BYTES) return undefined;
  }
  if (used + most > BLOCK_BYTES) {
    newest++;
    blocks[newest % KEPT_BLOCKS] = uninitialized(BLOCK_BYTES);
    used = 0;
  }
  const block = blocks[newest % KEPT_BLOCKS] as Uint8Array;
  const last = message.length - 1;
  let end = used;
  for (let i = 0; i <= last; i++) {
    const frame = message[i] as Uint8Array;
    end = writeHeader(block, end, i < last ? MORE : 0, frame.length);
    if (frame.length > 0) block.set(frame, end);
    end += frame.length;
  }
  share.block = newest;
  share.start = used;
  share.end = end;
  used = end;
  return block;
}
