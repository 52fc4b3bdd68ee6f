/**
 * Socket options as properties: by the library's names (`receiveTimeout`), and
 * by pyzmq's (`rcvtimeo`, `RCVTIMEO`), which read as `getsockopt` does. Where both are one
 * word, such as `linger`, it is one property, of the library's kind.
 */

import { ZmqError } from "../base/errors.ts";
import { getOption, hasOption, OPTIONS, type OptionName, type OptionsOf, optionRow } from "../base/options.ts";
import type { SocketTypeName } from "../base/socket-types.ts";
import type { SocketCore } from "../core/socket-core.ts";
import { propertyHolders } from "../socket/secret-properties.ts";
import type * as ids from "./option-numbers.ts";
import { getSocketOption, isWritable, type OptionValue, SHORT_NAMES, setSocketOption } from "./socket-options.ts";

type Numbers = typeof ids;
/** Names of what is no option that can be read: methods, and what a socket tells itself. */
type NotShort = "subscribe" | "unsubscribe" | "rcvmore" | "events" | "type";
type LibraryOptions = Omit<OptionsOf<SocketTypeName>, "type" | "lastEndpoint"> & {
  readonly lastEndpoint: string | null;
};

type ShortOptions = {
  -readonly [N in keyof Numbers as Exclude<Lowercase<N>, NotShort | keyof LibraryOptions>]: OptionValue<Numbers[N]>;
} & {
  -readonly [N in keyof Numbers as Lowercase<N> extends NotShort ? never : N]: OptionValue<Numbers[N]>;
};

/** The option properties of a socket. Those that its type does not have throw EINVAL. */
export interface SocketProperties extends LibraryOptions, ShortOptions {
  /** A constant such as `zmq.REP`. */
  readonly type: number;
}

/** Puts the properties on a prototype. `coreOf` throws ENOTSOCK for a socket that is closed. */
export function defineOptions<S extends object>(prototype: S, coreOf: (socket: S) => SocketCore): void {
  for (const [short, id] of SHORT_NAMES) {
    if (short in prototype) continue;
    Object.defineProperty(prototype, short, {
      configurable: true,
      enumerable: false,
      get(this: S) {
        return getSocketOption(coreOf(this), id);
      },
      ...(isWritable(id) && {
        set(this: S, value: unknown) {
          setSocketOption(coreOf(this), id, value);
        },
      }),
    });
  }
  const names = Object.keys(OPTIONS) as OptionName[];
  for (const [name, at] of propertyHolders(names, prototype)) defineOption(at, name, coreOf);
}

function defineOption<S extends object>(prototype: S, name: OptionName, coreOf: (socket: S) => SocketCore): void {
  const row = optionRow(name);
  Object.defineProperty(prototype, name, {
    configurable: true,
    enumerable: false,
    get(this: S) {
      const core = coreOf(this);
      if (name === "topicsCount") return core.topicsCount;
      if (!hasOption(core.type, name)) throw notAnOption(core, name);
      return getOption(core.options, name);
    },
    ...(row.access === "rw" && {
      set(this: S, value: unknown) {
        const core = coreOf(this);
        if (!hasOption(core.type, name)) throw notAnOption(core, name);
        core.assign(name, typeof row.default === "boolean" && (value === 0 || value === 1) ? value === 1 : value);
      },
    }),
  });
}

function notAnOption(core: SocketCore, name: string): ZmqError {
  return new ZmqError("EINVAL", { message: `${name}: not an option of ${core.type} sockets` });
}
