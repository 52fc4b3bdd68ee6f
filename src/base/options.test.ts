import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type * as zeromq from "zeromq";
import { fromText, toText } from "./bytes.ts";
import type { ContextProperties } from "./context-options.ts";
import { RECEIVERS, SENDERS } from "./options/queues.ts";
import {
  checkOption,
  defaultOptions,
  getOption,
  getOptionById,
  hasOption,
  OPTIONS,
  type OptionInputs,
  type OptionName,
  type OptionsOf,
  optionById,
  optionRow,
  optionsOf,
  setOption,
  setOptionById,
} from "./options.ts";
import { SOCKET_TYPES, type SocketTypeName } from "./socket-types.ts";

const TYPES = Object.keys(SOCKET_TYPES) as SocketTypeName[];
const NAMES = Object.keys(OPTIONS) as OptionName[];
const FRESH = { ipv6: false, blocky: true };
/** The example key of RFC 32, five characters to four bytes, repeated. */
const _KEY = "HelloWorld".repeat(4);

function fresh(type: SocketTypeName = "DEALER") {
  return defaultOptions(type, FRESH);
}
function refused(code: string, message: RegExp) {
  return { name: "Error", code, message };
}

describe("the option table", () => {
  it("gives each of libzmq's numbers to one option", () => {
    const ids = NAMES.map((name) => OPTIONS[name].id);
    assert.equal(new Set(ids).size, ids.length);
  });

  it("has sending options exactly where users send, and receiving ones where they receive", () => {
    assert.deepEqual([...SENDERS].sort(), TYPES.filter((type) => SOCKET_TYPES[type].sends).sort());
    assert.deepEqual([...RECEIVERS].sort(), TYPES.filter((type) => SOCKET_TYPES[type].receives).sort());
  });

  it("accepts every default of what may be cleared again, on every type that has the option", () => {
    const needsBytes = ["routingId", "connectRoutingId", "curvePublicKey", "curveSecretKey", "curveServerKey"];
    for (const type of TYPES) {
      for (const name of optionsOf(type)) {
        if (optionRow(name).access === "r" || needsBytes.includes(name)) continue;
        setOption(fresh(type), name, getOption(fresh(type), name), type);
      }
    }
  });

  it("types properties as they read, read-only ones as such", () => {
    const router = {} as OptionsOf<"ROUTER">;
    router.mandatory = true;
    router.routingId = "a";
    // @ts-expect-error read-only
    router.lastEndpoint = "tcp://127.0.0.1:1";
    // @ts-expect-error not of ROUTER
    router.noDrop = true;
    const inputs: OptionInputs<"XPUB"> = { welcomeMessage: new Uint8Array(2), verbosity: "allSubs", linger: 0 };
    assert.ok(inputs);
  });
});

/** Names that both have and that differ in type or in being read-only, and names that only `Theirs` has. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Differing<Ours, Theirs> = {
  [N in keyof Ours & keyof Theirs]: Same<Pick<Ours, N>, Pick<Theirs, N>> extends true ? never : N;
}[keyof Ours & keyof Theirs];
type Members = "events" | "context" | "closed" | "readable" | "writable";
type Missing<Ours, Theirs> = {
  // biome-ignore lint/complexity/noBannedTypes: any method
  [N in keyof Theirs]: Theirs[N] extends Function ? never : Exclude<N, keyof Ours | Members | symbol>;
}[keyof Theirs];
/** `type` aside, which is an enum there and a number here. */
type Check<Ours, Theirs> = Same<Exclude<Differing<Ours, Theirs>, "type"> | Missing<Ours, Theirs>, never>;

describe("types", () => {
  it("are those of zeromq.js, name by name", () => {
    const same: [
      Check<OptionsOf<"PAIR">, zeromq.Pair>,
      Check<OptionsOf<"PUB">, zeromq.Publisher>,
      Check<OptionsOf<"SUB">, zeromq.Subscriber>,
      Check<OptionsOf<"REQ">, zeromq.Request>,
      Check<OptionsOf<"REP">, zeromq.Reply>,
      Check<OptionsOf<"DEALER">, zeromq.Dealer>,
      Check<OptionsOf<"ROUTER">, zeromq.Router>,
      Check<OptionsOf<"PULL">, zeromq.Pull>,
      Check<OptionsOf<"PUSH">, zeromq.Push>,
      Check<OptionsOf<"XPUB">, zeromq.XPublisher>,
      Check<OptionsOf<"XSUB">, zeromq.XSubscriber>,
      Check<OptionsOf<"STREAM">, zeromq.Stream>,
      Check<ContextProperties, zeromq.Context>,
    ] = [true, true, true, true, true, true, true, true, true, true, true, true, true];
    assert.equal(same.length, 13);
  });
});

