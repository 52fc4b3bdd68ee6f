/**
 * IP addresses as text: which family, whether multicast. Reads no names and
 * asks no resolver.
 */

import { IN_PAGE } from "./target.ts";

/** Four decimal octets, without leading zeros: some readers take 010 for 8. */
export function isIPv4(address: string): boolean {
  const octets = address.split(".");
  return octets.length === 4 && octets.every((octet) => /^(0|[1-9]\d{0,2})$/.test(octet) && Number(octet) <= 255);
}

/** An IPv6 address, without brackets or zone. */
export function isIPv6(address: string): boolean {
  const halves = address.split("::");
  if (halves.length > 2) return false;
  let groups = 0;
  for (const [h, half] of halves.entries()) {
    if (half === "") continue;
    const parts = half.split(":");
    for (const [i, part] of parts.entries()) {
      if (part.includes(".")) {
        const isLast = h === halves.length - 1 && i === parts.length - 1;
        if (!isLast || !isIPv4(part)) return false;
        groups += 2;
      } else {
        if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return false;
        groups++;
      }
    }
  }
  return halves.length === 2 ? groups <= 7 : groups === 8;
}

/** 224.0.0.0/4 or ff00::/8; a zone may follow. */
export function isMulticast(address: string): boolean {
  if (isIPv4(address)) {
    const first = Number.parseInt(address, 10);
    return first >= 224 && first <= 239;
  }
  return /^ff[0-9a-f]{2}:/i.test(address) && isIPv6(address.split("%", 1)[0] as string);
}

/**
 * Whose an address is, as far as it tells: an IPv4 address, the /64 of an IPv6 one, in which one host may have any number
 * of addresses, and anything else as it is.
 */
export function networkOf(address: string): string {
  if (IN_PAGE) return address; // It is asked of peers that were accepted.
  const [plain = ""] = address.split("%", 1);
  if (!isIPv6(plain) || plain.includes(".")) return address;
  const [head = "", tail] = plain.split("::");
  const front = head === "" ? [] : head.split(":");
  const back = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = new Array<string>(8 - front.length - back.length).fill("0");
  return [...front, ...zeros, ...back].slice(0, 4).join(":");
}

/** The 4 or 16 octets of an address; undefined for anything else. One that is mapped into IPv6 has 4. A zone is passed over. */
export function ipOctets(text: string): number[] | undefined {
  if (isIPv4(text)) return text.split(".").map(Number);
  const [address = ""] = text.split("%", 1);
  if (!isIPv6(address)) return undefined;
  const [head = "", tail] = address.split("::");
  const front = groups(head);
  const back = tail === undefined ? [] : groups(tail);
  const octets = [...front, ...new Array<number>(16 - front.length - back.length).fill(0), ...back];
  const isMapped = octets.slice(0, 10).every((octet) => octet === 0) && octets[10] === 0xff && octets[11] === 0xff;
  return isMapped ? octets.slice(12) : octets;
}

function groups(text: string): number[] {
  if (text === "") return [];
  return text.split(":").flatMap((group) => {
    if (group.includes(".")) return group.split(".").map(Number);
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}

/** 4 or 16 octets as an address: `192.0.2.1`, or eight groups without the short form, `fe80:0:0:0:0:0:0:1`. */
export function ipText(octets: Uint8Array): string {
  if (octets.length === 4) return octets.join(".");
  const text: string[] = [];
  for (let i = 0; i < 16; i += 2) text.push((((octets[i] as number) << 8) | (octets[i + 1] as number)).toString(16));
  return text.join(":");
}
