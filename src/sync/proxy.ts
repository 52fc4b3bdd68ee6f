/** `zmq.proxy`, `zmq.proxySteerable` and `zmq.device`: a proxy that takes its thread. */

import { Forwarder } from "../device/forwarder.ts";
import { type AnySocket, socketParts } from "./context-parts.ts";

/**
 * Forwards between two sockets, both ways, a copy of each message to `capture`. Returns only when one of them is closed,
 * as by nobody in this thread: such a program is ended from outside.
 */
export function proxy(frontEnd: AnySocket, backEnd: AnySocket, capture?: AnySocket): void {
  forward(frontEnd, backEnd, capture, undefined);
}

/** As `proxy`, until TERMINATE comes from `control`; PAUSE, RESUME and STATISTICS are the other commands. The sockets stay open. */
export function proxySteerable(
  frontEnd: AnySocket,
  backEnd: AnySocket,
  capture?: AnySocket | null,
  control?: AnySocket | null,
): void {
  forward(frontEnd, backEnd, capture ?? undefined, control ?? undefined);
}

/** As `proxy`. `type` (QUEUE, FORWARDER, STREAMER) says only what it is for: libzmq does not look at it either. */
export function device(_type: number, frontEnd: AnySocket, backEnd: AnySocket): void {
  proxy(frontEnd, backEnd);
}

function forward(
  frontEnd: AnySocket,
  backEnd: AnySocket,
  capture: AnySocket | undefined,
  control: AnySocket | undefined,
): void {
  const { waiter, open } = socketParts(frontEnd);
  const forwarder = new Forwarder({
    front: open.core,
    back: socketParts(backEnd).open.core,
    capture: capture && socketParts(capture).open.core,
    control: control && socketParts(control).open.core,
  });
  let end: { readonly error: unknown } | undefined;
  forwarder.start((error) => {
    end = { error };
  });
  waiter.until(() => end !== undefined, -1);
  if (end?.error !== undefined) throw end.error;
}
