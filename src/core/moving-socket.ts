/** A socket of a proxy that moves to the thread of its connections; see engine/moving-proxy.ts. */

import { isInproc } from "../base/inproc.ts";
import type { Message } from "../base/message.ts";
import type { MovingSocket } from "../engine/moving-proxy.ts";
import { DROP_REASONS } from "../pattern/pattern.ts";
import type { OpenSocket } from "./context-core.ts";

/** Those whose pattern can be told what it knew. */
const MOVABLE = new Set(["PAIR", "PUB", "SUB", "XPUB", "XSUB", "DEALER", "ROUTER", "PUSH", "PULL"]);

/**
 * Undefined for a socket that must stay: of another type, with peers by inproc or options by which its user decides of
 * each message, or while a call waits.
 */
export function movingSocket({ core, endpoints }: OpenSocket): MovingSocket | undefined {
  const { type, options, operations, pattern } = core;
  const { all } = endpoints;
  if (!MOVABLE.has(type) || operations.isWaiting || all.some(isInproc)) return;
  for (const pipe of core.pipes) if (isInproc(pipe)) return undefined;
  if (options.manual || options.manualLastValue || options.raw || options.conflate) return undefined;
  return {
    owner: endpoints,
    type,
    options,
    endpoints: all,
    peers: () =>
      [...core.pipes].map((pipe) => ({
        pipe,
        routingId: pipe.routingId,
        topics: pattern.topicsOf?.(pipe, Number.POSITIVE_INFINITY) ?? [],
      })),
    topics: () => pattern.subscriptions?.() ?? [],
    takeUnread() {
      const unread: Message[] = [];
      for (let message = pattern.receive?.(); message !== undefined; message = pattern.receive?.())
        unread.push(message);
      return unread;
    },
    moved(movement) {
      core.movement = movement;
      if (core.hearsDrops) movement.hearDrops();
    },
    dropped({ reason, peer, frame }) {
      const name = DROP_REASONS[reason];
      if (name !== undefined) core.tellDrop(name, peer, frame === undefined ? [] : [frame]);
    },
    changed: () => core.notify(),
  };
}
