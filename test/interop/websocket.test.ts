/**
 * ws with libzmq 4.3.5 through npm `zeromq`, and with the system's libzmq through pyzmq: all that is tried over tcp.
 */

import { test } from "node:test";
import { behaviour } from "./behaviour.ts";
import { connections } from "./connections.ts";
import { matrix } from "./matrix.ts";
import { ANY_WS_PORT } from "./opener.ts";
import { type Library, missing } from "./peer.ts";
import { security } from "./security.ts";
import { webSocketWays } from "./websocket-ways.ts";

function webSocket(library: Library): void {
  matrix(library, ["ws"]);
  behaviour(library, ANY_WS_PORT);
  connections(library, ANY_WS_PORT);
  security(library, ANY_WS_PORT);
  webSocketWays(library);
}

webSocket("zeromq");
const reason = missing("pyzmq");
if (reason === undefined) webSocket("pyzmq");
else test("ws with pyzmq", { skip: reason }, () => {});
