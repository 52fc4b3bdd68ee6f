/**
 * libzmq's numbers of the socket types under zeromq.js's names, as `socket.type`
 * tells them.
 */

import { SOCKET_TYPES } from "../base/socket-types.ts";

export const SocketType = {
  Pair: SOCKET_TYPES.PAIR.id,
  Publisher: SOCKET_TYPES.PUB.id,
  Subscriber: SOCKET_TYPES.SUB.id,
  Request: SOCKET_TYPES.REQ.id,
  Reply: SOCKET_TYPES.REP.id,
  Dealer: SOCKET_TYPES.DEALER.id,
  Router: SOCKET_TYPES.ROUTER.id,
  Pull: SOCKET_TYPES.PULL.id,
  Push: SOCKET_TYPES.PUSH.id,
  XPublisher: SOCKET_TYPES.XPUB.id,
  XSubscriber: SOCKET_TYPES.XSUB.id,
  Stream: SOCKET_TYPES.STREAM.id,
  Server: SOCKET_TYPES.SERVER.id,
  Client: SOCKET_TYPES.CLIENT.id,
  Radio: SOCKET_TYPES.RADIO.id,
  Dish: SOCKET_TYPES.DISH.id,
  Gather: SOCKET_TYPES.GATHER.id,
  Scatter: SOCKET_TYPES.SCATTER.id,
  Datagram: SOCKET_TYPES.DGRAM.id,
  Peer: SOCKET_TYPES.PEER.id,
  Channel: SOCKET_TYPES.CHANNEL.id,
} as const;

/** A number of a socket type. */
export type SocketType = (typeof SocketType)[keyof typeof SocketType];
