import assert from "node:assert/strict";
import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { once } from "node:events";
import net, { type AddressInfo } from "node:net";
import { networkInterfaces } from "node:os";
import type { Readable } from "node:stream";
import { describe, it } from "node:test";
import { silentPeer } from "../../../test/silent-peer.ts";
import { transportConformance } from "../../../test/transport-conformance.ts";
import { Bound, connectTo, End, holdProcess, testOptions } from "../../../test/transport-ends.ts";
import { systemClock } from "../../base/clock.ts";
import { parseEndpoint } from "../../base/endpoint.ts";
import { tcpTransport } from "./tcp.ts";

const tcp = tcpTransport(systemClock());

transportConformance({
  transport: tcp,
  free: () => "tcp://127.0.0.1:*",
  async deserted() {
    const bound = await Bound.at(tcp, "tcp://127.0.0.1:*");
    bound.listener.close();
    return bound.listener.address;
  },
  desertedCode: "ECONNREFUSED",
  steals: false,
});

const noReadsInto =
  (process.versions.bun !== undefined || "Deno" in globalThis) && "Bun and Deno bring bytes by 'data' events";
const everyInterface = Object.entries(networkInterfaces());
const loopback = everyInterface.find(([, list]) => list?.some(({ address }) => address === "127.0.0.1"))?.[0];
const hasIpv6 = everyInterface.some(([, list]) => list?.some(({ address }) => address === "::1"));
const noIpv6 = hasIpv6 ? false : "this machine has no IPv6 loopback address";
const notLinux = process.platform === "linux" ? false : "Linux only: all of 127.0.0.0/8 is local there";

const BINDS = [
  ["listen", Bound.at],
  ["listenSync", Bound.syncAt],
] as const;

function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(":") + 1));
}

/** Runs `program`, a module that sees this suite's names, in a process of its own. */
function run(program: string, stdio: StdioOptions): { process: ChildProcess; end(): Promise<[number, string]> } {
  const here = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);
  const names = `
    const { Bound, connectTo, End, testOptions } = await import(${here("../../../test/transport-ends.ts")});
    const { systemClock } = await import(${here("../../base/clock.ts")});
    const { tcpTransport } = await import(${here("./tcp.ts")});
    const tcp = tcpTransport(systemClock());
  `;
  const args = ["--import", "tsx", "--input-type=module", "--eval", names + program];
  const child = spawn(process.execPath, args, { stdio });
  let output = "";
  child.stdout?.on("data", (data) => {
    output += data;
  });
  const closed = once(child, "close");
  return { process: child, end: async () => [(await closed)[0], output] };
}

