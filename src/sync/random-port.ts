/** Binding to a free port, as pyzmq's `bind_to_random_port`. Without a range the kernel chooses. */

import { ZmqError } from "../base/errors.ts";

/** The port. `bind` returns the endpoint that it bound. */
export function bindToRandomPort(
  bind: (address: string) => string,
  address: string,
  range: { readonly lowest: number | undefined; readonly beyond: number | undefined; readonly tries: number },
  random32: () => number,
): number {
  if (range.lowest === undefined && range.beyond === undefined) return portOf(bind(`${address}:*`));
  const { lowest = 49152, beyond = 65536, tries } = range;
  if (!(lowest >= 1 && lowest < beyond && beyond <= 65536)) {
    throw new RangeError(`expected a lowest port and one beyond the highest, not ${lowest} and ${beyond}`);
  }
  for (let attempt = 1; ; attempt++) {
    const port = lowest + (random32() % (beyond - lowest));
    try {
      bind(`${address}:${port}`);
      return port;
    } catch (error) {
      if (!(error instanceof ZmqError) || error.code !== "EADDRINUSE" || attempt >= tries) throw error;
    }
  }
}

function portOf(endpoint: string): number {
  return Number(endpoint.slice(endpoint.lastIndexOf(":") + 1));
}
