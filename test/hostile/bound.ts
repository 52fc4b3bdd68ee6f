/** What the tests of limits share: bound sockets over links in memory, and floods. */

import type { FakeClock } from "../fake-clock.ts";
import { type FakeLink, fakeContext, repeated } from "../fake-link.ts";

/** A bound socket of `type`, what it runs on, and what it tells its observers. */
export function bound<S extends { bindSync(address: string): void }, O extends object>(
  Type: new (options: O) => S,
  options: Omit<O, "context"> = {} as O,
) {
  const { context, clock, transport } = fakeContext();
  const socket = new Type({ ...options, context } as unknown as O);
  socket.bindSync("tcp://127.0.0.1:1");
  return { socket, clock, transport };
}

/** Long enough for a connection that rests after many frames of one message. */
const REST_MS = 200;

/** Sends in chunks of 64 KiB, as a socket's reads bring them, as long as the peer is listened to. Returns how many went out. */
export function flood(
  link: FakeLink,
  clock: Pick<FakeClock, "turn" | "advance">,
  piece: Uint8Array,
  chunks: number,
): number {
  const chunk = repeated(piece, Math.floor(65_536 / piece.length));
  let sent = 0;
  while (sent < chunks && link.isOpen && !link.isPaused) {
    link.handler.data(chunk);
    sent++;
    clock.turn();
    clock.advance(REST_MS);
  }
  return sent;
}
