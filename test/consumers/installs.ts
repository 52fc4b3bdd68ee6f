/**
 * The ways in which docs/migrating.md puts this package in the place of `zeromq`, by real installs of the packed tarball:
 * as a direct dependency, by `overrides` below another package, and both together.
 */

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { npmInstall } from "../npm.ts";

/** A package that others depend on, and that asks for zeromq.js itself. */
const DEPENDENT = {
  "package.json": JSON.stringify({ name: "dependent", version: "1.0.0", dependencies: { zeromq: "^6.0.0" } }),
  "index.js": `exports.zmq = require("zeromq");`,
};

/** By the name of the case: the root's package.json, what npm installs besides, and the program. */
export function installs(tarball: string): Readonly<Record<string, Install>> {
  const packed = `file:${tarball}`;
  const dependencies = { dependent: "file:dependent" };
  return {
    "npm i zeromq@…": { manifest: {}, args: [`zeromq@${packed}`], program: exchange(`require("zeromq")`) },
    "overrides for a dependency of a dependency": {
      manifest: { dependencies, overrides: { zeromq: packed } },
      args: [],
      program: exchange(`require("dependent").zmq`),
    },
    "overrides for both": {
      manifest: { dependencies: { ...dependencies, zeromq: packed }, overrides: { zeromq: "$zeromq" } },
      args: [],
      program: `if (require("dependent").zmq !== require("zeromq")) throw new Error("two instances");
        ${exchange(`require("zeromq")`)}`,
    },
  };
}

export interface Install {
  readonly manifest: object;
  readonly args: readonly string[];
  readonly program: string;
}

/** Prints `hello from 4`, libzmq's version that zeromq.js reports too. */
function exchange(zmq: string): string {
  return `(async () => {
    const zmq = ${zmq};
    const pull = new zmq.Pull();
    const push = new zmq.Push();
    push.connect(await pull.bind("tcp://127.0.0.1:*"));
    await push.send("hello");
    console.log(String(await pull.receive()), "from", zmq.version.slice(0, 1));
  })();`;
}

/** Makes the folder with everything installed; returns its program. */
export async function makeInstall(folder: string, { manifest, args, program }: Install): Promise<string> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, "dependent"), { recursive: true });
  for (const [name, text] of Object.entries(DEPENDENT)) writeFileSync(join(folder, "dependent", name), text);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, ...manifest }));
  // Not as a link: npm would look for its dependencies elsewhere.
  await npmInstall(folder, "zmq-ts in the place of zeromq", ["--prefer-offline", "--install-links", ...args]);
  const path = join(folder, "program.cjs");
  writeFileSync(path, program);
  return path;
}
