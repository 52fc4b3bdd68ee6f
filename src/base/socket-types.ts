/**
 * Every socket type, once: number, what it may talk to, and which
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
}

function type(
  id: number,
  peers: readonly string[],
  traits: Partial<Omit<SocketTypeInfo, "id" | "peers">> = {},
): SocketTypeInfo {
  return {
    id,
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
  PAIR: type(0, ["PAIR"]),
  PUB: type(1, ["SUB", "XSUB"], { receives: false, singleConnect: true, isSubscribedTo: true }),
  SUB: type(2, ["PUB", "XPUB"], { sends: false, singleConnect: true, subscribes: true }),
  REQ: type(3, ["REP", "ROUTER"], { sendsIdentity: true, singleConnect: true }),
  REP: type(4, ["REQ", "DEALER"]),
  DEALER: type(5, ["REP", "DEALER", "ROUTER"], { sendsIdentity: true, singleConnect: true }),
  ROUTER: type(6, ["REQ", "DEALER", "ROUTER"], { sendsIdentity: true }),
  PULL: type(7, ["PUSH"], { sends: false }),
  PUSH: type(8, ["PULL"], { receives: false }),
  XPUB: type(9, ["SUB", "XSUB"], { isSubscribedTo: true }),
  XSUB: type(10, ["PUB", "XPUB"], { subscribes: true }),
} as const satisfies Record<string, SocketTypeInfo>;

/** Those that no page has: they are for plain TCP, or drafts. */
const typesElsewhere = () =>
  ({
    STREAM: type(11, []),
    SERVER: type(12, ["CLIENT"]),
    CLIENT: type(13, ["SERVER"]),
    RADIO: type(14, ["DISH"], { receives: false, isSubscribedTo: true }),
    DISH: type(15, ["RADIO"], { sends: false, subscribes: true }),
    GATHER: type(16, ["SCATTER"], { sends: false }),
    SCATTER: type(17, ["GATHER"], { receives: false }),
    DGRAM: type(18, []),
    PEER: type(19, ["PEER"]),
    CHANNEL: type(20, ["CHANNEL"]),
  }) satisfies Record<string, SocketTypeInfo>;

export const SOCKET_TYPES = { ...TYPES, ...(IN_PAGE ? ({} as ReturnType<typeof typesElsewhere>) : typesElsewhere()) };

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
