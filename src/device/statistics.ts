/** What a proxy has forwarded: eight numbers, in the order of zmq_proxy_steerable. */

import type { Message } from "../base/message.ts";

/** Messages and bytes of one direction of one side. */
export interface ProxyTraffic {
  messages: number;
  bytes: number;
}

export interface ProxyStatistics {
  /** What the front end received and sent. */
  readonly frontEnd: { readonly received: ProxyTraffic; readonly sent: ProxyTraffic };
  /** What the back end received and sent. */
  readonly backEnd: { readonly received: ProxyTraffic; readonly sent: ProxyTraffic };
}

export function noStatistics(): ProxyStatistics {
  const none = (): ProxyTraffic => ({ messages: 0, bytes: 0 });
  return { frontEnd: { received: none(), sent: none() }, backEnd: { received: none(), sent: none() } };
}

/** Numbers that two threads share. */
export function sharedStatistics(numbers: Float64Array): ProxyStatistics {
  const at = (index: number): ProxyTraffic => ({
    get messages() {
      return numbers[index] as number;
    },
    set messages(count) {
      numbers[index] = count;
    },
    get bytes() {
      return numbers[index + 1] as number;
    },
    set bytes(count) {
      numbers[index + 1] = count;
    },
  });
  return { frontEnd: { received: at(0), sent: at(2) }, backEnd: { received: at(4), sent: at(6) } };
}

/** Eight frames: front received messages and bytes, front sent, back received, back sent. */
export function encodeStatistics({ frontEnd, backEnd }: ProxyStatistics): Message {
  const message: Message = [];
  for (const { messages, bytes } of [frontEnd.received, frontEnd.sent, backEnd.received, backEnd.sent]) {
    for (const value of [messages, bytes]) {
      const frame = new Uint8Array(8);
      new DataView(frame.buffer).setBigUint64(0, BigInt(value), true);
      message.push(frame);
    }
  }
  return message;
}
