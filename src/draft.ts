/**
 * Entry for programs that name `zeromq/draft`: SERVER, CLIENT, RADIO, DISH, GATHER, SCATTER and DGRAM will be here.
 * Until then it throws ENOTSUP when it is loaded, as that of zeromq.js does where libzmq was built without them.
 */

import { ZmqError } from "./base/errors.ts";

throw new ZmqError("ENOTSUP", {
  message: "ZeroMQ draft features are not enabled in this build",
  detail: "the draft socket types are still to come; all others are in the package's main entry",
});
