/**
 * A notebook: a Jupyter kernel in Python, driven by a page, and from Node. The kernel (pip install ipykernel) is as it comes.
 *
 *     npm run notebook [-- PORT]       open the address that it prints
 *     npm run notebook -- run CODE     runs Python from Node, and ends
 *
 * PYTHON says which Python has ipykernel; python3 if it is not set. The kernel binds five tcp sockets. A page reaches each
 * through a relay, `zmq-ts proxy … --type relay`, which passes bytes on: the page's DEALER is a peer of the kernel's ROUTER. The
 * key that signs messages is in the page, so whoever can load the page can run code: it is bound to this machine alone.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import * as zmq from "zmq-ts";
import { Kernel, type KernelAddress } from "./kernel.js";

const LIBRARY = dirname(createRequire(import.meta.url).resolve("zmq-ts/browser"));
const CHANNELS = ["shell", "control", "stdin", "iopub", "hb"] as const;
const FILES: Readonly<Record<string, { readonly type: string; readonly file: string | URL }>> = {
  "/": { type: "text/html", file: new URL("./notebook.html", import.meta.url) },
  "/notebook.js": { type: "text/javascript", file: new URL("./notebook.js", import.meta.url) },
  "/kernel.js": { type: "text/javascript", file: new URL("./kernel.js", import.meta.url) },
  "/zmq.js": { type: "text/javascript", file: join(LIBRARY, "browser.js") },
};
const POLICY = "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; connect-src 'self' ws:";

const children: ChildProcess[] = [];
process.on("exit", () => {
  for (const child of children) child.kill();
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit());

/** Starts a kernel, which chooses its ports and its key and writes them into a file. */
async function startKernel(): Promise<KernelAddress> {
  const folder = mkdtempSync(join(tmpdir(), "zmq-notebook-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "connection.json");
  const kernel = spawn(process.env.PYTHON ?? "python3", ["-m", "ipykernel_launcher", "-f", file], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  children.push(kernel);
  for (;;) {
    if (kernel.exitCode !== null) throw new Error("the kernel has ended: is ipykernel installed?");
    const written = connectionIn(file);
    if (written !== undefined) {
      const endpoints = CHANNELS.map((channel) => [channel, `tcp://127.0.0.1:${written[`${channel}_port`]}`]);
      return { endpoints: Object.fromEntries(endpoints), key: String(written.key) };
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Undefined while the file is not there, or not whole. */
function connectionIn(file: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

/** Starts a relay for pages of `origin`; resolves to its endpoint. */
async function relay(target: string, origin: string): Promise<string> {
  const child = spawn(
    process.execPath,
    [
      join(LIBRARY, "cli/zmq.js"),
      "proxy",
      "ws://127.0.0.1:*",
      target,
      "--type",
      "relay",
      "--option",
      `wsAllowedOrigins=${origin}`,
    ],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  children.push(child);
  for await (const line of createInterface({ input: child.stderr })) {
    const endpoint = /bound to (\S+)/.exec(line)?.[1];
    if (endpoint !== undefined) return endpoint;
  }
  throw new Error(`the relay to ${target} has ended`);
}

async function run(code: string): Promise<void> {
  const kernel = await Kernel.connect(zmq, await startKernel());
  const { status } = await kernel.execute(code, {
    onOutput(kind, text) {
      const stream = kind === "stdout" || kind === "result" ? process.stdout : process.stderr;
      stream.write(kind === "result" || kind === "error" ? `${text}\n` : text);
    },
  });
  await kernel.shutdown();
  kernel.close();
  process.exit(status === "ok" ? 0 : 1);
}

async function serve(port: number): Promise<void> {
  const kernel = await startKernel();
  let forPage: KernelAddress | undefined;
  const server = createServer((request, response) => {
    const found = FILES[request.url ?? ""];
    if (request.url === "/kernel") {
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(forPage));
    } else if (found === undefined) response.writeHead(404).end();
    else
      response
        .writeHead(200, { "content-type": `${found.type}; charset=utf-8`, "content-security-policy": POLICY })
        .end(readFileSync(found.file));
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const address = server.address();
  const origin = `http://127.0.0.1:${typeof address === "object" ? address?.port : port}`;
  const relayed = CHANNELS.map(async (channel) => [channel, await relay(kernel.endpoints[channel], origin)]);
  forPage = { endpoints: Object.fromEntries(await Promise.all(relayed)), key: kernel.key };
  console.log(`open ${origin}/`);
}

const [first, code = ""] = process.argv.slice(2);
if (first === "run") await run(code);
else await serve(Number(first ?? 0));
