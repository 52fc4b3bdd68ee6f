/**
 * The far end of a pipe, as a connection in an I/O thread holds it from its
 * beginning to its end. Behind it is a ring to the socket's thread
 * (engine-far-end.ts) or, once the socket has moved here, a pipe of the pattern
 * that it has here.
 */

import { ZmqError } from "../base/errors.ts";
import type { FarEnd, Outlet } from "../base/far-end.ts";
import { type Control, type Message, NO_PROPERTIES, type Properties } from "../base/message.ts";
import type { OptionValues } from "../base/options.ts";
import { EngineFarEnd, type LeftPipe } from "./engine-far-end.ts";
import type { PeerChange, SeenPipe } from "./engine-mail.ts";
import { BYTES_RECEIVED, BYTES_SENT } from "./engine-memory.ts";
import type { MovedPipe, MovedSocket } from "./moved-socket.ts";

/** Tells the socket's thread. */
export type TellPeer = (change: PeerChange, routingId: Uint8Array | undefined) => void;

/** Takes what a pattern says to a peer that has heard it already. */
const MUTE: Outlet = {
  queues: true,
  canWrite: true,
  write: () => true,
  writeControl: () => true,
  resume() {},
  close() {},
};

export interface ServedPipeParts {
  /** Of the endpoint, and the pipe's own there: 0 is the one that the request brought. */
  readonly id: number;
  readonly number: number;
  readonly endpoint: string;
  readonly dialed: boolean;
  /** Those of its connections. */
  readonly options: OptionValues;
  readonly routingId: Uint8Array | undefined;
  /** BYTES_SENT and BYTES_RECEIVED. */
  readonly counts: Float64Array;
  readonly tell: TellPeer;
}

export class ServedPipe implements FarEnd {
  readonly #parts: ServedPipeParts;
  readonly #counts: Float64Array;
  #to: FarEnd;
  /** Until the socket moves. */
  #ring: EngineFarEnd | undefined = undefined;
  #moved: MovedPipe | undefined = undefined;
  /** What the ring had, until `begin`. */
  #left: LeftPipe | undefined = undefined;
  #outlet: Outlet | undefined = undefined;
  #peer: Properties = NO_PROPERTIES;
  #remoteAddress = "";

  /** `behind`: a ring, or a socket that has moved already. */
  constructor(parts: ServedPipeParts, behind: EngineFarEnd | MovedSocket) {
    this.#parts = parts;
    this.#counts = parts.counts;
    if (behind instanceof EngineFarEnd) {
      this.#ring = behind;
      this.#to = behind;
    } else {
      this.#moved = this.#pipeOf(behind, parts.routingId);
      this.#to = this.#moved.far;
    }
  }

  /** Names it among the pipes of its socket. */
  get key(): string {
    return `${this.#parts.id} ${this.#parts.number}`;
  }

  // --- While there is a ring ---

  /** Takes all that the socket has written by now. */
  takeAll(): void {
    this.#ring?.takeAll();
  }

