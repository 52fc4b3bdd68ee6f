/** The two ends of a connection, for tests of transports. */

import assert from "node:assert/strict";
import { after } from "node:test";
import { parseEndpoint } from "../src/base/endpoint.ts";
import type { Link, Listener, ListenHandler, Transport } from "../src/base/link.ts";
import { defaultOptions, type OptionValues } from "../src/base/options.ts";

/** Default options, as changed. */
export function testOptions(changes: Partial<OptionValues> = {}): OptionValues {
  return { ...defaultOptions("DEALER", { ipv6: false, blocky: true }), ...changes };
}

/** One end of a connection under test: takes what comes, tells when something has happened. */
export class End {
  readonly link: Link;
  readonly chunks: Uint8Array[] = [];
  received = 0;
  drains = 0;
  isClosed = false;
  error: Error | undefined;
  /** Called with each chunk. */
  onData: (chunk: Uint8Array) => void = (chunk) => void this.chunks.push(Buffer.from(chunk));
  onDrained: () => void = () => {};
  /** Where the next bytes may be read into. */
  room: Uint8Array | undefined;
  #waiting: { readonly condition: () => boolean; readonly resolve: () => void }[] = [];

  constructor(link: Link) {
    const room = (): Uint8Array | undefined => this.room;
    this.link = link;
    link.handler = {
      get room() {
        return room();
      },
      data: (chunk) => {
        this.received += chunk.length;
        this.onData(chunk);
        this.#check();
      },
      drained: () => {
        this.drains++;
        this.onDrained();
        this.#check();
      },
      closed: (error) => {
        assert(!this.isClosed, "closed twice");
        this.isClosed = true;
        this.error = error;
        this.#check();
      },
    };
  }

  /** Resolves once `condition` holds; looked at after each event. */
  until(condition: (end: this) => boolean): Promise<void> {
    if (condition(this)) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ condition: () => condition(this), resolve }));
  }

  text(): string {
    return Buffer.concat(this.chunks).toString();
  }

  #check(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const one of waiting) {
      if (one.condition()) one.resolve();
      else this.#waiting.push(one);
    }
  }
}

/** A bound endpoint under test: hands out accepted links in order. */
export class Bound implements ListenHandler {
  listener!: Listener;
  readonly failures: Error[] = [];
  #links: Link[] = [];
  #waiting: ((link: Link) => void)[] = [];

  static async at(transport: Transport, text: string, options = testOptions()): Promise<Bound> {
    const bound = new Bound();
    bound.listener = await transport.listen(parseEndpoint(text, "bind", options.ipv6), options, bound);
    return bound;
  }

  static syncAt(transport: Transport, text: string, options = testOptions()): Bound {
    const bound = new Bound();
    assert(transport.listenSync !== undefined);
    bound.listener = transport.listenSync(parseEndpoint(text, "bind", options.ipv6), options, bound);
    return bound;
  }

  accepted(link: Link): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#links.push(link);
    else next(link);
  }

  failed(error: Error): void {
    this.failures.push(error);
  }

  link(): Promise<Link> {
    const link = this.#links.shift();
    return link === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(link);
  }
}

/** Connects to where a listener says it is; wildcards mean this machine. */
export function connectTo(transport: Transport, text: string, options = testOptions()): Promise<Link> {
  const reachable = text.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:");
  const endpoint = parseEndpoint(reachable, "connect", options.ipv6);
  return transport.connect(endpoint, options, new AbortController().signal);
}

/** Links are unref'ed; a test that waits for one keeps its process itself. */
export function holdProcess(): void {
  const anchor = setInterval(() => {}, 1 << 30);
  after(() => clearInterval(anchor));
}
