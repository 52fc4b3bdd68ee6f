/**
 * What every transport that carries bytes must do, as one suite: a transport's
 * test names itself and its addresses, the cases are the same for all. Real
 * sockets, no fixed ports, no sleeps.
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseEndpoint } from "../src/base/endpoint.ts";
import type { Transport } from "../src/base/link.ts";
import { Bound, connectTo, End, holdProcess, testOptions } from "./transport-ends.ts";

export interface TransportUnderTest {
  readonly transport: Transport;
  /** An endpoint that can be bound, a fresh one at each call. */
  free(): string;
  /** An endpoint at which nobody listens. */
  deserted(): Promise<string>;
  /** What connecting there says. */
  readonly desertedCode: string;
  /** Binding a taken address takes it over, instead of failing with EADDRINUSE. */
  readonly steals: boolean;
  /** Each write is refused until it has left in a later turn, as by TLS: how much the kernel takes is not seen. */
  readonly isLate?: boolean;
}

/** 4-byte numbers that count up, so that a receiver notices a byte lost, doubled or moved. */
class CountingBytes {
  #next = 0;

  get taken(): number {
    return this.#next * 4;
  }

  take(bytes: number): Uint8Array {
    const numbers = new Uint32Array(bytes / 4);
    for (let i = 0; i < numbers.length; i++) numbers[i] = this.#next++;
    return new Uint8Array(numbers.buffer);
  }
}

class CountingCheck {
  #position = 0;

  /** Looks at the first and last bytes and every 61st between. */
  see(chunk: Uint8Array): void {
    for (let i = 0; i < chunk.length; i += i < 64 || i > chunk.length - 64 ? 1 : 61) {
      const at = this.#position + i;
      const expected = ((at >>> 2) >>> ((at & 3) * 8)) & 255;
      if (chunk[i] !== expected) assert.fail(`byte ${at} is ${chunk[i]}, expected ${expected}`);
    }
    this.#position += chunk.length;
  }
}

