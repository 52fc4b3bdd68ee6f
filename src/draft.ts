/**
 * Entry for programs that name `zeromq/draft`: the draft socket types, in Node, Bun and Deno. PEER and CHANNEL are here
 * too, which zeromq.js lacks.
 */

import "./index.ts"; // It sets the default context.

export * as default from "./draft.ts";
export type { RadioGroupOptions, ServerRoutingOptions } from "./socket/draft-messages.ts";
export {
  Channel,
  Client,
  Datagram,
  Dish,
  type DishGroupOptions,
  Gather,
  Peer,
  Radio,
  Scatter,
  Server,
} from "./socket/draft-sockets.ts";
