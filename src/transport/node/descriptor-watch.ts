/**
 * Finds out that a listener can accept nothing more because the process has no
 * file descriptor left. libuv hides it: it accepts such connections and closes
 * them at once, and nobody is told. So a second after a connection came in, the
 * watch opens a descriptor to see whether that still works, and while it does not,
 * each second again. One look takes 10 µs.
 *
 * A process whose files have used up all descriptors before the first connection
 * comes is not found out. Windows has no such limit, and Deno may ask its user
 * for the permission to open a file, so there is no watch on them.
 */

import { closeSync, openSync } from "node:fs";
import { devNull } from "node:os";
import type { Clock, Timer } from "../../base/clock.ts";
import { ZmqError } from "../../base/errors.ts";

const LOOK_EVERY_MS = 1000;

const canLook = process.platform !== "win32" && !("deno" in process.versions);

export class DescriptorWatch {
  readonly #clock: Clock;
  readonly #exhausted: (error: ZmqError) => void;
  #timer: Timer | undefined = undefined;
  #isTold = false;

  /** `exhausted` is called once each time the descriptors run out. */
  constructor(clock: Clock, exhausted: (error: ZmqError) => void) {
    this.#clock = clock;
    this.#exhausted = exhausted;
  }

  /** A connection came in. */
  accepted(): void {
    if (canLook) this.#timer ??= this.#clock.setTimer(this.#look, LOOK_EVERY_MS);
  }

  stop(): void {
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }

  readonly #look = (): void => {
    this.#timer = undefined;
    const code = failureToOpen();
    if (code === undefined) {
      this.#isTold = false;
      return;
    }
    this.#timer = this.#clock.setTimer(this.#look, LOOK_EVERY_MS);
    if (this.#isTold) return;
    this.#isTold = true;
    const whose = code === "EMFILE" ? "the process has" : "the system has";
    const detail = `${whose} no file descriptor left (ulimit -n): new connections are closed as soon as they come in`;
    this.#exhausted(new ZmqError("EMFILE", { detail }));
  };
}

/** EMFILE or ENFILE when no descriptor can be had; any other failure says nothing about them. */
function failureToOpen(): string | undefined {
  try {
    closeSync(openSync(devNull, "r"));
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === "EMFILE" || code === "ENFILE" ? code : undefined;
  }
}
