/** Runs a file of tests on npm `zeromq`, in processes of its own: libzmq ends a process on what it does not expect. */

import { spawn } from "node:child_process";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, "../..");
const hook = pathToFileURL(join(here, "hook.js")).href;

/** A test that waits for something that libzmq never does is given up after this long. */
const TEST_LIMIT_MS = 2500;
/** When a surprise is looked at again. */
const PATIENT_LIMIT_MS = 10_000;

/** Options of the constructors that zeromq.js lacks. A test that sets one is not about libzmq. */
const LACKING = /Cannot add property (disconnect|hello|hiccup|metadata|manualLastValue|reconnectStop|routerNotify)/;

/** A comparison in which `detail` of an error is missing, which is ours alone. */
const DETAIL = /^- +detail: /m;

export type Outcome =
  | { readonly kind: "passed" }
  /** Asked for a member or an option that zeromq.js lacks. */
  | { readonly kind: "lacking"; readonly error: string }
  | { readonly kind: "failed"; readonly error: string };

type Message =
  | { readonly kind: "begin"; readonly name: string }
  | { readonly kind: "ended"; readonly name: string; readonly error?: string }
  | { readonly kind: "idle" };

/** All tests of a file, or some. When the process crashes or hangs in one, the next process runs those that are left. */
export async function runOnLibzmq(file: string, options: { only?: string[] } = {}): Promise<Map<string, Outcome>> {
  const outcomes = new Map<string, Outcome>();
  for (let isOver = false; !isOver; ) isOver = await runRest(file, outcomes, options.only);
  return outcomes;
}

function outcome(error: string | undefined): Outcome {
  if (error === undefined) return { kind: "passed" };
  const isLacking = error.startsWith("OursAlone:") || LACKING.test(error) || DETAIL.test(error);
  const kind = isLacking ? "lacking" : "failed";
  return { kind, error };
}

/** Runs the tests that have no outcome. Resolves with whether that were all. */
function runRest(file: string, outcomes: Map<string, Outcome>, only: string[] | undefined): Promise<boolean> {
  const limit = only === undefined ? TEST_LIMIT_MS : PATIENT_LIMIT_MS;
  return new Promise((settle, reject) => {
    const child = spawn(process.execPath, [join(root, file)], {
      cwd: root,
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      env: {
        ...process.env,
        NODE_OPTIONS: `--import tsx --import ${hook}`,
        ZMQ_TS_TEST_LIBRARY: "zeromq",
        ZMQ_TS_TEST_PLAN: JSON.stringify({ done: [...outcomes.keys()], only, limit }),
      },
    });
    let running: string | undefined;
    let isIdle = false;
    let isStuck = false;
    let noise = "";
    const hang = setTimeout(() => child.kill("SIGKILL"), 20_000 + limit);
    child.stderr?.setEncoding("utf8").on("data", (text) => {
      noise = (noise + text).slice(-500);
    });
    child.on("message", (message: Message) => {
      hang.refresh();
      if (message.kind === "begin") running = message.name;
      else if (message.kind === "idle") {
        isIdle = true;
        child.kill("SIGKILL");
      } else {
        if (running === message.name) running = undefined;
        outcomes.set(message.name, outcome(message.error));
        // What it waits for may hold a thread that the tests after it need, such as those that proxies of libzmq run in.
        if (message.error?.includes("not done after")) {
          isStuck = true;
          child.kill("SIGKILL");
        }
      }
    });
    child.on("error", reject);
    child.on("close", (_code, signal) => {
      clearTimeout(hang);
      if (outcomes.size === 0 && running === undefined) return reject(new Error(`no test ran: ${noise}`));
      if (isStuck) return settle(false);
      if (isIdle || running === undefined) return settle(true);
      outcomes.set(running, outcome(signal === "SIGKILL" ? "hangs" : `crashes: ${noise.trim()}`));
      settle(false);
    });
  });
}
