/**
 * Every socket type, once: number, RFC, what it may talk to, and which
 * direction its user calls have. Adding a type starts here.
 */

import { IN_PAGE } from "./target.ts";

export interface SocketTypeInfo {
  /** libzmq's number (ZMQ_PAIR = 0 …); also the socket-type octet of ZMTP 2.0. */
  readonly id: number;
  /** Socket-Type values of legal peers, as libzmq checks them. */
  readonly peers: readonly string[];
  readonly sends: boolean;
  readonly receives: boolean;
  /** Writes the Identity property in READY. */
  readonly sendsIdentity: boolean;
  /** A second connect to the same endpoint is a silent no-op. */
  readonly singleConnect: boolean;
  /** Tells its peers what it wants to receive. */
  readonly subscribes: boolean;
  /** Peers tell it what they want to receive. */
  readonly isSubscribedTo: boolean;
  readonly rfc: string;
}

function type(
  id: number,
  rfc: string,
  peers: readonly string[],
  traits: Partial<Omit<SocketTypeInfo, "id" | "rfc" | "peers">> = {},
): SocketTypeInfo {
  return {
    id,
    rfc,
    peers,
    sends: true,
    receives: true,
    sendsIdentity: false,
    singleConnect: false,
    subscribes: false,
    isSubscribedTo: false,
    ...traits,
  };
}

const TYPES = {
  PAIR: type(0, "31/EXPAIR", ["PAIR"]),
  PUB: type(1, "29/PUBSUB", ["SUB", "XSUB"], { receives: false, singleConnect: true, isSubscribedTo: true }),
  SUB: type(2, "29/PUBSUB", ["PUB", "XPUB"], { sends: false, singleConnect: true, subscribes: true }),
  REQ: type(3, "28/REQREP", ["REP", "ROUTER"], { sendsIdentity: true, singleConnect: true }),
  REP: type(4, "28/REQREP", ["REQ", "DEALER"]),
  DEALER: type(5, "28/REQREP", ["REP", "DEALER", "ROUTER"], { sendsIdentity: true, singleConnect: true }),
  ROUTER: type(6, "28/REQREP", ["REQ", "DEALER", "ROUTER"], { sendsIdentity: true }),
  PULL: type(7, "30/PIPELINE", ["PUSH"], { sends: false }),
  PUSH: type(8, "30/PIPELINE", ["PULL"], { receives: false }),
  XPUB: type(9, "29/PUBSUB", ["SUB", "XSUB"], { isSubscribedTo: true }),
  XSUB: type(10, "29/PUBSUB", ["PUB", "XPUB"], { subscribes: true }),
} as const satisfies Record<string, SocketTypeInfo>;

/** Those that no page has: they are for plain TCP, or drafts. */
const TYPES_ELSEWHERE = {
  STREAM: type(11, "none: raw TCP", []),
  SERVER: type(12, "41/CLISRV", ["CLIENT"]),
  CLIENT: type(13, "41/CLISRV", ["SERVER"]),
  RADIO: type(14, "48/RADIO-DISH", ["DISH"], { receives: false, isSubscribedTo: true }),
  DISH: type(15, "48/RADIO-DISH", ["RADIO"], { sends: false, subscribes: true }),
  GATHER: type(16, "49/SCATTER-GATHER", ["SCATTER"], { sends: false }),
  SCATTER: type(17, "49/SCATTER-GATHER", ["GATHER"], { receives: false }),
  DGRAM: type(18, "none: UDP datagrams", []),
  PEER: type(19, "51/P2P", ["PEER"]),
  CHANNEL: type(20, "52/CHANNEL", ["CHANNEL"]),
} as const satisfies Record<string, SocketTypeInfo>;

export const SOCKET_TYPES = { ...TYPES, ...(IN_PAGE ? ({} as typeof TYPES_ELSEWHERE) : TYPES_ELSEWHERE) };

export type SocketTypeName = keyof typeof SOCKET_TYPES;

/** The name of a Socket-Type number, or undefined when it is not one of ours. */
export function socketTypeName(id: number): SocketTypeName | undefined {
  for (const name of Object.keys(SOCKET_TYPES) as SocketTypeName[]) {
    if (SOCKET_TYPES[name].id === id) return name;
  }
  return undefined;
}

/** 37/ZMTP, "legal socket combinations". An absent Socket-Type is accepted, as libzmq does. */
export function mayTalkTo(own: SocketTypeName, peer: string): boolean {
  return (SOCKET_TYPES[own].peers as readonly string[]).includes(peer);
}
