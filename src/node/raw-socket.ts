/** `raw-socket`, sockets of IP as an addon, when the user installed it: for `pgm://`. */

import module from "node:module";
import type { RawAddon } from "../transport/node/raw-sockets.ts";

const NAME = ["raw", "socket"].join("-");

let found: RawAddon | undefined;

/** Looked for until it is there; what is there stays. */
export function rawSocket(): RawAddon | undefined {
  if (found !== undefined) return found;
  // A bundler that made this file part of a program may not tell where it is; then the program's own folder counts.
  for (const place of [import.meta.url, process.argv[1]]) {
    try {
      // Bundlers look at calls of `require`, and complain of a package that is not there. This one they leave alone.
      const load = module.createRequire(place ?? "");
      const addon: unknown = load(NAME);
      if (isRawAddon(addon)) {
        found = addon;
        return found;
      }
    } catch {
      // It is optional: not there, or not for this platform.
    }
  }
  return undefined;
}

function isRawAddon(addon: unknown): addon is RawAddon {
  return typeof (addon as Partial<RawAddon> | undefined)?.createSocket === "function";
}