/** Defines the suite for one transport. */
export function transportConformance(subject: TransportUnderTest): void {
  const { transport, isLate = false } = subject;

  describe(`${transport.scheme}, as every transport`, { timeout: 60_000 }, () => {
    holdProcess();

    /** Two connected ends and their listener. */
    async function pair(): Promise<{ bound: Bound; dialed: End; accepted: End }> {
      const bound = await Bound.at(transport, subject.free());
      const dialed = new End(await connectTo(transport, bound.listener.address));
      const accepted = new End(await bound.link());
      return { bound, dialed, accepted };
    }

    async function finish(...ends: End[]): Promise<void> {
      for (const end of ends) end.link.destroy();
      for (const end of ends) await end.until((e) => e.isClosed);
    }

    it("a connect to where nobody listens is refused", async () => {
      await assert.rejects(connectTo(transport, await subject.deserted()), { code: subject.desertedCode });
    });

    it("a connect whose signal has fired rejects with its reason", async () => {
      const bound = await Bound.at(transport, subject.free());
      const endpoint = parseEndpoint(bound.listener.address.replace("0.0.0.0", "127.0.0.1"), "connect", false);
      const reason = new Error("changed my mind");
      await assert.rejects(transport.connect(endpoint, testOptions(), AbortSignal.abort(reason)), reason);
      bound.listener.close();
    });

    it("a connect is cancelled while it waits", async () => {
      const bound = await Bound.at(transport, subject.free());
      const endpoint = parseEndpoint(bound.listener.address.replace("0.0.0.0", "127.0.0.1"), "connect", false);
      const attempt = new AbortController();
      const connecting = transport.connect(endpoint, testOptions(), attempt.signal);
      const reason = new Error("changed my mind");
      attempt.abort(reason);
      await assert.rejects(connecting, reason);
      bound.listener.close();
    });

    if (subject.steals) {
      it("a second bind takes the address over", async () => {
        const first = await Bound.at(transport, subject.free());
        const address = first.listener.address;
        const second = await Bound.at(transport, address);
        const dialed = new End(await connectTo(transport, address));
        const accepted = new End(await second.link());
        first.listener.close();
        const again = new End(await connectTo(transport, address));
        const acceptedAgain = new End(await second.link());
        second.listener.close();
        await finish(dialed, accepted, again, acceptedAgain);
      });
    } else {
      it("a second bind fails with EADDRINUSE and the first goes on", async () => {
        const bound = await Bound.at(transport, subject.free());
        const { address } = bound.listener;
        await assert.rejects(Bound.at(transport, address), { name: "Error", code: "EADDRINUSE", address });
        const dialed = new End(await connectTo(transport, address));
        await finish(dialed, new End(await bound.link()));
        bound.listener.close();
      });
    }

    it("a closed listener's address can be bound at once, while its links live on", async () => {
      const { bound, dialed, accepted } = await pair();
      const { address } = bound.listener;
      bound.listener.close();
      const next = await Bound.at(transport, address);
      dialed.link.write([Buffer.from("still here")]);
      await accepted.until((e) => e.text() === "still here");
      const other = new End(await connectTo(transport, address));
      await finish(other, new End(await next.link()), dialed, accepted);
      next.listener.close();
    });

    it("nobody gets in after the listener was closed", async () => {
      const bound = await Bound.at(transport, subject.free());
      bound.listener.close();
      bound.listener.close();
      await assert.rejects(connectTo(transport, bound.listener.address));
    });

    if (transport.listenSync !== undefined) {
      it("binds synchronously too", async () => {
        const bound = Bound.syncAt(transport, subject.free());
        const { address } = bound.listener;
        if (!subject.steals) {
          assert.throws(() => Bound.syncAt(transport, address), { code: "EADDRINUSE" });
        }
        const dialed = new End(await connectTo(transport, address));
        await finish(dialed, new End(await bound.link()));
        bound.listener.close();
        Bound.syncAt(transport, address).listener.close();
      });
    }

    it("bytes travel both ways, and several chunks in their order", async () => {
      const { bound, dialed, accepted } = await pair();
      assert.equal(dialed.link.write([Buffer.from("one "), Buffer.from("two "), Buffer.from("three")]), !isLate);
      assert.equal(accepted.link.write([Buffer.from("four")]), !isLate);
      await accepted.until((e) => e.text() === "one two three");
      await dialed.until((e) => e.text() === "four");
      if (!isLate) assert.equal(dialed.drains + accepted.drains, 0);
      bound.listener.close();
      await finish(dialed, accepted);
    });

    it("an empty batch is nothing", async () => {
      const { bound, dialed, accepted } = await pair();
      assert.equal(dialed.link.write([]), true);
      assert.equal(dialed.link.write([new Uint8Array(0)]), true);
      dialed.link.write([Buffer.from("x")]);
      await accepted.until((e) => e.text() === "x");
      bound.listener.close();
      await finish(dialed, accepted);
    });

    it("the ends name each other", async () => {
      const { bound, dialed, accepted } = await pair();
      assert.equal(dialed.link.remoteAddress, accepted.link.localAddress);
      assert.equal(accepted.link.remoteAddress, dialed.link.localAddress);
      assert(dialed.link.remoteAddress.startsWith(`${transport.scheme}://`));
      bound.listener.close();
      await finish(dialed, accepted);
    });

    it("bytes and an end that come before the handler wait for it", async () => {
      const bound = await Bound.at(transport, subject.free());
      const dialed = new End(await connectTo(transport, bound.listener.address));
      const early = await bound.link();
      dialed.link.write([Buffer.from("early")]);
      dialed.link.close();
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
      const accepted = new End(early);
      await accepted.until((e) => e.isClosed);
      assert.equal(accepted.text(), "early");
      bound.listener.close();
    });

    it("a refused write is drained once, when all has left, and order holds meanwhile", async () => {
      const { bound, dialed, accepted } = await pair();
      const bytes = new CountingBytes();
      const check = new CountingCheck();
      accepted.onData = (chunk) => check.see(chunk);
      let drains = 0;
      for (let round = 1; round <= 3; round++) {
        accepted.link.pause();
        while (dialed.link.write([bytes.take(65536)]));
        // More than the caller should, to see that nothing overtakes.
        for (let i = 0; i < 5; i++) assert.equal(dialed.link.write([bytes.take(400), bytes.take(65536)]), false);
        assert.equal(dialed.drains, drains);
        accepted.link.resume();
        await dialed.until((e) => e.drains > drains);
        assert.equal(dialed.drains, ++drains);
        assert.equal(dialed.link.write([bytes.take(4)]), !isLate, "drained, so there is room");
        await accepted.until((e) => e.received === bytes.taken);
        if (isLate) await dialed.until((e) => e.drains > drains);
        drains = dialed.drains;
      }
      bound.listener.close();
      await finish(dialed, accepted);
    });

    it("100 MB pass a reader that pauses, and the writer feels it", async () => {
      const { bound, dialed, accepted } = await pair();
      const total = 100 * 1024 * 1024;
      const bytes = new CountingBytes();
      const check = new CountingCheck();
      let pausedAt = 0;
      let most = 0;
      accepted.onData = (chunk) => {
        check.see(chunk);
        if (pausedAt > 0) {
          most = Math.max(most, accepted.received - pausedAt);
        } else if (accepted.received % (1 << 23) < chunk.length) {
          pausedAt = accepted.received;
          accepted.link.pause();
          setImmediate(() => {
            pausedAt = 0;
            accepted.link.resume();
          });
        }
      };
      let sent = 0;
      const pour = (): void => {
        while (sent < total) {
          sent += 65536;
          if (!dialed.link.write([bytes.take(65536)])) return;
        }
      };
      dialed.onDrained = pour;
      pour();
      await accepted.until((e) => e.received === total);
      assert(dialed.drains > 0);
      assert(most <= 2 * 65536, `${most} bytes came after pause`);
      bound.listener.close();
      await finish(dialed, accepted);
    });

    it("while the reader pauses, no more than the kernel's buffers leaves", async () => {
      const { bound, dialed, accepted } = await pair();
      accepted.link.pause();
      const chunk = new Uint8Array(1 << 20);
      let sent = 0;
      const pour = (): void => {
        do assert(++sent < 64, "64 MB left for a reader that does not read");
        while (dialed.link.write([chunk]));
      };
      dialed.onDrained = pour;
      pour();
      for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
      if (!isLate) assert.equal(dialed.drains, 0);
      assert(accepted.received <= 2 * 65536);
      bound.listener.close();
      await finish(dialed, accepted);
    });

    it("many small writes arrive whole and in order", async () => {
      const { bound, dialed, accepted } = await pair();
      const bytes = new CountingBytes();
      const check = new CountingCheck();
      accepted.onData = (chunk) => check.see(chunk);
      let left = 50_000;
      const pour = (): void => {
        while (left > 0) {
          left--;
          if (!dialed.link.write(left % 3 === 0 ? [bytes.take(8), bytes.take(4)] : [bytes.take(12)])) return;
        }
      };
      dialed.onDrained = pour;
      pour();
      await accepted.until((e) => e.received === bytes.taken);
      bound.listener.close();
      await finish(dialed, accepted);
    });

    it("close sends what was written, then ends both sides without an error", async () => {
      const { bound, dialed, accepted } = await pair();
      const bytes = new CountingBytes();
      const check = new CountingCheck();
      accepted.onData = (chunk) => check.see(chunk);
      for (let i = 0; i < 64; i++) dialed.link.write([bytes.take(1 << 18)]);
      dialed.link.close();
      dialed.link.close();
      assert.equal(dialed.link.write([new Uint8Array(4)]), false);
      await accepted.until((e) => e.isClosed);
      await dialed.until((e) => e.isClosed);
      assert.equal(accepted.received, bytes.taken);
      assert.deepEqual([dialed.error, accepted.error], [undefined, undefined]);
      assert.equal(dialed.drains, 0);
      bound.listener.close();
    });

    it("close sends what was written although the peer's bytes lie unread", async () => {
      const { bound, dialed, accepted } = await pair();
      dialed.link.pause();
      while (accepted.link.write([new Uint8Array(65536)]));
      const bytes = new CountingBytes();
      const check = new CountingCheck();
      accepted.onData = (chunk) => check.see(chunk);
      for (let i = 0; i < 16; i++) dialed.link.write([bytes.take(1 << 18)]);
      dialed.link.close();
      await accepted.until((e) => e.isClosed);
      assert.equal(accepted.received, bytes.taken);
      await dialed.until((e) => e.isClosed);
      assert.equal(dialed.received, 0);
      bound.listener.close();
    });

    it("close ends although the peer does not listen any more", async () => {
      const { bound, dialed, accepted } = await pair();
      accepted.link.pause();
      dialed.link.write([Buffer.from("last words")]);
      dialed.link.close();
      await dialed.until((e) => e.isClosed);
      bound.listener.close();
      await finish(accepted);
    });

    it("close ends although the peer reads no more and the kernel refuses bytes", async () => {
      const { bound, dialed, accepted } = await pair();
      accepted.link.pause();
      while (dialed.link.write([new Uint8Array(65536)]));
      dialed.link.close();
      await dialed.until((e) => e.isClosed);
      assert.equal(dialed.drains, 0);
      bound.listener.close();
      await finish(accepted);
    });

    it("destroy drops what has not left and tells both sides", async () => {
      const { bound, dialed, accepted } = await pair();
      accepted.link.pause();
      const bytes = new Uint8Array(1 << 22);
      while (dialed.link.write([bytes]));
      dialed.link.destroy();
      dialed.link.destroy();
      await dialed.until((e) => e.isClosed);
      assert.equal(dialed.error, undefined);
      assert.equal(dialed.drains, 0);
      accepted.link.resume();
      await accepted.until((e) => e.isClosed);
      bound.listener.close();
    });

    it("a link may be destroyed by its own data", async () => {
      const { bound, dialed, accepted } = await pair();
      accepted.onData = () => accepted.link.destroy();
      dialed.link.write([Buffer.from("go")]);
      await accepted.until((e) => e.isClosed);
      await dialed.until((e) => e.isClosed);
      bound.listener.close();
    });

    it("serves 1,000 links at once", async () => {
      const bound = await Bound.at(transport, subject.free(), testOptions({ backlog: 1000 }));
      const echoes: Promise<End>[] = [];
      const dialed: End[] = [];
      for (let i = 0; i < 1000; i++) {
        echoes.push(
          bound.link().then((link) => {
            const end = new End(link);
            end.onData = (chunk) => void link.write([chunk]);
            return end;
          }),
        );
      }
      for (let i = 0; i < 1000; i += 50) {
        const some = Array.from({ length: 50 }, () => connectTo(transport, bound.listener.address));
        for (const link of await Promise.all(some)) dialed.push(new End(link));
      }
      const accepted = await Promise.all(echoes);
      for (const [i, end] of dialed.entries()) end.link.write([Buffer.from(`peer ${i}`)]);
      for (const [i, end] of dialed.entries()) await end.until((e) => e.text() === `peer ${i}`);
      bound.listener.close();
      await finish(...dialed, ...accepted);
    });
  });
}