describe("tcp", { timeout: 20_000 }, () => {
  holdProcess();

  async function exchange(bound: Bound, text: string, options = testOptions()): Promise<{ seen: End; own: End }> {
    const own = new End(await connectTo(tcp, text, options));
    const seen = new End(await bound.link());
    own.link.write([Buffer.from("hello")]);
    await seen.until((e) => e.text() === "hello");
    own.link.destroy();
    await seen.until((e) => e.isClosed);
    return { own, seen };
  }

  for (const [name, bind] of BINDS) {
    it(`${name}: binds all IPv4 addresses for the wildcard and names the port`, async () => {
      const bound = await bind(tcp, "tcp://*:*");
      assert.match(bound.listener.address, /^tcp:\/\/0\.0\.0\.0:\d+$/);
      const { own, seen } = await exchange(bound, bound.listener.address);
      assert.equal(seen.link.peerAddress, "127.0.0.1");
      assert.match(own.link.localAddress, /^tcp:\/\/127\.0\.0\.1:\d+$/);
      bound.listener.close();
    });

    it(`${name}: binds both families for the wildcard with ipv6`, { skip: noIpv6 }, async () => {
      const options = testOptions({ ipv6: true });
      const bound = await bind(tcp, "tcp://*:*", options);
      assert.match(bound.listener.address, /^tcp:\/\/\[::\]:\d+$/);
      const port = portOf(bound.listener.address);
      await exchange(bound, `tcp://127.0.0.1:${port}`);
      const { seen } = await exchange(bound, `tcp://[::1]:${port}`, options);
      assert.equal(seen.link.peerAddress, "::1");
      assert.match(seen.link.remoteAddress, /^tcp:\/\/\[::1\]:\d+$/);
      bound.listener.close();
    });

    it(`${name}: binds an interface by its name`, async () => {
      const bound = await bind(tcp, `tcp://${loopback}:*`);
      assert.match(bound.listener.address, /^tcp:\/\/127\.0\.0\.1:\d+$/);
      await exchange(bound, bound.listener.address);
      bound.listener.close();
    });

    it(`${name}: binds localhost`, async () => {
      const bound = await bind(tcp, "tcp://localhost:*");
      assert.match(bound.listener.address, /^tcp:\/\/127\.0\.0\.1:\d+$/);
      bound.listener.close();
    });

    it(`${name}: binds the wildcard to the interface of the option`, async () => {
      const bound = await bind(tcp, "tcp://*:*", testOptions({ interface: loopback ?? null }));
      assert.match(bound.listener.address, /^tcp:\/\/127\.0\.0\.1:\d+$/);
      bound.listener.close();
      const options = testOptions({ interface: "no-such-nic" });
      await assert.rejects(async () => bind(tcp, "tcp://*:*", options), { code: "ENODEV" });
    });

    it(`${name}: says ENODEV for a name that nobody knows, EADDRNOTAVAIL for an address that is not here`, async () => {
      const unknown = "tcp://no-such-host.invalid:*";
      await assert.rejects(async () => bind(tcp, unknown), { code: "ENODEV", address: unknown });
      const foreign = "tcp://192.0.2.1:*";
      await assert.rejects(async () => bind(tcp, foreign), { code: "EADDRNOTAVAIL", address: foreign });
    });

    it(`${name}: accepts peers of the filter only`, { skip: notLinux }, async () => {
      const bound = await bind(tcp, "tcp://127.0.0.1:*", testOptions({ tcpAcceptFilter: ["10.0.0.0/8", "127.0.0.2"] }));
      const port = portOf(bound.listener.address);
      const stranger = new End(await connectTo(tcp, bound.listener.address));
      await stranger.until((e) => e.isClosed);
      const { seen } = await exchange(bound, `tcp://127.0.0.2:0;127.0.0.1:${port}`);
      assert.equal(seen.link.peerAddress, "127.0.0.2");
      bound.listener.close();
    });

    it(`${name}: listens on a file descriptor that it is given`, async (t) => {
      const server = net.createServer().listen(0, "127.0.0.1");
      await once(server, "listening");
      const { fd } = (server as unknown as { _handle: { fd?: number } })._handle;
      if (fd === undefined || fd < 0) return t.skip("this runtime does not show descriptors");
      const text = `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const child = run(
        `const bound = await Bound.${bind === Bound.at ? "at" : "syncAt"}(tcp, "tcp://127.0.0.1:*", testOptions({ useFd: 3 }));
        const anchor = setInterval(() => {}, 1000);
        console.log(bound.listener.address);
        const end = new End(await bound.link());
        await end.until((e) => e.isClosed);
        console.log(end.text());
        clearInterval(anchor);`,
        ["ignore", "pipe", "inherit", fd],
      );
      server.close();
      await Promise.race([once(child.process.stdout as Readable, "data"), child.end()]);
      const end = new End(await connectTo(tcp, text));
      end.link.write([Buffer.from("hello")]);
      end.link.close();
      assert.deepEqual(await child.end(), [0, `${text}\nhello\n`]);
    });
  }

  it("reads into the room that the handler offers, as long as it does", { skip: noReadsInto }, async () => {
    const bound = await Bound.at(tcp, "tcp://127.0.0.1:*");
    const dialed = new End(await connectTo(tcp, bound.listener.address));
    const accepted = new End(await bound.link());
    const memory = new Uint8Array(1000);
    const isIn: boolean[] = [];
    accepted.onData = (chunk) => {
      isIn.push(chunk.buffer === memory.buffer);
      accepted.room = accepted.received < memory.length ? memory.subarray(accepted.received) : undefined;
    };
    for (const [i, length] of [10, 400, 590, 7].entries()) {
      const before = accepted.received;
      dialed.link.write([new Uint8Array(length).fill(i + 1)]);
      await accepted.until(({ received }) => received === before + length);
    }
    assert.equal(isIn[0], false, "the first read was under way before there was room");
    assert.equal(isIn.at(-1), false);
    assert.ok(isIn.slice(1, -1).every(Boolean));
    assert.deepEqual(new Set(memory.subarray(10)), new Set([2, 3]));
    dialed.link.destroy();
    await accepted.until(({ isClosed }) => isClosed);
    bound.listener.close();
  });

  it("a filter without a match of the family refuses, one for a mapped IPv4 address accepts", {
    skip: noIpv6,
  }, async () => {
    const options = testOptions({ ipv6: true, tcpAcceptFilter: ["127.0.0.0/8"] });
    const bound = await Bound.at(tcp, "tcp://*:*", options);
    const port = portOf(bound.listener.address);
    await exchange(bound, `tcp://127.0.0.1:${port}`);
    const stranger = new End(await connectTo(tcp, `tcp://[::1]:${port}`, options));
    await stranger.until((e) => e.isClosed);
    bound.listener.close();
  });

  it("connects to a name", async () => {
    const bound = await Bound.at(tcp, "tcp://127.0.0.1:*");
    await exchange(bound, `tcp://localhost:${portOf(bound.listener.address)}`);
    bound.listener.close();
  });

  it("tries IPv6 before IPv4 and goes on to the next address", { skip: noIpv6 }, async () => {
    const options = testOptions({ ipv6: true });
    const bound = await Bound.at(tcp, "tcp://127.0.0.1:*", options);
    await exchange(bound, `tcp://localhost:${portOf(bound.listener.address)}`, options);
    bound.listener.close();
  });

  it("connects from the source address, port or interface that the endpoint names", { skip: notLinux }, async () => {
    const bound = await Bound.at(tcp, "tcp://127.0.0.1:*");
    const target = `127.0.0.1:${portOf(bound.listener.address)}`;
    const { seen } = await exchange(bound, `tcp://127.0.0.3:0;${target}`);
    assert.equal(seen.link.peerAddress, "127.0.0.3");
    const port = portOf(seen.link.remoteAddress);
    const other = new End(await connectTo(tcp, `tcp://127.0.0.4:${port};${target}`));
    const seenOther = new End(await bound.link());
    assert.equal(seenOther.link.remoteAddress, `tcp://127.0.0.4:${port}`);
    other.link.destroy();
    await exchange(bound, `tcp://${loopback}:0;${target}`);
    await assert.rejects(connectTo(tcp, `tcp://192.0.2.1:0;${target}`), { code: "EADDRNOTAVAIL" });
    await assert.rejects(connectTo(tcp, `tcp://no-such-host.invalid:0;${target}`), { code: "ENODEV" });
    bound.listener.close();
  });

  it("rejects with the resolver's code for a name that nobody knows", async () => {
    await assert.rejects(connectTo(tcp, "tcp://no-such-host.invalid:5555"), (error: NodeJS.ErrnoException) => {
      assert.match(error.code ?? "", /^(ENOTFOUND|EAI_AGAIN)$/);
      return true;
    });
  });

  it("sets keepalive on both sides", async () => {
    const options = testOptions({ tcpKeepalive: 1, tcpKeepaliveIdle: 30, typeOfService: 16 });
    const bound = await Bound.at(tcp, "tcp://127.0.0.1:*", options);
    await exchange(bound, bound.listener.address, options);
    bound.listener.close();
  });

  it("does not go round a SOCKS proxy that it cannot find", async () => {
    for (const socksProxy of ["127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "a:b:1", "[::1:1", "::1:80", "x y:1"]) {
      const connecting = connectTo(tcp, "tcp://127.0.0.1:5555", testOptions({ socksProxy }));
      await assert.rejects(connecting, { code: "EINVAL", detail: "socksProxy: expected host:port" });
    }
  });

  it("has no link for other endpoints", async () => {
    const endpoint = parseEndpoint("ipc:///nowhere", "connect", false);
    const connecting = tcp.connect(endpoint, testOptions(), new AbortController().signal);
    await assert.rejects(connecting, { code: "EPROTONOSUPPORT" });
  });

  it("a reset ends the link with the error", async () => {
    const server = net
      .createServer((socket) => {
        socket.once("data", () => socket.resetAndDestroy());
      })
      .listen(0, "127.0.0.1");
    await once(server, "listening");
    const end = new End(await connectTo(tcp, `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`));
    end.link.write([Buffer.from("reset me")]);
    await end.until((e) => e.isClosed);
    assert.equal((end.error as NodeJS.ErrnoException).code, "ECONNRESET");
    server.close();
  });

  it("half a close is a close", async () => {
    const server = net.createServer({ allowHalfOpen: true }, (socket) => socket.on("error", () => {}).end());
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const end = new End(await connectTo(tcp, `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`));
    await end.until((e) => e.isClosed);
    assert.equal(end.error, undefined);
    server.close();
  });

  it("bytes that do not leave within TCP_MAXRT end the link", async () => {
    const options = testOptions({ tcpMaxRetransmitTimeout: 30 });
    const bound = await Bound.at(tcp, "tcp://127.0.0.1:*");
    const end = new End(await connectTo(tcp, bound.listener.address, options));
    const stalled = await bound.link();
    stalled.pause();
    while (end.link.write([new Uint8Array(1 << 20)]));
    await end.until((e) => e.isClosed);
    assert.equal((end.error as NodeJS.ErrnoException).code, "ETIMEDOUT");
    stalled.destroy();
    bound.listener.close();
  });

  it("an attempt that nobody answers ends with CONNECT_TIMEOUT or its signal", { skip: notLinux }, async (t) => {
    const peer = await silentPeer();
    if (peer === undefined) return t.skip("needs python3");
    await assert.rejects(connectTo(tcp, peer.text, testOptions({ connectTimeout: 20 })), { code: "ETIMEDOUT" });
    const attempt = new AbortController();
    const connecting = tcp.connect(parseEndpoint(peer.text, "connect", false), testOptions(), attempt.signal);
    setTimeout(() => attempt.abort(new Error("enough")), 20);
    await assert.rejects(connecting, { message: "enough" });
    peer.stop();
  });

  it("neither a listener, a link nor an unanswered attempt keeps a process alive", { skip: notLinux }, async (t) => {
    const peer = await silentPeer();
    if (peer === undefined) return t.skip("needs python3");
    const child = run(
      `const bound = await Bound.at(tcp, "tcp://127.0.0.1:*");
      const anchor = setInterval(() => {}, 1000);
      const links = [new End(await connectTo(tcp, bound.listener.address)), new End(await bound.link())];
      clearInterval(anchor);
      connectTo(tcp, ${JSON.stringify(peer.text)}).catch((error) => console.log(error.code));`,
      ["ignore", "pipe", "inherit"],
    );
    assert.deepEqual(await child.end(), [0, "ECANCELED\n"]);
    peer.stop();
  });
});
