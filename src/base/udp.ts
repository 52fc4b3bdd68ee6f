/** What fits into a datagram of `udp://` (libzmq 4.3.5), for those that make them and those that refuse what does not fit. */

import { isIPv4, isIPv6 } from "./ip.ts";

/** Octets of a datagram: the buffer in which libzmq receives. */
export const LONGEST_DATAGRAM = 8192;
/** Octets of a group's name: a longer one ends the process of a DISH of libzmq up to 4.3.5. */
export const LONGEST_UDP_GROUP = 127;

/** `127.0.0.1:5555`, `[::1]:5555`, with or without a NUL behind. */
const ADDRESS = /^(?:([\d.]+)|\[([\da-f:.]+)(%[\w.-]+)?\]):(\d{1,5})\0?$/i;

/** The address in the first frame of a DGRAM message; undefined when it is none. Names are none. */
export function parseDatagramAddress(text: string): { address: string; port: number } | undefined {
  const [, four = "", six = "", zone = "", digits] = ADDRESS.exec(text) ?? [];
  const port = Number(digits);
  if (!(port >= 1 && port <= 65_535)) return undefined;
  if (isIPv4(four)) return { address: four, port };
  return isIPv6(six) ? { address: `${six}${zone}`, port } : undefined;
}
