import { test } from "node:test";
import { missing } from "../interop/peer.ts";
import { wire } from "./wire.ts";

const reason = missing("pyzmq");
if (reason === undefined) wire("pyzmq");
else test("blocking sockets and pyzmq", { skip: reason }, () => {});
