/**
 * The platform of Node, Bun and Deno: all transports, warnings by
 * `process.emitWarning`, structured clones by V8.
 */

import { debuglog } from "node:util";
import { deserialize, serialize } from "node:v8";
import { systemClock } from "../base/clock.ts";
import type { Platform } from "../core/platform.ts";
import { Turn } from "../core/turn.ts";
import { LocalHost } from "../engine/local-host.ts";
import { pgmProtocol } from "../engine/pgm-protocol.ts";
import { udpProtocol } from "../engine/udp-session.ts";
import { Crypto } from "../security/crypto.ts";
import { loadSodium } from "../security/sodium.ts";
import { ipcTransport } from "../transport/node/ipc.ts";
import { tcpTransport } from "../transport/node/tcp.ts";
import { udpSockets } from "../transport/node/udp-sockets.ts";
import { webSocketTransports } from "../transport/node/ws.ts";
import { checkClone } from "./clone-guard.ts";
import { processLifetime } from "./process-lifetime.ts";
import { keepSharedMemory } from "./shared-memory.ts";
import { withSodiumNative } from "./sodium-native.ts";
import { nodeThreads } from "./threads.ts";
import { withOpenSsl } from "./x25519.ts";

keepSharedMemory();

const warned = new Set<string>();

/** `NODE_DEBUG=zmq`. */
const debug = debuglog("zmq");

const clock = systemClock();
const crypto = new Crypto(() => withOpenSsl(withSodiumNative(loadSodium())));

function readClone(bytes: Uint8Array): unknown {
  checkClone(bytes);
  return deserialize(bytes);
}

export const nodePlatform: Platform = {
  turn: new Turn(clock),
  crypto,
  engine: new LocalHost(clock, [tcpTransport(clock), ipcTransport(clock), ...webSocketTransports(clock)], crypto, [
    pgmProtocol("epgm", udpSockets),
    udpProtocol(udpSockets),
  ]),
  structuredClone: { serialize, deserialize: process.versions.bun === undefined ? readClone : deserialize },
  lifetime: processLifetime(clock),
  ...(debug.enabled && { trace: (line: string) => debug("%s", line) }),
  threads: nodeThreads(clock),
  warn(message, code) {
    if (code !== undefined) {
      if (warned.has(code)) return;
      warned.add(code);
    }
    process.emitWarning(message, code === undefined ? undefined : { code });
  },
};
