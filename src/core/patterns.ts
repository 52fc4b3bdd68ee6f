/**
 * Which pattern a socket type has, for whoever names types: sockets by number, the blocking API, the authenticator. The
 * classes of sockets bring their own.
 */

import type { SocketTypeName } from "../base/socket-types.ts";
import { ChannelPattern } from "../pattern/channel.ts";
import { DatagramPattern } from "../pattern/datagram.ts";
import { DealerPattern, RouterPattern } from "../pattern/dealer-router.ts";
import { PairPattern } from "../pattern/exclusive-pair.ts";
import type { PatternFactory } from "../pattern/pattern.ts";
import { PullPattern, PushPattern } from "../pattern/pipeline.ts";
import { PubPattern, SubPattern } from "../pattern/publish-subscribe.ts";
import { DishPattern, RadioPattern } from "../pattern/radio-dish.ts";
import { RepPattern, ReqPattern } from "../pattern/request-reply.ts";
import { GatherPattern, ScatterPattern } from "../pattern/scatter-gather.ts";
import { ClientPattern, ServerPattern } from "../pattern/server-client.ts";
import { StreamPattern } from "../pattern/stream.ts";
import { XPubPattern } from "../pattern/xpub.ts";
import { XSubPattern } from "../pattern/xsub.ts";

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
  SERVER: (host) => new ServerPattern(host),
  CLIENT: (host) => new ClientPattern(host),
  RADIO: (host) => new RadioPattern(host),
  DISH: (host) => new DishPattern(host),
  GATHER: (host) => new GatherPattern(host),
  SCATTER: (host) => new ScatterPattern(host),
  DGRAM: (host) => new DatagramPattern(host),
  PEER: (host) => new ServerPattern(host),
  CHANNEL: (host) => new ChannelPattern(host),
};
