/**
 * The cases that lean most on the engine, over tcp with the engine in an I/O thread. For all others, and for other tests
 * of sockets: node --import tsx --import ./test/io-threads.ts --test test/socket-conformance/ipc.test.ts
 */

import "../io-threads.ts";
import { TCP } from "./bench.ts";
import { connections } from "./connections.ts";
import { queues } from "./queues.ts";
import { reconnection } from "./reconnection.ts";
import { waiting } from "./waiting.ts";

queues(TCP);
connections(TCP);
reconnection(TCP);
waiting(TCP);
