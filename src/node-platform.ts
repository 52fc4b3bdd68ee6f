/**
 * The platform of Node, Bun and Deno: all transports, warnings by
 * `process.emitWarning`, structured clones by V8.
 */

import { deserialize, serialize } from "node:v8";
import { systemClock } from "./base/clock.ts";
import { detectSodiumNative } from "./node/sodium-native.ts";
import { lifetime } from "./node-exit.ts";
import type { Platform } from "./socket/platform.ts";
import { ipc } from "./transport/node/ipc.ts";
import { tcp } from "./transport/node/tcp.ts";

const warned = new Set<string>();

detectSodiumNative();

export const nodePlatform: Platform = {
  clock: systemClock(),
  transports: [tcp, ipc],
  structuredClone: { serialize, deserialize },
  lifetime,
  warn(message, code) {
    if (code !== undefined) {
      if (warned.has(code)) return;
      warned.add(code);
    }
    process.emitWarning(message, code === undefined ? undefined : { code });
  },
};
