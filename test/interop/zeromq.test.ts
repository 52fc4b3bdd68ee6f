/**
 * Interop with libzmq 4.3.5 through npm `zeromq`.
 */

import { matrix } from "./matrix.ts";

matrix("zeromq");
