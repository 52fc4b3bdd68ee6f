/**
 * What the two sides of a connection between threads tell each other:
 *
 *   send mark(4) receive mark(4) name, then names and values of properties; each of these as length(4) bytes
 */

import { concat, fromText, toText } from "../base/bytes.ts";
import type { Properties } from "../base/message.ts";

/** In messages; 0: no limit. */
export interface Marks {
  readonly sendHighWaterMark: number;
  readonly receiveHighWaterMark: number;
}

export interface ThreadGreeting {
  readonly marks: Marks;
  readonly name: string;
  readonly properties: Properties;
}

export function encodeGreeting(marks: Marks, properties: Properties, name: string): Uint8Array {
  const parts = [numbers(marks.sendHighWaterMark, marks.receiveHighWaterMark), field(fromText(name))];
  for (const [key, value] of properties) parts.push(field(fromText(key)), field(value));
  return concat(parts);
}

export function decodeGreeting(bytes: Uint8Array): ThreadGreeting {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 8;
  const next = (): Uint8Array => {
    const start = at + 4;
    at = start + view.getUint32(at);
    return Uint8Array.prototype.slice.call(bytes, start, at);
  };
  const name = toText(next());
  const properties = new Map<string, Uint8Array>();
  while (at < bytes.length) properties.set(toText(next()), next());
  return { marks: { sendHighWaterMark: view.getUint32(0), receiveHighWaterMark: view.getUint32(4) }, name, properties };
}

function field(bytes: Uint8Array): Uint8Array {
  return concat([numbers(bytes.length), bytes]);
}

function numbers(...values: number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) view.setUint32(i * 4, value);
  return bytes;
}
