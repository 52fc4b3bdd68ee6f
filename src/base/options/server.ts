/**
 * Security of servers, by the mechanism and by what the ZAP handler is asked. A page has none.
 */

import { bool, text } from "./kinds.ts";

export const SERVER_OPTIONS = {
  /** ZMQ_ZAP_DOMAIN. The domain that a ZAP handler is given for this socket's peers, at most 255 bytes. Default null. */
  zapDomain: text({ id: 55, max: 255 }),
  /** ZMQ_ZAP_ENFORCE_DOMAIN. Asks the ZAP handler about NULL peers only if there is a domain, and refuses them without a handler. Default false. */
  zapEnforceDomain: bool({ id: 93, default: false }),
  /** ZMQ_PLAIN_SERVER. Requires a user name and password from clients. Default false. */
  plainServer: bool({ id: 44, default: false }),
  /** ZMQ_CURVE_SERVER. Accepts CURVE clients; needs `curveSecretKey`. Default false. */
  curveServer: bool({ id: 47, default: false }),
};
