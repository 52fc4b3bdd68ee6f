/** What an I/O thread makes proxies of that move there; see thread/moved-socket.ts. */

import { ZmqError } from "../base/errors.ts";
import type { Message } from "../base/message.ts";
import { isOptionName, type OptionValues } from "../base/options.ts";
import type { SocketTypeName } from "../base/socket-types.ts";
import { PATTERNS } from "../core/patterns.ts";
import { SocketCore } from "../core/socket-core.ts";
import type { Turn } from "../core/turn.ts";
import { DROP_REASONS } from "../pattern/pattern.ts";
import type { MovedLoop, MovedLoopParts, MovedPipe, MovedSocket, ProxyMaker } from "../thread/moved-socket.ts";
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

export class CoreSocket implements MovedSocket {
  readonly core: SocketCore;
  readonly #drops: Float64Array;

  constructor(core: SocketCore, drops: Float64Array) {
    this.core = core;
    this.#drops = drops;
    core.observeDrop = (reason) => {
      const index = DROP_REASONS.indexOf(reason);
      drops[index] = (drops[index] as number) + 1;
    };
  }

  get departedBacklog() {
    return this.core.departedBacklog;
  }

  createPipe(endpoint: string, dialed: boolean, options: OptionValues, routingId: Uint8Array | undefined): MovedPipe {
    const pipe = this.core.createPipe(endpoint, dialed, options, routingId);
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
