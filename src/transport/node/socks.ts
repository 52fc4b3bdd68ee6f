/**
 * tcp through a SOCKS5 proxy (RFC 1928, RFC 1929), as libzmq goes: without authentication, or by user name and password; the
 * proxy resolves the target's name. The protocol itself is npm `socks`, which is loaded when the first connection needs it.
 */

import type { Socket } from "node:net";
import { type ErrorCode, ZmqError } from "../../base/errors.ts";
import { isIPv6 } from "../../base/ip.ts";
import type { OptionValues } from "../../base/options.ts";
import { orAborted } from "./dial.ts";

export interface Target {
  /** A name or an address, without brackets. */
  readonly host: string;
  readonly port: number;
}

/** How long the proxy may take where `connectTimeout` sets no limit. */
const PATIENCE_MS = 30_000;

/** `host:port` of the option; undefined when there is no proxy. Throws EINVAL. */
export function proxyOf({ socksProxy }: OptionValues): Target | undefined {
  if (socksProxy === null) return undefined;
  const [, six, name, digits] = /^(?:\[([^\]]*)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(socksProxy) ?? [];
  const host = six ?? name;
  const port = Number(digits);
  if (host === undefined || !(port > 0 && port < 65_536) || (six !== undefined && !isIPv6(six))) {
    throw new ZmqError("EINVAL", { detail: "socksProxy: expected host:port" });
  }
  return { host, port };
}

/**
 * Asks the proxy behind `socket` for a connection to `target`. Resolves with the socket paused; what the target has sent
 * already is in its buffer. Rejects with a ZmqError, the socket destroyed.
 */
export async function throughProxy(
  socket: Socket,
  proxy: Target,
  target: Target,
  options: OptionValues,
  signal: AbortSignal,
): Promise<void> {
  const { socksUsername, socksPassword, connectTimeout } = options;
  const early: Uint8Array[] = [];
  const collect = (chunk: Uint8Array): void => void early.push(chunk);
  try {
    const { SocksClient } = await orAborted(import("socks"), signal);
    const asked = SocksClient.createConnection({
      command: "connect",
      proxy: {
        ...proxy,
        type: 5,
        ...(socksUsername !== null && { userId: socksUsername, password: socksPassword ?? "" }),
      },
      destination: { ...target },
      existing_socket: socket,
      timeout: connectTimeout > 0 ? connectTimeout : PATIENCE_MS,
    });
    socket.resume();
    await orAborted(asked, signal);
    // The library passes on what came behind the proxy's answer in a later turn, as 'data', and lets it flow.
    socket.on("data", collect);
    await new Promise<void>((resolve) => {
      socket.once("resume", () => {
        socket.pause();
        resolve();
      });
    });
  } catch (error) {
    socket.destroy();
    throw signal.aborted ? signal.reason : failure(error, proxy);
  } finally {
    socket.off("data", collect);
  }
  if (early.length > 0) socket.unshift(Buffer.concat(early));
}

/** The library's word for a refusal, and what it is here. */
const CODES: readonly (readonly [RegExp, ErrorCode])[] = [
  [/ConnectionRefused/, "ECONNREFUSED"],
  [/HostUnreachable/, "EHOSTUNREACH"],
  [/NetworkUnreachable/, "ENETUNREACH"],
  [/NotAllowed|[Aa]uthentication/, "EACCES"],
  [/timed out/, "ETIMEDOUT"],
  [/Socket closed/, "ECONNRESET"],
];

/** Not with the library's error as its cause: that holds the password. */
function failure(error: unknown, { host, port }: Target): ZmqError {
  const text = error instanceof Error ? error.message : String(error);
  const [, code] = CODES.find(([pattern]) => pattern.test(text)) ?? [];
  return new ZmqError(code ?? "EPROTO", { detail: `SOCKS proxy ${host}:${port}: ${text}` });
}
