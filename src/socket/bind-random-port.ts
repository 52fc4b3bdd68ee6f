/** Binding to a free port of a range, as pyzmq's bind_to_random_port. Without a range the kernel chooses. */

import { ZmqError } from "../base/errors.ts";

export interface PortRange {
  /** The lowest port; 49152 when only `max` is given. */
  min?: number;
  /** The highest port; 65535 when only `min` is given. */
  max?: number;
  /** Ports of the range that are tried; 100 when not given. */
  tries?: number;
}

/** What is needed of a socket. */
interface Binder {
  readonly lastEndpoint: string | null;
  bind(address: string): Promise<void>;
}

/** The port. `address` has none. */
export async function bindRandomPort(
  binder: Binder,
  address: string,
  { min, max, tries = 100 }: PortRange,
  random32: () => number,
): Promise<number> {
  if (!/^tcp:\/\/(\[.*\]|[^:]*)$/.test(address)) {
    throw new ZmqError("EINVAL", { address, detail: "expected tcp://host, without a port" });
  }
  if (min === undefined && max === undefined) {
    await binder.bind(`${address}:*`);
    return portOf(binder.lastEndpoint ?? "");
  }
  const lowest = min ?? 49152;
  const highest = max ?? 65535;
  if (!(lowest >= 1 && lowest <= highest && highest <= 65535)) {
    throw new RangeError(`min, max: expected ports, the lower one first, not ${lowest} and ${highest}`);
  }
  for (let attempt = 1; ; attempt++) {
    const port = lowest + (random32() % (highest - lowest + 1));
    try {
      await binder.bind(`${address}:${port}`);
      return port;
    } catch (error) {
      if (!(error instanceof ZmqError) || error.code !== "EADDRINUSE" || attempt >= tries) throw error;
    }
  }
}

function portOf(endpoint: string): number {
  return Number(endpoint.slice(endpoint.lastIndexOf(":") + 1));
}
