/**
 * The datagrams of RADIO and DISH over udp, as libzmq 4.3.5 writes them; no RFC has them.
 *
 *   group-length(1) group body
 */

import { uninitialized } from "../base/bytes.ts";
import type { Message } from "../base/message.ts";
import { LONGEST_DATAGRAM, LONGEST_UDP_GROUP } from "../base/udp.ts";

/** The datagram of `[group, body]`, memory of its own; undefined when it does not fit. */
export function encodeDatagram(message: Message): Uint8Array | undefined {
  const [group, body] = message;
  if (group === undefined || body === undefined || group.length > LONGEST_UDP_GROUP) return undefined;
  const size = 1 + group.length + body.length;
  if (size > LONGEST_DATAGRAM) return undefined;
  const datagram = uninitialized(size);
  datagram[0] = group.length;
  datagram.set(group, 1);
  datagram.set(body, 1 + group.length);
  return datagram;
}

/** `[group, body]`, views of the datagram; undefined for one that is cut short, or that libzmq would not take. */
export function decodeDatagram(datagram: Uint8Array): Message | undefined {
  const length = datagram[0];
  if (length === undefined || length > LONGEST_UDP_GROUP) return undefined;
  if (datagram.length < 1 + length || datagram.length > LONGEST_DATAGRAM) return undefined;
  return [datagram.subarray(1, 1 + length), datagram.subarray(1 + length)];
}
