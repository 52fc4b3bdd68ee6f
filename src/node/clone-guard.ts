/**
 * A look at V8's format of structured clones before V8 reads it. V8 makes a
 * sparse array as long as the bytes say, so that 18 octets took 256 MB. Here
 * each length must be within what came, or within a bound.
 *
 * The format is that of V8's value-serializer.cc, versions 13 and later, with
 * the host objects of node:v8. A tag that is not known here is refused.
 */

import { ZmqError } from "../base/errors.ts";

/**
 * Elements that the sparse arrays of one message may have together, 8 octets of memory each; or four for each octet of
 * the message.
 */
const SPARSE_ELEMENTS = 1_048_576;
const OLDEST_VERSION = 13;
/** The first version in which a view has flags. */
const VIEW_FLAGS_VERSION = 14;

/** What ends a list of values, by the tag that begins it. */
const END_OF: Readonly<Record<string, string>> = { o: "{", a: "@", A: "$", ";": ":", "'": "," };
/** So many numbers follow the end of a list. */
const NUMBERS_AFTER: Readonly<Record<string, number>> = { "{": 1, "@": 2, $: 2, ":": 1, ",": 1 };

/** The cause of an error comes next, or was begun. Nothing in the format ends with these. */
const CAUSE = "cause";
const CAUSE_READ = "fields behind the cause";

/** Throws EINVAL for bytes that are no structured clone, and for arrays that take more memory than the bytes justify. */
export function checkClone(bytes: Uint8Array): void {
  new CloneWalk(bytes).check();
}

class CloneWalk {
  readonly #bytes: Uint8Array;
  #at = 0;
  #version = 0;
  #sparse = 0;
  #dense = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  check(): void {
    if (this.#octet() !== 0xff) throw malformed("it has no header");
    this.#version = this.#number();
    if (this.#version < OLDEST_VERSION)
      throw malformed(`version ${this.#version}, expected ${OLDEST_VERSION} or later`);
    /** Of each list that is open, what ends it. */
    const open: string[] = [];
    do {
      if (open.at(-1) === CAUSE_READ) {
        open.pop();
        this.#error(open);
        continue;
      }
      if (open.at(-1) === CAUSE) open[open.length - 1] = CAUSE_READ;
      const tag = this.#tag();
      if (open.length > 0 && tag === open.at(-1)) {
        open.pop();
        for (let i = NUMBERS_AFTER[tag] ?? 0; i > 0; i--) this.#number();
      } else {
        this.#value(tag, open);
      }
      // A view stands behind its buffer and is one value with it.
      if (this.#bytes[this.#at] === 0x56) this.#view();
    } while (open.length > 0);
  }

  #value(tag: string, open: string[]): void {
    const end = END_OF[tag];
    if (end !== undefined) open.push(end);
    switch (tag) {
      case "_": // undefined, null, true, false, the hole, their objects
      case "0":
      case "T":
      case "F":
      case "-":
      case "x":
      case "y":
      case "o": // an object, Map and Set: their values follow
      case ";":
      case "'":
        return;
      case "I": // int32, uint32, a value that came before, a transferred buffer
      case "U":
      case "^":
      case "t":
        this.#number();
        return;
      case "N": // numbers and dates
      case "n":
      case "D":
        this.#skip(8);
        return;
      case "Z": // bigints: a sign and the octets
      case "z":
        this.#skip(Math.floor(this.#number() / 2));
        return;
      case '"': // strings and buffers
      case "c":
      case "S":
      case "B":
        this.#skip(this.#number());
        return;
      case "s": // a string object
        this.#string();
        return;
      case "R":
        this.#string();
        this.#number();
        return;
      case "~": // a resizable buffer: its length, and the largest
        this.#skip(this.#two());
        return;
      case "\\": // a view of node:v8: its type, and bytes
        this.#number();
        this.#skip(this.#number());
        return;
      case "A":
        // V8 makes room for all elements of an array, and then for those of the arrays in it. Each element has an octet.
        this.#dense += this.#number();
        if (this.#dense > this.#bytes.length) throw malformed("its arrays are longer than the message");
        return;
      case "a":
        this.#sparse += this.#number();
        if (this.#sparse > Math.max(SPARSE_ELEMENTS, 4 * this.#bytes.length)) {
          throw malformed(`sparse arrays of ${this.#sparse} elements in ${this.#bytes.length} octets`);
        }
        return;
      case "r":
        this.#error(open);
        return;
      default:
        throw malformed(`unknown tag 0x${tag.charCodeAt(0).toString(16).padStart(2, "0")}`);
    }
  }

  /** Its fields end with a dot. A cause is a value, behind which further fields follow. */
  #error(open: string[]): void {
    for (;;) {
      const field = String.fromCharCode(this.#octet());
      if (field === ".") return;
      if (field === "m" || field === "s") this.#string();
      else if (field === "c") {
        open.push(CAUSE);
        return;
      } else if (!"ERFSTU".includes(field)) throw malformed("an error has an unknown field");
    }
  }

  #view(): void {
    this.#skip(2);
    this.#number();
    this.#number();
    if (this.#version >= VIEW_FLAGS_VERSION) this.#number();
  }

  #string(): void {
    if (!'"cS'.includes(this.#tag())) throw malformed("expected a string");
    this.#skip(this.#number());
  }

  /** The next tag; octets of padding, and counts of objects that V8 checks, are passed over. */
  #tag(): string {
    for (;;) {
      const octet = this.#octet();
      if (octet === 0x3f) this.#number();
      else if (octet !== 0) return String.fromCharCode(octet);
    }
  }

  /** Seven bits an octet, the lowest first. */
  #number(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const octet = this.#octet();
      value += (octet & 0x7f) * scale;
      if (octet < 0x80) return value;
      if (scale > 2 ** 42) throw malformed("a number has too many octets");
    }
  }

  /** The first of two numbers. */
  #two(): number {
    const first = this.#number();
    this.#number();
    return first;
  }

  #octet(): number {
    const octet = this.#bytes[this.#at++];
    if (octet === undefined) throw malformed("it ends too early");
    return octet;
  }

  #skip(count: number): void {
    this.#at += count;
    if (this.#at > this.#bytes.length) throw malformed("it ends too early");
  }
}

function malformed(detail: string): ZmqError {
  return new ZmqError("EINVAL", { detail: `the message is not a structured clone that is safe to read: ${detail}` });
}
