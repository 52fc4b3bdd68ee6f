/**
 * From what an endpoint calls a host to IP addresses: literals, names of
 * network interfaces and names that the system's resolver knows. Follows
 * libzmq: without the ipv6 option only IPv4 exists, an interface name works
 * for binding and as a source, not as a target.
 */

import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { networkInterfaces } from "node:os";
import { ZmqError } from "../../base/errors.ts";

export interface IpAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

const IPV4_ANY: IpAddress = { address: "0.0.0.0", family: 4 };
const IPV6_ANY: IpAddress = { address: "::", family: 6 };

/** The addresses to try for a connect, IPv6 first; at once for a literal. Rejects with the resolver's error, ENOTFOUND for example. */
export function targetAddresses(host: string, ipv6: boolean): readonly IpAddress[] | Promise<readonly IpAddress[]> {
  return ipLiteral(host) ?? resolved(host, ipv6);
}

/** The addresses to try for a bind, best first. Rejects with ENODEV. */
export async function bindAddresses(host: string, ipv6: boolean): Promise<readonly IpAddress[]> {
  const known = localAddresses(host, ipv6);
  if (known !== undefined) return known;
  try {
    return await resolved(host, ipv6);
  } catch (cause) {
    throw new ZmqError("ENODEV", {
      detail: `${host}: neither an address, an interface nor a name that resolves`,
      cause,
    });
  }
}

/** As `bindAddresses`, without the resolver: only `localhost` is known by name. */
export function bindAddressesSync(host: string, ipv6: boolean): readonly IpAddress[] {
  if (host === "localhost") return [ipv6 ? { address: "::1", family: 6 } : { address: "127.0.0.1", family: 4 }];
  const known = localAddresses(host, ipv6);
  if (known !== undefined) return known;
  throw new ZmqError("ENODEV", {
    detail: `${host}: neither an address nor an interface, and other names cannot be resolved synchronously`,
  });
}

function localAddresses(host: string, ipv6: boolean): readonly IpAddress[] | undefined {
  // A host without IPv6 still serves a wildcard.
  if (host === "::") return [IPV6_ANY, IPV4_ANY];
  return ipLiteral(host) ?? interfaceAddresses(host, ipv6);
}

/** The addresses of a network interface, IPv6 first where allowed; undefined when there is no such interface. */
export function interfaceAddresses(name: string, ipv6: boolean): readonly IpAddress[] | undefined {
  const found: IpAddress[] = [];
  for (const entry of networkInterfaces()[name] ?? []) {
    if (entry.family === "IPv4") found.push({ address: entry.address, family: 4 });
    else if (ipv6) {
      const address = entry.address.startsWith("fe80:") ? `${entry.address}%${name}` : entry.address;
      found.push({ address, family: 6 });
    }
  }
  return found.length === 0 ? undefined : found.sort(ipv6First);
}

function ipLiteral(host: string): readonly IpAddress[] | undefined {
  const family = isIP(host);
  return family === 4 || family === 6 ? [{ address: host, family }] : undefined;
}

async function resolved(host: string, ipv6: boolean): Promise<readonly IpAddress[]> {
  const answers = await lookup(host, { all: true, family: ipv6 ? 0 : 4 });
  const addresses = answers.map(({ address, family }): IpAddress => ({ address, family: family === 6 ? 6 : 4 }));
  return addresses.sort(ipv6First);
}

function ipv6First(a: IpAddress, b: IpAddress): number {
  return b.family - a.family;
}
