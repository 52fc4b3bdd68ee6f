/** What sockets do, in lines for people (`NODE_DEBUG=zmq`): each event and each dropped message. */

import { toText } from "../base/bytes.ts";
import type { MonitorEvent } from "../base/events.ts";
import type { SocketTypeName } from "../base/socket-types.ts";
import type { Trace } from "./platform.ts";
import { reasonOf } from "./voice.ts";

/** Types whose first frame is a topic or an address, and no payload. */
const ADDRESSED: readonly SocketTypeName[] = ["PUB", "XPUB", "ROUTER", "STREAM"];

/** `write` is given each line. */
export function tracing(write: (line: string) => void): Trace {
  return {
    line: (name, text) => write(`${name} ${text}`),
    event: (name, event) => write(`${name} ${eventLine(event)}`),
    dropped(name, type, reason, pipe, frame) {
      const shown = frame !== undefined && ADDRESSED.includes(type) ? ` ${quoted(frame)}` : "";
      write(`${name} drop ${reason}${shown}${pipe === undefined ? "" : ` (${pipe.endpoint})`}`);
    },
  };
}

/** Bytes for people: quoted text without control characters, or hexadecimal digits where they are no text. */
function quoted(bytes: Uint8Array): string {
  const text = toText(bytes);
  if (text.includes("\ufffd")) return `0x${Array.from(bytes, (octet) => octet.toString(16).padStart(2, "0")).join("")}`;
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function eventLine(event: MonitorEvent): string {
  if (event.type === "end") return "end";
  const words: string[] = [event.type, event.address];
  if ("remoteAddress" in event && event.remoteAddress !== undefined) words.push(`peer ${event.remoteAddress}`);
  if ("interval" in event) words.push(`in ${event.interval} ms`);
  const reason = "error" in event ? event.error : "cause" in event ? event.cause : undefined;
  if (reason !== undefined) words.push(`: ${reasonOf(reason)}`);
  return words.join(" ").replace(" : ", ": ");
}
