/**
 * Entry for Node, Bun and Deno: all transports.
 */

import type { ContextHandle } from "./core/context-core.ts";
import { nodePlatform } from "./node/platform.ts";
import { expectArguments } from "./socket/arguments.ts";
import { type ContextOptions, contextCore, Context as NeutralContext } from "./socket/context.ts";
import { setDefaultContext } from "./socket/default-context.ts";

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
    contextCore(context).join(handle);
    return context;
  }
}

/** The global context, which sockets use when they are given none. */
export const context = new Context();
contextCore(context).shareAsDefault();
setDefaultContext(context);

export * from "./api.ts";
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
