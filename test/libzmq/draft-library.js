/** npm `zeromq/draft` in place of `src/draft.ts`: see `hook.js`, and `library.js` for what zeromq.js lacks. */

import draft from "zeromq/draft";
import { alone, pause } from "./library.js";

draft.Radio.prototype.groupJoined = pause;

export const { Server, Client, Radio, Dish, Gather, Scatter, Datagram } = draft;
export const Peer = alone("Peer");
export const Channel = alone("Channel");
