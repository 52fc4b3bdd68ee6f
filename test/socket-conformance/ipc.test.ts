/**
 * The socket types over ipc.
 */

import { IPC } from "./bench.ts";
import { connections } from "./connections.ts";
import { draft } from "./draft.ts";
import { fairness } from "./fairness.ts";
import { proxy } from "./proxy.ts";
import { publishSubscribe } from "./publish-subscribe.ts";
import { queues } from "./queues.ts";
import { radioDish } from "./radio-dish.ts";
import { reconnection } from "./reconnection.ts";
import { requestReply } from "./request-reply.ts";
import { waiting } from "./waiting.ts";

queues(IPC);
requestReply(IPC);
publishSubscribe(IPC);
connections(IPC);
reconnection(IPC);
waiting(IPC);
proxy(IPC);
fairness(IPC);
draft(IPC);
radioDish(IPC);
