/**
 * The socket types over inproc.
 */

import { INPROC } from "./bench.ts";
import { publishSubscribe } from "./publish-subscribe.ts";
import { queues } from "./queues.ts";
import { requestReply } from "./request-reply.ts";

queues(INPROC);
requestReply(INPROC);
publishSubscribe(INPROC);
