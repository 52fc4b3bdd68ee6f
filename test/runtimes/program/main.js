/**
 * What users rely on, checked in whatever runtime this program is started with; `zmq-ts` is the installed package.
 * `main.js [part of a name]`. The address of a libzmq peer (see peer.py) may stand in ZMQ_TS_LIBZMQ_PEER.
 * It ends by itself, without process.exit: that it does is one more check, by whoever started it.
 */

import { Authenticator } from "zmq-ts";
import { runAll } from "./check.js";
import { runtime } from "./runtime.js";
import "./patterns.js";
import "./messages.js";
import "./connections.js";
import "./websockets.js";
import "./waiting.js";
import "./errors.js";
import "./security.js";
import "./tools.js";
import "./processes.js";
import "./threads.js";
import "./sync.js";
import "./libzmq.js";
import "./load.js";

// The CURVE servers of these checks let everybody in, and that is no oversight: without it they would warn.
new Authenticator({ curve: "any" }).start();
console.log(`begin  ${runtime.name} ${runtime.version}`);
await runAll(process.argv[2] ?? "");
