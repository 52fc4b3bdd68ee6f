/** Targets: datagrams of udp, and the addresses that a DGRAM sends to. */

import { isIP } from "node:net";
import { fromText, toText } from "../../../src/base/bytes.ts";
import { parseDatagramAddress } from "../../../src/base/udp.ts";
import { decodeDatagram, encodeDatagram } from "../../../src/wire/udp.ts";
import { corpus, expectBytes, expectSame, finding, maker, type Target } from "../target.ts";

const udp: Target = {
  name: "udp",
  make: maker(corpus("udp"), (random) => {
    const size = random.oneIn(8) ? 8100 + random.below(200) : random.below(300);
    const datagram = new Uint8Array(size).fill(random.below(256));
    if (size > 0) datagram[0] = random.below(256);
    return datagram;
  }),
  check(input) {
    const message = decodeDatagram(input);
    const length = input[0] ?? 256;
    const isOne = length <= 127 && input.length > length && input.length <= 8192;
    expectSame(message !== undefined, isOne, "whether it is a message");
    if (message === undefined) return;
    const [group, body] = message;
    if (message.length !== 2 || group?.length !== length || body?.length !== input.length - 1 - length) {
      finding("a message is a group and a body");
    }
    expectBytes(encodeDatagram(message), input, "encoded again");
  },
};

const PIECES = ["127.0.0.1", "10.1.2.3", "::1", "fe80::1%eth0", "[", "]", ":", "5555", "0", "65536", "\0", "host", "."];

const address: Target = {
  name: "datagram-address",
  make(random) {
    if (random.oneIn(3)) return fromText(`127.0.0.1:${random.below(70_000)}${random.oneIn(2) ? "\0" : ""}`);
    let text = "";
    for (let count = random.below(8); count > 0; count--) text += random.pick(PIECES);
    return fromText(text);
  },
  check(input) {
    const parsed = parseDatagramAddress(toText(input));
    if (parsed === undefined) return;
    if (!(parsed.port > 0 && parsed.port < 65_536)) finding(`port ${parsed.port}`);
    if (isIP(parsed.address.split("%")[0] as string) === 0) finding(`${parsed.address} is no address`);
  },
};

export const DATAGRAM_TARGETS: readonly Target[] = [udp, address];
