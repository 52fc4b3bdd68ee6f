/**
 * The platform of browsers: ws and wss by the browser's own `WebSocket`, connecting only. The crypto library of CURVE
 * is handed in by an entry of its own, so that pages without CURVE do not load one.
 */

import { systemClock } from "../base/clock.ts";
import { ZmqError } from "../base/errors.ts";
import type { Platform } from "../core/platform.ts";
import { Turn } from "../core/turn.ts";
import { LocalHost } from "../engine/local-host.ts";
import { Crypto, type Primitives } from "../security/crypto.ts";
import { absentTransports, webSocketTransports } from "../transport/web/websocket.ts";

const clock = systemClock();
const warned = new Set<string>();
let load = (): Primitives => {
  throw new ZmqError("ENOTSUP", { detail: 'CURVE needs a crypto library: import "zmq-ts/browser/curve" as well' });
};

const crypto = new Crypto(() => load());

/** What CURVE computes with from now on. For the entries that bring a library. */
export function provideCrypto(library: () => Primitives): void {
  load = library;
}

export const webPlatform: Platform = {
  turn: new Turn(clock),
  crypto,
  engine: new LocalHost(clock, [...webSocketTransports(clock), ...absentTransports()], crypto),
  warn(message, code) {
    if (code !== undefined) {
      if (warned.has(code)) return;
      warned.add(code);
    }
    console.warn(code === undefined ? message : `${message} [${code}]`);
  },
};
