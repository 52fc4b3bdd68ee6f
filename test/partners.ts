/** For each socket type one that may talk to it. */

export const TYPES = ["PAIR", "PUB", "SUB", "REQ", "REP", "DEALER", "ROUTER", "PULL", "PUSH", "XPUB", "XSUB"] as const;
export type Type = (typeof TYPES)[number];

export const PARTNER: Readonly<Record<Type, Type> & Record<string, Type | undefined>> = {
  PAIR: "PAIR",
  PUB: "SUB",
  SUB: "PUB",
  REQ: "REP",
  REP: "REQ",
  DEALER: "DEALER",
  ROUTER: "DEALER",
  PULL: "PUSH",
  PUSH: "PULL",
  XPUB: "SUB",
  XSUB: "PUB",
};

/** The draft types, apart from DGRAM, which has no peers of a type. */
export const DRAFT_TYPES = ["SERVER", "CLIENT", "RADIO", "DISH", "SCATTER", "GATHER", "PEER", "CHANNEL"] as const;
export type DraftType = (typeof DRAFT_TYPES)[number];

export const DRAFT_PARTNER: Readonly<Record<DraftType, DraftType>> = {
  SERVER: "CLIENT",
  CLIENT: "SERVER",
  RADIO: "DISH",
  DISH: "RADIO",
  SCATTER: "GATHER",
  GATHER: "SCATTER",
  PEER: "PEER",
  CHANNEL: "CHANNEL",
};