describe("defaults", () => {
  it("are those of the table", () => {
    const values = fresh();
    assert.equal(values.sendHighWaterMark, 1000);
    assert.equal(values.linger, -1);
    assert.equal(values.routingId.length, 0);
    assert.equal(values.plainUsername, null);
  });

  it("linger 0 for SUB and XSUB, and for all in a context that is not blocky", () => {
    assert.equal(fresh("SUB").linger, 0);
    assert.equal(fresh("XSUB").linger, 0);
    assert.equal(defaultOptions("PUSH", { ipv6: false, blocky: false }).linger, 0);
  });

  it("take ipv6 from the context and the number from the type", () => {
    const values = defaultOptions("ROUTER", { ipv6: true, blocky: true });
    assert.equal(values.ipv6, true);
    assert.equal(values.type, 6);
    assert.equal(values.threadSafe, false);
  });

  it("of two sockets share nothing that changes", () => {
    const first = fresh();
    setOption(first, "tcpAcceptFilter", "10.0.0.0/8", "DEALER");
    setOption(first, "metadata", { "X-a": "1" }, "DEALER");
    assert.deepEqual(fresh().tcpAcceptFilter, []);
    assert.deepEqual(fresh().metadata, {});
  });
});

describe("checkOption", () => {
  it("throws zeromq.js's TypeErrors for the wrong JavaScript type", () => {
    const cases: [OptionName, unknown, string][] = [
      ["immediate", 1, "Option value must be a boolean"],
      ["recoveryInterval", "hello", "Option value must be a number"],
      ["recoveryInterval", undefined, "Option value must be a number"],
      ["affinity", null, "Option value must be a number"],
      ["routingId", 3, "Option value must be a string or buffer"],
      ["socksProxy", {}, "Option value must be a string or buffer"],
      ["socksProxy", undefined, "Option value must be a string or buffer"],
    ];
    for (const [name, value, message] of cases) {
      assert.throws(() => checkOption(name, value, "DEALER"), { name: "TypeError", message });
    }
  });

  it("names the option in the detail of such a TypeError, for a constructor takes many", () => {
    const detail = "linger: expected an integer >= -1, not a value of type string";
    assert.throws(() => checkOption("linger", "0", "DEALER"), { name: "TypeError", detail });
    const missing = "linger: expected an integer >= -1, not undefined";
    assert.throws(() => checkOption("linger", undefined, "DEALER"), { name: "TypeError", detail: missing });
  });

  it("throws EINVAL that names option, range and value for one out of range", () => {
    assert.throws(
      () => checkOption("linger", -2, "DEALER"),
      refused("EINVAL", /^linger: expected an integer >= -1, not -2$/),
    );
    assert.throws(() => checkOption("tcpKeepalive", 2, "DEALER"), refused("EINVAL", /from -1 to 1, not 2$/));
    assert.throws(() => checkOption("linger", Number.NaN, "DEALER"), refused("EINVAL", /NaN/));
    assert.throws(() => checkOption("linger", 2 ** 31, "DEALER"), refused("EINVAL", /linger/));
    assert.throws(() => checkOption("routingId", "", "DEALER"), refused("EINVAL", /1 to 255 bytes/));
    assert.throws(() => checkOption("routingId", "ü".repeat(128), "DEALER"), refused("EINVAL", /routingId/));
    assert.throws(() => checkOption("verbosity", "all", "XPUB"), refused("EINVAL", /"allSubs" or "allSubsUnsubs"/));
  });

  it("never repeats a secret", () => {
    for (const name of ["plainPassword", "curveSecretKey"] as const) {
      assert.throws(
        () => checkOption(name, "s3cret".repeat(60), "DEALER"),
        (error: Error) => !error.message.includes("s3cret"),
      );
    }
  });

  it("refuses options of other types and read-only ones", () => {
    assert.throws(() => checkOption("mandatory", true, "DEALER"), refused("EINVAL", /not an option of DEALER/));
    assert.throws(() => checkOption("lastEndpoint", "x", "DEALER"), refused("EINVAL", /read-only/));
    assert.equal(hasOption("SUB", "sendHighWaterMark"), false);
  });

  it("refuses what no runtime can honour, but takes its default", () => {
    assert.throws(
      () => checkOption("ipcFilterUid", 1000, "DEALER"),
      refused("ENOTSUP", /^ipcFilterUid: no JavaScript/),
    );
    assert.throws(() => checkOption("gssapiServer", true, "DEALER"), refused("EINVAL", /Kerberos/));
    assert.throws(() => checkOption("gssapiPrincipalNameType", "userName", "DEALER"), refused("EINVAL", /Kerberos/));
    assert.throws(() => checkOption("vmciBufferSize", 1, "DEALER"), refused("EINVAL", /VMCI/));
    assert.throws(() => checkOption("normMode", 2, "DEALER"), refused("EINVAL", /norm/));
    assert.equal(checkOption("gssapiServer", false, "DEALER"), false);
    assert.equal(checkOption("gssapiPrincipal", null, "DEALER"), null);
    assert.equal(checkOption("normMode", 1, "DEALER"), 1);
  });

  it("cuts fractions off and takes 64-bit integers as numbers", () => {
    assert.equal(checkOption("linger", 1.5, "DEALER"), 1);
    assert.ok(Object.is(checkOption("linger", -0.5, "DEALER"), 0));
    assert.equal(checkOption("maxMessageSize", 0xffffffffffff, "DEALER"), 0xffffffffffff);
    assert.equal(checkOption("affinity", 2 ** 64, "DEALER"), 2 ** 64);
    assert.throws(() => checkOption("affinity", -1, "DEALER"), refused("EINVAL", /affinity/));
  });

  it("copies bytes, so that a caller may reuse the buffer", () => {
    const buffer = fromText("abc");
    const value = checkOption("routingId", buffer, "DEALER");
    buffer.fill(0);
    assert.equal(toText(value), "abc");
  });
});

