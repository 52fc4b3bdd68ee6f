/**
 * What goes to stderr and how it looks: notes for the person at the terminal,
 * colours where there is a terminal and NO_COLOR is not set, and bytes made
 * visible so that a message cannot move the cursor or recolour the screen.
 */

import { isUtf8 } from "node:buffer";

const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34, magenta: 35, cyan: 36 } as const;
export type Style = keyof typeof CODES;

/** Paints text, or returns it as it is where nothing should be coloured. */
export type Paint = (style: Style, text: string) => string;

/** The painter of a stream. */
export function painterOf(stream: { isTTY?: boolean | undefined }): Paint {
  const { NO_COLOR, TERM } = process.env;
  const isColoured = stream.isTTY === true && (NO_COLOR === undefined || NO_COLOR === "") && TERM !== "dumb";
  return isColoured ? (style, text) => `\x1b[${CODES[style]}m${text}\x1b[0m` : (_style, text) => text;
}

let isQuiet = false;

/** Whether notes are shown; errors always are. */
export function setQuiet(quiet: boolean): void {
  isQuiet = quiet;
}

/**
 * The end of a terminal: whole lines, and below them one that is written over again and again. Where there is no
 * terminal, that one is a line like the others.
 */
export class LastLine {
  readonly #stream: { isTTY?: boolean | undefined; write(text: string): unknown };
  #moving = "";

  constructor(stream: { isTTY?: boolean | undefined; write(text: string): unknown }) {
    this.#stream = stream;
  }

  /** A line that stays. */
  write(text: string): void {
    const cleared = this.#moving === "" ? "" : "\r\x1b[K";
    this.#stream.write(`${cleared}${text}\n${this.#moving}`);
  }

  /** The line that moves. */
  move(text: string): void {
    if (this.#stream.isTTY !== true) {
      this.#stream.write(`${text}\n`);
      return;
    }
    this.#moving = text;
    this.#stream.write(`\r\x1b[K${text}`);
  }

  /** The line that moved becomes `text`, and stays. */
  settle(text: string): void {
    const cleared = this.#moving === "" ? "" : "\r\x1b[K";
    this.#moving = "";
    this.#stream.write(`${cleared}${text}\n`);
  }
}

/** What goes to stderr. */
export const stderr = new LastLine(process.stderr);

/** One line on stderr about the progress. */
export function note(text: string): void {
  if (!isQuiet) stderr.write(painterOf(process.stderr)("dim", `zmq: ${visibleLine(text)}`));
}

/** One line on stderr about something wrong that does not end the command. */
export function warn(text: string): void {
  stderr.write(painterOf(process.stderr)("yellow", `zmq: ${visibleLine(text)}`));
}

/** The line that says why the command failed. */
export function complain(text: string): void {
  stderr.write(painterOf(process.stderr)("red", `zmq: ${visible(text)}`));
}

/**
 * What may move the cursor, recolour the screen or show text in another order than it is: control characters (C0, DEL,
 * C1) except tab and line feed, line and paragraph separators, and the marks that turn the direction of writing.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
/** Those that JSON leaves as they are. */
const UNQUOTED = /[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Text with its control characters as `\x1b`, for more than one line. */
export function visible(text: string): string {
  return text.replace(CONTROL, (character) => escapeOf(character.charCodeAt(0)));
}

/** The same for text that is one line, whatever a peer put into it. */
export function visibleLine(text: string): string {
  return visible(text).replace(/[\t\n]/g, (character) => (character === "\n" ? "\\n" : "\\t"));
}

/**
 * What a peer said, as a part of a line: in quotes where it could be taken for more than one word, or for another
 * property of the line.
 */
export function visibleWord(text: string): string {
  return /^[^\s"=]+$/.test(text) ? visibleLine(text) : visibleLine(JSON.stringify(text));
}

/** As JSON.stringify, and safe on a terminal. Reads back as the same value. */
export function visibleJson(value: unknown): string {
  return JSON.stringify(value).replace(UNQUOTED, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

/** Bytes as text that is safe on a terminal; bytes that are no UTF-8 as `\x80`. */
export function visibleBytes(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (isUtf8(buffer)) return visible(buffer.toString());
  let text = "";
  for (const octet of buffer) text += octet > 0x1f && octet < 0x7f ? String.fromCharCode(octet) : escapeOf(octet);
  return text;
}

function escapeOf(code: number): string {
  return code > 0xff ? `\\u${code.toString(16).padStart(4, "0")}` : `\\x${code.toString(16).padStart(2, "0")}`;
}
