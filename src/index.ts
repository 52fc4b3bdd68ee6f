/**
 * Entry for Node, Bun and Deno: all transports.
 */

import type { ContextHandle } from "./core/platform.ts";
import { joinContext, shareAsDefault } from "./core/thread-contexts.ts";
import { nodePlatform } from "./node/platform.ts";
import { expectArguments } from "./socket/arguments.ts";
import { type ContextOptions, contextCore, Context as NeutralContext } from "./socket/context.ts";
import { setDefaultContext } from "./socket/default-context.ts";
import { define } from "./socket/socket.ts";
import { STABLE_KINDS } from "./socket/sockets.ts";

export class Context extends NeutralContext {
  constructor(options?: ContextOptions) {
    expectArguments(1, arguments.length);
    super(nodePlatform, options);
  }

  /**
   * The context that another thread's `context.handle` is of: sockets of both meet at its inproc names, and its options
   * are shared. Throws EINVAL for what is no handle.
   */
  static from(handle: ContextHandle): Context {
    expectArguments(1, arguments.length);
    const context = new Context();
    joinContext(contextCore(context), nodePlatform.threads, handle);
    return context;
  }
}

/** The global context, which sockets use when they are given none. */
export const context = new Context();
shareAsDefault(contextCore(context), nodePlatform.threads);
setDefaultContext(context);

// Programs look at the properties of classes before there is a socket.
for (const kind of STABLE_KINDS) define(kind);

export * from "./api.ts";
export {
  type AuthenticationDecision,
  Authenticator,
  type AuthenticatorOptions,
} from "./authenticator/authenticator.ts";
export type {
  AuthenticationRules,
  CurveAttempt,
  CurveCheck,
  PeerAttempt,
  PlainAttempt,
  PlainCheck,
  Verdict,
} from "./authenticator/rules.ts";
// `import zmq from` works with zeromq.js, which is a CommonJS module; so it does here.
export * as default from "./index.ts";
export { certificateFolder } from "./node/certificate-folder.ts";
export {
  loadCertificate,
  loadPublicCertificate,
  saveCertificate,
  savePublicCertificate,
  saveSecretCertificate,
} from "./node/certificates.ts";
export { passwordFile } from "./node/password-file.ts";
export { type Certificate, formatCertificate, parseCertificate } from "./security/certificate.ts";
export { Stream } from "./socket/sockets.ts";
export { passByReference } from "./thread/memories.ts";
export { capability } from "./version.ts";
