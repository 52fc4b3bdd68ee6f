/**
 * Targets: what programs and configurations bring: options of sockets, by name
 * and by libzmq's number, and the address ranges of access lists.
 */

import { BlockList } from "node:net";
import { AddressRange } from "../../../src/base/address-range.ts";
import { fromText, toText } from "../../../src/base/bytes.ts";
import { ZmqError } from "../../../src/base/errors.ts";
import {
  defaultOptions,
  getOption,
  getOptionById,
  hasOption,
  OPTIONS,
  type OptionName,
  optionById,
  optionRow,
  setOption,
  setOptionById,
} from "../../../src/base/options.ts";
import { SOCKET_TYPES, type SocketTypeName } from "../../../src/base/socket-types.ts";
import { joined, mutate } from "../mutate.ts";
import type { Random } from "../random.ts";
import { codeOf, finding, type Target } from "../target.ts";

const NAMES = Object.keys(OPTIONS) as OptionName[];
const TYPES = Object.keys(SOCKET_TYPES) as SocketTypeName[];
const NUMBERS = [
  0,
  1,
  -1,
  2,
  0.5,
  -0.4,
  255,
  256,
  65_535,
  2 ** 31 - 1,
  2 ** 31,
  -(2 ** 31) - 1,
  2 ** 53,
  2 ** 63,
  2 ** 64,
  1e300,
];
const ODD = [undefined, null, true, false, Number.NaN, Number.POSITIVE_INFINITY, "", 1n, Symbol("x"), {}, [], () => 1];
const TEXTS = ["NULL", "1", "::1", "tcp://127.0.0.1:1", "\0", "X-a:b", ":", "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"];

/** Any value at all; text and octets are the input's. */
function value(random: Random, input: Uint8Array): unknown {
  switch (random.below(8)) {
    case 0:
      return random.pick(ODD);
    case 1:
      return input;
    case 2:
      return toText(input);
    case 3:
      return random.pick(TEXTS);
    case 4:
      return Object.fromEntries(Array.from({ length: random.below(3) }, () => [toText(input), random.pick(TEXTS)]));
    case 5:
      return random.next32() - 2 ** 31;
    default:
      return random.pick(NUMBERS);
  }
}

function plain(held: unknown): string {
  return JSON.stringify(held, (_key, one: unknown) => (typeof one === "number" ? `${one}` : one));
}

/** Throws what a program may meet, and nothing else; returns whether it threw. */
function isRefused(task: () => void): boolean {
  try {
    task();
    return false;
  } catch (error) {
    if (!(error instanceof ZmqError) && !(error instanceof TypeError)) throw error;
    if (error instanceof TypeError && !/^(Option value|Expected|.*must be)/.test(error.message)) throw error;
    return true;
  }
}

const options: Target = {
  name: "options",
  make: (random) =>
    random.oneIn(10) ? random.bytes(random.below(400)) : random.bytes(random.pick([0, 1, 5, 32, 40, 255, 256])),
  check(input, random) {
    const type = random.pick(TYPES);
    const values = defaultOptions(type, { ipv6: random.oneIn(2), blocky: random.oneIn(2) });
    for (let count = 1 + random.below(4); count > 0; count--) {
      const given = value(random, input);
      const before = plain(values);
      const isByNumber = random.oneIn(3);
      const id = random.oneIn(4) ? random.below(300) - 20 : (OPTIONS[random.pick(NAMES)].id ?? 0);
      const name = isByNumber ? optionById(id) : random.pick(NAMES);
      const refused = isRefused(() => {
        if (isByNumber) setOptionById(values, id, given, type);
        else setOption(values, name as OptionName, given, type);
      });
      if (refused) {
        if (plain(values) !== before) finding(`${name}: refused, and changed all the same`);
        continue;
      }
      if (name === undefined || !hasOption(type, name)) finding(`${id}: set, though ${type} has no such option`);
      if (optionRow(name as OptionName).access === "r") finding(`${name}: set, though read-only`);
      const shown: unknown = isByNumber ? getOptionById(values, id) : getOption(values, name as OptionName);
      if (typeof shown === "number" && Number.isNaN(shown)) finding(`${name}: not a number`);
      // What an option reads as may be assigned to it, and changes nothing.
      if (optionRow(name as OptionName).add !== undefined || isByNumber) continue;
      // Octets that are no text read as text that may be longer.
      if (given === input && toText(input).includes("\ufffd")) continue;
      const once = plain(getOption(values, name as OptionName));
      setOption(values, name as OptionName, getOption(values, name as OptionName), type);
      if (plain(getOption(values, name as OptionName)) !== once)
        finding(`${name}: another value when assigned what it reads as`);
    }
  },
};

const RANGES = [
  "10.0.0.0/8",
  "192.168.1.7",
  "::1",
  "2001:db8::/32",
  "::ffff:10.0.0.1/104",
  "0.0.0.0/0",
  "::/0",
  "fe80::1%lo/64",
];
const ADDRESSES = ["10.1.2.3", "11.1.2.3", "192.168.1.7", "::1", "2001:db8::5", "::ffff:10.0.0.1", "", "fe80::1%lo"];

const addressRange: Target = {
  name: "address-range",
  make(random) {
    const text = fromText(random.pick(RANGES));
    if (random.oneIn(3))
      return joined(
        fromText(`${Array.from({ length: 4 }, () => random.below(300)).join(".")}/`),
        fromText(`${random.below(40)}`),
      );
    return random.oneIn(4) ? text : mutate(random, text, RANGES.map(fromText));
  },
  check(input, random) {
    const text = toText(input);
    let range: AddressRange | undefined;
    const code = codeOf(() => {
      range = new AddressRange(text);
    });
    if (range === undefined) {
      if (code !== "EINVAL") finding(`${code}`);
      return;
    }
    // Of IPv4 Node itself is the reference.
    const plainRange = /^([\d.]+)(?:\/(\d+))?$/.exec(text);
    const address = random.oneIn(2)
      ? random.pick(ADDRESSES)
      : Array.from({ length: 4 }, () => random.below(256)).join(".");
    const contains = range.contains(address);
    if (plainRange === null || !/^[\d.]+$/.test(address)) return;
    const list = new BlockList();
    list.addSubnet(plainRange[1] as string, Number(plainRange[2] ?? 32), "ipv4");
    if (contains !== list.check(address, "ipv4")) finding(`${text} and ${address}: ${contains}`);
  },
};

export const VALUE_TARGETS: readonly Target[] = [options, addressRange];
