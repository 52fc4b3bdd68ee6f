/** All targets of the fuzzer. */

import type { Target } from "./target.ts";
import { FRAME_TARGETS } from "./targets/frames.ts";

export const TARGETS: readonly Target[] = [...FRAME_TARGETS];
