/**
 * What reading 64 KiB from a flooding tcp connection costs: by 'data' events, and into one shared buffer. The figures
 * in src/transport/node/shared-reads.ts.
 *
 *     node --import tsx bench/micro/reads.ts
 */

import { fork } from "node:child_process";
import net, { type AddressInfo, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { shareReads } from "../../src/transport/node/shared-reads.ts";

const port = process.argv[2];
if (port !== undefined) flood(Number(port));
else for (const shares of [false, true, false, true]) console.log(await read(shares));

function flood(to: number): void {
  const socket = net.connect(to, "127.0.0.1");
  const chunk = Buffer.alloc(65_536);
  const write = (): void => {
    while (socket.write(chunk));
  };
  socket.on("drain", write).on("error", () => {});
  write();
}

async function read(shares: boolean): Promise<string> {
  let bytes = 0;
  const accept = (socket: Socket): void => {
    if (shares) {
      const reader = shareReads(socket, (length) => {
        bytes += length;
        return true;
      });
      reader?.on("error", () => {}).resume();
      return;
    }
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      bytes += chunk.length;
    });
  };
  const server = net.createServer({ pauseOnConnect: shares }, accept);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const child = fork(fileURLToPath(import.meta.url), [String((server.address() as AddressInfo).port)]);
  await new Promise((resolve) => setTimeout(resolve, 700));
  const [from, cpu] = [bytes, process.cpuUsage()];
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const { user, system } = process.cpuUsage(cpu);
  const reads = (bytes - from) / 65_536;
  child.kill();
  server.close();
  const figures = `${(user / reads).toFixed(1)} us user, ${(system / reads).toFixed(1)} us system a 64 KiB`;
  return `${shares ? "one shared buffer" : "'data' events"}: ${figures}`;
}
