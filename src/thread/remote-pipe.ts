/**
 * A pipe of the socket in this thread whose connection is in an I/O thread: the
 * ring is its far side from the beginning to the end, so that messages leave
 * while this thread computes, also those that were sent before there was a
 * connection. What the far end in the I/O thread (engine-far-end.ts) tells by
 * records is done here to the pipe.
 */

import { concat, copier, EMPTY, fromText } from "../base/bytes.ts";
import type { Clock } from "../base/clock.ts";
import type { ZmqError } from "../base/errors.ts";
import type { FarEnd, RemoteOutlet } from "../base/far-end.ts";
import { type Message, NO_PROPERTIES } from "../base/message.ts";
import { RingReader } from "../base/ring-reader.ts";
import { RingWriter } from "../base/ring-writer.ts";
import type { EndpointPipe } from "./endpoint-pipe.ts";
import {
  BUSY,
  BYTES_RECEIVED,
  BYTES_SENT,
  type EngineMemory,
  type EnginePipeMemory,
  engineMemory,
  IDLE_WANTED,
} from "./engine-memory.ts";
import {
  CLOSE,
  CONNECTED,
  DETACHED,
  GREET,
  GREETED,
  numbers,
  PEER,
  peerOf,
  REFUSE,
  RENEW,
  RENEWED,
  RESIZE,
} from "./engine-records.ts";
import type { Inbox } from "./inbox.ts";
import { isMessage, MessageReader } from "./records.ts";
import { RingEnd } from "./ring-end.ts";
import type { PeerThread, RingEndOwner } from "./ring-end-parts.ts";
import type { ReceivedFrames } from "./transferred-frames.ts";

/** Of the memory that small messages of a secret connection share. */
const FIRST_SLAB_BYTES = 512;

export interface RemotePipeOwner {
  /** The pipe is over. */
  ended(pipe: RemotePipe): void;
  /** All that was written before the endpoint was closed is in the ring. */
  drained(): void;
}

export interface RemotePipeParts {
  readonly pipe: FarEnd;
  readonly memory: EngineMemory;
  readonly conflate: boolean;
  /** What arrives shares no memory with what other connections bring. */
  readonly isSecret: boolean;
  readonly thread: PeerThread;
  readonly frames: ReceivedFrames;
  readonly inbox: Inbox;
  readonly clock: Clock;
  readonly owner: RemotePipeOwner;
}

export class RemotePipe implements EndpointPipe, RingEndOwner, RemoteOutlet {
  readonly takesRest = true;
  readonly publishesAtOnce = true;
  readonly remote: RemoteOutlet = this;
  readonly pipe: FarEnd;
  readonly memory: EngineMemory;
  readonly #memory: EnginePipeMemory;
  readonly #writer: RingWriter;
  readonly #end: RingEnd;
  readonly #inbox: Inbox;
  readonly #owner: RemotePipeOwner;
  readonly #conflate: boolean;
  /** Octets of the wire that the pipe has counted. */
  #sent = 0;
  #received = 0;
  /** Pieces of the properties of a peer. */
  #peer: Uint8Array[] = [];
  /** RENEWs that were not answered. */
  #renewals = 0;
  /** The near side closed the pipe: CLOSE follows when all is in the ring. */
  #lingerMs: number | undefined = undefined;
  isEnded = false;
  /** Somebody looked when not all had left. */
  #isIdleAwaited = false;
  /** The far end sends nothing any more. */
  #isOver = false;

