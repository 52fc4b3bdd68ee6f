/** The two ends of `zmq tap`: what listens, and what it dials. For wss, TLS ends at each of them. */

import { connect, createServer, type Socket as NetSocket, type Server } from "node:net";
import { createServer as createTlsServer, connect as tlsConnect } from "node:tls";
import { parseEndpoint } from "../../base/endpoint.ts";
import { formatHost, type IpcEndpoint, type TcpEndpoint, type WsEndpoint } from "../../base/endpoint-grammar.ts";
import { defaultOptions, type OptionValues } from "../../base/options.ts";
import { serverTls } from "../../transport/node/web-server.ts";
import { clientTls } from "../../transport/node/ws.ts";
import { describe, Failure, usage } from "../failure.ts";
import { parseOption } from "../options.ts";
import { note } from "../terminal.ts";

export interface TlsFlags {
  readonly option?: readonly string[];
}

export type End = TcpEndpoint | IpcEndpoint | WsEndpoint;

export function endOf(text: string, role: "bind" | "connect", flag: string): End {
  const endpoint = parseEndpoint(text, role, text.includes("["));
  const { scheme } = endpoint;
  if (scheme === "tcp" || scheme === "ws" || scheme === "wss") return endpoint;
  if (scheme === "ipc" && !endpoint.wildcard) return endpoint;
  throw usage(`${flag} ${text}: expected a tcp://, ws:// or wss:// endpoint, or ipc:// with a path`);
}

export function isWeb({ scheme }: End): boolean {
  return scheme === "ws" || scheme === "wss";
}

/** The options of wss that the flags name; all others have their defaults. */
export function tlsOptions({ option = [] }: TlsFlags): OptionValues {
  const named = option.map((text) => {
    const { name, value, where } = parseOption(text, "PAIR");
    if (!name.startsWith("wss")) throw usage(`${where}: tap has none but those of wss`);
    return [name, value] as const;
  });
  return { ...defaultOptions("PAIR", { ipv6: true, blocky: false }), ...Object.fromEntries(named) };
}

/** `accepted` gets each connection; of wss once TLS is agreed on. */
export function serve(end: End, options: OptionValues, accepted: (client: NetSocket) => void): Server {
  if (end.scheme !== "wss") return createServer({ allowHalfOpen: true }, accepted);
  const server = createTlsServer({ ...serverTls(options, end.text), allowHalfOpen: true }, accepted);
  return server.on("tlsClientError", (error, socket) => {
    note(`a client was refused by TLS: ${describe(error)}`);
    socket.destroy();
  });
}

export function listening(server: Server, end: End): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) =>
      reject(new Failure(`cannot listen at ${end.text}: ${describe(error)}`, undefined, error)),
    );
    server.listen(addressOf(end), () => {
      const address = server.address();
      const isNet = address !== null && typeof address === "object";
      note(`listening at ${isNet ? `${end.scheme}://${formatHost(address.address, address.port)}` : end.text}`);
      resolve();
    });
  });
}

/** The address for node:net. */
function addressOf(end: End): { host: string; port: number } | { path: string } {
  if (end.scheme === "ipc") return { path: end.abstract ? `\0${end.path}` : end.path };
  return { host: end.host, port: end.port };
}

export function dial(end: End, options: OptionValues): NetSocket {
  if (end.scheme !== "wss") return connect({ ...addressOf(end), allowHalfOpen: true });
  return tlsConnect({ host: end.host, port: end.port, ...clientTls(options, end.host) });
}
