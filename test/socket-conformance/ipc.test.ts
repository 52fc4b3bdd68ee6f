/**
 * The socket types over ipc.
 */

import { IPC } from "./bench.ts";
import { publishSubscribe } from "./publish-subscribe.ts";
import { queues } from "./queues.ts";
import { requestReply } from "./request-reply.ts";

queues(IPC);
requestReply(IPC);
publishSubscribe(IPC);
