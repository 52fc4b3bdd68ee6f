/**
 * What comes from one source of PGM: puts its packets in order, finds out which are missing and asks for them, and reads
 * the messages. What the source cannot repair any more is lost: then the stream goes on with the next message that
 * begins. Nothing comes twice, and nothing that is not whole.
 *
 *        next                 lead
 *   read | held and missing ... | not sent yet
 *        |<------ reach ------>|      beyond it packets are passed over, and asked for later
 *
 * A source may start again under the same name, as libzmq's do: its SPMs count from 0 again. A late duplicate of an old SPM
 * looks the same. So the source is asked for a new one, and meanwhile nothing is read, until it goes on with the old count
 * or, for a while, does not.
 */

import type { Clock } from "../base/clock.ts";
import type { DatagramAddress } from "../base/datagram.ts";
import type { Message } from "../base/message.ts";
import type { DecoderLimits } from "../base/protocol.ts";
import { ApduReader } from "../wire/apdu-reader.ts";
import { ahead, MOST_SEQUENCES, type Tsi } from "../wire/pgm.ts";
import { PgmRequests } from "./pgm-requests.ts";

/** A NAK waits for up to so long, for another receiver may ask first (libzmq's). */
const BACK_OFF_MS = 50;
/** Numbers that lie further ahead are forged, or of a source that was not heard for days; half of them would count as behind. */
const MOST_AHEAD = 0x3fff_ffff;
/** A source that has said its last word is asked so often. */
const FINAL_TRIES = 3;
/** How far ahead packets are asked for and held before the first message of the source. */
const FIRST_REACH = 64;
/** A source that has counted back for so long has started again; meanwhile it is asked for an SPM this often. */
const RESTARTED_AFTER_MS = 500;
const ASK_AGAIN_MS = 100;
/** A source is given so long to say by itself that it is there. */
const ASK_AFTER_MS = 25;
const MOST_ASKED = 10;
/** Old data in a row, without anything new, from which on the source is asked too. */
const OLD_PACKETS = 3;

export interface PgmStreamOwner {
  readonly clock: Clock;
  readonly limits: DecoderLimits;
  /** How many packets of a source may be held and asked for. */
  readonly reachPackets: number;
  /** The reader has no room. */
  readonly isFull: boolean;
  deliver(message: Message): void;
  /** So many packets cannot be had any more. */
  lost(stream: PgmStream, packets: number): void;
  /** The source sent what is no message; its stream goes on with the next one. */
  broken(stream: PgmStream, error: unknown): void;
  nak(stream: PgmStream, sequences: readonly number[]): void;
  askForSpm(stream: PgmStream): void;
  /** Takes memory of all streams together; false when there is none. A negative number gives it back. */
  hold(bytes: number): boolean;
  /** `tick` shall be called at this time, in the clock's milliseconds. */
  due(stream: PgmStream, at: number): void;
}

/** Since when the source has counted back, and from where on it would be read. */
interface Doubt {
  readonly since: number;
  readonly next: number;
  spmSequence: number;
}

export class PgmStream {
  /** By which the receiver knows it. */
  readonly key: string;
  readonly tsi: Tsi;
  /** Where it comes from, and the group that it sends to. */
  readonly from: DatagramAddress;
  readonly group: Uint8Array;
  /** The address that the source named in its SPM, in octets. */
  address: Uint8Array | undefined = undefined;
  heardAt: number;
  /** A message of it was read; and the receiver has taken note of that. */
  isProven = false;
  isListed = false;
  /** Its last SPM was its last. */
  isFinal = false;
  readonly #owner: PgmStreamOwner;
  readonly #reader: ApduReader;
  readonly #requests = new PgmRequests();
  /** Each counts with the memory of its packet, which may be far longer. */
  readonly #held = new Map<number, Uint8Array>();
  readonly #abandoned = new Set<number>();
  #isDefined = false;
  /** The packet that is read next. */
  #next = 0;
  /** The last packet that was sent, as far as is known, the last one that was held or asked for, and the first to be had. */
  #lead = 0;
  #looked = 0;
  #trail = 0;
  /** Of the last SPM that counted on. */
  #spmSequence: number | undefined = undefined;
  #spmLead = 0;
  #spmAskedAt = Number.NEGATIVE_INFINITY;
  /** SPMRs since the last SPM that counted on. */
  #asked = 0;
  #doubt: Doubt | undefined = undefined;
  #oldPackets = 0;
  /** Packets that are lost since something was read. */
  #lost = 0;

  constructor(owner: PgmStreamOwner, key: string, tsi: Tsi, from: DatagramAddress, group: Uint8Array) {
    this.#owner = owner;
    this.key = key;
    this.tsi = tsi;
    this.from = { address: from.address, port: from.port };
    this.group = group;
    this.heardAt = owner.clock.now();
    this.#reader = new ApduReader(owner.limits);
  }

  /** Waits for room in the reader's pipe. */
  isWaiting = false;

  // --- Packets ---

