import { expect, test } from "vitest";
import { meetOwnPeers, useIoThread } from "../threads/names.cjs";

test("the names of a file are its own, and of the threads that it starts", { timeout: 60_000 }, async () => {
  expect(await meetOwnPeers("one", "two")).toEqual(["a thread of one", "one"]);
});

test("a file has an I/O thread", { timeout: 60_000 }, async () => {
  expect(await useIoThread()).toBe("question");
});
