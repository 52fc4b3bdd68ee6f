/**
 * A network in memory for sources and receivers of PGM: each packet on each way may be lost, come twice, late or in
 * another order, by a seed. The clock is the test's.
 */

import { fromText, toText } from "../src/base/bytes.ts";
import type { DatagramAddress } from "../src/base/datagram.ts";
import type { Message } from "../src/base/message.ts";
import type { DecoderLimits } from "../src/base/protocol.ts";
import { PgmReceiver } from "../src/engine/pgm-receiver.ts";
import { PgmSource, type PgmSourceConfig } from "../src/engine/pgm-source.ts";
import type { FakeClock } from "./fake-clock.ts";
import { Random } from "./fuzz/random.ts";

export interface Faults {
  /** Of a packet on its way to one receiver or source: the chance to be lost, to come twice, to come late. */
  readonly loss?: number;
  readonly twice?: number;
  readonly late?: number;
  /** One that is late comes within so many milliseconds. */
  readonly delayMs?: number;
}

export const GROUP: Uint8Array = Uint8Array.of(239, 192, 1, 1);
export const PORT = 7500;

export class PgmNetwork {
  readonly clock: FakeClock;
  faults: Faults;
  /** Packets that were sent to anybody. */
  packets = 0;
  /** Sees each packet of a source; false: it is lost to all. */
  filter: (packet: Uint8Array) => boolean = () => true;
  readonly #random: Random;
  readonly #sources = new Map<string, PgmSource>();
  readonly #receivers = new Set<PgmReceiver>();

  constructor(clock: FakeClock, seed = 1, faults: Faults = {}) {
    this.clock = clock;
    this.#random = new Random(seed);
    this.faults = faults;
  }

  /** `host`: the last number of its address. One that is there already is gone without a word. */
  source(host: number, config: Partial<PgmSourceConfig> = {}): TestSource {
    const address = `192.0.2.${host}`;
    const whole: PgmSourceConfig = {
      tsi: { gsi: Uint8Array.of(1, 2, 3, 4, 5, host), port: 1000 + host },
      sessionPort: PORT,
      address: Uint8Array.of(192, 0, 2, host),
      group: GROUP,
      apduBytes: 128,
      lowerBytes: 28,
      rate: 1e9,
      windowPackets: 1000,
      ...config,
    };
    const test = new TestSource(this.clock, whole, (packet) => {
      if (this.#sources.get(address) === test.source) this.send(packet, address);
    });
    this.#sources.set(address, test.source);
    test.source.start();
    return test;
  }

  /** The source is gone without a word. */
  crash(host: number): void {
    this.#sources.delete(`192.0.2.${host}`);
  }

  /** To all receivers. */
  send(packet: Uint8Array, address: string): void {
    if (!this.filter(packet)) return;
    for (const receiver of this.#receivers) {
      this.#carry(() => receiver.receive(packet.slice(), { address, port: 40_000 }, GROUP));
    }
  }

  receiver(windowPackets = 1000, limits: DecoderLimits = { maxFrameBytes: -1, maxFrames: 1000 }): TestReceiver {
    const test = new TestReceiver(this.clock, windowPackets, limits, (packet, to) => {
      this.#carry(() => this.#sources.get(to)?.receive(packet));
    });
    this.#receivers.add(test.receiver);
    return test;
  }

  /** Goes on by so many milliseconds, in steps in which turns of the event loop happen. */
  run(ms: number): void {
    this.clock.turn();
    this.clock.advance(ms);
    this.clock.turn();
  }

  #carry(arrive: () => void): void {
    this.packets++;
    const { loss = 0, twice = 0, late = 0, delayMs = 0 } = this.faults;
    if (this.#happens(loss)) return;
    const times = this.#happens(twice) ? 2 : 1;
    for (let i = 0; i < times; i++) {
      if (this.#happens(late)) this.clock.setTimer(arrive, this.#random.below(delayMs * 1000) / 1000);
      else this.clock.defer(arrive);
    }
  }

  #happens(chance: number): boolean {
    return chance > 0 && this.#random.below(1_000_000) < chance * 1_000_000;
  }
}

/** A source with a queue in front of it, as the pipe is. */
export class TestSource {
  readonly source: PgmSource;
  readonly sent: Uint8Array[] = [];
  readonly queued: Message[] = [];
  isFinished = false;
  /** What the kernel has not taken, as the test has it. */
  unsentBytes = 0;

  constructor(clock: FakeClock, config: PgmSourceConfig, send: (packet: Uint8Array) => void) {
    const test = this;
    this.source = new PgmSource(clock, config, {
      send: (packet) => {
        this.sent.push(packet);
        if (this.sent.length > 10_000) this.sent.splice(0, 5000);
        send(packet);
      },
      get unsentBytes() {
        return test.unsentBytes;
      },
      hasRoom: () => {
        while (this.queued.length > 0 && this.source.write(this.queued[0] as Message)) this.queued.shift();
      },
      finished: () => {
        this.isFinished = true;
      },
    });
  }

  write(message: Message): void {
    if (this.queued.length > 0 || !this.source.write(message)) this.queued.push(message);
  }

  text(...frames: string[]): void {
    this.write(frames.map(fromText));
  }
}

export class TestReceiver {
  readonly receiver: PgmReceiver;
  /** Messages, unless `onMessage` takes them. */
  readonly messages: Message[] = [];
  readonly losses: { readonly address: string; readonly packets: number }[] = [];
  readonly errors: unknown[] = [];
  /** Packets that it sent, and to whom. */
  readonly upstream: { readonly packet: Uint8Array; readonly to: string }[] = [];
  /** Messages that its reader has room for. */
  room = Number.POSITIVE_INFINITY;
  onMessage: (message: Message) => void = (message) => this.messages.push(message);

  constructor(
    clock: FakeClock,
    windowPackets: number,
    limits: DecoderLimits,
    send: (packet: Uint8Array, to: string) => void,
  ) {
    const test = this;
    const address = ({ address }: DatagramAddress, named: Uint8Array | undefined) => named?.join(".") ?? address;
    this.receiver = new PgmReceiver(
      clock,
      { sessionPort: PORT, windowPackets, limits },
      {
        get isFull() {
          return test.room <= 0;
        },
        deliver(message) {
          test.room--;
          test.onMessage(message);
        },
        lost: (source, packets) => test.losses.push({ address: source.address, packets }),
        broken: (_source, error) => test.errors.push(error),
        send(packet, from, named) {
          const to = address(from, named);
          test.upstream.push({ packet, to });
          if (test.upstream.length > 10_000) test.upstream.splice(0, 5000);
          send(packet, to);
        },
        octets: (text) => Uint8Array.from(text.split(".").map(Number)),
      },
    );
  }

  get texts(): string[] {
    return this.messages.map((message) => message.map(toText).join());
  }
}
