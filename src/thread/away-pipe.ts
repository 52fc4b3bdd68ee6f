/**
 * A pipe whose socket has moved to the I/O thread of its connection: no message
 * passes here. It shows the socket's user which peers there are.
 */

import type { FarEnd, Outlet, RemoteOutlet } from "../base/far-end.ts";
import { NO_PROPERTIES } from "../base/message.ts";
import type { EndpointPipe } from "./endpoint-pipe.ts";
import type { PeerChange, SeenPipe } from "./engine-mail.ts";
import { BYTES_RECEIVED, BYTES_SENT, type EngineMemory, engineCounts } from "./engine-memory.ts";

export class AwayPipe implements EndpointPipe, Outlet, RemoteOutlet {
  readonly queues = false;
  readonly canWrite = false;
  readonly remote: RemoteOutlet = this;
  unsent = 0;
  unread = 0;
  readonly isIdle = true;
  readonly isInRing = true;
  isEnded = false;
  readonly pipe: FarEnd;
  #messagesSent = 0;
  #messagesReceived = 0;
  readonly #counts: Float64Array;
  readonly #ended: () => void;
  #sent: number;
  #received: number;

  /** `isNew`: the socket does not know of it yet. */
  constructor(pipe: FarEnd, memory: EngineMemory, isNew: boolean, ended: () => void) {
    this.pipe = pipe;
    this.#counts = engineCounts(memory);
    this.#ended = ended;
    this.#sent = isNew ? 0 : (this.#counts[BYTES_SENT] as number);
    this.#received = isNew ? 0 : (this.#counts[BYTES_RECEIVED] as number);
    pipe.attach(this);
    if (isNew) pipe.open();
  }

  changed(change: PeerChange, routingId: Uint8Array | undefined): void {
    const pipe = this.pipe;
    if (this.isEnded) return;
    if (change === "ended") this.fail();
    else if (change === "detached") {
      this.countBytes();
      pipe.detach();
      pipe.attach(this);
    } else {
      if (routingId !== undefined) pipe.assignRoutingId?.(routingId);
      pipe.connect(change.peer.size === 0 ? NO_PROPERTIES : change.peer, change.remoteAddress);
    }
  }

  /** What there was to see of it where its socket is. */
  seen({ messagesSent, messagesReceived, unsent, unread }: SeenPipe): void {
    this.pipe.countSent(0, messagesSent - this.#messagesSent);
    this.pipe.countReceived(0, messagesReceived - this.#messagesReceived);
    this.#messagesSent = messagesSent;
    this.#messagesReceived = messagesReceived;
    this.unsent = unsent;
    this.unread = unread;
  }

  // --- EndpointPipe ---

  closeWrites(): void {
    this.pipe.closeWrites();
  }

  endIfIdle(): void {}

  flush(): void {}

  /** Messages that were written before the socket moved are counted where it is. */
  dropped(): void {}

  fail(): void {
    if (this.isEnded) return;
    this.countBytes();
    this.isEnded = true;
    this.pipe.end();
    this.#ended();
  }

  // --- Outlet ---

  write(): boolean {
    return false;
  }

  writeControl(): boolean {
    return true;
  }

  resize(): void {}

  resume(): void {}

  close(): void {}

  countBytes(): void {
    const sent = this.#counts[BYTES_SENT] as number;
    const received = this.#counts[BYTES_RECEIVED] as number;
    this.pipe.countSent(sent - this.#sent);
    this.pipe.countReceived(received - this.#received);
    this.#sent = sent;
    this.#received = received;
  }
}
