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
import type { SocketCore } from "../core/socket-core.ts";
import { Line } from "../core/waiting.ts";
import { signalOf } from "./arguments.ts";

export interface RequestOptions {
  /** Milliseconds for the reply to each attempt, connecting included. Default 2500, as in the Guide. */
  readonly timeout?: number | undefined;
  /** How many more times to ask after the first attempt. Default 3, as in the Guide; 0 asks once. */
  readonly retries?: number | undefined;
  /** Rejects the call with the signal's reason, whether it waits for its turn or for its reply. */
  readonly signal?: AbortSignal | undefined;
}

/** The requests of each socket that asks one: the first is asked, the others wait for their turn. */
const linesOf = new WeakMap<SocketCore, Line<undefined, void>>();

/** Asks once the requests before it are through. `keeper` is kept from garbage collection meanwhile. */
export function request(core: SocketCore, message: Message, options: RequestOptions, keeper: object): Promise<Message> {
  if (message.length === 0) throw new TypeError("Message must be present");
  const signal = signalOf(options, 1);
  const { timeout = 2500, retries = 3 } = options;
  if (!(timeout > 0)) throw new RangeError(`timeout: expected more than 0 milliseconds, not ${timeout}`);
  if (!(retries >= 0)) throw new RangeError(`retries: expected 0 or more, not ${retries}`);
  if (signal?.aborted) return Promise.reject(signal.reason);
  const asked = () => askAgain(core, message, { timeout, retries, signal }, keeper).finally(() => giveTurn(core));
  const line = linesOf.get(core);
  if (line !== undefined) {
    const turn = new Promise<void>((resolve, reject) => {
      line.join(undefined, { timeoutMs: -1, signal, keeper }, resolve, reject);
    });
    return turn.then(asked);
  }
  linesOf.set(core, new Line(core.clock, core.alive, () => {}));
  return asked();
}

/** A request is through: the next one in line is asked. */
function giveTurn(core: SocketCore): void {
  const next = linesOf.get(core)?.first;
  if (next === undefined) linesOf.delete(core);
  else next.resolve();
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
      await core.operations.send(message.slice(), keeper, signal, timeout);
      isSent = true;
      return await core.operations.receive(keeper, signal, Math.max(1, timeout - (core.clock.now() - begun)));
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