  constructor(parts: RemotePipeParts) {
    const { pipe, memory, thread, inbox, clock, owner, conflate } = parts;
    this.pipe = pipe;
    this.memory = memory;
    this.#memory = engineMemory(memory);
    this.#writer = new RingWriter(this.#memory.outbound);
    this.#inbox = inbox;
    this.#owner = owner;
    this.#conflate = conflate;
    const reader = new RingReader(this.#memory.inbound, parts.isSecret ? copier(FIRST_SLAB_BYTES) : undefined);
    const taken = parts.frames;
    this.#end = new RingEnd({ pipe, writer: this.#writer, reader, peer: thread, inbox, clock, owner: this, taken });
    this.#limit(pipe.sendHighWaterMark, pipe.receiveHighWaterMark);
  }

  /** Hands the pipe to its socket. `known`: the marks that the I/O thread knows. */
  open(known: { readonly sendHighWaterMark: number; readonly receiveHighWaterMark: number }): void {
    const { sendHighWaterMark, receiveHighWaterMark } = this.pipe;
    this.#end.attach();
    this.pipe.open();
    this.#end.start();
    if (sendHighWaterMark === known.sendHighWaterMark && receiveHighWaterMark === known.receiveHighWaterMark) return;
    this.#end.send(RESIZE, numbers(sendHighWaterMark, receiveHighWaterMark));
  }

  get isIdle(): boolean {
    if (this.isEnded || this.#hasLeftOrRings) return true;
    this.#isIdleAwaited = true;
    this.#inbox.look();
    return false;
  }

  get #hasLeft(): boolean {
    return this.isInRing && this.#writer.unread === 0 && Atomics.load(this.#memory.words, BUSY) === 0;
  }

  /** The I/O thread rings once for each time it was asked, also when all that it had taken by then has left. */
  get #hasLeftOrRings(): boolean {
    if (this.#hasLeft) return true;
    Atomics.store(this.#memory.words, IDLE_WANTED, 1);
    return this.#hasLeft;
  }

  get isInRing(): boolean {
    return this.isEnded || (this.#end.isIdle && !this.pipe.hasQueued);
  }

  /** `drained` of the owner follows when all is in the ring. */
  closeWrites(): void {
    this.pipe.closeWrites();
    this.flush();
  }

  endIfIdle(): void {
    if (this.isEnded || !this.#hasLeft) return;
    this.#end.takeAll();
    this.#finish();
  }

  flush(): void {
    if (this.isEnded) return;
    this.#end.flush();
    this.#end.poll();
  }

  /** Gives the socket all that has come, whatever the mark says. */
  takeAll(): void {
    if (this.isEnded) return;
    this.#end.takeAll();
    this.#end.poll();
  }

  /** The socket moves to the I/O thread: the rings are nobody's. */
  leave(): void {
    this.countBytes();
    this.#end.stop();
  }

  fail(): void {
    this.#finish();
  }

  dropped(messages: readonly Message[]): void {
    for (const message of messages) this.pipe.discard(message);
  }

  // --- RingEndOwner ---

  record(kind: number, bytes: Uint8Array): void {
    switch (kind) {
      case PEER:
        this.#peer.push(bytes);
        break;
      case CONNECTED: {
        const { peer, remoteAddress } = peerOf(concat([...this.#peer, bytes]));
        this.#peer = [];
        this.#end.send(GREET, EMPTY);
        this.pipe.connect(peer.size === 0 ? NO_PROPERTIES : peer, remoteAddress);
        if (!this.isEnded) this.#end.send(GREETED, EMPTY);
        break;
      }
      case DETACHED:
        this.#end.detach();
        this.pipe.detach();
        this.#end.attach(this.#isOver);
        break;
      case RENEWED:
        if (--this.#renewals === 0) this.#end.isDiscarding = false;
        break;
    }
  }

  left(): void {
    this.#finish();
  }

  closing(lingerMs: number): void {
    this.#lingerMs = lingerMs;
    if (lingerMs === 0) this.#sayClosed();
  }

  drained(): void {
    this.#sayClosed();
  }

  renew(): void {
    this.#renewals++;
    this.#end.isDiscarding = true;
    this.#end.send(RENEW, EMPTY);
    this.#end.flush();
  }

  refuse(error: ZmqError): void {
    const { code, message, detail } = error;
    this.#end.send(REFUSE, fromText(JSON.stringify({ code, message, detail })));
    this.#end.flush();
  }

  resize(sendHighWaterMark: number, receiveHighWaterMark: number): void {
    this.#limit(sendHighWaterMark, receiveHighWaterMark);
    this.pipe.limit(sendHighWaterMark, receiveHighWaterMark);
    this.#end.send(RESIZE, numbers(sendHighWaterMark, receiveHighWaterMark));
    this.#end.flush();
    this.pipe.signalRoom();
  }

  get unsent(): number {
    return this.#writer.unread;
  }

  countBytes(): void {
    const { counts } = this.#memory;
    const sent = counts[BYTES_SENT] as number;
    const received = counts[BYTES_RECEIVED] as number;
    this.pipe.countSent(sent - this.#sent);
    this.pipe.countReceived(received - this.#received);
    this.#sent = sent;
    this.#received = received;
  }

  polled(): boolean {
    // Nothing is sent any more: a send that waits is refused when the pipe ends, which comes behind what is unread.
    if (!this.#isOver && this.#writer.isReaderClosed) {
      this.#isOver = true;
      this.#end.attach(true);
    }
    if (this.#isIdleAwaited && this.#hasLeftOrRings) {
      // Once: whoever hears it looks at other pipes too, and those that are not idle have all pipes polled at once.
      this.#isIdleAwaited = false;
      this.pipe.signalIdle();
    }
    if (this.isInRing) this.#owner.drained();
    return !this.isEnded;
  }

  #limit(sendHighWaterMark: number, receiveHighWaterMark: number): void {
    if (this.#conflate) this.#end.limit(0, 0);
    else this.#end.limit(sendHighWaterMark, receiveHighWaterMark);
  }

  #sayClosed(): void {
    if (this.#lingerMs === undefined) return;
    const lingerMs = this.#lingerMs;
    this.#lingerMs = undefined;
    this.#end.send(CLOSE, numbers(lingerMs));
    this.#end.flush();
  }

  #finish(): void {
    if (this.isEnded) return;
    this.countBytes();
    this.isEnded = true;
    this.#end.flush();
    const lost = this.#rest();
    this.#end.stop();
    this.pipe.end();
    this.dropped(lost);
    this.#owner.ended(this);
  }

  /** What the I/O thread had not taken when the pipe ended there. */
  #rest(): Message[] {
    const reader = new RingReader(this.#memory.outbound);
    const messages = new MessageReader(reader);
    const rest: Message[] = [];
    while (reader.next()) {
      if (!isMessage(reader.kind)) continue;
      const message = messages.take();
      if (message !== undefined) rest.push(message);
    }
    return rest;
  }
}
