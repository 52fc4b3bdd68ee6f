/** A host behind a firewall, as a client sees it: nothing answers. Linux only. */

import { spawn } from "node:child_process";

/** An address that takes no further connection and refuses none: its queue is full. Closes with `stop`. Undefined without python3. */
export async function silentPeer(): Promise<{ text: string; stop(): void } | undefined> {
  const script = [
    "import socket, sys",
    "s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(0)",
    "held = [socket.socket() for _ in range(4)]",
    "[(c.setblocking(False), c.connect_ex(s.getsockname())) for c in held]",
    "print(s.getsockname()[1], flush=True); sys.stdin.read()",
  ].join("\n");
  const child = spawn("python3", ["-c", script], { stdio: ["pipe", "pipe", "inherit"] });
  const port = await new Promise<string | undefined>((resolve) => {
    child.once("error", () => resolve(undefined));
    child.stdout.once("data", (data) => resolve(String(data).trim()));
  });
  return port === undefined ? undefined : { text: `tcp://127.0.0.1:${port}`, stop: () => child.stdin.end() };
}
