/** `zmq doctor ENDPOINT`: who is there, and which sockets may talk to it. */

import { toText } from "../../base/bytes.ts";
import { parseEndpoint } from "../../base/endpoint.ts";
import { SOCKET_TYPES, type SocketTypeName } from "../../base/socket-types.ts";
import { BARE, STREAM } from "../../wire/subprotocols.ts";
import { expand } from "../endpoints.ts";
import { EXIT, usage } from "../failure.ts";
import { look, type Sight } from "../look.ts";
import { lookOverWeb } from "../look-web.ts";
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
  const to = parseEndpoint(endpoint, "connect", true);
  const isWeb = to.scheme === "ws" || to.scheme === "wss";
  const looking = isWeb ? lookOverWeb(to, PATIENCE_MS) : look(to, PATIENCE_MS);
  if (looking === undefined) throw usage(`doctor ${text}: expected a tcp, ipc, ws or wss endpoint`);
  const sight = await looking;
  const peers = fitting(sight);
  if (isJson) {
    const { kind, ...told } = sight;
    const shown = "error" in told || "begins" in told ? { reason: reasonOf(sight, isWeb) } : told;
    process.stdout.write(`${JSON.stringify({ endpoint, result: kind, ...shown, ...(peers && { peers }) }, null, 2)}\n`);
  } else {
    const ok = sight.kind === "peer";
    const mark = painterOf(process.stdout)(ok ? "green" : "red", ok ? "✔" : "✖");
    process.stdout.write(
      `${mark} ${endpoint}: ${reasonOf(sight, isWeb)}\n${advice(sight, peers, isWeb)
        .map((line) => `  ${line}\n`)
        .join("")}`,
    );
  }
  return sight.kind === "peer" ? EXIT.done : EXIT.failed;
}

function isHttp(begins: Uint8Array): boolean {
  return toText(begins.subarray(0, 5)) === "HTTP/";
}

/** The types that may talk to it. */
function fitting(sight: Sight): readonly string[] | undefined {
  if (sight.kind !== "peer" || sight.socketType === undefined) return undefined;
  return isSocketType(sight.socketType) ? SOCKET_TYPES[sight.socketType].peers : undefined;
}

function isSocketType(name: string): name is SocketTypeName {
  return Object.hasOwn(SOCKET_TYPES, name);
}

function reasonOf(sight: Sight, isWeb: boolean): string {
  switch (sight.kind) {
    case "peer": {
      const type = sight.socketType === undefined ? "a ZeroMQ socket" : `a ${visibleLine(sight.socketType)} socket`;
      const { mechanism } = sight;
      const security = mechanism === undefined || mechanism === "NULL" ? "no security" : visibleLine(mechanism);
      return `${type}, ${languageOf(sight)}, ${security}`;
    }
    case "unreachable":
      return `no connection: ${sight.error.message}`;
    case "unanswered":
      return `no answer within ${PATIENCE_MS / 1000} s`;
    case "mute":
      return `connected, but the peer ${isWeb ? "does not answer" : "sends no greeting"}`;
    case "refused":
      return `a server of HTTP answers ${visibleLine(sight.says)}${sight.why === "" ? "" : `: ${visibleLine(sight.why)}`}`;
    case "insecure":
      return `TLS was not agreed on: ${visibleLine(tlsReasonOf(sight.error))}`;
    case "closed":
      return "the peer closed the connection at once";
    case "foreign":
      return `the peer does not speak ${isWeb ? "HTTP" : "ZMTP"}; it sent ${visibleLine(JSON.stringify(Buffer.from(sight.begins.subarray(0, 24)).toString("latin1")))}`;
  }
}

/** OpenSSL's words, without where in it they were said. */
function tlsReasonOf(error: Error & { readonly reason?: string }): string {
  return error.reason ?? error.message.trim();
}

/** What it speaks. */
function languageOf({ version, over }: Sight & { kind: "peer" }): string {
  if (over === undefined) return `ZMTP ${version}`;
  return over === STREAM ? `ZMTP ${version} over WebSocket` : `ZWS ${version}`;
}

/** What to do when an HTTP server says no. */
const REFUSED: Readonly<Record<number, string>> = {
  400: "It speaks no subprotocol of ZeroMQ's.",
  401: "It wants to know who asks.",
  403: "wsAccept or tcpAcceptFilter of the socket refuses this machine. (Pages are also refused by their origin.)",
  404: "No socket is bound at this path: compare it with the server's lastEndpoint.",
};

/** What speaks at a port that is expected to speak HTTP. */
function strangerOf(begins: Uint8Array): string {
  if (begins[0] === 0xff) return "It speaks ZMTP without WebSocket: connect to tcp:// there.";
  if (begins[0] === 0x15 || begins[0] === 0x16) return "It speaks TLS: connect to wss:// there.";
  return "Another kind of server listens there.";
}

function advice(sight: Sight, peers: readonly string[] | undefined, isWeb: boolean): string[] {
  switch (sight.kind) {
    case "peer": {
      const lines: string[] = [];
      if (peers !== undefined) lines.push(`Connect with ${peers.join(" or ")}.`);
      const needed = NEEDS[sight.mechanism ?? ""];
      if (needed !== undefined) lines.push(`A client needs ${needed}.`, "The socket type is not told before that.");
      if (sight.over === BARE)
        lines.push("It has no mechanism, which is for jszmq and pages; its socket type is not told.");
      if (sight.distrust !== undefined) {
        lines.push(`Its certificate is not trusted here (${visibleLine(sight.distrust)}): a client sets wssTrustPem.`);
      }
      return lines;
    }
    case "unreachable":
      return ["Is the port right, and has a program bound it?"];
    case "unanswered":
      return ["A firewall may drop the packets, or the host is down."];
    case "mute":
      return ["Another kind of server may listen there, or its program is stuck."];
    case "refused":
      return [REFUSED[sight.status] ?? "It is another kind of server, or the path leads elsewhere."];
    case "insecure":
      return ["If nobody there speaks TLS, connect to ws://."];
    case "closed":
      if (isWeb)
        return ["It may speak TLS (wss://) or ZMTP (tcp://), refuse addresses, or have no file descriptor left."];
      return ["It may have no file descriptor left, filter addresses, or be no ZeroMQ peer."];
    case "foreign":
      if (isWeb) return [strangerOf(sight.begins)];
      if (isHttp(sight.begins)) return ["It speaks HTTP: if WebSockets of ZeroMQ are served there, connect to ws://."];
      return ["Another kind of server listens there."];
  }
}
