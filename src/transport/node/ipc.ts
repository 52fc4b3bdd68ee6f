/**
 * ipc: ZMTP over a Unix domain socket, with libzmq's manners: a bind takes the
 * path from whoever had it, live or dead, and leaves the file behind when it
 * closes; `ipc://*` makes a file of its own and removes it.
 *
 * Abstract names (`ipc://@name`, Linux): Node 20 pads them with NULs to the full
 * length, and so would meet no other program; they are refused there. Windows:
 * Node's paths are named pipes there, not the Unix domain sockets of libzmq, so
 * that ipc joins such runtimes with one another only.
 */

import cluster from "node:cluster";
import { closeSync, lstatSync, mkdtempSync, openSync, renameSync, rmSync, statSync, unlinkSync } from "node:fs";
import net, { type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Clock } from "../../base/clock.ts";
import { formatEndpoint } from "../../base/endpoint.ts";
import type { Endpoint, IpcEndpoint } from "../../base/endpoint-grammar.ts";
import { ZmqError } from "../../base/errors.ts";
import type { Link, Listener, ListenHandler, Transport } from "../../base/link.ts";
import type { OptionValues } from "../../base/options.ts";
import { dial } from "./dial.ts";
import { type ListenPlace, listenError, openServer, ServerListener } from "./server.ts";
import { StreamLink } from "./stream-link.ts";

/** Bytes of a socket's path, its NUL included: sun_path of Linux; macOS and the BSDs have four less. */
const PATH_BYTES = process.platform === "linux" ? 108 : 104;
const IS_WINDOWS = process.platform === "win32";

/** The ipc transport of Node and runtimes like it. */
export function ipcTransport(clock: Clock): Transport {
  return {
    scheme: "ipc",
    checkConnect,
    connect: (to, options, signal) => connect(clock, to, options, signal),
    listen: (on, options, handler) => listen(clock, on, options, handler),
    listenSync: (on, options, handler) => listenSync(clock, on, options, handler),
  };
}

/** The paths of a listener: the one that the server binds, the one that peers find, and the work on both. */
interface Place {
  readonly bindPath: string;
  readonly address: string;
  /** Once the server listens. */
  publish(): void;
  /** When the listen failed, or once the listener is closed. */
  remove(): void;
}

function checkConnect(to: Endpoint): void {
  systemPath(ipcEndpoint(to));
}

async function connect(clock: Clock, to: Endpoint, options: OptionValues, signal: AbortSignal): Promise<Link> {
  const endpoint = ipcEndpoint(to);
  const path = systemPath(endpoint);
  const socket = await dial(clock, () => net.connect({ path }), options.connectTimeout, signal);
  return adopt(clock, socket, formatEndpoint(endpoint));
}

async function listen(clock: Clock, on: Endpoint, options: OptionValues, handler: ListenHandler): Promise<Listener> {
  const { text } = ipcEndpoint(on);
  const place = findPlace(clock, ipcEndpoint(on), options);
  const server = acceptor(clock, place.address, handler);
  try {
    await openServer(server, where(place, options), text);
    return published(clock, server, place, handler, text);
  } catch (error) {
    place.remove();
    throw listenError(error, text);
  }
}

function listenSync(clock: Clock, on: Endpoint, options: OptionValues, handler: ListenHandler): Listener {
  const { text } = ipcEndpoint(on);
  const place = findPlace(clock, ipcEndpoint(on), options);
  const server = acceptor(clock, place.address, handler);
  // The error comes later as an event, though listening has failed already.
  const ignore = (): void => {};
  server.on("error", ignore);
  server.listen({ ...where(place, options), exclusive: true });
  if (!server.listening) {
    place.remove();
    throw refusal(place.bindPath, text);
  }
  server.off("error", ignore);
  return published(clock, server, place, handler, text);
}

/** Why the system refused this path: what it says of a file there, for the server's error comes too late. */
function refusal(path: string, text: string): ZmqError {
  if (path.startsWith("\0") || IS_WINDOWS) return new ZmqError("EADDRINUSE", { address: text });
  if (path === "")
    return new ZmqError("EACCES", { address: text, detail: "useFd: expected a descriptor that listens" });
  try {
    closeSync(openSync(path, "wx"));
    removeIfThere(path);
  } catch (error) {
    return listenError(error, text);
  }
  return new ZmqError("EACCES", { address: text });
}

function where(place: Place, { useFd, backlog }: OptionValues): ListenPlace {
  return useFd >= 0 ? { fd: useFd, backlog } : { path: place.bindPath, backlog };
}

function published(clock: Clock, server: Server, place: Place, handler: ListenHandler, text: string): Listener {
  try {
    place.publish();
  } catch (error) {
    server.close();
    place.remove();
    throw listenError(error, text);
  }
  return new ServerListener(server, place.address, handler, clock, place.remove);
}

function acceptor(clock: Clock, address: string, handler: ListenHandler): Server {
  return net.createServer({ pauseOnConnect: true }, (socket) => handler.accepted(adopt(clock, socket, address)));
}

function adopt(clock: Clock, socket: Socket, address: string): Link {
  return new StreamLink(clock, socket, { localAddress: address, remoteAddress: address, peerAddress: "" });
}

const nothing = (): void => {};

function findPlace(clock: Clock, endpoint: IpcEndpoint, options: OptionValues): Place {
  if (options.useFd >= 0 && cluster.isWorker) {
    // Node hands its number to the primary process, where it is another's.
    throw new ZmqError("ENOTSUP", { address: endpoint.text, detail: "useFd: not for ipc in a worker of a cluster" });
  }
  if (options.useFd >= 0) return { bindPath: "", address: formatEndpoint(endpoint), publish: nothing, remove: nothing };
  if (endpoint.wildcard) return wildcardPlace(clock, endpoint);
  const path = systemPath(endpoint);
  if (endpoint.abstract || IS_WINDOWS) {
    return { bindPath: path, address: formatEndpoint(endpoint), publish: nothing, remove: nothing };
  }
  return filePlace(clock, endpoint, path);
}

