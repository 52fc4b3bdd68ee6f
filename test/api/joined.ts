/** Sockets joined over inproc, closed when a test is over; for tests of calls without waiting and of many at a time. */

import { afterEach } from "node:test";
import type * as zmq from "../../src/index.ts";

const open: { close(): void }[] = [];
let names = 0;

export function opened<S extends zmq.Socket>(socket: S): S {
  open.push({
    close() {
      if (!socket.closed) socket.linger = 0;
      socket.close();
    },
  });
  return socket;
}

/** Joined over inproc: the second connects to the first. */
export async function joined<A extends zmq.Socket, B extends zmq.Socket>(binder: A, connector: B): Promise<[A, B]> {
  opened(binder);
  opened(connector);
  const address = binder.lastEndpoint ?? `inproc://many-${names++}`;
  if (binder.lastEndpoint === null) await binder.bind(address);
  connector.connect(address);
  return [binder, connector];
}

afterEach(() => {
  for (const each of open.splice(0).reverse()) each.close();
});

export const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, n) => `${from + n}`);
/** Messages as text. */
export const flat = (batches: Uint8Array[][]) => batches.map(String);
export const turn = () => new Promise((resolve) => setImmediate(resolve));
