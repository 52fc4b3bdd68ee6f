/**
 * `Incoming` of incoming.ts for pages: the build for browsers puts it in the place of that one. All that comes is decoded
 * at once, up to the pipe's high-water mark: a page has few connections, whose messages need not wait as bytes until they
 * are read, and its chunks have memory of their own.
 */

import type { Clock } from "../base/clock.ts";
import type { FarEnd } from "../base/far-end.ts";
import type { Link } from "../base/link.ts";
import type { FrameDecoder } from "../base/protocol.ts";
import type { EngineLoop } from "./engine-loop.ts";
import type { IncomingOwner, Incoming as Patient } from "./incoming.ts";

export type { IncomingOwner } from "./incoming.ts";

/**
 * - `delayed`: nothing is decoded before `start`, and `startReading`.
 * - `waiting`: nothing was decoded yet, for the pipe is full with what came by earlier connections.
 * - `flowing`: messages are decoded while the pipe has room.
 * - `ending`: the link is closed, and all that it brought is decoded, whatever the pipe's mark says.
 * - `over`: nothing more is delivered.
 */
type State = "delayed" | "waiting" | "flowing" | "ending" | "over";

export class Incoming implements Omit<Patient, "turnBegan"> {
  readonly #link: Link;
  readonly #pipe: FarEnd;
  readonly #decoder: FrameDecoder;
  readonly #clock: Clock;
  readonly #owner: IncomingOwner;
  #state: State = "delayed";
  #isPaused = false;
  #isDecoding = false;

  constructor(
    link: Link,
    pipe: FarEnd,
    decoder: FrameDecoder,
    _isSealed: boolean,
    loop: EngineLoop,
    owner: IncomingOwner,
  ) {
    this.#link = link;
    this.#pipe = pipe;
    this.#decoder = decoder;
    this.#clock = loop.clock;
    this.#owner = owner;
  }

  start(isDelayed: boolean): void {
    if (isDelayed) this.#pause(true);
    else this.startReading();
  }

  startReading(): void {
    if (this.#state !== "delayed") return;
    this.#state = "waiting";
    this.#decode();
    if (this.#state === "waiting") this.#pause(true);
  }

  data(chunk: Uint8Array): void {
    if (this.#state === "over") return;
    this.#decoder.push(chunk);
    this.#pipe.countReceived(chunk.length);
    this.#owner.received();
    if (this.#pipe.inboundFull) this.#pause(true);
    else this.#decode();
  }

  /** Within the reader's call: a connection that is to end does so in a moment, when he has his message. */
  resume(): void {
    this.#decode((error) => this.#clock.defer(() => this.#owner.broken(error)));
  }

  /** The pipe has all that came. */
  supply(): void {}
  supplyRun(): void {}

  wasted(): void {}

  finish(): void {
    this.#state = this.#state === "flowing" ? "ending" : "over";
    this.#decode();
  }

  end(): void {
    this.#state = "over";
  }

  #decode(broken = (error: unknown) => this.#owner.broken(error)): void {
    if (this.#isDecoding) return;
    this.#isDecoding = true;
    try {
      while (this.#mayDecode()) {
        if (this.#state === "waiting") this.#state = "flowing";
        const decoded = this.#decoder.next();
        if (decoded === undefined) break;
        if (Array.isArray(decoded)) this.#pipe.deliver(decoded);
        else this.#owner.command(decoded);
      }
    } catch (error) {
      this.#state = "over";
      broken(error);
    } finally {
      this.#isDecoding = false;
    }
    if (this.#state === "flowing" && this.#decoder.starved) this.#pause(false);
  }

  #mayDecode(): boolean {
    return (
      this.#state === "ending" || ((this.#state === "waiting" || this.#state === "flowing") && !this.#pipe.inboundFull)
    );
  }

  #pause(isPaused: boolean): void {
    if (this.#isPaused === isPaused) return;
    this.#isPaused = isPaused;
    this.#owner.paused(isPaused);
    if (isPaused) this.#link.pause();
    else this.#link.resume();
  }
}
