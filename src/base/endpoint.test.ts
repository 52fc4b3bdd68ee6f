import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import { formatEndpoint, parseEndpoint } from "./endpoint.ts";
import type { Endpoint, Role } from "./endpoint-grammar.ts";
import type { ZmqError } from "./errors.ts";

/** Without `text`, which is always the one given. */
function parsed(text: string, role: Role = "connect", ipv6 = false): object {
  const { text: given, ...rest } = parseEndpoint(text, role, ipv6);
  assert.equal(given, text);
  return rest;
}
const tcp = (host: string, port: number) => ({ scheme: "tcp", host, port });
const ipc = (path: string, traits = {}) => ({ scheme: "ipc", path, abstract: false, wildcard: false, ...traits });

function table(cases: [text: string, expected: object][], role: Role, ipv6 = false): void {
  for (const [text, expected] of cases) assert.deepEqual(parsed(text, role, ipv6), expected, text);
}

function refuses(code: string, texts: string[], role: Role, ipv6 = false): void {
  for (const text of texts) {
    assert.throws(
      () => parseEndpoint(text, role, ipv6),
      (error: ZmqError) => error.code === code && error.address === text && error.detail !== undefined,
      `${role} ${text}`,
    );
  }
}

describe("parseEndpoint", () => {
  it("throws zeromq.js's TypeError for what is no string", () => {
    for (const value of [undefined, null, 5, {}, ["tcp://a:1"]]) {
      assert.throws(() => parseEndpoint(value, "bind", false), {
        name: "TypeError",
        message: "Address must be a string",
      });
    }
  });

  it("keeps libzmq's sentence as message and says why in detail", () => {
    assert.throws(() => parseEndpoint("foo-bar", "bind", false), { message: "Invalid argument", errno: 22 });
    assert.throws(() => parseEndpoint("foo-bar://x", "connect", false), {
      message: "Protocol not supported",
      errno: 93,
      address: "foo-bar://x",
    });
    try {
      parseEndpoint("tcp://a:70000", "connect", false);
      assert.fail("accepted");
    } catch (error) {
      assert.match(inspect(error), /detail: 'expected a port from 1 to 65535, not "70000"'/);
    }
  });

  it("refuses what has no scheme or no address", () => {
    for (const role of ["bind", "connect"] as const) {
      refuses("EINVAL", ["", "foo-bar", "://", "://x", "tcp://", "inproc://", "tcp:/x", "127.0.0.1:5555"], role);
    }
  });

  it("refuses schemes it does not know, in their exact spelling", () => {
    for (const role of ["bind", "connect"] as const) {
      refuses(
        "EPROTONOSUPPORT",
        ["foo-bar://x", "TCP://a:1", "tipc://{1,2,3}", "vmci://x", "norm://1,127.0.0.1:5", "constructor://x"],
        role,
      );
    }
    assert.throws(() => parseEndpoint("tipc://x", "bind", false), { detail: /TIPC/ });
  });
});

