/**
 * Messages as lines, both ways. A line is one message; its frames are told
 * apart by a separator (text), spaces (hex, base64) or as a JSON array. Raw has
 * neither lines nor frames: bytes as they are.
 *
 *   text     topic<TAB>body            bytes as they are; on a terminal made visible
 *   json     ["topic","body"]          a frame that is no UTF-8 is {"base64":"..."}
 *   hex      746f706963 626f6479
 *   base64   dG9waWM= Ym9keQ==
 */

import { isUtf8 } from "node:buffer";
import { EMPTY } from "../base/bytes.ts";
import type { Frame, Message } from "../base/message.ts";
import { usage } from "./failure.ts";
import { type Paint, visibleBytes, visibleJson } from "./terminal.ts";

export const FORMATS = ["text", "json", "hex", "base64", "raw"] as const;
export type Format = (typeof FORMATS)[number];

/** Where a formatter puts a message. */
export interface ByteSink {
  byte(octet: number): void;
  bytes(frame: Frame): void;
  text(text: string): void;
}

/** Appends one message to a sink. */
export type Formatter = (message: Message, sink: ByteSink) => void;
/** One message from a line without its line end; `where` names the line in errors. */
export type LineParser = (line: Buffer, where: string) => Message;

const LINE_FEED = 0x0a;

export interface FormatterOptions {
  /** Between the frames of text; undefined: a tab, and on a terminal a dim bar. */
  readonly separator?: string | undefined;
  /** Set when a person reads: text is made safe and painted. */
  readonly paint?: Paint | undefined;
}

/** The writer of messages in `format`. */
export function formatter(format: Format, { separator, paint }: FormatterOptions = {}): Formatter {
  switch (format) {
    case "text":
      return paint === undefined ? plainText(Buffer.from(separator ?? "\t")) : terminalText(separator, paint);
    case "json":
      return (message, sink) => sink.text(`${toJson(message)}\n`);
    case "hex":
    case "base64":
      return (message, sink) => sink.text(`${message.map((frame) => asBuffer(frame).toString(format)).join(" ")}\n`);
    case "raw":
      return (message, sink) => {
        for (let i = 0; i < message.length; i++) sink.bytes(message[i] as Frame);
      };
  }
}

function plainText(separator: Buffer): Formatter {
  return (message, sink) => {
    for (let i = 0; i < message.length; i++) {
      if (i > 0) sink.bytes(separator);
      sink.bytes(message[i] as Frame);
    }
    sink.byte(LINE_FEED);
  };
}

function terminalText(separator: string | undefined, paint: Paint): Formatter {
  const between = separator ?? paint("dim", " | ");
  return (message, sink) => {
    const frames = message.map((frame) =>
      frame.length === 0 && message.length > 1 ? paint("dim", '""') : visibleBytes(frame),
    );
    sink.text(`${frames.join(between)}\n`);
  };
}

/** The message as a JSON array of its frames. */
export function toJson(message: Message): string {
  return `[${message.map(frameToJson).join(",")}]`;
}

function frameToJson(frame: Frame): string {
  const buffer = asBuffer(frame);
  return isUtf8(buffer) ? visibleJson(buffer.toString()) : `{"base64":"${buffer.toString("base64")}"}`;
}

/** The reader of messages in `format`. `separator` splits text into frames; without it a line is one frame. */
export function lineParser(format: Format, separator?: string): LineParser {
  switch (format) {
    case "json":
      return fromJson;
    case "hex":
      return (line, where) => framesOf(line, (word) => fromHex(word, where));
    case "base64":
      return (line, where) => framesOf(line, (word) => fromBase64(word, where));
    default:
      return separator === undefined ? (line) => [line] : splitter(Buffer.from(separator));
  }
}

function splitter(separator: Buffer): LineParser {
  return (line) => {
    const frames: Message = [];
    let start = 0;
    for (;;) {
      const end = separator.length === 0 ? -1 : line.indexOf(separator, start);
      if (end < 0) break;
      frames.push(line.subarray(start, end));
      start = end + separator.length;
    }
    frames.push(line.subarray(start));
    return frames;
  };
}

function framesOf(line: Buffer, decode: (word: string) => Buffer): Message {
  return line.toString("latin1").replace(/\r$/, "").split(" ").map(decode);
}

function fromHex(word: string, where: string): Buffer {
  if (!/^([0-9a-f]{2})*$/i.test(word)) {
    throw usage(`${where}: expected pairs of hexadecimal digits, frames separated by one space`);
  }
  return Buffer.from(word, "hex");
}

function fromBase64(word: string, where: string): Buffer {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(word) || word.replace(/=+$/, "").length % 4 === 1) {
    throw usage(`${where}: expected base64, frames separated by one space`);
  }
  return Buffer.from(word, "base64");
}

const JSON_SHAPE =
  'a JSON array of frames, such as ["topic","body"], or a string; frames may be {"base64":"..."} or {"hex":"..."}';

function fromJson(line: Buffer, where: string): Message {
  let value: unknown;
  try {
    value = JSON.parse(line.toString());
  } catch (error) {
    throw usage(`${where}: expected ${JSON_SHAPE}; this is no JSON`, error);
  }
  const frames = Array.isArray(value) ? value : [value];
  if (frames.length === 0) throw usage(`${where}: expected at least one frame, not an empty array`);
  return frames.map((frame) => jsonFrame(frame, where));
}

function jsonFrame(value: unknown, where: string): Frame {
  if (typeof value === "string") return Buffer.from(value);
  if (typeof value === "number") return Buffer.from(String(value));
  if (value === null) return EMPTY;
  const [entry, ...others] = Object.entries(value as object);
  if (entry !== undefined && others.length === 0) {
    const [name, text] = entry;
    if (name === "base64" && typeof text === "string") return fromBase64(text, where);
    if (name === "hex" && typeof text === "string") return fromHex(text, where);
  }
  throw usage(`${where}: expected ${JSON_SHAPE}`);
}

/** The same memory as a Buffer. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** One message as a line (without frames or line end for raw), as a command reads it. */
export function encodeMessage(message: Message, format: Format, separator?: string): Buffer {
  const parts: Buffer[] = [];
  formatter(format, { separator })(message, {
    byte: (octet) => parts.push(Buffer.from([octet])),
    bytes: (frame) => parts.push(asBuffer(frame)),
    text: (text) => parts.push(Buffer.from(text)),
  });
  return Buffer.concat(parts);
}
