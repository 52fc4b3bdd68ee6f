/** `bindRandomPort` for pages, which have no ports: the build for browsers puts it in the place of that of Node. */

import { ZmqError } from "../base/errors.ts";

export async function bindRandomPort(_binder: object, address: string): Promise<number> {
  throw new ZmqError("EPROTONOSUPPORT", { address, detail: "a page has no ports to bind" });
}