describe("tcp endpoints", () => {
  it("name a host and a port", () => {
    for (const role of ["bind", "connect"] as const) {
      table(
        [
          ["tcp://127.0.0.1:5555", tcp("127.0.0.1", 5555)],
          ["tcp://localhost:1", tcp("localhost", 1)],
          ["tcp://a-b.c_d.example:65535", tcp("a-b.c_d.example", 65535)],
          ["tcp://x:0080", tcp("x", 80)],
          ["tcp://eth0:5555", tcp("eth0", 5555)],
        ],
        role,
      );
    }
  });

  it("may end with a slash, in both roles", () => {
    for (const role of ["bind", "connect"] as const) {
      assert.deepEqual(parsed("tcp://127.0.0.1:4000/", role), tcp("127.0.0.1", 4000));
      refuses("EINVAL", ["tcp://127.0.0.1:4000//", "tcp://127.0.0.1:4000/foo", "tcp://127.0.0.1/:4000"], role);
    }
  });

  it("take wildcards on bind only", () => {
    table(
      [
        ["tcp://*:5555", tcp("0.0.0.0", 5555)],
        ["tcp://*:*", tcp("0.0.0.0", 0)],
        ["tcp://127.0.0.1:0", tcp("127.0.0.1", 0)],
        ["tcp://lo:*", tcp("lo", 0)],
      ],
      "bind",
    );
    assert.deepEqual(parsed("tcp://*:*", "bind", true), tcp("::", 0));
    refuses("EINVAL", ["tcp://*:5555", "tcp://127.0.0.1:*", "tcp://127.0.0.1:0"], "connect");
  });

  it("refuse what is no port", () => {
    for (const role of ["bind", "connect"] as const) {
      refuses(
        "EINVAL",
        ["70000", "65536", "-1", " 4", "4 ", "0x10", "1e3", "!", "http", "", "00", "99999999999"].map(
          (port) => `tcp://127.0.0.1:${port}`,
        ),
        role,
      );
    }
  });

  it("refuse what is no host", () => {
    for (const role of ["bind", "connect"] as const) {
      refuses(
        "EINVAL",
        [
          "tcp://127.0.0.1",
          "tcp://:5555",
          "tcp://a b:5",
          "tcp://-a:5",
          "tcp://ü:5",
          "tcp://a/b:5",
          "tcp://[]:5",
          "tcp://**:5",
          "tcp://a\0:5",
        ],
        role,
      );
    }
  });

  it("take IPv6 addresses, with brackets or not, with zone, where IPv6 is allowed", () => {
    for (const role of ["bind", "connect"] as const) {
      table(
        [
          ["tcp://[::1]:5", tcp("::1", 5)],
          ["tcp://::1:5", tcp("::1", 5)],
          ["tcp://[fe80::1%eth0]:5", tcp("fe80::1%eth0", 5)],
          ["tcp://[::ffff:127.0.0.1]:5", tcp("::ffff:127.0.0.1", 5)],
          ["tcp://[1:2:3:4:5:6:7:8]:5", tcp("1:2:3:4:5:6:7:8", 5)],
          ["tcp://[::]:5", tcp("::", 5)],
          ["tcp://127.0.0.1:5", tcp("127.0.0.1", 5)],
        ],
        role,
        true,
      );
      refuses(
        "EINVAL",
        [
          "[1::2::3]",
          "[1:2:3:4:5:6:7]",
          "[1:2:3:4:5:6:7:8:9]",
          "[g::1]",
          "[fe80::1%]",
          "[fe80::1%a%b]",
          "[::12345]",
          "[:::]",
        ].map((host) => `tcp://${host}:5`),
        role,
        true,
      );
    }
    refuses("ENODEV", ["tcp://[::1]:5"], "bind");
    refuses("EINVAL", ["tcp://[::1]:5"], "connect");
  });

  it("take a source address on connect", () => {
    const from = (host: string, port: number) => ({ ...tcp("server", 5555), source: { host, port } });
    table(
      [
        ["tcp://192.168.0.5:0;server:5555", from("192.168.0.5", 0)],
        ["tcp://192.168.0.5:*;server:5555", from("192.168.0.5", 0)],
        ["tcp://192.168.0.5:4000;server:5555", from("192.168.0.5", 4000)],
        ["tcp://eth0;server:5555", from("eth0", 0)],
      ],
      "connect",
    );
    assert.deepEqual(parsed("tcp://[::1]:7;[::1]:5555", "connect", true), {
      ...tcp("::1", 5555),
      source: { host: "::1", port: 7 },
    });
    assert.deepEqual(parsed("tcp://[::1];[::1]:5555", "connect", true), {
      ...tcp("::1", 5555),
      source: { host: "::1", port: 0 },
    });
    refuses(
      "EINVAL",
      ["tcp://;server:5", "tcp://a:b;server:5", "tcp://a;b;server:5", "tcp://a:70000;b:5", "tcp://a;b"],
      "connect",
    );
    refuses("EINVAL", ["tcp://127.0.0.1:0;127.0.0.1:5555"], "bind");
  });
});

describe("ipc endpoints", () => {
  it("name a path, relative or not, or an abstract name", () => {
    for (const role of ["bind", "connect"] as const) {
      table(
        [
          ["ipc:///tmp/a b", ipc("/tmp/a b")],
          ["ipc://relative.sock", ipc("relative.sock")],
          ["ipc:///tmp/x/", ipc("/tmp/x/")],
          ["ipc://@name", ipc("name", { abstract: true })],
        ],
        role,
      );
      refuses("EINVAL", ["ipc://", "ipc://@", "ipc://a\0b"], role);
    }
  });

  it("take the wildcard on bind only", () => {
    assert.deepEqual(parsed("ipc://*", "bind"), ipc("", { wildcard: true }));
    refuses("EINVAL", ["ipc://*"], "connect");
  });

  it("hold up to 107 bytes of UTF-8", () => {
    for (const role of ["bind", "connect"] as const) {
      assert.deepEqual(parsed(`ipc://${"a".repeat(107)}`, role), ipc("a".repeat(107)));
      assert.deepEqual(parsed(`ipc://${"ü".repeat(53)}`, role), ipc("ü".repeat(53)));
      refuses(
        "ENAMETOOLONG",
        [`ipc://${"a".repeat(108)}`, `ipc://${"ü".repeat(54)}`, `ipc://@${"a".repeat(107)}`],
        role,
      );
    }
  });
});

describe("inproc endpoints", () => {
  it("are any name", () => {
    for (const role of ["bind", "connect"] as const) {
      for (const name of ["a", "a b", "://", "*", "ü", "#1/2"]) {
        assert.deepEqual(parsed(`inproc://${name}`, role), { scheme: "inproc", name });
      }
    }
  });
});

