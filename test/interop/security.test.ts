/**
 * PLAIN, CURVE and ZAP with libzmq 4.3.5 through npm `zeromq`, and with the system's libzmq through pyzmq.
 */

import { test } from "node:test";
import { missing } from "./peer.ts";
import { security } from "./security.ts";

security("zeromq");
const reason = missing("pyzmq");
if (reason === undefined) security("pyzmq");
else test("security with pyzmq", { skip: reason }, () => {});
