/** Moves a proxy to the I/O thread of its sockets. Pages, which have no such threads, have small-move-proxy.ts. */

import { movingSocket } from "../core/moving-socket.ts";
import { contextCore } from "../socket/context.ts";
import { coreOf, endpointsOf } from "../socket/core-of.ts";
import type { Socket } from "../socket/socket.ts";
import type { ProxyCores } from "./forwarder.ts";
import { MovedForwarder } from "./moved-forwarder.ts";
import type { Steered } from "./steering.ts";

/**
 * Moves the two sockets of `cores` to the I/O thread of their endpoints, where there is one and they may, and runs the
 * loop there, until `onEnd`. Undefined where they stay.
 */
export function moveProxy(
  frontEnd: Socket,
  backEnd: Socket,
  cores: ProxyCores,
  onEnd: (error?: unknown) => void,
): Steered | undefined {
  if (cores.front === cores.back) return undefined;
  const [front, back] = [frontEnd, backEnd].map((socket) =>
    movingSocket({ core: coreOf(socket), endpoints: endpointsOf(socket) }),
  );
  if (front === undefined || back === undefined) return undefined;
  const forwarder = new MovedForwarder(cores);
  const moved = contextCore(frontEnd.context).engine.move?.(front, back, {
    captured: forwarder.captured,
    captureMark: cores.capture?.options.sendHighWaterMark ?? 0,
    ended: (error) => forwarder.ended(error),
  });
  if (moved === undefined) return undefined;
  forwarder.start(moved, onEnd);
  return forwarder;
}
