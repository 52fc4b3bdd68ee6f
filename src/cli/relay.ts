/** `zmq proxy --type relay`: the bytes of each connection, unread. */

import { defaultOptions, isOptionName, setOption } from "../base/options.ts";
import { Relay } from "../node/relay.ts";
import { expand } from "./endpoints.ts";
import { describe, EXIT, Failure, usage } from "./failure.ts";
import { parseOption } from "./options.ts";
import { Shutdown } from "./shutdown.ts";
import { note } from "./terminal.ts";

/** The flags of `zmq proxy` that mean something to a relay. */
interface Flags {
  readonly type: string;
  readonly option?: readonly string[];
  readonly quiet?: boolean;
  readonly verbose?: boolean;
}

const KNOWN = new Set(["type", "option", "quiet", "verbose"]);

/** Passes bytes on until a signal ends it: the two ends of a connection agree on everything else. */
export async function runRelay(front: string, back: string, flags: Flags): Promise<number> {
  const other = Object.keys(flags).find((name) => !KNOWN.has(name));
  if (other !== undefined) {
    const flag = other.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw usage(`--${flag}: a relay passes bytes on, and sees no messages`);
  }
  const values = defaultOptions("DEALER", { ipv6: true, blocky: true });
  for (const text of flags.option ?? []) {
    const { name, value } = parseOption(text, "DEALER");
    if (isOptionName(name)) setOption(values, name, value, "DEALER");
  }
  const target = expand(back, "connect", "back");
  const relay = new Relay(target, values, { failed: (error) => note(describe(error)) });
  const source = expand(front, "bind", "front");
  const bound = await relay.listen(source).catch((error: unknown) => {
    throw new Failure(`cannot bind to ${source}: ${describe(error)}`, undefined, error);
  });
  note(`front (relay) bound to ${bound}`);
  const { stopping } = new Shutdown();
  const alive = setInterval(() => {}, 1 << 30);
  await new Promise((resolve) => stopping.addEventListener("abort", resolve));
  relay.close();
  clearInterval(alive);
  return EXIT.done;
}
