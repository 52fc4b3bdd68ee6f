/** The program of an I/O thread. The build makes one text of it; see io-thread-text.ts. */

import { type MessagePort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { systemClock } from "../base/clock.ts";
import { Turn } from "../core/turn.ts";
import { MovedProxies } from "../device/moved-proxies.ts";
import { ring } from "../thread/bell.ts";
import type { EngineNotice, EngineRequest, Mail } from "../thread/engine-mail.ts";
import { EngineServer } from "../thread/engine-server.ts";
import { Inbox } from "../thread/inbox.ts";
import { nodeEngine } from "./engine.ts";
import { ENDED, IO_BELL, type IoThreadData } from "./io-thread-data.ts";

const { port, bell, words } = workerData as IoThreadData;
const clock = systemClock();
clock.ref(); // It ends when the thread that started it ends it, or ends.

process.on("exit", () => {
  Atomics.store(words, ENDED, 1);
  ring(bell);
});

new EngineServer({
  mail: portMail(port),
  bell,
  inbox: new Inbox(clock, { words, index: IO_BELL }),
  clock,
  host: nodeEngine(clock).engine,
  proxies: new MovedProxies(new Turn(clock)),
});

function portMail(to: MessagePort): Mail<EngineNotice, EngineRequest> {
  return {
    post: (message, transferred = []) => to.postMessage(message, [...transferred]),
    receive: () => receiveMessageOnPort(to)?.message,
  };
}