describe("reading", () => {
  it("gives text as it was assigned and null when there is none", () => {
    const values = fresh();
    assert.equal(getOption(values, "routingId"), null);
    setOption(values, "routingId", "åbçdéfghïjk", "DEALER");
    assert.equal(getOption(values, "routingId"), "åbçdéfghïjk");
    setOption(values, "routingId", fromText("åbç"), "DEALER");
    assert.equal(getOption(values, "routingId"), "åbç");
    setOption(values, "socksProxy", fromText("foo"), "DEALER");
    assert.equal(getOption(values, "socksProxy"), "foo");
    setOption(values, "socksProxy", null, "DEALER");
    assert.equal(getOption(values, "socksProxy"), null);
    setOption(values, "zapDomain", "", "DEALER");
    assert.equal(getOption(values, "zapDomain"), null);
  });

  it("cuts heartbeatTimeToLive to full 100 ms", () => {
    const values = fresh();
    setOption(values, "heartbeatTimeToLive", 150, "DEALER");
    assert.equal(getOption(values, "heartbeatTimeToLive"), 100);
    assert.throws(() => setOption(values, "heartbeatTimeToLive", 6_553_600, "DEALER"), refused("EINVAL", /6553599/));
  });

  it("has the messages of a connection's life on the types on which libzmq sends or receives them", () => {
    const having = (name: OptionName) => TYPES.filter((type) => hasOption(type, name));
    assert.deepEqual(having("helloMessage"), ["DEALER", "ROUTER", "SERVER", "CLIENT", "PEER"]);
    assert.deepEqual(having("disconnectMessage"), ["ROUTER", "SERVER", "PEER"]);
    assert.deepEqual(having("hiccupMessage"), ["DEALER", "CLIENT", "PEER"]);
  });

  it("gives helloMessage as the bytes that were assigned", () => {
    const values = fresh();
    assert.equal(getOption(values, "helloMessage"), null);
    setOption(values, "helloMessage", new Uint8Array([0xff, 0]), "DEALER");
    assert.deepEqual([...(getOption(values, "helloMessage") as Uint8Array)], [0xff, 0]);
  });
});

