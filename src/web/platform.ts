/**
 * The platform of browsers: ws and wss by the browser's own `WebSocket`, connecting only. CURVE is handed
 * in by an entry of its own, so that pages without it load none of it.
 */

import { systemClock } from "../base/clock.ts";
import { ZmqError } from "../base/errors.ts";
import { NO_CURVE } from "../base/options/kinds.ts";
import type { Platform, Threads } from "../core/platform.ts";
import { Turn } from "../core/turn.ts";
import { DialingHost } from "../engine/dialing-host.ts";
import { WakeUps } from "../engine/wake-ups.ts";
import type { CurveMaker } from "../security/client-mechanism.ts";
import type { Crypto } from "../security/crypto.ts";
import type { curveClients } from "../security/curve-clients.ts";
import { webSocketTransport } from "../transport/web/websocket.ts";
import { PAGE_GRAMMAR } from "./grammar.ts";
import { listenForWakeUps } from "./wake-ups.ts";

/**
 * Milliseconds between PINGs, and how long their answers may take. Proxies and home routers forget a connection that is
 * silent for half a minute to a few minutes.
 */
const HEARTBEAT_MS = 15_000;

const clock = systemClock();
const wakeUps = new WakeUps(HEARTBEAT_MS, listenForWakeUps);
const warned = new Set<string>();
let curve: { readonly crypto: Crypto; readonly clients: typeof curveClients } | undefined;

function provided() {
  if (curve !== undefined) return curve;
  throw new ZmqError("ENOTSUP", { detail: NO_CURVE });
}

/** CURVE is there from now on: its library, and what makes its clients. For the entries that bring them. */
export function provideCurve(crypto: Crypto, clients: typeof curveClients): void {
  curve = { crypto, clients };
}

const curveClientsOf: CurveMaker = (config, options) => {
  const { crypto, clients } = provided();
  return clients(config, options, crypto);
};

/** `threads` is set by the entry that brings them. */
export const webPlatform: Platform & { threads?: Threads } = {
  turn: new Turn(clock),
  get crypto() {
    return provided().crypto;
  },
  engine: new DialingHost(clock, webSocketTransport(clock), curveClientsOf, wakeUps),
  defaults: { heartbeatInterval: HEARTBEAT_MS },
  grammar: PAGE_GRAMMAR,
  warn(message, code) {
    if (code !== undefined) {
      if (warned.has(code)) return;
      warned.add(code);
    }
    console.warn(code === undefined ? message : `${message} [${code}]`);
  },
};
