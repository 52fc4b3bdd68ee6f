import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../test/fake-clock.ts";
import { DEAF_OWNER } from "../../test/fake-pipe.ts";
import { fromText, toText } from "../base/bytes.ts";
import type { DatagramAddress, DatagramHandler, DatagramPlace, DatagramTransport } from "../base/datagram.ts";
import { parseEndpoint } from "../base/endpoint.ts";
import type { Role } from "../base/endpoint-grammar.ts";
import { ZmqError } from "../base/errors.ts";
import type { Message } from "../base/message.ts";
import { defaultOptions, type OptionValues } from "../base/options.ts";
import { createPipe } from "../base/pipe.ts";
import type { SocketTypeName } from "../base/socket-types.ts";
import { EngineLoop } from "./engine-loop.ts";
import { udpProtocol } from "./udp-session.ts";

/** A network that remembers what was opened and sent. */
class FakeNetwork implements DatagramTransport {
  readonly places: DatagramPlace[] = [];
  readonly handlers: DatagramHandler[] = [];
  readonly sent: { socket: number; to: string; bytes: Uint8Array }[] = [];
  unsentBytes = 0;
  closed = 0;

  networkInterface(nameOrAddress: string, family: 4 | 6) {
    if (nameOrAddress !== "eth0") throw new ZmqError("ENODEV");
    return { name: "eth0", address: "10.0.0.1", family };
  }
  async resolve(host: string): Promise<readonly string[]> {
    if (host !== "there") throw new ZmqError("ENODEV");
    return ["10.0.0.2", "10.0.0.3"];
  }
  async open(place: DatagramPlace, handler: DatagramHandler) {
    return this.openSync(place, handler);
  }
  openSync = (place: DatagramPlace, handler: DatagramHandler) => {
    const network = this;
    const socket = this.places.push(place) - 1;
    this.handlers.push(handler);
    return {
      local: { address: place.address ?? "0.0.0.0", port: place.port === 0 ? 40_000 + socket : place.port },
      send(bytes: Uint8Array, { address, port }: DatagramAddress) {
        network.sent.push({ socket, to: `${address}:${port}`, bytes });
      },
      get unsentBytes() {
        return network.unsentBytes;
      },
      close() {
        network.closed++;
      },
    };
  };
}

function session(type: SocketTypeName, role: Role, text: string, more: Partial<OptionValues> = {}) {
  const network = new FakeNetwork();
  const clock = new FakeClock();
  const told: string[] = [];
  const owner = {
    loop: new EngineLoop(clock),
    socketType: type,
    role,
    options: { ...defaultOptions(type, { ipv6: false, blocky: true }), ...more },
    endpoint: text,
    emit() {},
    finished: () => void told.push("finished"),
    close: (lingerMs: number) => void told.push(`close ${lingerMs}`),
  };
  const made = udpProtocol(network).session(owner, parseEndpoint(text, role, false));
  const limits = { sendHighWaterMark: 2, receiveHighWaterMark: 2, conflate: false };
  const pipe = createPipe(DEAF_OWNER, text, role === "connect", limits);
  return { network, clock, told, session: made, pipe };
}

async function started(...given: Parameters<typeof session>) {
  const all = session(...given);
  const endpoint = await all.session.open();
  all.pipe.attach(all.session);
  all.session.start(all.pipe);
  return { ...all, endpoint };
}

const group = (name: string, body: string): Message => [fromText(name), fromText(body)];

test("a RADIO sends group and body to the address, by one socket of its own", async () => {
  const { network, pipe, endpoint } = await started("RADIO", "connect", "udp://10.0.0.9:5555");
  assert.equal(endpoint, "udp://10.0.0.9:5555");
  assert.deepEqual(network.places.length, 1);
  assert.deepEqual(network.places[0]?.port, 0);
  assert.equal(pipe.write(group("TV", "News")), true);
  assert.deepEqual(
    network.sent.map(({ to }) => to),
    ["10.0.0.9:5555"],
  );
  assert.equal(toText(network.sent[0]?.bytes as Uint8Array), "\x02TVNews");
  network.handlers[0]?.datagram(fromText("\x02TVNews"), { address: "10.0.0.9", port: 5555 });
  assert.equal(pipe.canRead, false);
});

