/**
 * Finds the type of the peer at an endpoint: greets as a NULL peer and reads the Socket-Type
 * of the READY command, which peers send unasked. No socket is involved, so a
 * peer of any type answers, and no message is taken from it.
 */

import { connect, type Socket as NetSocket } from "node:net";
import { EMPTY, fromText, ownCopyOf, toText } from "../base/bytes.ts";
import type { Endpoint } from "../base/endpoint-grammar.ts";
import { commandData } from "../wire/command.ts";
import { FrameReader } from "../wire/frame-reader.ts";
import { Greeting } from "../wire/greeting.ts";
import { parseMetadata, SOCKET_TYPE } from "../wire/metadata.ts";

const LONGEST_COMMAND = 64 * 1024;

/** The peer's Socket-Type; undefined when it speaks no ZMTP 3 without security, or no tcp or ipc. Waits for a peer that is not there yet. */
export async function probe(endpoint: Endpoint, signal: AbortSignal): Promise<string | undefined> {
  const target = netTarget(endpoint);
  if (target === undefined) return undefined;
  const link = connect(target);
  try {
    return await socketTypeOf(link, signal);
  } finally {
    link.destroy();
  }
}

/** The address for node:net; undefined for other transports. */
export function netTarget(endpoint: Endpoint): { host: string; port: number } | { path: string } | undefined {
  if (endpoint.scheme === "tcp") return { host: endpoint.host, port: endpoint.port };
  if (endpoint.scheme === "ipc") return { path: endpoint.abstract ? `\0${endpoint.path}` : endpoint.path };
  return undefined;
}

function socketTypeOf(link: NetSocket, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const patience = setTimeout(() => resolve(undefined), 2000);
    const greeting = new Greeting({
      mechanism: "NULL",
      socketType: "DEALER",
      routingId: fromText(""),
      refusesLegacy: true,
    });
    const reader = new FrameReader("v2", LONGEST_COMMAND, ownCopyOf);
    const settle = (finish: () => void) => {
      clearTimeout(patience);
      finish();
    };
    const send = () => {
      for (let bytes = greeting.produce(); bytes !== undefined; bytes = greeting.produce()) link.write(bytes);
    };
    signal.addEventListener("abort", () => settle(() => reject(signal.reason)), { once: true });
    link.on("connect", send);
    link.on("error", () => settle(() => resolve(undefined))); // No peer is there: the monitor itself tells it.
    link.on("close", () => settle(() => resolve(undefined)));
    link.on("data", (chunk) => {
      try {
        reader.push(greet(greeting, chunk));
        send();
        if (!isGreeted(greeting)) return;
        const body = reader.next();
        const data = body && commandData(body, "READY");
        if (body === undefined) return;
        const type = data && parseMetadata(data).get(SOCKET_TYPE);
        settle(() => resolve(type === undefined ? undefined : toText(type)));
      } catch (error) {
        settle(() => reject(error));
      }
    });
  });
}

/** Octets behind the greeting. */
export function greet(greeting: Greeting, chunk: Uint8Array): Uint8Array {
  if (isGreeted(greeting)) return chunk;
  greeting.push(chunk);
  return greeting.outcome?.rest ?? EMPTY;
}

function isGreeted({ outcome }: Greeting): boolean {
  return outcome !== undefined;
}