/** Of listeners that are open, for a process that ends without closing them. */
const ownFolders = new Set<string>();

function removeOwnFolders(): void {
  for (const folder of ownFolders) rmSync(folder, { recursive: true, force: true });
}

/** A folder of its own, which nobody else can enter, with the socket in it. */
function wildcardPlace(clock: Clock, endpoint: IpcEndpoint): Place {
  if (IS_WINDOWS) {
    const path = `zmq-${unique(clock, 12)}`;
    return { bindPath: pipeName(path), address: `ipc://${path}`, publish: nothing, remove: nothing };
  }
  const { TMPDIR, TEMPDIR, TMP } = process.env;
  let folder: string;
  try {
    folder = mkdtempSync(join(TMPDIR || TEMPDIR || TMP || tmpdir(), "zmq-"));
  } catch (error) {
    throw listenError(error, endpoint.text);
  }
  const path = join(folder, "socket");
  const remove = (): void => {
    ownFolders.delete(folder);
    if (ownFolders.size === 0) process.off("exit", removeOwnFolders);
    rmSync(folder, { recursive: true, force: true });
  };
  if (ownFolders.size === 0) process.once("exit", removeOwnFolders);
  ownFolders.add(folder);
  try {
    checkLength(path, endpoint.text);
  } catch (error) {
    remove();
    throw error;
  }
  return { bindPath: path, address: `ipc://${path}`, publish: nothing, remove };
}

/**
 * Node refuses to bind where a file is, and removes the file at its path when
 * it closes, even when that is another process's by now. So bind under a
 * temporary name and rename onto the path: that takes it over in one step, and
 * what Node removes at the end is a name that is gone.
 */
function filePlace(clock: Clock, endpoint: IpcEndpoint, path: string): Place {
  const folder = dirname(path);
  try {
    if (!statSync(folder).isDirectory()) throw new ZmqError("ENOTDIR", { detail: `${folder} is not a folder` });
    const held = lstatSync(path, { throwIfNoEntry: false });
    if (held?.isDirectory()) throw new ZmqError("EADDRINUSE", { detail: `${path} is a folder` });
    if (held === undefined && path.endsWith("/")) throw new ZmqError("ENOENT", { detail: `${path} is missing` });
    // libzmq would delete any file. A file with something in it is more likely a slip of the user's.
    if (held?.isFile() && held.size > 0) throw new ZmqError("EADDRINUSE", { detail: `${path} is a file with content` });
  } catch (error) {
    throw listenError(error, endpoint.text);
  }
  const bindPath = temporaryName(clock, path, folder);
  return {
    bindPath,
    address: formatEndpoint(endpoint),
    publish: () => renameSync(bindPath, path),
    remove: () => removeIfThere(bindPath),
  };
}

function temporaryName(clock: Clock, path: string, folder: string): string {
  const long = `${path}.${unique(clock, 8)}`;
  if (Buffer.byteLength(long) < PATH_BYTES) return long;
  // `path` itself fits, so at least one character does.
  const room = PATH_BYTES - 1 - Buffer.byteLength(join(folder, "x")) + 1;
  for (;;) {
    const short = join(folder, unique(clock, Math.min(8, room)));
    if (lstatSync(short, { throwIfNoEntry: false }) === undefined) return short;
  }
}

const LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";

function unique(clock: Clock, length: number): string {
  let name = "";
  while (name.length < length) name += LETTERS.charAt(clock.random32() % LETTERS.length);
  return name;
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It was renamed or never made.
  }
}

/** The name for the operating system to bind or connect to. */
function systemPath(endpoint: IpcEndpoint): string {
  const { path, text } = endpoint;
  if (IS_WINDOWS) return pipeName(path);
  if (!endpoint.abstract) {
    checkLength(path, text);
    return path;
  }
  if (process.platform !== "linux") {
    throw new ZmqError("ENOTSUP", { address: text, detail: "abstract ipc names exist on Linux only" });
  }
  if (padsNames(process.versions.uv)) {
    throw new ZmqError("ENOTSUP", {
      address: text,
      detail: "abstract ipc names need Node 22 or later: this version pads them, and no other program would find them",
    });
  }
  const name = `\0${path}`;
  checkLength(name, text);
  return name;
}

/** libuv up to 1.46 does. Runtimes without it claim a later one. */
function padsNames(libuv = ""): boolean {
  const [major = 0, minor = 0] = libuv.split(".").map(Number);
  return major === 1 && minor <= 46;
}

function pipeName(path: string): string {
  return path.startsWith("\\\\") ? path : `\\\\.\\pipe\\${path.replace(/[\\/:]/g, "_")}`;
}

/** Runtimes cut longer paths silently. */
function checkLength(path: string, text: string): void {
  const bytes = Buffer.byteLength(path);
  if (bytes < PATH_BYTES) return;
  throw new ZmqError("ENAMETOOLONG", {
    address: text,
    detail: `ipc path: ${bytes} bytes, expected at most ${PATH_BYTES - 1}`,
  });
}

function ipcEndpoint(endpoint: Endpoint): IpcEndpoint {
  if (endpoint.scheme === "ipc") return endpoint;
  throw new ZmqError("EPROTONOSUPPORT", { detail: `expected an ipc endpoint, not ${endpoint.scheme}` });
}