  /** Nothing more is read for the socket, which is about to move. */
  hold(): void {
    if (this.#ring !== undefined) this.#ring.isHeld = true;
  }

  /** All that came is where the socket's thread finds it. */
  get isInRing(): boolean {
    this.#ring?.poll();
    return this.#ring?.isInRing !== false;
  }

  /** Neither ended nor about to. */
  get isOpen(): boolean {
    return this.#ring === undefined || this.#ring.isOpen;
  }

  /**
   * The socket has moved: a pipe of `socket` takes the place of the ring. Its pattern learns of the peer, and of the topics that the
   * peer has subscribed to, and is heard by nobody before `begin`.
   */
  moveTo(socket: MovedSocket, routingId: Uint8Array | undefined, topics: readonly Uint8Array[]): void {
    const ring = this.#ring;
    if (ring === undefined) return;
    const left = ring.leave();
    const moved = this.#pipeOf(socket, routingId);
    this.#ring = undefined;
    this.#left = left;
    this.#moved = moved;
    this.#to = moved.far;
    moved.far.open();
    if (!left.isConnected || !left.isGreeted) return;
    moved.far.attach(MUTE);
    moved.far.connect(this.#peer, this.#remoteAddress);
    for (const topic of topics) moved.far.deliverControl({ kind: "subscribe", topic });
  }

  /** The peer hears the pattern, behind what had been written and not sent. */
  begin(): void {
    const left = this.#left;
    const moved = this.#moved;
    if (left === undefined || moved === undefined) return;
    this.#left = undefined;
    const { far } = moved;
    const outlet = this.#outlet;
    const isNew = left.isConnected && !left.isGreeted;
    if (outlet !== undefined && !isNew) far.attach(outlet);
    for (const item of left.unsent) {
      if (Array.isArray(item)) moved.write(item);
      else if (!isNew) moved.writeControl(item);
    }
    moved.beginCounts();
    if (outlet === undefined) return;
    if (isNew) {
      far.attach(outlet);
      far.connect(this.#peer, this.#remoteAddress);
      offer(far, outlet);
    }
    if (left.isClosed) far.closeWrites();
    outlet.resume();
  }

  /** Undefined while there is a ring. */
  see(): (SeenPipe & { readonly id: number; readonly pipe: number }) | undefined {
    const { id, number } = this.#parts;
    return this.#moved && { ...this.#moved.see(), id, pipe: number };
  }

  #pipeOf(socket: MovedSocket, routingId: Uint8Array | undefined): MovedPipe {
    const { endpoint, dialed, options } = this.#parts;
    return socket.createPipe(endpoint, dialed, options, routingId);
  }

  #told(change: PeerChange): void {
    if (this.#moved !== undefined) this.#parts.tell(change, this.#moved.routingId);
  }

  // --- FarEnd ---

  open(): void {
    this.#to.open();
  }

  attach(outlet: Outlet): void {
    this.#outlet = outlet;
    this.#to.attach(outlet);
  }

  connect(peer: Properties, remoteAddress = ""): void {
    this.#peer = peer;
    this.#remoteAddress = remoteAddress;
    this.#to.connect(peer, remoteAddress);
    this.#told({ peer, remoteAddress });
  }

  detach(): void {
    this.#outlet = undefined;
    this.#to.detach();
    this.#told("detached");
  }

  end(): void {
    this.#outlet = undefined;
    this.#to.end();
    this.#told("ended");
  }

  closeWrites(): void {
    this.#to.closeWrites();
  }

  get isConnected(): boolean {
    return this.#to.isConnected;
  }

  get isClosed(): boolean {
    return this.#to.isClosed;
  }

  pull(): Message | Control | undefined {
    return this.#to.pull();
  }

  get hasQueued(): boolean {
    return this.#to.hasQueued;
  }

  get outboundLength(): number {
    return this.#to.outboundLength;
  }

  get sendHighWaterMark(): number {
    return this.#to.sendHighWaterMark;
  }

  get receiveHighWaterMark(): number {
    return this.#to.receiveHighWaterMark;
  }

  signalRoom(): void {
    this.#to.signalRoom();
  }

  signalIdle(): void {
    this.#to.signalIdle();
  }

  discard(message: Message, reason?: "tooLong"): void {
    this.#to.discard(message, reason);
  }

  deliver(message: Message): void {
    this.#to.deliver(message);
  }

  append(message: Message): void {
    this.#to.append(message);
  }

  deliverControl(control: Control): void {
    this.#to.deliverControl(control);
  }

  get inboundFull(): boolean {
    return this.#to.inboundFull;
  }

  get canRead(): boolean {
    return this.#to.canRead;
  }

  get messagesReceived(): number {
    return this.#to.messagesReceived;
  }

  get conflates(): boolean {
    return this.#to.conflates;
  }

  get isBehind(): boolean {
    return this.#to.isBehind;
  }

  setBehind(isBehind: boolean): void {
    this.#to.setBehind(isBehind);
  }

  limit(sendHighWaterMark: number, receiveHighWaterMark: number): void {
    this.#to.limit(sendHighWaterMark, receiveHighWaterMark);
  }

  countSent(bytes: number): void {
    this.#to.countSent(bytes);
    if (this.#moved !== undefined) this.#counts[BYTES_SENT] = (this.#counts[BYTES_SENT] as number) + bytes;
  }

  countReceived(bytes: number): void {
    this.#to.countReceived(bytes);
    if (this.#moved !== undefined) this.#counts[BYTES_RECEIVED] = (this.#counts[BYTES_RECEIVED] as number) + bytes;
  }
}

/** To a connection that has asked already: messages that waited. */
function offer(far: FarEnd, outlet: Outlet): void {
  while (outlet.canWrite) {
    const item = far.pull();
    if (item === undefined) return;
    if (!Array.isArray(item)) outlet.writeControl(item);
    else {
      try {
        outlet.write(item);
      } catch (error) {
        if (!(error instanceof ZmqError)) throw error;
        far.discard(item, "tooLong");
      }
    }
  }
}
