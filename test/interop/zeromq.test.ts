/**
 * Interop with libzmq 4.3.5 through npm `zeromq`.
 */

import { behaviour } from "./behaviour.ts";
import { connections } from "./connections.ts";
import { matrix } from "./matrix.ts";
import { rawStreams } from "./raw-streams.ts";

matrix("zeromq");
behaviour("zeromq");
connections("zeromq");
rawStreams("zeromq");
