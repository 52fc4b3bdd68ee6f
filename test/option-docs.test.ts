import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { it } from "node:test";
import { optionDocs, optionNumbers } from "../scripts/option-docs.ts";

it("docs/options.md is what the tables say", () => {
  const page = readFileSync(new URL("../docs/options.md", import.meta.url), "utf8").replaceAll("\r\n", "\n");
  assert.equal(page, optionDocs(), "stale: npx tsx scripts/option-docs.ts");
});

/** Drafts newer than the oldest pyzmq that runs here, and a name that it has not. */
const UNLISTED =
  /^ZMQ_(HICCUP_MSG|XSUB_VERBOSE_UNSUBSCRIBE|TOPICS_COUNT|BUSY_POLL|NORM_.*|ZERO_COPY_RECV|THREAD_PRIORITY)$/;

/** pyzmq lists libzmq's options, drafts included, as name=number. */
const LIST = "import zmq\nfor o in [*zmq.SocketOption, *zmq.ContextOption]: print(f'ZMQ_{o.name}={int(o)}')";
const python = spawnSync(process.platform === "linux" ? "/usr/bin/python3" : "python3", ["-c", LIST], {
  encoding: "utf8",
});

it("the numbers are those that libzmq gives to the names in the doc comments", {
  skip: python.status !== 0 && "pyzmq is not installed: nothing to compare with",
}, () => {
  const theirs = new Map(
    python.stdout
      .trim()
      .split("\n")
      .map((line) => line.split("=") as [string, string]),
  );
  const unknown: string[] = [];
  for (const [name, id] of optionNumbers()) {
    const number = theirs.get(name);
    if (UNLISTED.test(name)) continue;
    if (number === undefined) unknown.push(name);
    else assert.equal(id, Number(number), name);
  }
  assert.deepEqual(unknown, []);
});
