/**
 * The platform of browsers: ws and wss by the browser's own `WebSocket`, connecting only. CURVE is handed
 * in by an entry of its own, so that pages without it load none of it.
 */

import { systemClock } from "../base/clock.ts";
import { ZmqError } from "../base/errors.ts";
import type { Platform } from "../core/platform.ts";
import { Turn } from "../core/turn.ts";
import { DialingHost } from "../engine/dialing-host.ts";
import type { Crypto } from "../security/crypto.ts";
import type { curveClients } from "../security/curve-clients.ts";
import { webSocketTransports } from "../transport/web/websocket.ts";
import { PAGE_GRAMMAR } from "./grammar.ts";

const clock = systemClock();
const warned = new Set<string>();
let curve: { readonly crypto: Crypto; readonly clients: typeof curveClients } | undefined;

function provided() {
  if (curve !== undefined) return curve;
  throw new ZmqError("ENOTSUP", { detail: 'CURVE needs a crypto library: import "zmq-ts/browser/curve" as well' });
}

/** CURVE is there from now on: its library, and what makes its clients. For the entries that bring them. */
export function provideCurve(crypto: Crypto, clients: typeof curveClients): void {
  curve = { crypto, clients };
}

const transports = webSocketTransports(clock);

export const webPlatform: Platform = {
  turn: new Turn(clock),
  get crypto() {
    return provided().crypto;
  },
  engine: new DialingHost(clock, transports, (config, options) => {
    const { crypto, clients } = provided();
    return clients(config, options, crypto);
  }),
  grammar: PAGE_GRAMMAR,
  warn(message, code) {
    if (code !== undefined) {
      if (warned.has(code)) return;
      warned.add(code);
    }
    console.warn(code === undefined ? message : `${message} [${code}]`);
  },
};
