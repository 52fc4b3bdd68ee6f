/**
 * What programs ask before they use a feature.
 */

/** The libzmq whose features and behaviour this library has; programs compare it to decide what they may use. */
export const version = "4.3.5";

/** What an entry has, by zeromq.js's names. */
export type Capability = Partial<Record<"ipc" | "pgm" | "tipc" | "norm" | "curve" | "gssapi" | "draft", boolean>>;

/** What zeromq.js says of the libzmq it was built with. */
export const capability: Capability = {
  ipc: true,
  pgm: true,
  tipc: false,
  norm: false,
  curve: true,
  gssapi: false,
  draft: true,
};
