/**
 * libzmq's numbers of the socket types under zeromq.js's names, as `socket.type`
 * tells them.
 */

export const SocketType = {
  Pair: 0 as number,
  Publisher: 1 as number,
  Subscriber: 2 as number,
  Request: 3 as number,
  Reply: 4 as number,
  Dealer: 5 as number,
  Router: 6 as number,
  Pull: 7 as number,
  Push: 8 as number,
  XPublisher: 9 as number,
  XSubscriber: 10 as number,
  Stream: 11 as number,
  Server: 12 as number,
  Client: 13 as number,
  Radio: 14 as number,
  Dish: 15 as number,
  Gather: 16 as number,
  Scatter: 17 as number,
  Datagram: 18 as number,
  Peer: 19 as number,
  Channel: 20 as number,
} as const;

/** A number of a socket type. */
export type SocketType = number;