  /** ODATA or RDATA. The memory of the APDU is the stream's. */
  data(sequence: number, trail: number, apdu: Uint8Array, isRepair: boolean): void {
    if (!this.#isDefined) {
      if (isRepair) return; // of something that was sent before this side came
      this.#define(sequence);
    }
    const distance = ahead(sequence, this.#next);
    if (distance > MOST_AHEAD) return;
    if (distance < 0) {
      if (!isRepair && ++this.#oldPackets >= OLD_PACKETS) this.#askForSpm();
      return;
    }
    this.#oldPackets = 0;
    if (ahead(sequence, this.#lead) > 0) this.#lead = sequence;
    this.#moveTrail(trail, sequence);
    if (distance === 0 && !this.#isStopped) {
      this.#requests.delete(sequence);
      this.#abandoned.delete(sequence);
      this.#advance();
      this.#read(apdu);
    } else if (distance < this.#reach && !this.#held.has(sequence) && this.#owner.hold(apdu.buffer.byteLength)) {
      this.#requests.delete(sequence);
      this.#abandoned.delete(sequence);
      this.#held.set(sequence, apdu);
    }
    // Most packets leave nothing behind them that is held, missing or lost.
    if (ahead(this.#lead, this.#next) >= 0 || ahead(this.#trail, this.#next) > 0) this.go();
    if (this.#spmSequence === undefined && this.#spmAskedAt === Number.NEGATIVE_INFINITY) this.#askLater();
  }

  spm(sequence: number, trail: number, lead: number, address: Uint8Array, isFinal: boolean): void {
    const known = this.#spmSequence;
    if (known !== undefined && (ahead(sequence, known) < 0 || ahead(lead, this.#spmLead) < 0)) {
      this.#wonder(sequence, trail, lead);
      return;
    }
    this.#doubt = undefined;
    this.#oldPackets = 0;
    this.#asked = 0;
    this.#spmSequence = sequence;
    this.#spmLead = lead;
    this.address = address.slice();
    this.isFinal = isFinal;
    if (!this.#isDefined) this.#define(lead + 1);
    if (ahead(lead, this.#next) <= MOST_AHEAD) {
      if (ahead(lead, this.#lead) > 0) this.#lead = lead;
      this.#moveTrail(trail, (lead + 1) >>> 0);
    }
    this.go();
  }

  /** NCF. */
  confirm(sequence: number, listed: readonly number[]): void {
    const now = this.#owner.clock.now();
    this.#requests.confirm(sequence, now);
    for (const further of listed) this.#requests.confirm(further, now);
    this.#announce();
  }

  /** Reads what can be read, and asks for what is missing. Also when the pipe has room again. */
  go(): void {
    this.#drain();
    this.#look();
    this.#announce();
  }

  /** Does what is due. */
  tick(now: number): void {
    const owner = this.#owner;
    if (this.#doubt !== undefined && now - this.#doubt.since >= 2 * RESTARTED_AFTER_MS) {
      // Nobody is there who counts either way.
      this.#doubt = undefined;
      this.go();
    }
    if (this.#doubt !== undefined || this.#spmSequence === undefined) this.#askForSpm();
    const abandoned: number[] = [];
    const tries = this.isFinal ? FINAL_TRIES : undefined;
    for (let isMore = true; isMore; ) {
      const asked: number[] = [];
      this.#requests.due(now, MOST_SEQUENCES, this.#backOffMs, asked, abandoned, tries);
      isMore = asked.length === MOST_SEQUENCES;
      if (asked.length > 0) owner.nak(this, asked);
    }
    for (const sequence of abandoned) this.#abandoned.add(sequence);
    if (abandoned.length > 0) this.#drain();
    this.#announce();
  }

  // --- Inside ---

  #define(next: number): void {
    this.#isDefined = true;
    this.#next = next >>> 0;
    this.#lead = (next - 1) >>> 0;
    this.#looked = this.#lead;
    this.#trail = this.#next;
  }

  #moveTrail(trail: number, end: number): void {
    const isNew = ahead(trail, this.#trail) > 0 && ahead(trail, this.#next) <= MOST_AHEAD;
    if (isNew && ahead(trail, end) <= 0) this.#trail = trail;
  }

  get #reach(): number {
    const { reachPackets } = this.#owner;
    return this.isProven ? reachPackets : Math.min(reachPackets, FIRST_REACH);
  }

  /** Nothing may be read now. */
  get #isStopped(): boolean {
    return this.#doubt !== undefined || this.isWaiting || this.#owner.isFull;
  }

  get #backOffMs(): number {
    return this.#owner.clock.random32() % BACK_OFF_MS;
  }

  #advance(): void {
    this.#next = (this.#next + 1) >>> 0;
    if (ahead(this.#next, this.#looked) > 1) this.#looked = (this.#next - 1) >>> 0;
  }

  /** Reads from the packets that are held, and passes over those that are lost. */
  #drain(): void {
    if (this.isWaiting) {
      if (this.#owner.isFull) return;
      this.isWaiting = false;
      this.#readRest();
    }
    while (!this.#isStopped) {
      const apdu = this.#held.get(this.#next);
      if (apdu !== undefined) {
        this.#tellLoss();
        this.#held.delete(this.#next);
        this.#owner.hold(-apdu.buffer.byteLength);
        this.#advance();
        this.#read(apdu);
        continue;
      }
      const gone = ahead(this.#trail, this.#next);
      if (gone > 0) this.#pass(this.#held.size === 0 ? gone : 1);
      else if (this.#abandoned.has(this.#next)) this.#pass(1);
      else break;
    }
    this.#tellLoss();
  }

  /** Packets that are lost. */
  #pass(count: number): void {
    if (count === 1) {
      this.#requests.delete(this.#next);
      this.#abandoned.delete(this.#next);
    } else {
      this.#requests.clear();
      this.#abandoned.clear();
    }
    this.#next = (this.#next + count) >>> 0;
    if (ahead(this.#next, this.#looked) > 1) this.#looked = (this.#next - 1) >>> 0;
    if (ahead(this.#next, this.#lead) > 1) this.#lead = (this.#next - 1) >>> 0;
    if (this.#lost === 0) this.#reader.leave();
    this.#lost += count;
  }

  #tellLoss(): void {
    const lost = this.#lost;
    this.#lost = 0;
    if (lost > 0) this.#owner.lost(this, lost);
  }

  #read(apdu: Uint8Array): void {
    try {
      this.#reader.push(apdu);
    } catch (error) {
      this.#broken(error);
      return;
    }
    this.#readRest();
  }

  #readRest(): void {
    const owner = this.#owner;
    try {
      for (;;) {
        if (owner.isFull) {
          this.isWaiting = true;
          return;
        }
        const message = this.#reader.next();
        if (message === undefined) return;
        this.isProven = true;
        owner.deliver(message);
      }
    } catch (error) {
      this.#broken(error);
    }
  }

  #broken(error: unknown): void {
    this.#reader.leave();
    this.#owner.broken(this, error);
  }

  /** Notes as missing what is neither held nor asked for yet, as far as the window reaches. */
  #look(): void {
    if (!this.#isDefined || this.#doubt !== undefined) return;
    const end = Math.min(ahead(this.#lead, this.#next), this.#reach - 1);
    let at: number | undefined;
    for (let sequence = (this.#looked + 1) >>> 0; ahead(sequence, this.#next) <= end; sequence = (sequence + 1) >>> 0) {
      this.#looked = sequence;
      if (this.#held.has(sequence) || this.#requests.has(sequence) || this.#abandoned.has(sequence)) continue;
      // One back-off for a gap, so that one NAK can list it.
      at ??= this.#owner.clock.now() + this.#backOffMs;
      this.#requests.add(sequence, at);
    }
  }

  #announce(): void {
    const at = this.#requests.nextAt;
    if (at !== Number.POSITIVE_INFINITY) this.#owner.due(this, at);
  }

  #askLater(): void {
    const now = this.#owner.clock.now();
    this.#spmAskedAt = now + ASK_AFTER_MS - ASK_AGAIN_MS;
    this.#owner.due(this, now + ASK_AFTER_MS);
  }

  #askForSpm(): void {
    const now = this.#owner.clock.now();
    const againAt = this.#spmAskedAt + ASK_AGAIN_MS;
    if (this.#asked >= MOST_ASKED) return;
    if (now < againAt) {
      this.#owner.due(this, againAt);
      return;
    }
    this.#asked++;
    this.#spmAskedAt = now;
    this.#owner.askForSpm(this);
    this.#owner.due(this, now + ASK_AGAIN_MS);
  }

  /** An SPM that counts back, or says that less was sent. */
  #wonder(spmSequence: number, trail: number, lead: number): void {
    const now = this.#owner.clock.now();
    const doubt = this.#doubt;
    if (doubt === undefined) {
      const next = (lead + 1) >>> 0;
      this.#asked = 0;
      this.#doubt = { since: now, next: ahead(trail, next) > 0 ? trail : next, spmSequence };
    } else if (ahead(spmSequence, doubt.spmSequence) > 0 && now - doubt.since >= RESTARTED_AFTER_MS) {
      this.#restart(doubt.next, spmSequence, lead);
      return;
    } else if (ahead(spmSequence, doubt.spmSequence) > 0) doubt.spmSequence = spmSequence;
    this.#askForSpm();
  }

  #restart(next: number, spmSequence: number, lead: number): void {
    this.close();
    this.#doubt = undefined;
    this.#reader.leave();
    this.isFinal = false;
    this.isWaiting = false;
    this.#spmSequence = spmSequence;
    this.#spmLead = lead;
    this.#define(next);
    this.#asked = 0;
    if (ahead(lead, this.#next) > 0 && ahead(lead, this.#next) <= MOST_AHEAD) this.#lead = lead;
    this.go();
  }

  /** Gives back the memory that it holds. */
  close(): void {
    for (const apdu of this.#held.values()) this.#owner.hold(-apdu.buffer.byteLength);
    this.#held.clear();
    this.#requests.clear();
    this.#abandoned.clear();
    this.#lost = 0;
  }
}
