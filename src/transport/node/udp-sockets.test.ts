import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fromText, toText } from "../../base/bytes.ts";
import { systemClock } from "../../base/clock.ts";
import type { DatagramAddress, DatagramSocket } from "../../base/datagram.ts";
import { udpSockets } from "./udp-sockets.ts";

// The sockets keep no process alive.
const clock = systemClock();
before(() => clock.ref());
after(() => clock.unref());

const silent = { datagram() {} };
const loopback = udpSockets.networkInterface("127.0.0.1", 4);

/** The next datagram that comes to a socket at `place`. */
function listen(place: Parameters<typeof udpSockets.open>[0]): { socket: DatagramSocket; next(): Promise<string> } {
  const come: string[] = [];
  let wake = () => {};
  const { openSync } = udpSockets;
  assert.ok(openSync !== undefined);
  const socket = openSync(place, {
    datagram(bytes) {
      come.push(toText(bytes));
      wake();
    },
  });
  return {
    socket,
    async next() {
      while (come.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      return come.shift() as string;
    },
  };
}

test("a datagram comes to the socket that it was sent to, with its sender's address", async () => {
  let came: (datagram: [string, DatagramAddress]) => void = () => {};
  const datagram = new Promise<[string, DatagramAddress]>((resolve) => {
    came = resolve;
  });
  const to = await udpSockets.open(
    { family: 4, address: "127.0.0.1", port: 0 },
    { datagram: (bytes, from) => came([toText(bytes), { address: from.address, port: from.port }]) },
  );
  const from = await udpSockets.open({ family: 4, address: "127.0.0.1", port: 0 }, silent);
  from.send(fromText("hello"), to.local);
  assert.deepEqual(await datagram, ["hello", from.local]);
  from.close();
  to.close();
});

test("every socket that joined a group gets what is sent to it, and none gets that of another group", async () => {
  const first = listen({ family: 4, port: 0, group: "239.192.7.1", iface: loopback, isShared: true });
  const { port } = first.socket.local;
  const second = listen({ family: 4, port, group: "239.192.7.1", iface: loopback, isShared: true });
  const other = listen({ family: 4, port, group: "239.192.7.2", iface: loopback, isShared: true });
  const from = await udpSockets.open({ family: 4, port: 0, iface: loopback }, silent);
  from.send(fromText("to 2"), { address: "239.192.7.2", port });
  from.send(fromText("to 1"), { address: "239.192.7.1", port });
  assert.deepEqual(await Promise.all([first.next(), second.next(), other.next()]), ["to 1", "to 1", "to 2"]);
  for (const { socket } of [first, second, other]) socket.close();
  from.close();
});

test("multicast of IPv6 comes to its group", { skip: noIpv6() }, async () => {
  const iface = udpSockets.networkInterface("", 6);
  const to = listen({ family: 6, port: 0, group: "ff12::7a6d:7101", iface, isShared: true });
  const from = await udpSockets.open({ family: 6, port: 0, iface }, silent);
  from.send(fromText("six"), { address: `ff12::7a6d:7101%${iface.name}`, port: to.socket.local.port });
  assert.equal(await to.next(), "six");
  to.socket.close();
  from.close();
});

test("a port that is in use is refused with its code, with and without waiting", async () => {
  const first = await udpSockets.open({ family: 4, address: "127.0.0.1", port: 0 }, silent);
  const place = { family: 4, address: "127.0.0.1", port: first.local.port } as const;
  await assert.rejects(udpSockets.open(place, silent), { code: "EADDRINUSE" });
  assert.throws(() => udpSockets.openSync?.(place, silent), { code: "EADDRINUSE" });
  first.close();
});

test("an interface is found by name and by address, and an unknown one is ENODEV", () => {
  assert.deepEqual(udpSockets.networkInterface(loopback.name, 4), loopback);
  assert.equal(udpSockets.networkInterface("127.0.0.2", 4).name, loopback.name);
  assert.throws(() => udpSockets.networkInterface("nowhere0", 4), { code: "ENODEV" });
  assert.throws(() => udpSockets.networkInterface("203.0.113.77", 4), { code: "ENODEV" });
});

test("a datagram that is too long to be sent is told to the sender and breaks nothing", async () => {
  let failed: (error: Error) => void = () => {};
  const failure = new Promise<Error>((resolve) => {
    failed = resolve;
  });
  const socket = await udpSockets.open(
    { family: 4, address: "127.0.0.1", port: 0 },
    { datagram() {}, failed: (error) => failed(error) },
  );
  socket.send(new Uint8Array(70_000), socket.local);
  assert.equal(((await failure) as { code?: string }).code, "EMSGSIZE");
  socket.close();
});

/** Why there is no IPv6 here; false where there is. */
function noIpv6(): string | false {
  try {
    udpSockets.networkInterface("", 6);
    return false;
  } catch {
    return "this machine has no IPv6 address";
  }
}
