/**
 * The socket types over ipc.
 */

import { IPC } from "./bench.ts";
import { queues } from "./queues.ts";

queues(IPC);
