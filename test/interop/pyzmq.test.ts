/**
 * Interop with the system's libzmq through pyzmq, where that is installed.
 */

import { test } from "node:test";
import { behaviour } from "./behaviour.ts";
import { connections } from "./connections.ts";
import { matrix } from "./matrix.ts";
import { missing } from "./peer.ts";
import { rawStreams } from "./raw-streams.ts";

const reason = missing("pyzmq");
if (reason === undefined) {
  matrix("pyzmq");
  behaviour("pyzmq");
  connections("pyzmq");
  rawStreams("pyzmq");
} else {
  test("interop with pyzmq", { skip: reason }, () => {});
}
