/**
 * What programs ask before they use a feature.
 */

/** The libzmq whose features and behaviour this library has; programs compare it to decide what they may use. */
export const version = "4.3.5";

/** What zeromq.js says of the libzmq it was built with. */
export const capability: Partial<Record<"ipc" | "pgm" | "tipc" | "norm" | "curve" | "gssapi" | "draft", boolean>> = {
  ipc: true,
  pgm: true,
  tipc: false,
  norm: false,
  curve: true,
  gssapi: false,
  draft: true,
};
