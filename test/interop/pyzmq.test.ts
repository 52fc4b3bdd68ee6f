/**
 * Interop with the system's libzmq through pyzmq, where that is installed.
 */

import { test } from "node:test";
import { behaviour } from "./behaviour.ts";
import { connections } from "./connections.ts";
import { matrix } from "./matrix.ts";
import { missing } from "./peer.ts";

const reason = missing("pyzmq");
if (reason === undefined) {
  matrix("pyzmq");
  behaviour("pyzmq");
  connections("pyzmq");
} else {
  test("interop with pyzmq", { skip: reason }, () => {});
}