describe("options that add up", () => {
  it("tcpAcceptFilter collects CIDRs until null clears it", () => {
    const values = fresh();
    for (const cidr of ["10.0.0.0/8", "::1", "fe80::/10", "[::ffff:1.2.3.4]/128", "127.0.0.1"]) {
      setOption(values, "tcpAcceptFilter", cidr, "DEALER");
    }
    assert.equal(getOption(values, "tcpAcceptFilter"), "10.0.0.0/8,::1,fe80::/10,[::ffff:1.2.3.4]/128,127.0.0.1");
    setOption(values, "tcpAcceptFilter", null, "DEALER");
    assert.equal(getOption(values, "tcpAcceptFilter"), null);
    for (const bad of ["foo", "10.0.0.0/33", "::1/129", "1.2.3", "256.0.0.1", "10.0.0.0/", "[::1"]) {
      assert.throws(
        () => setOption(values, "tcpAcceptFilter", bad, "DEALER"),
        refused("EINVAL", /tcpAcceptFilter/),
        bad,
      );
    }
  });

  it("metadata takes records and X-name:value, keeps the first value of a name, and null clears it", () => {
    const values = fresh();
    setOption(values, "metadata", { "X-a": "1", "X-b": "2" }, "DEALER");
    setOption(values, "metadata", "X-c:3:4", "DEALER");
    setOption(values, "metadata", "X-a:5", "DEALER");
    assert.deepEqual(values.metadata, { "X-a": "1", "X-b": "2", "X-c": "3:4" });
    for (const bad of ["a:1", "X-a", "X-a:", ":1", `X-${"a".repeat(254)}:1`, { a: "1" }, { "X-a": 1 }, { "X-a": "" }]) {
      assert.throws(() => setOption(values, "metadata", bad, "DEALER"), refused("EINVAL", /metadata/));
    }
    setOption(values, "metadata", null, "DEALER");
    assert.deepEqual(values.metadata, {});
  });
});

describe("options by libzmq's number", () => {
  it("find their rows", () => {
    assert.equal(optionById(24), "receiveHighWaterMark");
    assert.equal(optionById(9999), undefined);
    assert.throws(() => setOptionById(fresh(), 9999, 1, "DEALER"), refused("EINVAL", /9999/));
  });

  it("translate XPUB_VERBOSE, XPUB_VERBOSER and IPV4ONLY", () => {
    const values = fresh("XPUB");
    setOptionById(values, 78, true, "XPUB");
    assert.equal(values.verbosity, "allSubsUnsubs");
    assert.equal(getOptionById(values, 78), true);
    setOptionById(values, 40, true, "XPUB");
    assert.equal(values.verbosity, "allSubs");
    setOptionById(values, 40, false, "XPUB");
    assert.equal(values.verbosity, null);
    setOptionById(values, 31, false, "XPUB");
    assert.equal(values.ipv6, true);
    assert.equal(getOptionById(values, 31), false);
  });

  it("read names as numbers", () => {
    const values = fresh();
    assert.equal(getOptionById(values, 43), 0);
    setOptionById(values, 47, true, "DEALER");
    assert.equal(getOptionById(values, 43), 2);
  });
});

it("a value that cannot be printed is refused as any other", () => {
  const values = defaultOptions("XPUB", { ipv6: false, blocky: true });
  const circle: unknown[] = [];
  circle.push(circle);
  for (const value of [1n, circle, Symbol("x")]) {
    assert.throws(
      () => setOption(values, "verbosity", value, "XPUB"),
      (error: { code?: string; message: string }) => error.code === "EINVAL" && error.message.startsWith("verbosity"),
    );
  }
});

it("wsAllowedOrigins takes origins, and nothing that no origin could be", () => {
  const values = defaultOptions("REP", { ipv6: false, blocky: true });
  for (const origin of ["https://app.example", "http://localhost:5173", "chrome-extension://abc", "null", "*"]) {
    setOption(values, "wsAllowedOrigins", origin, "REP");
    assert.deepEqual(values.wsAllowedOrigins, [origin]);
  }
  for (const origin of ["localhost:5173", "http://localhost:5173/", "http://localhost:*", "https://*.example"]) {
    assert.throws(() => setOption(values, "wsAllowedOrigins", origin, "REP"), { code: "EINVAL" }, origin);
  }
});
