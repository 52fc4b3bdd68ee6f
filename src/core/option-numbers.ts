/** Options by libzmq's numbers. Pages, which know them by name alone, have none of this. */

import { type ContextOptionName, contextOptionById } from "../base/context-options.ts";
import { ZmqError } from "../base/errors.ts";
import { getOptionById, hasOption, type OptionName, optionById, optionInput } from "../base/options.ts";
import type { SocketCore } from "./socket-core.ts";

/** As libzmq's value. Throws EINVAL for an option that is unknown or not of this type, TypeError for what is no number. */
export function readOption(core: SocketCore, id: number): unknown {
  return optionOf(core, id) === "topicsCount" ? core.topicsCount : getOptionById(core.options, id);
}

/** The option, and what to assign to it for a value of libzmq's. Throws as `readOption`. */
export function optionInputOf(core: SocketCore, id: number, value: unknown): { name: OptionName; input: unknown } {
  const name = optionOf(core, id);
  return { name, input: optionInput(name, id, value) };
}

/** Throws as `readOption`. */
export function contextOptionOf(id: number, access: "read" | "write"): ContextOptionName {
  expectNumber(id);
  const name = contextOptionById(id, access);
  if (name === undefined) throw new ZmqError("EINVAL", { detail: `${id} is not a context option` });
  return name;
}

function optionOf({ type }: SocketCore, id: number): OptionName {
  expectNumber(id);
  const name = optionById(id);
  if (name === undefined || !hasOption(type, name)) {
    throw new ZmqError("EINVAL", { detail: `${id} is not an option of ${type} sockets` });
  }
  return name;
}

function expectNumber(id: unknown): void {
  if (typeof id !== "number") throw new TypeError("Identifier must be a number");
}
