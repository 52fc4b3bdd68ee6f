/**
 * `epgm://` and `pgm://` as protocols of a platform, and what the options of a socket mean for them: as libzmq reads
 * them, so that both sides come to the same window.
 */

import type { DatagramTransport, NetworkInterface } from "../base/datagram.ts";
import type { Endpoint, PgmEndpoint } from "../base/endpoint-grammar.ts";
import { ZmqError } from "../base/errors.ts";
import { isIPv4 } from "../base/ip.ts";
import type { OptionValues } from "../base/options.ts";
import type { DecoderLimits } from "../base/protocol.ts";
import { decoderLimits } from "./session-maker.ts";

/** Octets of headers below PGM, and of PGM itself: of ODATA, and of the option for fragments, for which libzmq keeps room. */
const IPV4_BYTES = 20;
const IPV6_BYTES = 40;
const UDP_BYTES = 8;
const PGM_BYTES = 24;
const FRAGMENT_BYTES = 20;
/** The largest packet of IP, and the smallest APDU that is worth its headers. */
const MOST_TPDU_BYTES = 65_535;
const LEAST_APDU_BYTES = 16;

export interface PgmSettings {
  readonly iface: NetworkInterface;
  readonly apduBytes: number;
  readonly lowerBytes: number;
  /** Octets a second. */
  readonly rate: number;
  readonly windowPackets: number;
  readonly hops: number;
  readonly loop: boolean;
  readonly sendBufferBytes: number;
  readonly receiveBufferBytes: number;
  readonly limits: DecoderLimits;
  /** An address as the system wants it: those of IPv6 that are of one link, with that. */
  scoped(address: string): string;
}

/** Throws ENODEV for an interface that is not there, EINVAL for what does not go together. */
export function pgmSettings(target: PgmEndpoint, options: OptionValues, transport: DatagramTransport): PgmSettings {
  const { text, scheme, groups, sendGroup } = target;
  const all = sendGroup === undefined ? groups : [...groups, sendGroup];
  const family = isIPv4(all[0] as string) ? 4 : 6;
  if (all.some((group) => isIPv4(group) !== (family === 4))) {
    throw new ZmqError("EINVAL", { address: text, detail: "the groups are of IPv4 and IPv6" });
  }
  if (options.securityMechanism !== null || options.zapDomain !== null) {
    const asked = options.securityMechanism?.toUpperCase() ?? "zapDomain";
    throw new ZmqError("EINVAL", { address: text, message: `${asked} is set, but multicast knows no security` });
  }
  const iface = transport.networkInterface(target.iface, family);
  const tpduBytes = Math.min(options.multicastMaxTransportDataUnit, MOST_TPDU_BYTES);
  const lowerBytes = (family === 4 ? IPV4_BYTES : IPV6_BYTES) + (scheme === "epgm" ? UDP_BYTES : 0);
  const apduBytes = tpduBytes - lowerBytes - PGM_BYTES - FRAGMENT_BYTES;
  if (apduBytes < LEAST_APDU_BYTES) {
    const least = tpduBytes - apduBytes + LEAST_APDU_BYTES;
    throw new ZmqError("EINVAL", { address: text, detail: `multicastMaxTransportDataUnit must be ${least} or more` });
  }
  const { rate, recoveryInterval } = options;
  return {
    iface,
    apduBytes,
    lowerBytes,
    rate: rate * 125,
    // With libzmq's own rounding: the windows of both sides are as long as each other.
    windowPackets: Math.max(1, Math.floor((Math.floor(rate / 8) * recoveryInterval) / tpduBytes)),
    hops: options.multicastHops,
    loop: options.multicastLoop,
    sendBufferBytes: options.sendBufferSize,
    receiveBufferBytes: options.receiveBufferSize,
    limits: decoderLimits(options),
    scoped: (address) =>
      /^(fe80:|ff.[12]:)/i.test(address) && !address.includes("%") ? `${address}%${iface.name}` : address,
  };
}

export function pgmEndpoint(target: Endpoint): PgmEndpoint {
  if (target.scheme === "epgm" || target.scheme === "pgm") return target;
  throw new ZmqError("EPROTONOSUPPORT", { address: target.text });
}
