/** A socket of the page, driven from the test's process: frames cross as texts with a character an octet. */

import type { Page } from "playwright-core";
import type { Ours } from "../interop/matrix.ts";
import type { TypeName } from "../interop/peer.ts";

const CLASSES: Partial<Record<TypeName, keyof typeof zmq>> = {
  PAIR: "Pair",
  PUB: "Publisher",
  SUB: "Subscriber",
  REQ: "Request",
  REP: "Reply",
  DEALER: "Dealer",
  ROUTER: "Router",
  PULL: "Pull",
  PUSH: "Push",
  XPUB: "XPublisher",
  XSUB: "XSubscriber",
};

/** What the page does; each argument and result as it crosses. */
interface PageSide {
  open(Class: string, options: object): number;
  call(at: number, method: string, args: readonly string[]): Promise<readonly string[] | undefined>;
}
declare global {
  var remote: PageSide;
}

/** As text, because tools write functions in another way. */
const PAGE_SIDE = `(() => {
  const sockets = [];
  const frameOf = (text) => Uint8Array.from(text, (character) => character.charCodeAt(0));
  const textOf = (frame) => {
    let text = "";
    for (let i = 0; i < frame.length; i += 8192) text += String.fromCharCode(...frame.subarray(i, i + 8192));
    return text;
  };
  globalThis.remote = {
    open: (Class, options) => sockets.push(new zmq[Class](options)) - 1,
    async call(at, method, args) {
      const socket = sockets[at];
      if (method === "send") await socket.send(args.map(frameOf));
      else if (method === "receive") return (await socket.receive()).map(textOf);
      else await socket[method](...args);
    },
  };
})()`;

export async function preparePage(page: Page): Promise<void> {
  await page.evaluate(PAGE_SIDE);
  await page.evaluate(`import("/browser-curve.js").then(() => {})`);
}

export class RemoteSocket implements Ours {
  linger = 0;
  readonly lastEndpoint = null;
  readonly #page: Page;
  readonly #at: Promise<number>;

  constructor(page: Page, type: TypeName, options: object) {
    this.#page = page;
    this.#at = page.evaluate(([Class, options]) => remote.open(Class, options), [CLASSES[type] ?? "", { linger: 0, ...options }] as const); // biome-ignore format: one row
  }

  bind(): Promise<void> {
    throw new Error("a page binds nothing that can be reached");
  }
  /** Calls reach the page in their order. */
  connect(address: string): void {
    void this.#call("connect", address);
  }
  subscribe(...topics: string[]): void {
    void this.#call("subscribe", ...topics);
  }
  async close(): Promise<void> {
    await this.#call("close");
  }
  async connected(): Promise<void> {
    await this.#call("connected");
  }
  async subscriberJoined(topic: string): Promise<void> {
    await this.#call("subscriberJoined", topic);
  }
  async send(frames: readonly (Uint8Array | string)[]): Promise<void> {
    await this.#call("send", ...frames.map((frame) => Buffer.from(frame).toString("latin1")));
  }
  async receive(): Promise<Uint8Array[]> {
    return ((await this.#call("receive")) ?? []).map((text) => Buffer.from(text, "latin1"));
  }

  async #call(method: string, ...args: string[]): Promise<readonly string[] | undefined> {
    const at = await this.#at;
    return this.#page.evaluate(([at, method, args]) => remote.call(at, method, args), [at, method, args] as const);
  }
}
