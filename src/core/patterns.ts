/**
 * Which pattern a socket type has, for whoever names types: sockets by number, the blocking API, the authenticator. The
 * classes of sockets bring their own.
 */

import type { SocketTypeName } from "../base/socket-types.ts";
import { ChannelPattern } from "../pattern/channel.ts";
import { DatagramPattern } from "../pattern/datagram.ts";
import { DealerPattern, RouterPattern } from "../pattern/dealer-router.ts";
import { PairPattern } from "../pattern/exclusive-pair.ts";
import type { PatternClass } from "../pattern/pattern.ts";
import { PullPattern, PushPattern } from "../pattern/pipeline.ts";
import { PubPattern, SubPattern } from "../pattern/publish-subscribe.ts";
import { DishPattern, RadioPattern } from "../pattern/radio-dish.ts";
import { RepPattern, ReqPattern } from "../pattern/request-reply.ts";
import { GatherPattern, ScatterPattern } from "../pattern/scatter-gather.ts";
import { ClientPattern, ServerPattern } from "../pattern/server-client.ts";
import { StreamPattern } from "../pattern/stream.ts";
import { XPubPattern } from "../pattern/xpub.ts";
import { XSubPattern } from "../pattern/xsub.ts";

export const PATTERNS: Record<SocketTypeName, PatternClass> = {
  PAIR: PairPattern,
  PUB: PubPattern,
  SUB: SubPattern,
  REQ: ReqPattern,
  REP: RepPattern,
  DEALER: DealerPattern,
  ROUTER: RouterPattern,
  PULL: PullPattern,
  PUSH: PushPattern,
  XPUB: XPubPattern,
  XSUB: XSubPattern,
  STREAM: StreamPattern,
  SERVER: ServerPattern,
  CLIENT: ClientPattern,
  RADIO: RadioPattern,
  DISH: DishPattern,
  GATHER: GatherPattern,
  SCATTER: ScatterPattern,
  DGRAM: DatagramPattern,
  PEER: ServerPattern,
  CHANNEL: ChannelPattern,
};
