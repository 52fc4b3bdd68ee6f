import assert from "node:assert/strict";
import { test } from "node:test";
import { SOCKET_TYPES } from "../base/socket-types.ts";
import { SocketType } from "./socket-type.ts";

test("SocketType has the numbers of the table, in its order", () => {
  assert.deepEqual(
    Object.values(SocketType),
    Object.values(SOCKET_TYPES).map(({ id }) => id),
  );
});
