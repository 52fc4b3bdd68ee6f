/**
 * The sending side of PGM (RFC 3208, sections 5 and 6) as libzmq has it: messages become ODATA packets within the limit
 * of RATE, and stay in a window of RATE times RECOVERY_IVL, in which receivers may ask for them again. Sans-IO: it is
 * driven by a clock, messages and packets, and hands packets out.
 *
 * | it sends | when                                                                            |
 * |----------|---------------------------------------------------------------------------------|
 * | SPM      | three at the start, then at rising intervals after data, then every 30 s; at an SPMR |
 * | ODATA    | a packet is full, or the turn is over                                           |
 * | NCF      | at a NAK                                                                        |
 * | RDATA    | behind the NCF, for what is still in the window                                 |
 * | SPM, FIN | three at the end, a moment after the last data: until then NAKs are answered    |
 *
 * Repairs have a limit of their own within that of RATE: whoever asks without end takes half of it and no more, and what
 * was repaired just now is not repaired again.
 */

import { equal } from "../base/bytes.ts";
import type { Clock, Timer } from "../base/clock.ts";
import type { Message } from "../base/message.ts";
import { ApduWriter } from "../wire/apdu-writer.ts";
import {
  ahead,
  DATA_HEADER_BYTES,
  encodeNak,
  encodeSpm,
  finishData,
  NAK,
  NCF,
  ODATA,
  PacketReader,
  RDATA,
  SPMR,
  type Tsi,
} from "../wire/pgm.ts";
import { PgmHeartbeat } from "./pgm-heartbeat.ts";
import { RateLimit } from "./rate-limit.ts";

/** A NAK that was sent before its repair arrived comes within this; one whose repair was lost comes later. */
const REPAIRED_FOR_MS = 20;
/** An SPM that was sent within this answers an SPMR too. */
const SPM_FOR_MS = 10;
/** A closed source answers NAKs for so long after it sent something: a receiver that lost a repair asks again within 250 ms. */
const FINAL_MS = 300;
/** No longer than this in all, for there may be someone who asks for ever. */
const MOST_FINAL_MS = 3000;
/** What the rate limit lets through at once, in milliseconds of it. */
const BURST_MS = 5;
/** The kernel holds so much: then no more is sent. */
const UNSENT_BYTES = 262_144;
/** So many packets are sent before the kernel is asked. */
const PACKETS_UNASKED = 16;

export interface PgmSourceConfig {
  readonly tsi: Tsi;
  /** That of the endpoint. */
  readonly sessionPort: number;
  /** The address that receivers send to, and the group that is sent to: 4 or 16 octets. */
  readonly address: Uint8Array;
  readonly group: Uint8Array;
  /** Octets of the largest APDU. */
  readonly apduBytes: number;
  /** Octets that the lower layers put in front of each packet; they count for the rate. */
  readonly lowerBytes: number;
  /** Octets a second. */
  readonly rate: number;
  /** How many packets can be repaired. */
  readonly windowPackets: number;
  /** The number of the first packet. */
  readonly firstSequence?: number;
}

export interface PgmSourceOutput {
  /** To the group. */
  send(packet: Uint8Array): void;
  /** Octets that the kernel has not taken. */
  readonly unsentBytes: number;
  /** After `write` was refused: there is room again. */
  hasRoom(): void;
  /** All is sent, after `finish`. */
  finished(): void;
}

/** `open`; `finishing`: the rest is sent, and NAKs are answered a little longer; `closed`. */
type Life = "open" | "finishing" | "closed";

export class PgmSource {
  readonly #clock: Clock;
  readonly #config: PgmSourceConfig;
  readonly #output: PgmSourceOutput;
  readonly #writer: ApduWriter;
  readonly #limit: RateLimit;
  readonly #repairLimit: RateLimit;
  readonly #packet = new PacketReader();
  readonly #tsiHigh: number;
  readonly #tsiLow: number;
  readonly #first: number;
  /** The packets that can be repaired, by their count modulo the size. */
  readonly #window: Uint8Array[] = [];
  /** Packets sent in all. */
  #count = 0;
  #spmSequence = 0;
  #spmAt = Number.NEGATIVE_INFINITY;
  readonly #heartbeat: PgmHeartbeat;
  /** Packets to be repaired, in the order in which they were asked for. */
  readonly #repairs = new Set<number>();
  /** When each of them was, the oldest first. */
  readonly #repairedAt = new Map<number, number>();
  #repairTimer: Timer | undefined = undefined;
  #roomTimer: Timer | undefined = undefined;
  #unasked = 0;
  #isFlushDue = false;
  #sentAt = Number.NEGATIVE_INFINITY;
  #finalTimer: Timer | undefined = undefined;
  #finalBy: number | undefined = undefined;
  #life: Life = "open";

