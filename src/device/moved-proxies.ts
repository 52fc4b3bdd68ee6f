/** What an I/O thread makes proxies of that move there; see thread/moved-socket.ts. */

import { ZmqError } from "../base/errors.ts";
import type { Message } from "../base/message.ts";
import { isOptionName, type OptionValues } from "../base/options.ts";
import type { SocketTypeName } from "../base/socket-types.ts";
import { PATTERNS } from "../core/patterns.ts";
import { SocketCore, type Watcher } from "../core/socket-core.ts";
import type { Turn } from "../core/turn.ts";
import { shownFrame } from "../core/voice.ts";
import { DROP_REASONS } from "../pattern/pattern.ts";
import type {
  DropHearer,
  MovedLoop,
  MovedLoopParts,
  MovedPipe,
  MovedSocket,
  ProxyMaker,
} from "../thread/moved-socket.ts";
import { Forwarder } from "./forwarder.ts";
import { sharedStatistics } from "./statistics.ts";

export class MovedProxies implements ProxyMaker<CoreSocket> {
  readonly #turn: Turn;

  constructor(turn: Turn) {
    this.#turn = turn;
  }

  socket(type: SocketTypeName, options: OptionValues, drops: Float64Array): CoreSocket {
    return new CoreSocket(new SocketCore(type, options, this.#turn, PATTERNS[type]), drops);
  }

  loop({ front, back, frontUnread, backUnread, statistics, capture, ended }: MovedLoopParts<CoreSocket>): MovedLoop {
    const cores = { front: front.core, back: back.core, capture: undefined, control: undefined };
    const moved = { statistics: sharedStatistics(statistics), frontUnread, backUnread, capture };
    const forwarder = new Forwarder(cores, moved);
    let isStopped = false;
    forwarder.start((error) => {
      if (!isStopped) ended(error);
    });
    return {
      pause: () => forwarder.pause(),
      resume: () => forwarder.resume(),
      stop() {
        isStopped = true;
        forwarder.stop();
      },
    };
  }
}

/** Of one peer; as in socket/peer-info.ts. */
const MOST_TOPICS = 1000;

export class CoreSocket implements MovedSocket, Watcher {
  readonly core: SocketCore;
  readonly #drops: Float64Array;
  #hearer: DropHearer | undefined = undefined;
  /** Told of the next change of the core. */
  #changed: (() => void) | undefined = undefined;

  constructor(core: SocketCore, drops: Float64Array) {
    this.core = core;
    this.#drops = drops;
    core.observers.add({
      event() {},
      hears: () => false,
      hearsDrops: () => true,
      dropped: (reason, pipe, message) => {
        const index = DROP_REASONS.indexOf(reason);
        drops[index] = (drops[index] as number) + 1;
        const hearer = this.#hearer;
        if (hearer?.isReady !== true) return;
        const peer = pipe && { endpoint: pipe.endpoint, remoteAddress: pipe.remoteAddress };
        hearer.add({ reason: index, peer, frame: shownFrame(message, core.options) });
      },
    });
  }

  tellDrops(hearer: DropHearer): void {
    this.#hearer = hearer;
  }

  get topicsCount(): number {
    return this.core.topicsCount;
  }

  topics(): readonly Uint8Array[] {
    return this.core.pattern.topics?.() ?? [];
  }

  hasSubscriber(topic: Uint8Array, changed: () => void): boolean {
    if (this.core.pattern.hasSubscriber?.(topic) === true) return true;
    if (this.#changed === undefined) this.core.watch(this);
    this.#changed = changed;
    return false;
  }

  changed(): void {
    const changed = this.#changed;
    this.#changed = undefined;
    this.core.unwatch(this);
    changed?.();
  }

  get departedBacklog() {
    return this.core.departedBacklog;
  }

  createPipe(endpoint: string, dialed: boolean, options: OptionValues, routingId: Uint8Array | undefined): MovedPipe {
    const pipe = this.core.createPipe(endpoint, dialed, options, routingId);
    const { pattern } = this.core;
    let [sent, received] = [0, 0];
    return {
      far: pipe,
      get routingId() {
        return pipe.routingId;
      },
      write(message: Message) {
        try {
          if (!pipe.write(message)) pipe.discard(message);
        } catch (error) {
          if (!(error instanceof ZmqError)) throw error;
          pipe.discard(message, "tooLong");
        }
      },
      writeControl: (control) => pipe.writeControl(control),
      beginCounts() {
        sent = pipe.messagesSent;
        received = pipe.messagesReceived;
      },
      see: () => ({
        messagesSent: pipe.messagesSent - sent,
        messagesReceived: pipe.messagesReceived - received,
        unsent: pipe.unsentLength,
        unread: pipe.inboundLength,
        topics: pattern.topicsOf?.(pipe, MOST_TOPICS),
      }),
    };
  }

  subscribe(topic: Uint8Array): void {
    const { pattern, type } = this.core;
    if (type === "SUB") pattern.subscribe?.(topic);
    else {
      const frame = new Uint8Array(topic.length + 1);
      frame[0] = 1;
      frame.set(topic, 1);
      pattern.send?.([frame]);
    }
  }

  forgetNotices(): void {
    const { pattern } = this.core;
    while (pattern.receive?.() !== undefined);
    this.#drops.fill(0);
  }

  assign(name: string, value: unknown): void {
    if (isOptionName(name)) this.core.assign(name, value);
  }

  close(): void {
    this.core.close();
  }
}
