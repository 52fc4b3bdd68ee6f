/**
 * One attempt to connect a `net.Socket`: with a time limit, cancelled by a
 * signal, holding no process alive. Which address, which transport and whether
 * to try again are the business of others.
 */

import type { Socket } from "node:net";
import type { Clock } from "../../base/clock.ts";
import { ZmqError } from "../../base/errors.ts";

/**
 * Starts an attempt and settles with it. Rejects with the platform's error,
 * with ETIMEDOUT after `timeoutMs` (0: the system's own limit) or with the
 * reason of `signal`; the socket is destroyed then.
 */
export function dial(clock: Clock, start: () => Socket, timeoutMs: number, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const socket = start();
    socket.unref();
    // What is read before a link takes the connection over would be lost: Deno reads as soon as it is connected.
    socket.pause();
    const timer = timeoutMs > 0 ? clock.setTimer(expire, timeoutMs) : undefined;
    socket.on("connect", succeed);
    socket.on("error", fail);
    signal.addEventListener("abort", cancel);
    watch(clock, socket, fail);

    function settle(): void {
      if (timer !== undefined) clock.clearTimer(timer);
      socket.off("connect", succeed);
      signal.removeEventListener("abort", cancel);
      pending.delete(socket);
    }
    function succeed(): void {
      settle();
      socket.on("error", onLateError);
      socket.off("error", fail);
      resolve(socket);
    }
    function fail(error: unknown): void {
      settle();
      socket.destroy();
      reject(error);
    }
    function cancel(): void {
      fail(signal.reason);
    }
    function expire(): void {
      fail(new ZmqError("ETIMEDOUT", { detail: `no connection within ${timeoutMs} ms` }));
    }
  });
}

/** The link finds it in `socket.errored`; without a listener Node would throw it. */
function onLateError(): void {}

/** `work`, or as soon as `signal` fires its reason; the work itself goes on unheard. What is there already is not waited for. */
export function orAborted<T>(work: T | Promise<T>, signal: AbortSignal): T | Promise<T> {
  if (!(work instanceof Promise)) return work;
  return new Promise((resolve, reject) => {
    const cancel = (): void => reject(signal.reason);
    signal.addEventListener("abort", cancel);
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", cancel));
  });
}

/*
 * An unref'ed socket does not keep a process alive, but its connect request
 * does: libuv counts requests apart from handles. A peer that never answers
 * would thus hold a finished program for minutes. So while attempts wait, look
 * now and then; when connect requests of ours are all that is left, give up.
 */
const WATCH_MS = 250;
const pending = new Map<Socket, (reason: unknown) => void>();
let watching = false;

function watch(clock: Clock, socket: Socket, giveUp: (reason: unknown) => void): void {
  pending.set(socket, giveUp);
  if (watching || typeof process.getActiveResourcesInfo !== "function") return;
  watching = true;
  clock.setTimer(() => look(clock), WATCH_MS);
}

function look(clock: Clock): void {
  watching = false;
  if (pending.size === 0) return;
  const resources = process.getActiveResourcesInfo();
  const connects = resources.filter((name) => name === "ConnectWrap" || name === "TCPConnectWrap").length;
  if (connects <= pending.size && connects + openStdio() === resources.length) {
    for (const giveUp of [...pending.values()]) {
      giveUp(new ZmqError("ECANCELED", { detail: "nothing else keeps the process alive" }));
    }
    return;
  }
  watching = true;
  clock.setTimer(() => look(clock), WATCH_MS);
}

interface ActiveHandles {
  _getActiveHandles?(): readonly { readonly _isStdio?: boolean }[];
}

/** Standard output and error are listed as well when they are pipes, but keep nothing alive while no bytes are written. */
function openStdio(): number {
  const handles = (process as unknown as ActiveHandles)._getActiveHandles?.() ?? [];
  return handles.filter((handle) => handle._isStdio === true).length;
}
