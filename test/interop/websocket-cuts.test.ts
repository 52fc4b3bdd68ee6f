/** What ends between two octets, or comes in pieces, with libzmq 4.3.5 through npm `zeromq`, and the system's through pyzmq. */

import { test } from "node:test";
import { missing } from "./peer.ts";
import { webSocketCuts } from "./websocket-cuts.ts";

webSocketCuts("zeromq");
const reason = missing("pyzmq");
if (reason === undefined) webSocketCuts("pyzmq");
else test("cuts with pyzmq", { skip: reason }, () => {});
