/** The same bytes to libzmq's ws and to ours: both end alike, or the case says why not. */

import { sameBytes } from "./same-bytes.ts";
import { WEBSOCKET_CASES } from "./websocket-cases.ts";

sameBytes(WEBSOCKET_CASES);
