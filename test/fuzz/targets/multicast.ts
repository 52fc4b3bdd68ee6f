/**
 * Targets: packets of PGM; streams of APDUs; and a receiver and a source that get anything at all, while another source
 * goes on. The messages of that one come whole and in order, what is held and asked for is bounded, and nothing throws.
 */

import { ZmqError } from "../../../src/base/errors.ts";
import { ApduReader } from "../../../src/wire/apdu-reader.ts";
import { encodeNak, encodeSpm, MOST_SEQUENCES, NAK, NCF, PacketReader, SPM } from "../../../src/wire/pgm.ts";
import { FakeClock } from "../../fake-clock.ts";
import { GROUP, PgmNetwork, PORT } from "../../pgm-network.ts";
import { joined, mutate } from "../mutate.ts";
import { codeOf, corpus, expectSame, finding, maker, type Target } from "../target.ts";

const PACKETS = corpus("pgm");
const DATA = PACKETS.filter((packet) => packet[4] === 4);

/** Without a checksum, or with the right one where there must be one: else nothing gets further. */
function summed(packet: Uint8Array): Uint8Array {
  if (packet.length < 16) return packet;
  const bare = packet.slice();
  bare.fill(0, 6, 8);
  if (bare[4] !== 4 && bare[4] !== 5) return bare;
  let sum = 0;
  for (let i = 0; i < bare.length; i++) sum += (bare[i] as number) << (i % 2 === 0 ? 8 : 0);
  const checksum = 0xffff - (sum % 0xffff);
  bare[6] = checksum >> 8;
  bare[7] = checksum & 0xff;
  return bare;
}

const makePacket = maker(PACKETS, (random) => {
  const tsi = { gsi: random.bytes(6), port: random.below(65_536) };
  const address = random.bytes(random.pick([4, 16]));
  if (random.oneIn(2)) {
    const window = { sequence: random.next32(), trail: random.next32(), lead: random.next32() };
    return encodeSpm(tsi, PORT, window, address, random.oneIn(2));
  }
  const sequences = Array.from({ length: 1 + random.below(MOST_SEQUENCES) }, () => random.next32());
  return encodeNak(random.pick([NAK, NCF]), tsi, PORT, sequences, address, GROUP);
});

/** Packets, each behind its length in two octets. */
function strung(packets: readonly Uint8Array[]): Uint8Array {
  return joined(...packets.flatMap((packet) => [Uint8Array.of(packet.length >> 8, packet.length & 0xff), packet]));
}

function* taken(input: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at + 2 <= input.length; ) {
    const length = ((input[at] as number) << 8) | (input[at + 1] as number);
    yield input.subarray(at + 2, at + 2 + length);
    at += 2 + length;
  }
}

const packet: Target = {
  name: "pgm packet",
  make: makePacket,
  check(input, random) {
    const reader = new PacketReader();
    const bytes = random.oneIn(2) ? summed(input) : input;
    if (!reader.read(bytes)) return;
    if (reader.listed.length >= MOST_SEQUENCES) finding(`a list of ${reader.listed.length}`);
    if (reader.type === SPM || reader.type === NAK || reader.type === NCF) {
      if (reader.source.length !== 4 && reader.source.length !== 16) finding("an address of no family");
    } else if (reader.end > bytes.length || reader.start > reader.end) finding("a TSDU beyond the packet");
  },
};

const LIMITS = { maxFrameBytes: 1_000_000, maxFrames: 50, maxMessageBytes: 2_000_000 };
const GOOD = Uint8Array.of(0, 0, 2, 0, 0x61);

const apdus: Target = {
  name: "apdu stream",
  make(random) {
    const parts = Array.from({ length: 1 + random.below(6) }, () => {
      const apdu = random.pick(DATA).subarray(24);
      return random.oneIn(3) ? apdu : mutate(random, apdu, [apdu]);
    });
    return strung(parts);
  },
  check(input) {
    const reader = new ApduReader(LIMITS);
    for (const apdu of taken(input)) {
      const code = codeOf(() => {
        reader.push(apdu);
        for (let message = reader.next(); message !== undefined; message = reader.next()) {
          if (message.length === 0 || message.length > LIMITS.maxFrames) finding(`${message.length} frames`);
        }
      });
      if (code !== undefined && code !== "EPROTO" && code !== "EMSGSIZE") finding(`code ${code}`);
      if (code !== undefined) reader.leave();
      if (reader.assembledBytes > 65_536 + 4 * input.length) finding(`${reader.assembledBytes} octets are held`);
    }
    reader.leave();
    reader.push(GOOD);
    expectSame(reader.next()?.[0]?.[0], 0x61, "the message behind it all");
  },
};

const TSI = { gsi: Uint8Array.of(1, 2, 3, 4, 5, 1), port: 1001 };

const session: Target = {
  name: "pgm session",
  make(random) {
    return strung(Array.from({ length: 1 + random.below(12) }, () => summed(makePacket(random))));
  },
  check(input, random) {
    const clock = new FakeClock();
    const network = new PgmNetwork(clock);
    const test = network.receiver(64, LIMITS);
    const source = network.source(1, { windowPackets: 64 });
    const sent: string[] = [];
    const say = () => {
      sent.push(`${sent.length}`);
      source.text(sent.at(-1) as string);
      network.run(random.below(60));
    };
    say();
    for (const bytes of taken(input)) {
      const packet = bytes.slice();
      if (packet.length >= 16) {
        // Of the session; sometimes under the name of the true source, from elsewhere, or to it.
        const isUpstream = packet[4] === NAK || packet[4] === 0x0c;
        packet[isUpstream ? 0 : 2] = PORT >> 8;
        packet[isUpstream ? 1 : 3] = PORT & 0xff;
        if (random.oneIn(2)) {
          packet.set(TSI.gsi, 8);
          packet[isUpstream ? 2 : 0] = TSI.port >> 8;
          packet[isUpstream ? 3 : 1] = TSI.port & 0xff;
        }
      }
      const whole = summed(packet);
      test.receiver.receive(whole.slice(), { address: `192.0.2.${2 + random.below(3)}`, port: 1 }, GROUP);
      source.source.receive(whole);
      network.run(0);
      if (random.oneIn(3)) say();
    }
    say();
    network.run(500);
    const own = new Set(sent);
    const texts = test.texts.filter((text) => own.has(text));
    if (!sent.every((text) => texts.includes(text))) finding(`${texts} of ${sent} came`);
    for (const error of test.errors) if (!(error instanceof ZmqError)) throw error;
    if (test.upstream.length > 1000) finding(`${test.upstream.length} packets in answer`);
    test.receiver.close();
    source.source.close();
    if (clock.pending > 0) finding(`${clock.pending} timers are left`);
  },
};

export const MULTICAST_TARGETS: readonly Target[] = [packet, apdus, session];
