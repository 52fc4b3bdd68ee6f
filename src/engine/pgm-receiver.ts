/**
 * The receiving side of PGM: any number of sources in the groups of one endpoint, each with a stream of its own
 * (pgm-stream.ts). Sans-IO: driven by a clock and packets, hands out messages, NAKs and SPMRs.
 *
 * A source is known by its TSI and the address that its packets come from: the names of libzmq's sources are alike on
 * different hosts. Whoever sends packets can pretend to be any number of sources. So there are bounds for how many are
 * known at a time, for how much they hold together, and for how much is sent in answer; sources of which no message was
 * ever read make room first.
 */

import type { Clock, Timer } from "../base/clock.ts";
import type { DatagramAddress } from "../base/datagram.ts";
import type { Message } from "../base/message.ts";
import type { DecoderLimits } from "../base/protocol.ts";
import { encodeNak, encodeSpmr, NAK, NCF, ODATA, PacketReader, RDATA, SPM, type Tsi } from "../wire/pgm.ts";
import { PgmStream, type PgmStreamOwner } from "./pgm-stream.ts";
import { RateLimit } from "./rate-limit.ts";

/** Sources known at a time, those of which a message was read apart. */
const MOST_SOURCES = 1024;
/** Packets that all sources together may hold and ask for, a few of each one apart. */
const MOST_REACH = 262_144;
const LEAST_REACH = 64;
/** Octets that all sources together may hold. */
const MOST_HELD_BYTES = 134_217_728;
/** Octets a second of NAKs and SPMRs. */
const UPSTREAM_RATE = 1_000_000;
const UPSTREAM_BURST = 100_000;
/** A source that is silent for so long is forgotten (libzmq's), and one of which nothing was read sooner. */
const FORGOTTEN_AFTER_MS = 300_000;
const STRANGE_AFTER_MS = 60_000;
const SWEPT_EACH_MS = 30_000;

export interface PgmReceiverConfig {
  /** The port of the endpoint. */
  readonly sessionPort: number;
  /** Packets that a source keeps, as the options of this side say; it should be those of the source. */
  readonly windowPackets: number;
  readonly limits: DecoderLimits;
}

export interface PgmReceiverOutput {
  /** The reader's pipe is full; `resume` is called when it is not. */
  readonly isFull: boolean;
  deliver(message: Message): void;
  /** So many packets of a source cannot be repaired any more. */
  lost(source: DatagramAddress, packets: number): void;
  /** A source sent what is no message. */
  broken(source: DatagramAddress, error: unknown): void;
  /** To a source: its address in octets where it has told it; absent: the address that its packets come from. */
  send(packet: Uint8Array, source: DatagramAddress, address: Uint8Array | undefined): void;
  /** The octets of an address. */
  octets(address: string): Uint8Array;
}

export class PgmReceiver implements PgmStreamOwner {
  readonly clock: Clock;
  readonly #config: PgmReceiverConfig;
  readonly #output: PgmReceiverOutput;
  readonly #packet = new PacketReader();
  readonly #upstream: RateLimit;
  /** By address and TSI, the longest known first: sources of which a message was read, and others. */
  readonly #proven = new Map<string, PgmStream>();
  readonly #strange = new Map<string, PgmStream>();
  /** The stream of the last packet. */
  #last: PgmStream | undefined = undefined;
  #lastHigh = 0;
  #lastLow = 0;
  #heldBytes = 0;
  readonly #due = new Set<PgmStream>();
  #dueAt = Number.POSITIVE_INFINITY;
  #dueTimer: Timer | undefined = undefined;
  #sweepTimer: Timer | undefined = undefined;
  #isClosed = false;

  constructor(clock: Clock, config: PgmReceiverConfig, output: PgmReceiverOutput) {
    this.clock = clock;
    this.#config = config;
    this.#output = output;
    this.#upstream = new RateLimit(clock, UPSTREAM_RATE, UPSTREAM_BURST);
  }

