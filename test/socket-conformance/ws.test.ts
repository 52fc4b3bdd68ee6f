/**
 * The socket types over ws.
 */

import { WS } from "./bench.ts";
import { connections } from "./connections.ts";
import { fairness } from "./fairness.ts";
import { proxy } from "./proxy.ts";
import { publishSubscribe } from "./publish-subscribe.ts";
import { queues } from "./queues.ts";
import { reconnection } from "./reconnection.ts";
import { requestReply } from "./request-reply.ts";
import { waiting } from "./waiting.ts";

queues(WS);
requestReply(WS);
publishSubscribe(WS);
connections(WS);
reconnection(WS);
waiting(WS);
proxy(WS);
fairness(WS);
