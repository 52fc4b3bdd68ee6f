/**
 * Options of GSSAPI, which no JavaScript runtime has.
 */

import { bool, choice, text } from "./kinds.ts";

const NO_GSSAPI = "GSSAPI needs the operating system's Kerberos libraries, which JavaScript cannot use";
const GSSAPI_NAMES = ["hostBased", "userName", "krb5Principal"] as const;

export const GSSAPI_OPTIONS = {
  /** ZMQ_GSSAPI_SERVER. Accepts GSSAPI clients. Default false. */
  gssapiServer: bool({ id: 62, default: false, honoured: NO_GSSAPI, refusal: "EINVAL" }),
  /** ZMQ_GSSAPI_PRINCIPAL. This side's principal. Default null. */
  gssapiPrincipal: text({ id: 63, max: 255, honoured: NO_GSSAPI, refusal: "EINVAL" }),
  /** ZMQ_GSSAPI_SERVICE_PRINCIPAL. The principal of the server. Default null. */
  gssapiServicePrincipal: text({ id: 64, max: 255, honoured: NO_GSSAPI, refusal: "EINVAL" }),
  /** ZMQ_GSSAPI_PLAINTEXT. Authenticates without encryption. Default false. */
  gssapiPlainText: bool({ id: 65, default: false, honoured: NO_GSSAPI, refusal: "EINVAL" }),
  /** ZMQ_GSSAPI_PRINCIPAL_NAMETYPE. What kind of name `gssapiPrincipal` is. Default "hostBased". */
  gssapiPrincipalNameType: choice({
    id: 90,
    default: "hostBased",
    values: GSSAPI_NAMES,
    honoured: NO_GSSAPI,
    refusal: "EINVAL",
  }),
  /** ZMQ_GSSAPI_SERVICE_PRINCIPAL_NAMETYPE. What kind of name `gssapiServicePrincipal` is. Default "hostBased". */
  gssapiServicePrincipalNameType: choice({
    id: 91,
    default: "hostBased",
    values: GSSAPI_NAMES,
    honoured: NO_GSSAPI,
    refusal: "EINVAL",
  }),
};
