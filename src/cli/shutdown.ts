/**
 * How a running command is asked to end. Two steps: *stopping* takes no more
 * input and receives no more, but what was accepted is still delivered;
 * *abandoning* gives that up. SIGINT, SIGTERM and SIGHUP stop; a second one, or
 * a delivery that takes too long, abandons. A reader of stdout that goes away
 * stops too.
 */

import { constants } from "node:os";
import { EXIT } from "./failure.ts";
import { note } from "./terminal.ts";

/** How long delivery may take after a signal, in milliseconds. */
const GRACE_MS = 5000;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export class Shutdown {
  readonly #stop = new AbortController();
  readonly #abandon = new AbortController();
  #signal: (typeof SIGNALS)[number] | undefined = undefined;

  #failure: Error | undefined = undefined;

  constructor() {
    for (const signal of SIGNALS) process.on(signal, () => this.#received(signal));
  }

  /** Aborted once no more should be read or received. */
  get stopping(): AbortSignal {
    return this.#stop.signal;
  }

  /** Aborted once undelivered messages should be dropped. */
  get abandoning(): AbortSignal {
    return this.#abandon.signal;
  }

  /** Whether a signal of the operating system asked for the end. */
  get isSignalled(): boolean {
    return this.#signal !== undefined;
  }

  /** Stops for a reason of the command itself; delivery may take as long as it needs. */
  stop(): void {
    this.#stop.abort();
  }

  /** Drops messages that are not delivered. */
  abandon(): void {
    this.#stop.abort();
    this.#abandon.abort();
  }

  /** Ends the command with an error that came from elsewhere than its own loop. */
  fail(failure: Error): void {
    this.#failure ??= failure;
    this.abandon();
  }

  /** The error given to `fail`. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** The exit code when messages were given up. */
  get lossExitCode(): number {
    return this.#signal === undefined ? EXIT.failed : EXIT.signal + constants.signals[this.#signal];
  }

  #received(signal: (typeof SIGNALS)[number]): void {
    if (this.#signal !== undefined) {
      this.abandon();
      // Whatever still waits gets a moment to say what was lost.
      setTimeout(() => process.exit(this.lossExitCode), 500).unref();
      return;
    }
    this.#signal = signal;
    this.#stop.abort();
    setTimeout(() => this.abandon(), GRACE_MS).unref();
    if (process.stderr.isTTY) {
      setTimeout(() => note("delivering what was accepted; Ctrl-C again drops it"), 300).unref();
    }
  }
}