  /** A packet that came to `group`. Its memory is the receiver's. */
  receive(bytes: Uint8Array, from: DatagramAddress, group: Uint8Array): void {
    const packet = this.#packet;
    if (this.#isClosed || !packet.read(bytes) || packet.sessionPort !== this.#config.sessionPort) return;
    const { type } = packet;
    if (type !== ODATA && type !== RDATA && type !== SPM && type !== NCF) return;
    const stream = this.#stream(bytes, from, group, type);
    if (stream === undefined) return;
    stream.heardAt = this.clock.now();
    if (type === SPM) stream.spm(packet.sequence, packet.trail, packet.lead, packet.source, packet.isFinal);
    else if (type === NCF) stream.confirm(packet.sequence, packet.listed);
    else stream.data(packet.sequence, packet.trail, bytes.subarray(packet.start, packet.end), type === RDATA);
    if (stream.isProven && !stream.isListed) this.#prove(stream);
  }

  /** The reader's pipe has room again. */
  resume(): void {
    for (const streams of [this.#proven, this.#strange]) {
      for (const stream of streams.values()) {
        if (this.#output.isFull) return;
        stream.go();
      }
    }
  }

  /** How many sources are known. */
  get sources(): number {
    return this.#proven.size + this.#strange.size;
  }

  close(): void {
    this.#isClosed = true;
    if (this.#dueTimer !== undefined) this.clock.clearTimer(this.#dueTimer);
    if (this.#sweepTimer !== undefined) this.clock.clearTimer(this.#sweepTimer);
    this.#proven.clear();
    this.#strange.clear();
    this.#due.clear();
    this.#last = undefined;
  }

  // --- PgmStreamOwner ---

  get limits(): DecoderLimits {
    return this.#config.limits;
  }

  get reachPackets(): number {
    const share = Math.floor(MOST_REACH / Math.max(this.#proven.size, 8));
    return Math.min(this.#config.windowPackets, Math.max(share, LEAST_REACH));
  }

  get isFull(): boolean {
    return this.#isClosed || this.#output.isFull;
  }

  deliver(message: Message): void {
    this.#output.deliver(message);
  }

  lost(stream: PgmStream, packets: number): void {
    this.#output.lost(stream.from, packets);
  }

  broken(stream: PgmStream, error: unknown): void {
    this.#output.broken(stream.from, error);
  }

  nak(stream: PgmStream, sequences: readonly number[]): void {
    if (!this.#upstream.isOpen) return;
    const source = stream.address ?? this.#output.octets(stream.from.address);
    const packet = encodeNak(NAK, stream.tsi, this.#config.sessionPort, sequences, source, stream.group);
    this.#upstream.spend(packet.length);
    this.#output.send(packet, stream.from, stream.address);
  }

  askForSpm(stream: PgmStream): void {
    if (!this.#upstream.isOpen) return;
    const packet = encodeSpmr(stream.tsi, this.#config.sessionPort);
    this.#upstream.spend(packet.length);
    this.#output.send(packet, stream.from, stream.address);
  }

  hold(bytes: number): boolean {
    if (bytes > 0 && this.#heldBytes + bytes > MOST_HELD_BYTES) return false;
    this.#heldBytes += bytes;
    return true;
  }

  due(stream: PgmStream, at: number): void {
    if (this.#isClosed) return;
    this.#due.add(stream);
    if (at >= this.#dueAt) return;
    if (this.#dueTimer !== undefined) this.clock.clearTimer(this.#dueTimer);
    this.#dueAt = at;
    this.#dueTimer = this.clock.setTimer(() => this.#tick(), Math.max(1, at - this.clock.now()));
  }

  // --- Inside ---

  #tick(): void {
    this.#dueTimer = undefined;
    this.#dueAt = Number.POSITIVE_INFINITY;
    const streams = [...this.#due];
    this.#due.clear();
    const now = this.clock.now();
    for (const stream of streams) stream.tick(now);
  }

  #stream(bytes: Uint8Array, from: DatagramAddress, group: Uint8Array, type: number): PgmStream | undefined {
    const { tsiHigh, tsiLow } = this.#packet;
    const last = this.#last;
    if (
      last !== undefined &&
      this.#lastHigh === tsiHigh &&
      this.#lastLow === tsiLow &&
      last.from.address === from.address
    ) {
      return last;
    }
    const key = `${tsiHigh} ${tsiLow} ${from.address}`;
    let stream = this.#proven.get(key) ?? this.#strange.get(key);
    if (stream === undefined) {
      if (type !== ODATA && type !== SPM) return undefined;
      const tsi: Tsi = { gsi: bytes.slice(8, 14), port: tsiLow & 0xffff };
      stream = new PgmStream(this, key, tsi, from, group);
      this.#makeRoom(this.#strange);
      this.#strange.set(key, stream);
      this.#sweepLater();
    }
    this.#last = stream;
    this.#lastHigh = tsiHigh;
    this.#lastLow = tsiLow;
    return stream;
  }

  #prove(stream: PgmStream): void {
    stream.isListed = true;
    if (!this.#strange.delete(stream.key)) return;
    this.#makeRoom(this.#proven);
    this.#proven.set(stream.key, stream);
  }

  /** The oldest one goes. */
  #makeRoom(streams: Map<string, PgmStream>): void {
    if (streams.size < MOST_SOURCES) return;
    for (const stream of streams.values()) {
      this.#forget(streams, stream);
      return;
    }
  }

  #forget(streams: Map<string, PgmStream>, stream: PgmStream): void {
    streams.delete(stream.key);
    this.#due.delete(stream);
    if (this.#last === stream) this.#last = undefined;
    stream.close();
  }

  #sweepLater(): void {
    this.#sweepTimer ??= this.clock.setTimer(() => {
      this.#sweepTimer = undefined;
      const now = this.clock.now();
      for (const streams of [this.#proven, this.#strange]) {
        for (const stream of streams.values()) {
          const keptMs = streams === this.#proven && !stream.isFinal ? FORGOTTEN_AFTER_MS : STRANGE_AFTER_MS;
          if (now - stream.heardAt >= keptMs) this.#forget(streams, stream);
        }
      }
      if (this.sources > 0) this.#sweepLater();
    }, SWEPT_EACH_MS);
  }
}
