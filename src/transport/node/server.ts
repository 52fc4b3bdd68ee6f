/**
 * A `Listener` over a `net.Server`, which the transport has made and which may
 * be a server of another kind on top of it. Opens it, with or without waiting,
 * and turns the platform's errors into libzmq's.
 */

import type { ListenOptions, Server } from "node:net";
import type { Clock } from "../../base/clock.ts";
import { type ErrorCode, isErrorCode, ZmqError } from "../../base/errors.ts";
import type { Listener, ListenHandler } from "../../base/link.ts";
import { DescriptorWatch } from "./descriptor-watch.ts";

/** Where a server listens: a file descriptor that listens already, too. */
export type ListenPlace = ListenOptions & { readonly fd?: number };

/** Makes `server` listen. Rejects with a ZmqError that carries `text`, the endpoint as the user wrote it. */
export function openServer(server: Server, place: ListenPlace, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: Error): void => {
      server.off("listening", settle);
      server.off("error", settle);
      if (error === undefined) resolve();
      else reject(listenError(error, text));
    };
    server.on("listening", settle);
    server.on("error", settle);
    server.listen({ ...place, exclusive: true });
    server.unref();
  });
}

/** The open server as the caller's listener; `onClosed` cleans up behind it. */
export class ServerListener implements Listener {
  readonly address: string;
  readonly #server: Server;
  readonly #onClosed: (() => void) | undefined;
  readonly #descriptors: DescriptorWatch;
  #open = true;

  constructor(server: Server, address: string, handler: ListenHandler, clock: Clock, onClosed?: () => void) {
    this.#server = server;
    this.address = address;
    this.#onClosed = onClosed;
    const failed = (error: Error): void => {
      if (this.#open) handler.failed(error);
    };
    this.#descriptors = new DescriptorWatch(clock, failed);
    server.unref();
    server.on("error", failed);
    server.on("connection", () => this.#descriptors.accepted());
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#descriptors.stop();
    this.#server.close();
    this.#onClosed?.();
  }
}

/** libzmq's codes for failures of bind(2). */
const RENAMED: Record<string, ErrorCode> = {
  ENOTFOUND: "ENODEV",
  EAI_AGAIN: "ENODEV",
  EPERM: "EACCES",
  EISDIR: "EADDRINUSE",
  EAFNOSUPPORT: "EADDRNOTAVAIL",
};

/** Details of an error, where zeromq.js's sentence for the code speaks of something else or says too little. */
const REASONS: Record<string, string> = {
  ENOENT: "the folder of the path does not exist",
  EMFILE: "the process has as many files and connections open as its limit allows (ulimit -n)",
  EADDRNOTAVAIL: "no network interface of this machine has this address",
};

/** The platform's error of a bind as a ZmqError; the original is its `cause`. */
export function listenError(error: unknown, address: string): ZmqError {
  if (error instanceof ZmqError) {
    const { code, detail, cause } = error;
    return error.address === undefined ? new ZmqError(code, { address, detail, cause }) : error;
  }
  const given = (error as { code?: unknown } | null)?.code;
  const known = typeof given === "string" ? (RENAMED[given] ?? given) : undefined;
  if (!isErrorCode(known)) {
    return new ZmqError("EINVAL", {
      address,
      cause: error,
      detail: error instanceof Error ? error.message : undefined,
    });
  }
  return new ZmqError(known, { address, cause: error, detail: REASONS[String(given)] });
}
