/** The worker of cluster.test.ts: does one call a message on a PULL of its own, and answers what came of it. */

import { Pull } from "../../src/index.ts";

export interface Call {
  readonly method: "bind" | "bindSync" | "receive";
  readonly address?: string;
  readonly useFd?: number;
}

export interface Outcome {
  readonly code?: unknown;
  readonly result?: string;
}

let pull = new Pull();

process.on("message", async (call: Call) => {
  const outcome = await act(call).then(
    (result): Outcome => ({ result }),
    (error): Outcome => ({ code: error.code }),
  );
  process.send?.(outcome);
});

process.send?.({ result: "ready" } satisfies Outcome);

async function act({ method, address = "", useFd }: Call): Promise<string> {
  if (method === "receive") return String(await pull.receive());
  if (useFd !== undefined) {
    pull.close();
    pull = new Pull({ useFd });
  }
  await pull[method](address);
  return pull.lastEndpoint ?? "";
}
