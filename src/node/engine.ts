/** The engine of Node, Bun and Deno: all transports, and the crypto library. */

import type { Clock } from "../base/clock.ts";
import type { Transport } from "../base/link.ts";
import { LocalHost } from "../engine/local-host.ts";
import { pgmProtocol } from "../engine/pgm-protocol.ts";
import { udpProtocol } from "../engine/udp-session.ts";
import { Crypto } from "../security/crypto.ts";
import { loadSodium } from "../security/sodium.ts";
import { ipcTransport } from "../transport/node/ipc.ts";
import { rawSockets } from "../transport/node/raw-sockets.ts";
import { tcpTransport } from "../transport/node/tcp.ts";
import { udpSockets } from "../transport/node/udp-sockets.ts";
import { webSocketTransports } from "../transport/node/ws.ts";
import { rawSocket } from "./raw-socket.ts";
import { withSodiumNative } from "./sodium-native.ts";
import { withOpenSsl } from "./x25519.ts";

export interface NodeEngine {
  readonly engine: LocalHost;
  readonly crypto: Crypto;
  /** Those that carry bytes. */
  readonly transports: readonly Transport[];
}

export function nodeEngine(clock: Clock): NodeEngine {
  const crypto = new Crypto(() => withOpenSsl(withSodiumNative(loadSodium())));
  const transports = [tcpTransport(clock), ipcTransport(clock), ...webSocketTransports(clock)];
  const datagrams = [
    pgmProtocol("epgm", udpSockets),
    pgmProtocol("pgm", rawSockets(rawSocket)),
    udpProtocol(udpSockets),
  ];
  const engine = new LocalHost(clock, transports, crypto, datagrams);
  return { engine, crypto, transports };
}
