/**
 * IP addresses and CIDR ranges (RFC 4632, RFC 4291) as an access list needs
 * them: parse a rule once, ask it for many addresses. An IPv4 address mapped
 * into IPv6 (`::ffff:10.0.0.1`) counts as the IPv4 address. A rule has no zone
 * (`fe80::1%eth0`): it is the same address on every link, and to let in only
 * those of one is not promised.
 */

import { ZmqError } from "./errors.ts";
import { ipOctets } from "./ip.ts";

export class AddressRange {
  readonly #first: readonly number[];
  readonly #bits: number;

  /** `text`: `192.168.1.7`, `10.0.0.0/8`, `::1` or `2001:db8::/32`. Throws EINVAL for anything else. */
  constructor(text: string) {
    if (typeof text !== "string") throw new TypeError("Address must be a string");
    const range = parseRange(text);
    if (range === undefined) throw wrong(text);
    this.#first = range.first;
    this.#bits = range.bits;
  }

  /** False also for what is no address: the empty one of ipc peers, for example. */
  contains(address: string): boolean {
    const octets = ipOctets(address);
    if (octets === undefined || octets.length !== this.#first.length) return false;
    for (let i = 0; i * 8 < this.#bits; i++) {
      const different = (octets[i] as number) ^ (this.#first[i] as number);
      if (different >> Math.max(0, 8 - (this.#bits - i * 8)) !== 0) return false;
    }
    return true;
  }
}

/** Whether `AddressRange` takes it. */
export function isAddressRange(text: string): boolean {
  return parseRange(text) !== undefined;
}

/** `[::1]/128` -> `::1/128`: what libzmq takes besides the usual form. */
export function withoutBrackets(range: string): string {
  return range.replace(/^\[([^\][]+)\](?=\/|$)/, "$1");
}

function parseRange(text: string): { first: readonly number[]; bits: number } | undefined {
  const [address = "", prefix, ...rest] = text.split("/");
  const first = ipOctets(address);
  if (first === undefined || address.includes("%") || rest.length > 0) return undefined;
  if (prefix === undefined) return { first, bits: first.length * 8 };
  // A prefix of a mapped address counts the 96 bits in front of it.
  const skipped = first.length === 4 && address.includes(":") ? 96 : 0;
  const bits = /^\d{1,3}$/.test(prefix) ? Number(prefix) - skipped : -1;
  return bits >= 0 && bits <= first.length * 8 ? { first, bits } : undefined;
}

function wrong(text: string): ZmqError {
  return new ZmqError("EINVAL", {
    message: `expected an IP address or a CIDR range such as 10.0.0.0/8 or 2001:db8::/32, "${text}" came`,
  });
}
