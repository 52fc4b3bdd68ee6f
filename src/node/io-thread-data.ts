/** What an I/O thread is started with. */

import type { MessagePort } from "node:worker_threads";
import type { Bell } from "../thread/bell.ts";

export interface IoThreadData {
  readonly port: MessagePort;
  /** That of the sockets' thread. */
  readonly bell: Bell;
  /** The bell of the I/O thread, and whether that has ended. */
  readonly words: Int32Array;
}

export const IO_BELL = 0;
export const ENDED = 1;
export const IO_THREAD_WORDS = 2;