describe("ws and wss endpoints", () => {
  const ws = (host: string, port: number, path = "/", scheme = "ws") => ({ scheme, host, port, path });

  it("have a path, / by default", () => {
    for (const role of ["bind", "connect"] as const) {
      table(
        [
          ["ws://127.0.0.1:80", ws("127.0.0.1", 80)],
          ["ws://127.0.0.1:80/", ws("127.0.0.1", 80)],
          ["wss://example.org:8443/a/b?c=d:e", ws("example.org", 8443, "/a/b?c=d:e", "wss")],
          ["ws://a:1?b", ws("a", 1, "/?b")],
        ],
        role,
      );
      refuses("EINVAL", ["ws:///x", "ws://a:1/b c", "ws://a:1/b#c", "ws://a:70000/", "ws://a b:1", "ws://:80/"], role);
    }
  });

  it("take wildcards on bind and need no port on connect", () => {
    table(
      [
        ["ws://*:*", ws("0.0.0.0", 0)],
        ["ws://*:*/x", ws("0.0.0.0", 0, "/x")],
      ],
      "bind",
    );
    table([["ws://[::1]:*", ws("::1", 0)]], "bind", true);
    table(
      [
        ["ws://a.example/x", ws("a.example", 80, "/x")],
        ["wss://a.example", ws("a.example", 443, "/", "wss")],
      ],
      "connect",
    );
    table([["ws://[::1]/x", ws("::1", 80, "/x")]], "connect", true);
    refuses("EINVAL", ["ws://a.example/x"], "bind");
    refuses("EINVAL", ["ws://*:80", "ws://a:0", "ws://a:*"], "connect");
  });
});

describe("udp endpoints", () => {
  const udp = (host: string, port: number, more = {}) => ({ scheme: "udp", host, port, ...more });

  it("name a host or a multicast group, with an interface if wanted", () => {
    for (const role of ["bind", "connect"] as const) {
      table(
        [
          ["udp://127.0.0.1:5555", udp("127.0.0.1", 5555)],
          ["udp://239.0.0.1:5555", udp("239.0.0.1", 5555)],
          ["udp://eth0;239.0.0.1:5555", udp("239.0.0.1", 5555, { iface: "eth0" })],
          ["udp://127.0.0.1;224.0.0.1:5555", udp("224.0.0.1", 5555, { iface: "127.0.0.1" })],
          ["udp://*;239.0.0.1:5555", udp("239.0.0.1", 5555, { iface: "0.0.0.0" })],
        ],
        role,
      );
      table([["udp://eth0;[ff02::1]:5555", udp("ff02::1", 5555, { iface: "eth0" })]], role, true);
      refuses(
        "EINVAL",
        ["udp://eth0;127.0.0.1:5555", "udp://eth0;host:5555", "udp://;239.0.0.1:5", "udp://239.0.0.1"],
        role,
      );
    }
    table([["udp://*:5555", udp("0.0.0.0", 5555)]], "bind");
    refuses("EINVAL", ["udp://*:5555", "udp://239.0.0.1:0"], "connect");
  });
});

describe("pgm and epgm endpoints", () => {
  it("name an interface, groups and a port, the same in both roles", () => {
    for (const role of ["bind", "connect"] as const) {
      table(
        [
          [
            "epgm://127.0.0.1;239.192.1.1:7500",
            { scheme: "epgm", iface: "127.0.0.1", groups: ["239.192.1.1"], port: 7500 },
          ],
          [
            "pgm://eth0;239.0.0.1,239.0.0.2;239.0.0.3:8000",
            { scheme: "pgm", iface: "eth0", groups: ["239.0.0.1", "239.0.0.2"], sendGroup: "239.0.0.3", port: 8000 },
          ],
          ["epgm://;[ff02::1]:7500", { scheme: "epgm", iface: "", groups: ["ff02::1"], port: 7500 }],
        ],
        role,
      );
      refuses(
        "EINVAL",
        [
          "epgm://239.192.1.1:5",
          "epgm://lo;127.0.0.1:5",
          "epgm://lo;239.0.0.1",
          "epgm://lo;239.0.0.1:*",
          "epgm://a;239.0.0.1;239.0.0.2;239.0.0.3:5",
          "epgm://a;239.0.0.1,:5",
          "epgm://*;239.0.0.1:5",
          "epgm://x",
        ],
        role,
      );
    }
  });
});

describe("formatEndpoint", () => {
  it("writes what parses to the same endpoint", () => {
    const texts = [
      "tcp://127.0.0.1:5555",
      "tcp://[fe80::1%eth0]:5",
      "tcp://[::1]:0;server:5",
      "ipc:///tmp/x",
      "ipc://@x",
      "inproc://a b",
      "ws://[::1]:80/x?y",
      "udp://eth0;239.0.0.1:5",
      "epgm://eth0;239.0.0.1,[ff02::1];239.0.0.3:5",
    ];
    for (const text of texts) assert.equal(formatEndpoint(parseEndpoint(text, "connect", true)), text);
    assert.equal(formatEndpoint(parseEndpoint("ipc://*", "bind", true)), "ipc://*");
  });

  it("writes the canonical form: wildcards as addresses, no trailing slash, the port that was bound", () => {
    assert.equal(formatEndpoint(parseEndpoint("tcp://127.0.0.1:4000/", "bind", false)), "tcp://127.0.0.1:4000");
    assert.equal(formatEndpoint({ ...parseEndpoint("tcp://*:*", "bind", true), port: 7 } as Endpoint), "tcp://[::]:7");
    assert.equal(formatEndpoint(parseEndpoint("ws://*:80", "bind", false)), "ws://0.0.0.0:80/");
  });
});
