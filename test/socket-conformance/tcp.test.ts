/**
 * The socket types over tcp.
 */

import { TCP } from "./bench.ts";
import { publishSubscribe } from "./publish-subscribe.ts";
import { queues } from "./queues.ts";
import { requestReply } from "./request-reply.ts";

queues(TCP);
requestReply(TCP);
publishSubscribe(TCP);
