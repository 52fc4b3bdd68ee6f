/**
 * Received frames that share memory stay whole when one of them is posted to
 * another thread with a transfer list.
 */

import { markAsUntransferable } from "node:worker_threads";
import { keepSharedMemoryBy } from "../base/bytes.ts";

/** Has the library mark the memory that its frames share, where the runtime can: older Buns throw. */
export function keepSharedMemory(): void {
  try {
    markAsUntransferable(new ArrayBuffer(1));
  } catch {
    return; // Not implemented in this runtime: there small frames must not be transferred.
  }
  keepSharedMemoryBy(markAsUntransferable);
}
