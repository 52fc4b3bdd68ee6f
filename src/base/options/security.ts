/**
 * Options of security: NULL, PLAIN, CURVE, ZAP. Assigning one of a mechanism's
 * options chooses that mechanism (`securityMechanism` in ../options.ts).
 */

import { choice, key, text } from "./kinds.ts";

export const SECURITY_OPTIONS = {
  /** ZMQ_MECHANISM. The mechanism that other options chose; null = NULL, no security. */
  securityMechanism: choice({ id: 43, default: null, values: [null, "plain", "curve", "gssapi"], access: "r" }),

  /** ZMQ_PLAIN_USERNAME. User name sent to a PLAIN server, at most 255 bytes; null = no security. Default null. */
  plainUsername: text({ id: 45, max: 255, notEmpty: true }),
  /** ZMQ_PLAIN_PASSWORD. Password sent to a PLAIN server, at most 255 bytes; null = no security. Default null. */
  plainPassword: text({ id: 46, max: 255, notEmpty: true, isSecret: true }),

  /** ZMQ_CURVE_PUBLICKEY. This client's public key, 40 characters in Z85 or 32 bytes; reads as Z85. Default null. */
  curvePublicKey: key({ id: 48 }),
  /** ZMQ_CURVE_SECRETKEY. This side's secret key, 40 characters in Z85 or 32 bytes; reads as Z85. Default null. */
  curveSecretKey: key({ id: 49, isSecret: true }),
  /** ZMQ_CURVE_SERVERKEY. The public key of the server that this client connects to, 40 characters in Z85 or 32 bytes; reads as Z85. Default null. */
  curveServerKey: key({ id: 50 }),
};
