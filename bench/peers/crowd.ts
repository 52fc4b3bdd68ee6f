/**
 * Thousands of peers of one ROUTER in one process: a ZMTP client written out by hand on `node:net`, the same for every
 * peer under test, because only the ROUTER's process is measured. Each connection does the NULL handshake (RFC 23, as
 * ZMTP 3.0), sends one request, checks the reply and stays connected, idle.
 */
import { connect } from "node:net";
import type { Job, Result } from "./job.ts";
import { now, say, work } from "./worker.ts";

/** Handshakes under way at once: fewer than the listener's backlog, or the kernel makes some wait for seconds. */
const AT_ONCE = 64;

const GREETING = Buffer.alloc(64);
GREETING[0] = 0xff;
GREETING[9] = 0x7f;
GREETING[10] = 3;
GREETING.write("NULL", 12);

const property = (name: string, value: string): Buffer => {
  const bytes = Buffer.from(`${String.fromCharCode(name.length)}${name}\0\0\0\0${value}`, "latin1");
  bytes.writeUInt32BE(value.length, 1 + name.length);
  return bytes;
};
const frame = (flags: number, body: Buffer): Buffer => Buffer.concat([Buffer.from([flags, body.length]), body]);
const READY = frame(
  4,
  Buffer.concat([Buffer.from("\x05READY"), property("Socket-Type", "DEALER"), property("Identity", "")]),
);

/** Connects one peer; resolves when it has its answer. */
function join(job: Job, body: Buffer): Promise<void> {
  const [host, port] = job.endpoint.slice("tcp://".length).split(":") as [string, string];
  const request = frame(0, body);
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: Number(port), noDelay: true });
    let received = Buffer.alloc(0);
    let state: "greeting" | "ready" | "reply" | "idle" = "greeting";
    socket.on("connect", () => socket.write(GREETING));
    socket.on("error", reject);
    socket.on("close", () => reject(new Error(`the ROUTER closed a connection (${state})`)));
    socket.on("data", (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (state === "greeting" && received.length >= 64) {
        received = received.subarray(64);
        state = "ready";
        socket.write(READY);
      }
      while (state !== "greeting" && received.length >= 2 && received.length >= 2 + received[1]!) {
        const flags = received[0]!;
        const payload = received.subarray(2, 2 + received[1]!);
        received = received.subarray(2 + payload.length);
        if (state === "ready" && flags === 4) {
          state = "reply";
          socket.write(request);
        } else if (state === "reply" && flags === 0 && payload.equals(body)) {
          state = "idle";
          resolve();
        } else {
          reject(new Error(`${state}: a frame with flags ${flags} and ${payload.length} bytes was not expected`));
        }
      }
    });
  });
}

async function crowd(job: Job): Promise<Result> {
  const startedAt = now();
  let next = 0;
  const usher = async () => {
    while (next < job.peers) await join(job, Buffer.from(`request ${next++}`.padEnd(job.size)));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, usher));
  const seconds = (now() - startedAt) / 1000;
  say({ ready: true });
  return { count: job.peers, seconds };
}

work(crowd);
