import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Queue } from "./queue.ts";

const length = (text: string): number => text.length;

describe("a mark in bytes", () => {
  it("makes the queue full from the item on that reaches it", () => {
    const queue = new Queue<string>(0, false, 10, length);
    queue.push("1234");
    queue.push("12345");
    assert.equal(queue.full, false);
    queue.push("1");
    assert.equal(queue.full, true);
    assert.equal(queue.bytes, 10);
  });

  it("leaves the queue full until half of it was read", () => {
    const queue = new Queue<string>(0, false, 10, length);
    for (const item of ["12", "12", "12", "12", "12"]) queue.push(item);
    queue.shift();
    queue.shift();
    assert.equal(queue.full, true);
    queue.shift();
    assert.equal(queue.full, false);
  });

  it("lets one item in that is larger than the mark", () => {
    const queue = new Queue<string>(0, false, 10, length);
    assert.equal(queue.full, false);
    queue.push("x".repeat(100));
    assert.equal(queue.full, true);
    queue.shift();
    assert.equal(queue.full, false);
    assert.equal(queue.bytes, 0);
  });

  it("stands beside the mark in messages", () => {
    const queue = new Queue<string>(2, false, 1000, length);
    queue.push("1");
    queue.push("2");
    assert.equal(queue.full, true);
  });

  it("is forgotten when the queue is cleared", () => {
    const queue = new Queue<string>(0, false, 4, length);
    queue.push("12345");
    queue.clear();
    assert.equal(queue.full, false);
    queue.unshift("1234");
    assert.equal(queue.full, true);
  });

  it("means nothing to a queue that keeps the newest item only", () => {
    const queue = new Queue<string>(0, true, 4, length);
    queue.push("12345");
    assert.equal(queue.full, false);
  });
});

describe("a queue that is held", () => {
  it("is full while it is paused, and then as full as its marks say", () => {
    const queue = new Queue<string>(2);
    assert.equal(queue.pause(true), false);
    assert.equal(queue.full, true);
    queue.push("1");
    queue.shift();
    assert.equal(queue.full, true);
    assert.equal(queue.pause(false), true);
    assert.equal(queue.full, false);
  });
});

describe("frames of multipart messages", () => {
  const message = (frames: number): number[] => new Array(frames).fill(0);

  it("fill a queue from the message on that has the 65,536th, until half of them were read", () => {
    const queue = new Queue<number[]>(1000);
    for (let i = 0; i < 7; i++) queue.push(message(8192));
    assert.equal(queue.full, false);
    queue.push(message(8192));
    assert.equal(queue.full, true);
    for (let i = 0; i < 3; i++) queue.shift();
    assert.equal(queue.full, true);
    queue.shift();
    assert.equal(queue.full, false);
    queue.push(message(65_536));
    assert.equal(queue.full, true);
  });

  it("may be 16 for each message of the high-water mark", () => {
    const queue = new Queue<number[]>(10_000);
    for (let i = 0; i < 9_999; i++) queue.push(message(16));
    assert.equal(queue.full, false);
    queue.push(message(16));
    assert.equal(queue.full, true);
  });

  it("are not counted where there is no high-water mark, until there is one", () => {
    const queue = new Queue<number[]>(0);
    for (let i = 0; i < 10; i++) queue.push(message(65_536));
    assert.equal(queue.full, false);
    queue.resize(1000);
    assert.equal(queue.full, true);
    assert.equal(queue.resize(0), true);
  });

  it("are forgotten when the queue is cleared", () => {
    const queue = new Queue<number[]>(1000);
    queue.push(message(65_536));
    queue.clear();
    assert.equal(queue.full, false);
    queue.push(message(8192));
    assert.equal(queue.full, false);
  });
});
