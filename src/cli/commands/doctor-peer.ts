/** `zmq doctor ENDPOINT`: who is there, and which sockets may talk to it. */

import { parseEndpoint } from "../../base/endpoint.ts";
import { SOCKET_TYPES, type SocketTypeName } from "../../base/socket-types.ts";
import { expand } from "../endpoints.ts";
import { EXIT, usage } from "../failure.ts";
import { look, type Sight } from "../look.ts";
import { painterOf, visibleLine } from "../terminal.ts";

const PATIENCE_MS = 3000;

/** What a client of each mechanism needs. */
const NEEDS: Readonly<Record<string, string>> = {
  CURVE: "curveServerKey, the server's public key, and a key pair of its own",
  PLAIN: "plainUsername and plainPassword",
};

/** Prints what it found; 0 when a ZeroMQ peer is there, else 1. */
export async function examine(text: string, isJson: boolean): Promise<number> {
  const endpoint = expand(text, "connect", "doctor");
  const looking = look(parseEndpoint(endpoint, "connect", true), PATIENCE_MS);
  if (looking === undefined) throw usage(`doctor ${text}: expected a tcp or ipc endpoint`);
  const sight = await looking;
  const peers = fitting(sight);
  if (isJson) {
    const { kind, ...told } = sight;
    const shown = "error" in told || "begins" in told ? { reason: reasonOf(sight) } : told;
    process.stdout.write(`${JSON.stringify({ endpoint, result: kind, ...shown, ...(peers && { peers }) }, null, 2)}\n`);
  } else {
    const ok = sight.kind === "peer";
    const mark = painterOf(process.stdout)(ok ? "green" : "red", ok ? "✔" : "✖");
    process.stdout.write(
      `${mark} ${endpoint}: ${reasonOf(sight)}\n${advice(sight, peers)
        .map((line) => `  ${line}\n`)
        .join("")}`,
    );
  }
  return sight.kind === "peer" ? EXIT.done : EXIT.failed;
}

/** The types that may talk to it. */
function fitting(sight: Sight): readonly string[] | undefined {
  if (sight.kind !== "peer" || sight.socketType === undefined) return undefined;
  return isSocketType(sight.socketType) ? SOCKET_TYPES[sight.socketType].peers : undefined;
}

function isSocketType(name: string): name is SocketTypeName {
  return Object.hasOwn(SOCKET_TYPES, name);
}

function reasonOf(sight: Sight): string {
  switch (sight.kind) {
    case "peer": {
      const type = sight.socketType === undefined ? "a ZeroMQ socket" : `a ${visibleLine(sight.socketType)} socket`;
      const { mechanism } = sight;
      const security = mechanism === undefined || mechanism === "NULL" ? "no security" : visibleLine(mechanism);
      return `${type}, ZMTP ${sight.version}, ${security}`;
    }
    case "unreachable":
      return `no connection: ${sight.error.message}`;
    case "unanswered":
      return `no answer within ${PATIENCE_MS / 1000} s`;
    case "mute":
      return "connected, but the peer sends no greeting";
    case "closed":
      return "the peer closed the connection at once";
    case "foreign":
      return `the peer does not speak ZMTP; it sent ${visibleLine(JSON.stringify(Buffer.from(sight.begins.subarray(0, 24)).toString("latin1")))}`;
  }
}

function advice(sight: Sight, peers: readonly string[] | undefined): string[] {
  switch (sight.kind) {
    case "peer": {
      const lines: string[] = [];
      if (peers !== undefined) lines.push(`Connect with ${peers.join(" or ")}.`);
      const needed = NEEDS[sight.mechanism ?? ""];
      if (needed !== undefined) lines.push(`A client needs ${needed}.`, "The socket type is not told before that.");
      return lines;
    }
    case "unreachable":
      return ["Is the port right, and has a program bound it?"];
    case "unanswered":
      return ["A firewall may drop the packets, or the host is down."];
    case "mute":
      return ["Another kind of server may listen there, or its program is stuck."];
    case "closed":
      return ["It may have no file descriptor left, filter addresses, or be no ZeroMQ peer."];
    case "foreign":
      return ["Another kind of server listens there."];
  }
}
