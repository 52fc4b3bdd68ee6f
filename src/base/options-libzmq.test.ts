/**
 * The option table against libzmq itself, through npm `zeromq`: numbers,
 * defaults and ranges, wherever libzmq can say them.
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CONTEXT_OPTIONS } from "./context-options.ts";
import { defaultOptions, getOptionById, OPTIONS, type OptionName, optionRow, optionsOf } from "./options.ts";
import { SOCKET_TYPES, type SocketTypeName } from "./socket-types.ts";

type Peer = typeof import("zeromq");

const peer: Peer | undefined = await import("zeromq").catch(() => undefined);
const skip = peer === undefined && "npm zeromq does not load here: nothing to compare with";

/** What the peer cannot read: libzmq has no getter, zeromq.js reads it wrongly (keys), or its libzmq is built without (wss). */
const UNREAD: readonly OptionName[] = [
  ...(["connectRoutingId", "mandatory", "handover", "raw", "probeRouter", "correlate", "relaxed"] as const),
  ...(["verbosity", "noDrop", "manual", "manualLastValue", "welcomeMessage", "onlyFirstSubscribe"] as const),
  ...(["verboseUnsubscribe", "notify", "tcpAcceptFilter", "metadata"] as const),
  ...(["helloMessage", "disconnectMessage", "hiccupMessage"] as const),
  ...(["curvePublicKey", "curveSecretKey", "curveServerKey"] as const),
  ...(["wssKeyPem", "wssCertPem", "wssTrustPem", "wssHostname", "wssTrustSystem"] as const),
];

/** Ranges that differ from libzmq's on purpose. */
const OWN_RANGES: Readonly<Partial<Record<OptionName, string>>> = {
  heartbeatTimeout: "may go back to its default",
  heartbeatTimeToLive: "libzmq takes -99 to -1 as 0",
  typeOfService: "an octet; libzmq takes any number, the operating system cuts it",
  reconnectStop: "the three bits that mean something",
};

/** By number, with the accessor that fits the kind of the row. */
function open(type: SocketTypeName) {
  const { Socket } = peer as Peer;
  class Opened extends (Socket as unknown as new (type: number) => Native) {}
  const socket = new Opened(SOCKET_TYPES[type].id);
  const kind = (name: OptionName) => {
    const { id, default: standard, values } = optionRow(name);
    if (typeof standard === "boolean") return "Bool";
    if (typeof standard !== "number") return values ? "Int32" : "String";
    return id === 22 ? "Int64" : id === 4 || (id >= 85 && id <= 87) ? "Uint64" : "Int32";
  };
  return {
    read: (name: OptionName) => socket[`get${kind(name)}Option`](OPTIONS[name].id),
    write: (name: OptionName, value: unknown) => socket[`set${kind(name)}Option`](OPTIONS[name].id, value),
    close: () => socket.close(),
  };
}
type Kind = "Bool" | "Int32" | "Int64" | "Uint64" | "String";
type Native = { close(): void } & { [K in Kind as `get${K}Option`]: (id: number) => unknown } & {
  [K in Kind as `set${K}Option`]: (id: number, value: unknown) => void;
};

/** The code that `task` throws, or undefined. */
function codeOf(task: () => void): string | undefined {
  try {
    task();
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
  return undefined;
}

describe("the option table and libzmq", { skip }, () => {
  for (const type of Object.keys(SOCKET_TYPES) as SocketTypeName[]) {
    it(`agree on the defaults of ${type}`, () => {
      const socket = open(type);
      const values = defaultOptions(type, { ipv6: false, blocky: true });
      const unread: OptionName[] = [];
      for (const name of optionsOf(type).filter((name) => OPTIONS[name].id >= 0)) {
        const code = codeOf(() => assert.deepEqual(socket.read(name), getOptionById(values, OPTIONS[name].id), name));
        assert.notEqual(
          code,
          "ERR_ASSERTION",
          `${type}.${name} = ${codeOf(() => socket.read(name)) ?? socket.read(name)}`,
        );
        if (code !== undefined) unread.push(name);
      }
      socket.close();
      const unexpected = unread.filter((name) => !UNREAD.includes(name) && optionRow(name).honoured === true);
      assert.deepEqual(unexpected, []);
    });
  }

  it("agree on the ends of every range", () => {
    const differing: string[] = [];
    for (const type of ["DEALER", "ROUTER"] as const) {
      for (const name of optionsOf(type).filter((name) => OPTIONS[name].id >= 0)) {
        const row = optionRow(name);
        if (row.access === "r" || row.honoured !== true || typeof row.default !== "number") continue;
        const [, lowest = "", highest] = / (?:>= |from )(-?\d+)(?: to (\d+))?$/.exec(row.expected) ?? [];
        if (lowest === "") continue;
        const socket = open(type);
        const ends: [number, boolean][] = [[Number(lowest), true]];
        if (name !== "affinity") ends.push([Number(lowest) - 1, false]);
        if (highest !== undefined) ends.push([Number(highest), true], [Number(highest) + 1, false]);
        for (const [value, legal] of ends) {
          const accepted = codeOf(() => socket.write(name, value)) === undefined;
          if (accepted !== legal && !(name in OWN_RANGES)) differing.push(`${name} = ${value}: accepted ${accepted}`);
        }
        socket.close();
      }
    }
    assert.deepEqual(differing, []);
  });

  it("agree on which types have the options that only some have", () => {
    const refused: string[] = [];
    for (const type of Object.keys(SOCKET_TYPES) as SocketTypeName[]) {
      const socket = open(type);
      for (const name of optionsOf(type).filter((name) => OPTIONS[name].id >= 0)) {
        const row = optionRow(name);
        if (row.on === undefined || row.access === "r" || typeof row.default !== "boolean") continue;
        if (codeOf(() => socket.write(name, true)) !== undefined) refused.push(`${type}.${name}`);
      }
      socket.close();
    }
    assert.deepEqual(refused, []);
  });

  it("agree on the defaults of a context, I/O threads apart", () => {
    const { Context } = peer as Peer;
    const context = new Context() as unknown as Pick<Native, "getBoolOption" | "getInt32Option">;
    /** THREAD_PRIORITY has the number of SOCKET_LIMIT, and a text cannot be read as a number. */
    const unread = ["threadPriority", "threadNamePrefix"];
    for (const [name, row] of Object.entries(CONTEXT_OPTIONS)) {
      if (unread.includes(name) || name === "ioThreads") continue;
      const read = () =>
        typeof row.default === "boolean" ? context.getBoolOption(row.id) : context.getInt32Option(row.id);
      if (codeOf(read) !== undefined) unread.push(name);
      else assert.equal(read(), row.default, name);
    }
    assert.deepEqual(unread.slice(2), ["threadSchedulingPolicy", "threadAffinityCpuAdd", "threadAffinityCpuRemove"]);
  });
});
