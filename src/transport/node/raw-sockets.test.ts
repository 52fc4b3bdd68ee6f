import assert from "node:assert/strict";
import { test } from "node:test";
import { fromText, toText } from "../../base/bytes.ts";
import type { DatagramHandler, DatagramPlace } from "../../base/datagram.ts";
import { type RawAddon, type RawSocketHandle, rawSockets } from "./raw-sockets.ts";

const lo = { name: "lo", address: "127.0.0.1", family: 4 } as const;

type Listener = (packet: Uint8Array, source: string) => void;

/** An addon whose sockets a test plays the network of. */
function fakeAddon() {
  const handles: FakeHandle[] = [];
  class FakeHandle implements RawSocketHandle {
    readonly options: string[] = [];
    readonly sent: string[] = [];
    isPaused = false;
    isClosed = false;
    #message: Listener = () => {};
    on(event: string, listener: Listener | ((error: Error) => void)): void {
      if (event === "message") this.#message = listener as Listener;
    }
    send(buffer: Uint8Array, _offset: number, _length: number, address: string): void {
      this.sent.push(`${toText(buffer)} to ${address}`);
    }
    setOption(level: number, option: number, value: Uint8Array | number): void {
      this.options.push(`${level} ${option} ${typeof value === "number" ? value : value.join(".")}`);
    }
    pauseRecv(): void {
      this.isPaused = true;
    }
    close(): void {
      this.isClosed = true;
    }
    /** So many octets, of which the first says that the header has so many. */
    short(headerBytes: number, length: number): void {
      const packet = new Uint8Array(length);
      packet[0] = 0x40 | (headerBytes / 4);
      this.#message(packet, "192.0.2.9");
    }
    /** A packet of IP with this text, whose header has so many octets. */
    packet(text: string, to: string, headerBytes = 20): void {
      const body = fromText(text);
      const packet = new Uint8Array(headerBytes + body.length);
      packet[0] = 0x40 | (headerBytes / 4);
      packet.set(to.split(".").map(Number), 16);
      packet.set(body, headerBytes);
      this.#message(packet, "192.0.2.9");
      packet.fill(0);
    }
  }
  const addon: RawAddon = {
    createSocket() {
      const handle = new FakeHandle();
      handles.push(handle);
      return handle;
    },
  };
  return { addon, handles };
}

function open(place: DatagramPlace) {
  const { addon, handles } = fakeAddon();
  const come: string[] = [];
  const handler: DatagramHandler = { datagram: (bytes, from) => come.push(`${toText(bytes)} of ${from.address}`) };
  const socket = rawSockets(() => addon).openSync?.(place, handler);
  const [handle] = handles;
  assert.ok(socket !== undefined && handle !== undefined);
  return { socket, handle, come };
}

test("without the addon pgm is EPROTONOSUPPORT, and the error names the addon and epgm", () => {
  const transport = rawSockets(() => undefined);
  assert.throws(
    () => transport.networkInterface("", 4),
    (error: { code?: string; detail?: string }) =>
      error.code === "EPROTONOSUPPORT" && /raw-socket.*epgm/.test(error.detail ?? ""),
  );
});

test("a socket in a group hears what was sent to that group, without the header of IP", () => {
  const { socket, handle, come } = open({ family: 4, port: 7, group: "239.1.1.1", iface: lo });
  handle.packet("one", "239.1.1.1");
  handle.packet("other", "239.1.1.2");
  handle.packet("mine", "127.0.0.1");
  handle.packet("two", "239.1.1.1", 24);
  assert.deepEqual(come, ["one of 192.0.2.9", "two of 192.0.2.9"]);
  assert.ok(handle.options.some((option) => option.endsWith("239.1.1.1.127.0.0.1")));
  socket.close();
  handle.packet("late", "239.1.1.1");
  assert.equal(come.length, 2);
  assert.equal(handle.isClosed, true);
});

test("packets that are too short for their header are passed over", () => {
  const { handle, come } = open({ family: 4, port: 7, address: "127.0.0.1" });
  handle.short(16, 20);
  handle.short(60, 59);
  handle.short(20, 19);
  handle.packet("whole", "127.0.0.1", 60);
  assert.deepEqual(come, ["whole of 192.0.2.9"]);
});

test("a socket that only sends hears nothing, and sends where it should", () => {
  const { socket, handle } = open({ family: 4, port: 0, address: "127.0.0.1", iface: lo, hops: 3, loop: false });
  assert.equal(handle.isPaused, true);
  assert.equal(handle.options.length, 3);
  socket.send(fromText("hello"), { address: "239.1.1.1", port: 7 });
  socket.send(fromText("six"), { address: "ff15::1", port: 7 });
  assert.deepEqual(handle.sent, ["hello to 239.1.1.1"]);
});

test("where the system refuses such sockets, opening is EACCES", async () => {
  const transport = rawSockets(() => ({
    createSocket() {
      throw new Error("Operation not permitted");
    },
  }));
  await assert.rejects(transport.open({ family: 4, port: 0 }, { datagram() {} }), { code: "EACCES" });
});