  constructor(clock: Clock, config: PgmSourceConfig, output: PgmSourceOutput) {
    this.#clock = clock;
    this.#config = config;
    this.#output = output;
    this.#writer = new ApduWriter(config.apduBytes);
    this.#heartbeat = new PgmHeartbeat(clock, () => this.#sendSpm());
    const { rate, apduBytes, tsi } = config;
    const burst = Math.max((rate * BURST_MS) / 1000, 2 * (apduBytes + DATA_HEADER_BYTES));
    this.#limit = new RateLimit(clock, rate, burst);
    this.#repairLimit = new RateLimit(clock, rate / 2, burst);
    const { gsi, port } = tsi;
    this.#tsiHigh = new DataView(gsi.buffer, gsi.byteOffset).getUint32(0);
    this.#tsiLow = (((gsi[4] as number) << 24) | ((gsi[5] as number) << 16) | port) >>> 0;
    this.#first = (config.firstSequence ?? 0) >>> 0;
  }

  /** Says that it is there. */
  start(): void {
    for (let i = 0; i < 3; i++) this.#sendSpm();
    this.#heartbeat.start();
  }

  /** Takes a message, or returns false: then `hasRoom` follows. The message is the source's until all of it is sent. */
  write(message: Message): boolean {
    if (this.#roomTimer !== undefined || this.#life === "closed") return false;
    this.#writer.begin(message);
    this.#fill();
    if (!this.#isFlushDue) {
      this.#isFlushDue = true;
      this.#clock.defer(() => {
        this.#isFlushDue = false;
        this.flush();
      });
    }
    return true;
  }

  get canWrite(): boolean {
    return this.#roomTimer === undefined && this.#life !== "closed";
  }

  /** True when all that was taken has been sent. */
  get isIdle(): boolean {
    return this.#writer.isReady && !this.#writer.hasData;
  }

  /** Something was sent just now, and who lost it may still ask. */
  get isAnswering(): boolean {
    return this.#repairs.size > 0 || this.#clock.now() - this.#sentAt < FINAL_MS;
  }

  /** Sends the packet that is not full, as far as the rate allows it. */
  flush(): void {
    if (this.#life === "closed" || this.#roomTimer !== undefined || !this.#writer.hasData) return;
    if (this.#isOpen()) this.#sendData();
  }

  /** A packet that was sent to this source's address, or to the group for the sources in it. */
  receive(bytes: Uint8Array): void {
    const packet = this.#packet;
    if (this.#life === "closed" || !packet.read(bytes)) return;
    if (packet.tsiHigh !== this.#tsiHigh || packet.tsiLow !== this.#tsiLow) return;
    if (packet.sessionPort !== this.#config.sessionPort) return;
    if (packet.type === SPMR) this.#answerSpmr();
    else if (
      packet.type === NAK &&
      equal(packet.source, this.#config.address) &&
      equal(packet.group, this.#config.group)
    ) {
      this.#answerNak(packet.sequence, packet.listed);
    }
  }

  /** Whether a packet that came to this source's address is for it; another source of this host may share the address. */
  isFor(bytes: Uint8Array): boolean {
    const packet = this.#packet;
    if (!packet.read(bytes) || (packet.type !== NAK && packet.type !== SPMR)) return true;
    return packet.tsiHigh === this.#tsiHigh && packet.tsiLow === this.#tsiLow;
  }

  /** Sends the rest, answers NAKs a little longer, and ends. `finished` follows. */
  finish(): void {
    if (this.#life !== "open") return;
    this.#life = "finishing";
    this.flush();
    this.#mayEnd();
  }

  /** Ends now. Receivers are told, unless nothing was ever said. */
  close(): void {
    if (this.#life === "closed") return;
    if (this.#spmSequence > 0) for (let i = 0; i < 3; i++) this.#sendSpm(true);
    this.#life = "closed";
    this.#heartbeat.stop();
    for (const timer of [this.#roomTimer, this.#repairTimer, this.#finalTimer]) {
      if (timer !== undefined) this.#clock.clearTimer(timer);
    }
    this.#window.length = 0;
    this.#repairs.clear();
  }

  // --- Data ---

  #fill(): void {
    while (this.#writer.fill()) {
      if (!this.#isOpen()) return;
      this.#sendData();
    }
  }

  /** Whether a packet may be sent now. If not, a timer goes on when it may. */
  #isOpen(): boolean {
    if (this.#limit.isOpen) {
      if (this.#unasked-- > 0) return true;
      this.#unasked = PACKETS_UNASKED;
      if (this.#output.unsentBytes < UNSENT_BYTES) return true;
      this.#unasked = 0;
      this.#waitForRoom(1);
    } else this.#waitForRoom(this.#limit.waitMs);
    return false;
  }

  #waitForRoom(ms: number): void {
    this.#roomTimer ??= this.#clock.setTimer(() => {
      this.#roomTimer = undefined;
      this.#repair(); // first, or else data would leave nothing for it
      this.#goOn();
    }, ms);
  }

  #goOn(): void {
    if (this.#life === "closed" || this.#roomTimer !== undefined) return;
    this.#fill();
    if (this.#roomTimer === undefined && this.#writer.isReady) this.#output.hasRoom();
    this.flush();
    this.#mayEnd();
  }

  #sendData(): void {
    const packet = this.#writer.take();
    const { windowPackets, tsi, sessionPort } = this.#config;
    const index = this.#count % windowPackets;
    this.#count++;
    this.#window[index] = packet;
    finishData(packet, ODATA, tsi, sessionPort, this.#lead, this.#trail);
    this.#limit.spend(packet.length + this.#config.lowerBytes);
    this.#output.send(packet);
    const now = this.#clock.now();
    this.#sentAt = now;
    this.#heartbeat.dataSent(now);
  }

  get #lead(): number {
    return (this.#first + this.#count - 1) >>> 0;
  }

  get #trail(): number {
    const size = Math.min(this.#count, this.#config.windowPackets);
    return (this.#first + this.#count - size) >>> 0;
  }

  // --- SPMs ---

  #sendSpm(isFinal = false): void {
    const { tsi, sessionPort, address, lowerBytes } = this.#config;
    const window = { sequence: this.#spmSequence, trail: this.#trail, lead: this.#lead };
    this.#spmSequence = (this.#spmSequence + 1) >>> 0;
    this.#spmAt = this.#clock.now();
    this.#heartbeat.spmSent(this.#spmAt);
    const packet = encodeSpm(tsi, sessionPort, window, address, isFinal);
    this.#limit.spend(packet.length + lowerBytes);
    this.#output.send(packet);
  }

  #answerSpmr(): void {
    if (this.#clock.now() - this.#spmAt >= SPM_FOR_MS) this.#sendSpm();
  }

  // --- Repairs ---

  #answerNak(sequence: number, listed: readonly number[]): void {
    if (!this.#repairLimit.isOpen || this.#count === 0) return;
    const confirmed: number[] = [];
    let isTooLate = this.#isWanted(sequence, confirmed);
    for (const further of listed) isTooLate = this.#isWanted(further, confirmed) || isTooLate;
    // Who asks for what is gone hears from an SPM that it is.
    if (isTooLate) this.#answerSpmr();
    if (confirmed.length === 0) return;
    const { tsi, sessionPort, address, group } = this.#config;
    this.#sendRepair(encodeNak(NCF, tsi, sessionPort, confirmed, address, group));
    for (const wanted of confirmed) this.#repairs.add(wanted);
    this.#repair();
  }

  /** Adds it to `confirmed` if it is to be repaired. True when it is asked for too late. */
  #isWanted(sequence: number, confirmed: number[]): boolean {
    if (ahead(sequence, this.#trail) < 0) return true;
    if (ahead(sequence, this.#lead) > 0 || this.#repairs.has(sequence)) return false;
    const repairedAt = this.#repairedAt.get(sequence);
    if (repairedAt === undefined || this.#clock.now() - repairedAt >= REPAIRED_FOR_MS) {
      if (!confirmed.includes(sequence)) confirmed.push(sequence);
    }
    return false;
  }

  #repair(): void {
    if (this.#repairs.size === 0) return;
    const now = this.#clock.now();
    for (const [sequence, at] of this.#repairedAt) {
      if (now - at < REPAIRED_FOR_MS) break;
      this.#repairedAt.delete(sequence);
    }
    for (const sequence of this.#repairs) {
      if (!this.#limit.isOpen || !this.#repairLimit.isOpen) {
        this.#repairTimer ??= this.#clock.setTimer(
          () => {
            this.#repairTimer = undefined;
            this.#repair();
          },
          Math.max(this.#limit.waitMs, this.#repairLimit.waitMs),
        );
        return;
      }
      this.#repairs.delete(sequence);
      const sent = this.#inWindow(sequence);
      if (sent === undefined) continue;
      const packet = sent.slice();
      finishData(packet, RDATA, this.#config.tsi, this.#config.sessionPort, sequence, this.#trail);
      this.#repairedAt.delete(sequence);
      this.#repairedAt.set(sequence, now);
      this.#sentAt = now;
      this.#sendRepair(packet);
    }
  }

  #inWindow(sequence: number): Uint8Array | undefined {
    const behind = -ahead(sequence, this.#lead);
    const { windowPackets } = this.#config;
    if (behind < 0 || behind >= Math.min(this.#count, windowPackets)) return undefined;
    return this.#window[(this.#count - 1 - behind) % windowPackets];
  }

  #sendRepair(packet: Uint8Array): void {
    const bytes = packet.length + this.#config.lowerBytes;
    this.#limit.spend(bytes);
    this.#repairLimit.spend(bytes);
    this.#output.send(packet);
  }

  // --- The end ---

  /** Ends a finishing source when all is sent and nobody has asked for anything for a while. */
  #mayEnd(): void {
    if (this.#life !== "finishing" || this.#finalTimer !== undefined || !this.isIdle) return;
    const now = this.#clock.now();
    this.#finalBy ??= now + MOST_FINAL_MS;
    const waitMs = this.#sentAt + FINAL_MS - now;
    if ((this.#repairs.size === 0 && waitMs <= 0) || now >= this.#finalBy) {
      this.close();
      this.#output.finished();
      return;
    }
    // Whoever lost the last packets learns it from this.
    this.#sendSpm();
    this.#finalTimer = this.#clock.setTimer(
      () => {
        this.#finalTimer = undefined;
        this.#mayEnd();
      },
      Math.max(1, waitMs),
    );
  }
}
