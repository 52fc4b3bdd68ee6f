/** @jest-environment jsdom */
"use strict";

// Under jsdom Jest asks for the condition `browser`, and requires what it gets.
const { Pull, Push, Router, ZmqError } = require("zmq-ts");

test("sockets of a page meet", async () => {
  const [push, pull] = [new Push(), new Pull()];
  await pull.bind("inproc://page");
  push.connect("inproc://page");
  await push.send(["hello", "Grüße"]);
  const [first, second] = await pull.receive();
  expect([String(first), new Uint8Array(second).length]).toEqual(["hello", 7]);
  await push.sendString("Grüße");
  expect(await pull.receiveString()).toBe("Grüße");
  push.close();
  pull.close();
});

test("it is the build for pages", () => {
  const router = new Router();
  expect(() => router.connect("tcp://127.0.0.1:5555")).toThrow(ZmqError);
  router.close();
});
