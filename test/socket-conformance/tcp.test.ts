/**
 * The socket types over tcp.
 */

import { TCP } from "./bench.ts";
import { queues } from "./queues.ts";

queues(TCP);
