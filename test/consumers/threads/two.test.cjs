const { meetOwnPeers, useIoThread } = require("./names.cjs");

test("the names of a file are its own, and of the threads that it starts", async () => {
  expect(await meetOwnPeers("two", "one")).toEqual(["a thread of two", "two"]);
}, 60_000);

test("a file has an I/O thread", async () => {
  expect(await useIoThread()).toBe("question");
}, 60_000);
