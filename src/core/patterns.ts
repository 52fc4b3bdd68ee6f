/**
 * Which pattern a socket type has.
 */

import type { SocketTypeName } from "../base/socket-types.ts";
import { DealerPattern, RouterPattern } from "../pattern/dealer-router.ts";
import { PairPattern } from "../pattern/exclusive-pair.ts";
import { PullPattern, PushPattern } from "../pattern/pipeline.ts";
import { PubPattern, SubPattern } from "../pattern/publish-subscribe.ts";
import { RepPattern, ReqPattern } from "../pattern/request-reply.ts";
import { StreamPattern } from "../pattern/stream.ts";
import { XPubPattern } from "../pattern/xpub.ts";
import { XSubPattern } from "../pattern/xsub.ts";
import type { PatternFactory } from "./socket-core.ts";

export const PATTERNS: Record<SocketTypeName, PatternFactory> = {
  PAIR: (host) => new PairPattern(host),
  PUB: (host) => new PubPattern(host),
  SUB: (host) => new SubPattern(host),
  REQ: (host) => new ReqPattern(host),
  REP: (host) => new RepPattern(host),
  DEALER: (host) => new DealerPattern(host),
  ROUTER: (host) => new RouterPattern(host),
  PULL: (host) => new PullPattern(host),
  PUSH: (host) => new PushPattern(host),
  XPUB: (host) => new XPubPattern(host),
  XSUB: (host) => new XSubPattern(host),
  STREAM: (host) => new StreamPattern(host),
};
