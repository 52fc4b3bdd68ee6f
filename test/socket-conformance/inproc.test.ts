/**
 * The socket types over inproc.
 */

import { INPROC } from "./bench.ts";
import { connections } from "./connections.ts";
import { draft } from "./draft.ts";
import { fairness } from "./fairness.ts";
import { proxy } from "./proxy.ts";
import { publishSubscribe } from "./publish-subscribe.ts";
import { queues } from "./queues.ts";
import { radioDish } from "./radio-dish.ts";
import { requestReply } from "./request-reply.ts";
import { waiting } from "./waiting.ts";

queues(INPROC);
requestReply(INPROC);
publishSubscribe(INPROC);
connections(INPROC);
waiting(INPROC);
proxy(INPROC);
fairness(INPROC);
draft(INPROC);
radioDish(INPROC);
