/** The same bytes to libzmq and to ours: both end alike, or the case says why not. */

import { CASES } from "./cases.ts";
import { sameBytes } from "./same-bytes.ts";

sameBytes(CASES);
