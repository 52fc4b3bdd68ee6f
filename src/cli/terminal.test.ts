import assert from "node:assert/strict";
import { test } from "node:test";
import { LastLine } from "./terminal.ts";

function written(isTTY: boolean, act: (line: LastLine) => void): string {
  const texts: string[] = [];
  act(new LastLine({ isTTY, write: (text) => texts.push(text) }));
  return texts.join("");
}

test("on a terminal a note stands above the line that moves, which comes again below it", () => {
  const text = written(true, (line) => {
    line.move("1 msg/s");
    line.write("a note");
    line.move("2 msg/s");
    line.settle("2 in all");
    line.write("the end");
  });
  const over = "\r\x1b[K";
  assert.equal(text, `${over}1 msg/s${over}a note\n1 msg/s${over}2 msg/s${over}2 in all\nthe end\n`);
});

test("without a terminal all lines are lines", () => {
  const text = written(false, (line) => {
    line.move("1 msg/s");
    line.write("a note");
    line.settle("1 in all");
  });
  assert.equal(text, "1 msg/s\na note\n1 in all\n");
});
