/**
 * The head of an HTTP/1.1 request or response (RFC 9112 sections 2 to 5), read strictly and within limits: lines end
 * with CR LF, nothing is folded, names are tokens, values hold no control characters. No bodies.
 */

import { concat, EMPTY, ownCopyOf } from "../base/bytes.ts";
import { ZmqError } from "../base/errors.ts";

/** Octets of the longest head: as much as Node's own server takes, for browsers send all cookies of a host. */
const LONGEST_HEAD = 16_384;
const MOST_HEADERS = 100;

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Field values: visible characters, blanks, tabs, and what is beyond ASCII. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

export interface HttpHead {
  /** `GET /path HTTP/1.1`, or `HTTP/1.1 101 Switching Protocols`. */
  readonly start: string;
  readonly headers: HttpHeaders;
}

/** Headers by their name in small letters, in order. */
export class HttpHeaders {
  readonly #values = new Map<string, string[]>();

  /** `pairs`: name, value, name, value, as Node's `rawHeaders`. */
  constructor(pairs: readonly string[]) {
    for (let i = 0; i + 1 < pairs.length; i += 2) {
      const name = (pairs[i] as string).toLowerCase();
      const values = this.#values.get(name);
      if (values === undefined) this.#values.set(name, [pairs[i + 1] as string]);
      else values.push(pairs[i + 1] as string);
    }
  }

  /** The value; undefined when there is none or more than one. */
  one(name: string): string | undefined {
    const values = this.#values.get(name);
    return values?.length === 1 ? values[0] : undefined;
  }

  count(name: string): number {
    return this.#values.get(name)?.length ?? 0;
  }

  /** The elements of a list with commas, of all headers of that name. */
  list(name: string): string[] {
    const elements = (this.#values.get(name) ?? []).flatMap((value) => value.split(","));
    return elements.map((element) => element.trim()).filter((element) => element !== "");
  }

  /** Whether a list has this element, in any case. */
  has(name: string, element: string): boolean {
    return this.list(name).some((other) => other.toLowerCase() === element);
  }

  /** All of them for a program: the values of one name are joined by `, `. */
  toObject(): Record<string, string> {
    return Object.fromEntries([...this.#values].map(([name, values]) => [name, values.join(", ")]));
  }
}

/** Chunks to the head. */
export class HttpHeadReader {
  #bytes: Uint8Array = EMPTY;
  #searched = 0;
  #rest: Uint8Array = EMPTY;

  /** What came behind the head, in memory of its own. */
  get rest(): Uint8Array {
    return this.#rest;
  }

  /** The head when it is complete. Throws EMSGSIZE for one that is too long, EPROTO for one that is none. */
  push(chunk: Uint8Array): HttpHead | undefined {
    const bytes = concat([this.#bytes, chunk]);
    this.#bytes = bytes;
    // What cannot become HTTP is not waited for: a ZMTP greeting begins with 0xFF, TLS with 0x16.
    if (bytes.length > 0 && !isLetter(bytes[0] as number)) throw broken("the first octet is no letter");
    const end = endOf(bytes, this.#searched);
    if (end < 0 ? bytes.length > LONGEST_HEAD : end > LONGEST_HEAD) {
      throw new ZmqError("EMSGSIZE", { detail: `HTTP: a head of more than ${LONGEST_HEAD} octets` });
    }
    if (end < 0) {
      this.#searched = Math.max(0, bytes.length - 3);
      return undefined;
    }
    this.#rest = ownCopyOf(bytes.subarray(end));
    this.#bytes = EMPTY;
    return parseHead(latin1(bytes.subarray(0, end - 4)));
  }
}

function isLetter(octet: number): boolean {
  return (octet | 0x20) >= 0x61 && (octet | 0x20) <= 0x7a;
}

/** The offset behind the first CR LF CR LF. */
function endOf(bytes: Uint8Array, from: number): number {
  for (let i = from; i + 3 < bytes.length; i++) {
    if (bytes[i] === 13 && bytes[i + 1] === 10 && bytes[i + 2] === 13 && bytes[i + 3] === 10) return i + 4;
  }
  return -1;
}

function parseHead(text: string): HttpHead {
  const [start = "", ...lines] = text.split("\r\n");
  if (!VALUE.test(start)) throw broken("a control character in the first line");
  if (lines.length > MOST_HEADERS) {
    throw new ZmqError("EMSGSIZE", { detail: `HTTP: more than ${MOST_HEADERS} headers` });
  }
  const pairs: string[] = [];
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(colon, 0));
    const value = line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, "");
    if (!TOKEN.test(name)) throw broken("a header line without a name");
    if (!VALUE.test(value)) throw broken(`a control character in the header ${name}`);
    pairs.push(name, value);
  }
  return { start, headers: new HttpHeaders(pairs) };
}

function latin1(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i++) text += String.fromCharCode(bytes[i] as number);
  return text;
}

function broken(detail: string): ZmqError {
  return new ZmqError("EPROTO", { detail: `HTTP: ${detail}` });
}
