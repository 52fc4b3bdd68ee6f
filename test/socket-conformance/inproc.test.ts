/**
 * The socket types over inproc.
 */

import { INPROC } from "./bench.ts";
import { queues } from "./queues.ts";

queues(INPROC);
