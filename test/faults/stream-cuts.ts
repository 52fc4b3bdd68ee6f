/**
 * STREAM across a relay that cuts at random. Two peers, a dialed STREAM and a
 * raw tcp one, talk to a bound STREAM, in both directions and without a pause.
 * What each connection carries names itself in every eight octets, so that a
 * byte that is lost, doubled, reordered or of another connection is seen.
 */

import assert from "node:assert/strict";
import { connect as dial } from "node:net";
import { Context, Stream } from "../../src/index.ts";
import { Random } from "../fuzz/random.ts";
import type { Report } from "./cuts.ts";
import { Relay } from "./relay.ts";

const WORD = 8;

/** What one side sends on one connection: its name in this run, and a count, over and over. */
class Source {
  static #names = 0;
  readonly #name = Source.#names++;
  readonly #random: Random;
  #words = 0;
  isOver = false;

  constructor(random: Random) {
    this.#random = random;
  }

  next(): Buffer {
    const count = 1 + this.#random.below(this.#random.oneIn(10) ? 4000 : 200);
    const chunk = Buffer.alloc(count * WORD);
    for (let at = 0; at < chunk.length; at += WORD) {
      chunk.writeUInt32BE(this.#name, at);
      chunk.writeUInt32BE(this.#words++, at + 4);
    }
    return chunk;
  }
}

/** What one side receives on one connection. */
class Sink {
  static readonly #claimed = new Set<number>();
  #name: number | undefined;
  #words = 0;
  #rest: Buffer = Buffer.alloc(0);
  bytes = 0;

  take(chunk: Uint8Array): void {
    this.bytes += chunk.length;
    const all = Buffer.concat([this.#rest, chunk]);
    const end = all.length - (all.length % WORD);
    for (let at = 0; at < end; at += WORD) {
      const name = all.readUInt32BE(at);
      if (this.#name === undefined) {
        assert.ok(!Sink.#claimed.has(name), "a connection that begins with the bytes of another one");
        Sink.#claimed.add(name);
        this.#name = name;
      }
      if (name !== this.#name) assert.fail("bytes of another connection");
      if (all.readUInt32BE(at + 4) !== this.#words++) assert.fail("bytes lost, doubled or out of order");
    }
    this.#rest = all.subarray(end);
  }
}

interface Connection {
  readonly source: Source;
  readonly sink: Sink;
}

/** A STREAM at work, and what it was told. */
class Party {
  readonly stream: Stream;
  readonly #random: Random;
  readonly #open = new Map<string, Connection>();
  begun = 0;
  ended = 0;
  bytes = 0;
  /** By the events of the socket. */
  readonly events = { begun: 0, ended: 0 };

  constructor(stream: Stream, random: Random, begins: "accept" | "connect") {
    this.stream = stream;
    this.#random = random;
    stream.events.on(begins, () => this.events.begun++);
    stream.events.on("disconnect", () => this.events.ended++);
  }

  /** Until the socket is closed; rejects when a promise was broken. */
  async run(): Promise<void> {
    for await (const [id, body] of this.stream) {
      const key = id.toString("hex");
      const connection = this.#open.get(key);
      if (body.length > 0) {
        assert.ok(connection, "bytes outside of a connection");
        connection.sink.take(body);
        this.bytes += body.length;
      } else if (connection !== undefined) {
        connection.source.isOver = true;
        this.#open.delete(key);
        this.ended++;
      } else {
        const fresh = { source: new Source(this.#random), sink: new Sink() };
        this.#open.set(key, fresh);
        this.begun++;
        void this.#talk(id, fresh.source);
      }
    }
  }

  async #talk(id: Uint8Array, source: Source): Promise<void> {
    try {
      while (!source.isOver) {
        await this.stream.send([id, source.next()]);
        await new Promise(setImmediate);
      }
    } catch (error) {
      const { code } = error as { code?: string };
      if (code !== "EHOSTUNREACH" && !this.stream.closed) throw error;
    }
  }
}

/** A raw tcp peer: one connection after the other. Rejects when a promise was broken. */
async function runRaw(endpoint: string, random: Random, isOver: () => boolean): Promise<number> {
  let bytes = 0;
  while (!isOver()) {
    const tcp = dial({ port: Number(endpoint.split(":").at(-1)), host: "127.0.0.1", noDelay: true });
    const sink = new Sink();
    const source = new Source(random);
    let failure: unknown;
    tcp.on("error", () => {}); // "close" follows
    tcp.on("data", (chunk) => {
      try {
        sink.take(chunk);
      } catch (error) {
        failure ??= error;
        tcp.destroy();
      }
    });
    const closed = new Promise((resolve) => tcp.on("close", resolve));
    const talk = (): void => {
      while (!tcp.destroyed && tcp.writableLength < 65_536) tcp.write(source.next());
    };
    tcp.on("connect", talk);
    tcp.on("drain", talk);
    await closed;
    bytes += sink.bytes;
    if (failure !== undefined) throw failure;
  }
  return bytes;
}

export async function streams(cuts: number, seed: number): Promise<Report> {
  const random = new Random(seed);
  const context = new Context();
  const options = { context, linger: 0, reconnectInterval: 1, sendHighWaterMark: 20, receiveHighWaterMark: 20 };
  const bound = new Party(new Stream(options), random, "accept");
  const dialed = new Party(new Stream(options), random, "connect");
  await bound.stream.bind("tcp://127.0.0.1:*");
  const relay = await Relay.start(bound.stream.lastEndpoint ?? "", {
    random: new Random(seed + 1),
    mostBytes: 200_000,
  });
  dialed.stream.connect(relay.endpoint, { routingId: "server" });
  let isOver = false;
  const enough = new Promise<void>((resolve) => {
    relay.onCut = () => {
      if (relay.cuts < cuts) return;
      isOver = true;
      resolve();
    };
  });
  const working = [bound.run(), dialed.run()];
  const raw = runRaw(relay.endpoint, random, () => isOver);
  await Promise.race([enough, ...working, raw]);
  relay.cutAll();
  relay.close();
  const rawBytes = await raw;
  for (const { stream } of [bound, dialed]) stream.close();
  await Promise.all(working);
  for (const { begun, ended, events } of [bound, dialed]) {
    // What was told when the sockets were closed may still have waited to be read.
    assert.ok(
      events.begun - begun >= 0 && events.begun - begun <= 2,
      `${begun} notices of ${events.begun} connections`,
    );
    assert.ok(events.ended - ended >= 0 && events.ended - ended <= 2, `${ended} notices of ${events.ended} losses`);
  }
  return {
    cuts: relay.cuts,
    connections: relay.connections,
    accepted: bound.begun,
    ended: bound.ended,
    bytes: bound.bytes + dialed.bytes + rawBytes,
    dropped: dialed.stream.drops.disconnected ?? 0,
  };
}