test("a host is looked up when a RADIO connects; one that a DISH binds may be an interface", async () => {
  const radio = await started("RADIO", "connect", "udp://there:5555");
  radio.pipe.write(group("g", "x"));
  assert.equal(radio.network.sent[0]?.to, "10.0.0.2:5555");
  await assert.rejects(session("RADIO", "connect", "udp://elsewhere:5555").session.open(), { code: "ENODEV" });
  const dish = await started("DISH", "bind", "udp://eth0:*");
  assert.equal(dish.endpoint, "udp://10.0.0.1:40000");
  assert.throws(() => session("DISH", "bind", "udp://elsewhere:1").session.openSync(), { code: "ENOTSUP" });
});

test("multicast leaves by the interface, as far as multicastHops, and is heard here with multicastLoop", async () => {
  const radio = await started("RADIO", "connect", "udp://eth0;239.0.0.1:5555", {
    multicastHops: 3,
    multicastLoop: false,
  });
  const { iface, hops, loop, group: joined } = radio.network.places[0] as DatagramPlace;
  assert.deepEqual([iface?.name, hops, loop, joined], ["eth0", 3, false, undefined]);
  const dish = await started("DISH", "bind", "udp://eth0;239.0.0.1:5555");
  const place = dish.network.places[0] as DatagramPlace;
  assert.deepEqual([place.iface?.name, place.group, place.port, place.isShared], ["eth0", "239.0.0.1", 5555, true]);
  const { check } = udpProtocol(dish.network);
  const elsewhere = parseEndpoint("udp://eth1;239.0.0.1:5555", "connect", false);
  assert.throws(() => check?.(elsewhere, defaultOptions("RADIO", { ipv6: false, blocky: true })), { code: "ENODEV" });
});

test("a DISH delivers what is a message, and drops what comes beyond its high-water mark", async () => {
  const { network, pipe } = await started("DISH", "bind", "udp://*:5555");
  const from = { address: "10.0.0.9", port: 1 };
  for (const text of ["\x05TV", "", "\x02TVone", "\x00", "\x02TVlost"])
    network.handlers[0]?.datagram(fromText(text), from);
  assert.deepEqual(pipe.read()?.map(toText), ["TV", "one"]);
  assert.deepEqual(pipe.read()?.map(toText), ["", ""]);
  assert.equal(pipe.read(), undefined);
});

test("a DGRAM tells the sender's address with a NUL behind, and sends to one with or without", async () => {
  const { network, pipe } = await started("DGRAM", "bind", "udp://127.0.0.1:5555");
  network.handlers[0]?.datagram(fromText("hello"), { address: "10.0.0.9", port: 77 });
  assert.deepEqual(pipe.read()?.map(toText), ["10.0.0.9:77\0", "hello"]);
  for (const address of ["10.0.0.9:77\0", "10.0.0.9:77", "nowhere"]) pipe.write(group(address, "x"));
  assert.deepEqual(
    network.sent.map(({ to }) => to),
    ["10.0.0.9:77", "10.0.0.9:77"],
  );
});

test("a DGRAM in a group sends by a socket of its own, and hears the answers to it", async () => {
  const { network, pipe } = await started("DGRAM", "bind", "udp://239.0.0.1:5555");
  assert.deepEqual(
    network.places.map((place) => place.group),
    ["239.0.0.1", undefined],
  );
  pipe.write(group("10.0.0.9:77", "x"));
  assert.equal(network.sent[0]?.socket, 1);
  network.handlers[1]?.datagram(fromText("answer"), { address: "10.0.0.9", port: 77 });
  assert.deepEqual(pipe.read()?.map(toText), ["10.0.0.9:77\0", "answer"]);
});

test("while the kernel refuses datagrams messages wait in the pipe, up to its mark, and leave in order", async () => {
  const { network, clock, pipe, session: udp, told } = await started("RADIO", "connect", "udp://10.0.0.9:5555");
  network.unsentBytes = 100;
  for (let i = 0; i < 4; i++) assert.equal(pipe.write(group("g", String(i))), i < 3);
  assert.equal(udp.isIdle, false);
  udp.finish();
  clock.advance(5);
  assert.equal(network.sent.length, 1);
  assert.deepEqual(told, []);
  network.unsentBytes = 0;
  clock.advance(5);
  assert.deepEqual(
    network.sent.map(({ bytes }) => toText(bytes)),
    ["\x01g0", "\x01g1", "\x01g2"],
  );
  assert.deepEqual(told, ["finished"]);
  udp.destroy();
  assert.equal(network.closed, 1);
});
