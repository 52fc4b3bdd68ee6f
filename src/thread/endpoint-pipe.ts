/** A pipe of an endpoint that an I/O thread runs, as that endpoint sees it in the socket's thread. */

import type { Message } from "../base/message.ts";

export interface EndpointPipe {
  readonly isEnded: boolean;
  /** Whether all that was written has left for the kernel. When not, `idle` of the pipe's owner follows once it has. */
  readonly isIdle: boolean;
  /** Whether all that was written is where the I/O thread finds it. */
  readonly isInRing: boolean;
  /** The endpoint is closed: nothing more may be written. */
  closeWrites(): void;
  /** The endpoint is closed: the pipe is over at once when all that was written has left. */
  endIfIdle(): void;
  /** Shows the I/O thread what is written, as far as there is room. */
  flush(): void;
  /** The I/O thread is gone. */
  fail(): void;
  /** Messages that the I/O thread had taken and will not send. */
  dropped(messages: readonly Message[]): void;
}
