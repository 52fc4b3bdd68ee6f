/**
 * `epgm://` between two hosts, with libzmq (through pyzmq) and among ourselves, while packets are lost in both
 * directions: all is repaired.
 */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type Host, noTwoHosts, type Program, TwoHosts } from "../two-hosts.ts";
import { missing } from "./peer.ts";

const COUNT = 1500;
const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const tsx = pathToFileURL(file("../../node_modules/tsx/dist/loader.mjs")).href;

const noHosts = noTwoHosts();
const noPyzmq = missing("pyzmq") ?? withoutEpgm();

/** Debian's libzmq has epgm; another may not. */
function withoutEpgm(): string | undefined {
  const has = "import sys, zmq; sys.exit(0 if zmq.has('pgm') else 1)";
  try {
    execFileSync("/usr/bin/python3", ["-c", has], { stdio: "pipe" });
    return undefined;
  } catch {
    return "pyzmq's libzmq is built without pgm";
  }
}

/** libzmq's sockets share their port only with those that say so in its own way. */
function noSharedPort(): string | undefined {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  return major > 22 || (major === 22 && minor >= 12) ? undefined : "ports are shared with libzmq from Node 22.12 on";
}

class Network extends TwoHosts {
  ours(host: Host, role: "pub" | "sub", endpoint: string, loss = 0): Program {
    return this.run(
      host,
      process.execPath,
      "--import",
      tsx,
      file("multicast-peer.ts"),
      role,
      endpoint,
      `${COUNT}`,
      `${loss}`,
    );
  }
  libzmq(host: Host, role: "pub" | "sub", endpoint: string): Program {
    return this.run(host, "/usr/bin/python3", file("multicast-peer.py"), role, endpoint, `${COUNT}`);
  }
}

/** All messages of the publisher come to each subscriber, in order. */
async function expectAll(publisher: Program, ...subscribers: Program[]): Promise<void> {
  for (const subscriber of subscribers) await subscriber.line("JOINED");
  publisher.say("go");
  for (const subscriber of subscribers) {
    const [received, wrong] = (await subscriber.line("RESULT")).split(" ");
    assert.deepEqual({ received, wrong }, { received: `${COUNT}`, wrong: "0" });
  }
}

async function withNetwork(run: (network: Network) => Promise<void>): Promise<void> {
  const network = new Network();
  try {
    await run(network);
  } finally {
    await network.close();
  }
}

const epgm = (host: Host, port = 7500) => `epgm://${host.address};239.192.1.1:${port}`;

test(
  "what libzmq publishes comes to us whole, though one packet in ten is lost",
  {
    skip: noHosts ?? noPyzmq ?? false,
  },
  () =>
    withNetwork(async (network) => {
      const { a, b } = network;
      const sub = network.ours(b, "sub", epgm(b), 0.1);
      await sub.line("READY");
      await expectAll(network.libzmq(a, "pub", epgm(a)), sub);
    }),
);

test(
  "what we publish comes to libzmq whole, though one packet in ten is lost",
  {
    skip: noHosts ?? noPyzmq ?? false,
  },
  () =>
    withNetwork(async (network) => {
      const { a, b } = network;
      const sub = network.libzmq(b, "sub", epgm(b));
      await sub.line("READY");
      await expectAll(network.ours(a, "pub", epgm(a), 0.1), sub);
    }),
);

test(
  "one publisher reaches subscribers of both kinds on another host and on its own",
  {
    skip: noHosts ?? noPyzmq ?? false,
  },
  () =>
    withNetwork(async (network) => {
      const { a, b } = network;
      const subs = [network.libzmq(b, "sub", epgm(b)), network.ours(a, "sub", epgm(a), 0.05)];
      for (const sub of subs) await sub.line("READY");
      await expectAll(network.ours(a, "pub", `epgm://${a.iface};239.192.1.1:7500`, 0.05), ...subs);
    }),
);

test("publishers that share a host and a port are each asked for what they sent", { skip: noHosts ?? false }, () =>
  withNetwork(async (network) => {
    const { a, b } = network;
    // Both are bound to the same address and port; a NAK comes to one of them.
    const first = network.ours(a, "pub", epgm(a), 0.1);
    await first.line("READY");
    const second = network.run(
      a,
      process.execPath,
      "--import",
      tsx,
      file("multicast-peer.ts"),
      "pub",
      `epgm://${a.address};239.192.1.2:7500`,
      "0",
      "0",
    );
    await second.line("READY");
    const sub = network.ours(b, "sub", epgm(b), 0.1);
    await sub.line("READY");
    await expectAll(first, sub);
  }),
);

test(
  "libzmq and this library can be on one host",
  {
    skip: noHosts ?? noPyzmq ?? noSharedPort() ?? false,
  },
  () =>
    withNetwork(async (network) => {
      const { a } = network;
      const endpoint = "epgm://127.0.0.1;239.192.1.1:7500";
      const sub = network.libzmq(a, "sub", endpoint);
      await sub.line("READY");
      await expectAll(network.ours(a, "pub", endpoint, 0.1), sub);
    }),
);

test("multicast of IPv6 is repaired as well", { skip: noHosts ?? false }, () =>
  withNetwork(async (network) => {
    const { a, b } = network;
    const sub = network.ours(b, "sub", `epgm://${b.iface};[ff15::7a6d]:7500`, 0.1);
    await sub.line("READY");
    await expectAll(network.ours(a, "pub", `epgm://${a.iface};[ff15::7a6d]:7500`, 0.1), sub);
  }),
);
