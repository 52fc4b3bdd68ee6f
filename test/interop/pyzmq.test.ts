/**
 * Interop with the system's libzmq through pyzmq, where that is installed.
 */

import { test } from "node:test";
import { matrix } from "./matrix.ts";
import { missing } from "./peer.ts";

const reason = missing("pyzmq");
if (reason === undefined) {
  matrix("pyzmq");
} else {
  test("interop with pyzmq", { skip: reason }, () => {});
}
