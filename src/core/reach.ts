/** What a platform has that leaves out nothing: every endpoint, every socket type, the ZAP handler. */

import { GRAMMAR } from "../base/endpoint.ts";
import { PATTERNS } from "./patterns.ts";
import type { Reach } from "./platform.ts";
import { authenticate } from "./zap-client.ts";

export const WHOLE: Reach = { grammar: GRAMMAR, patterns: PATTERNS, authenticate };
