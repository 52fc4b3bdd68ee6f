/**
 * ws with libzmq 4.3.5 through npm `zeromq`, and with the system's libzmq through pyzmq.
 */

import { test } from "node:test";
import { missing } from "./peer.ts";
import { webSocket } from "./websocket.ts";

webSocket("zeromq");
const reason = missing("pyzmq");
if (reason === undefined) webSocket("pyzmq");
else test("ws with pyzmq", { skip: reason }, () => {});
