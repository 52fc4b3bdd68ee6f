/**
 * `request()` of REQ sockets: the lazy pirate of the Guide (chapter 4). A
 * request that is not answered in time is sent again over a fresh connection,
 * so that a late answer to an earlier attempt has no way to come in, whatever
 * the server is. With several peers each attempt goes to the next one.
 *
 * What it cannot do is ask at most once: a server that is slow, rather than
 * gone, may see the same request several times.
 */

import { ZmqError } from "../base/errors.ts";
import type { Message } from "../base/message.ts";
import { signalOf } from "./arguments.ts";
import type { SocketCore } from "./core.ts";

export interface RequestOptions {
  /** Milliseconds for the reply to each attempt, connecting included. Default 2500, as in the Guide. */
  readonly timeout?: number | undefined;
  /** How many more times to ask after the first attempt. Default 3, as in the Guide; 0 asks once. */
  readonly retries?: number | undefined;
  /** Rejects the call with the signal's reason, whether it waits for its turn or for its reply. */
  readonly signal?: AbortSignal | undefined;
}

/** The last request of each socket: the next one waits for it. */
const lastOf = new WeakMap<SocketCore, Promise<unknown>>();

/** Asks once the requests before it are through. `keeper` is kept from garbage collection meanwhile. */
export function request(core: SocketCore, message: Message, options: RequestOptions, keeper: object): Promise<Message> {
  if (message.length === 0) throw new TypeError("Message must be present");
  const signal = signalOf(options, 1);
  const { timeout = 2500, retries = 3 } = options;
  if (!(timeout > 0)) throw new RangeError(`timeout: expected more than 0 milliseconds, not ${timeout}`);
  if (!(retries >= 0)) throw new RangeError(`retries: expected 0 or more, not ${retries}`);
  if (signal?.aborted) return Promise.reject(signal.reason);
  const before = lastOf.get(core);
  const ask = () => askAgain(core, message, { timeout, retries, signal }, keeper);
  const asked = before === undefined ? ask() : orAborted(before, signal).then(ask);
  // The next one waits for both: this one may be aborted before its turn came.
  // It keeps no result, or each would keep the one before it, for as long as requests follow each other.
  const over = Promise.allSettled([before, asked]).then(() => undefined);
  lastOf.set(core, over);
  void over.then(() => {
    if (lastOf.get(core) === over) lastOf.delete(core);
  });
  return asked;
}

async function askAgain(
  core: SocketCore,
  message: Message,
  options: { timeout: number; retries: number; signal: AbortSignal | undefined },
  keeper: object,
): Promise<Message> {
  const { timeout, retries, signal } = options;
  for (let attempt = 0; ; attempt++) {
    if (core.isClosed) throw new ZmqError("EBADF");
    const begun = core.clock.now();
    let isSent = false;
    try {
      await core.send(message.slice(), keeper, signal, timeout);
      isSent = true;
      return await core.receive(keeper, signal, Math.max(1, timeout - (core.clock.now() - begun)));
    } catch (error) {
      if (core.isClosed) throw error;
      if (isSent) core.abandon();
      const isTimeout = error instanceof ZmqError && error.code === "EAGAIN";
      if (!isTimeout || signal?.aborted) throw error;
    }
    if (attempt >= retries) {
      const asked = attempt === 0 ? "asked once" : `asked ${attempt + 1} times`;
      throw new ZmqError("ETIMEDOUT", { message: `no reply within ${timeout} ms, ${asked}` });
    }
  }
}

/** `work`, which never rejects, or the signal's reason as soon as it fires. */
function orAborted(work: Promise<unknown>, signal: AbortSignal | undefined): Promise<unknown> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    void work.then(() => {
      signal.removeEventListener("abort", onAbort);
      resolve(undefined);
    });
  });
}
