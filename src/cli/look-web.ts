/**
 * Looks at the peer behind a ws or wss endpoint: asks for a WebSocket with every dialect there is, and reads what the server
 * chose, its greeting or its READY. Like `look.ts` it says no READY itself.
 */

import { createHash, randomBytes } from "node:crypto";
import { connect, isIP, type Socket as NetSocket } from "node:net";
import { connect as connectTls, rootCertificates, TLSSocket } from "node:tls";
import { EMPTY, ownCopyOf, toText } from "../base/bytes.ts";
import { formatHost, type WsEndpoint } from "../base/endpoint-grammar.ts";
import { commandData } from "../wire/command.ts";
import { type HttpHead, HttpHeadReader } from "../wire/http-head.ts";
import { parseMetadata, SOCKET_TYPE } from "../wire/metadata.ts";
import { BARE, STREAM } from "../wire/subprotocols.ts";
import { MessageJoiner, WebSocketReader } from "../wire/websocket.ts";
import { chosenProtocol, UpgradeRefusal, upgradeOffer } from "../wire/websocket-upgrade.ts";
import { WebSocketWriter } from "../wire/websocket-writer.ts";
import { type Line, type Sight, View } from "./look.ts";

const LONGEST_MESSAGE = 65_536;
const COMMAND = 2;
/** All that a server may know. The mechanisms come first: they say more. */
const OFFERS = [...["NULL", "PLAIN", "CURVE"].map((mechanism) => `${BARE}/${mechanism}`), BARE, STREAM];
/** For servers that take no `/` in a name. */
const SLASHLESS = [BARE, STREAM];

const sha1 = (text: string): string => createHash("sha1").update(text).digest("base64");

export async function lookOverWeb(endpoint: WsEndpoint, patienceMs: number): Promise<Sight> {
  const sight = await see(endpoint, OFFERS, patienceMs);
  return sight.kind === "refused" && sight.status === 400 ? see(endpoint, SLASHLESS, patienceMs) : sight;
}

/** The Socket-Type of the peer; undefined when it does not tell. */
export async function typeOverWeb(endpoint: WsEndpoint, patienceMs: number): Promise<string | undefined> {
  const sight = await lookOverWeb(endpoint, patienceMs);
  return sight.kind === "peer" ? sight.socketType : undefined;
}

function see(endpoint: WsEndpoint, protocols: readonly string[], patienceMs: number): Promise<Sight> {
  return new Promise((resolve) => {
    const { scheme, host, port } = endpoint;
    const name = isIP(host) === 0 ? { servername: host } : {};
    const secure = { rejectUnauthorized: false, ALPNProtocols: ["http/1.1"], ca: [...rootCertificates] };
    const link = scheme === "wss" ? connectTls({ host, port, ...name, ...secure }) : connect({ host, port });
    new WebView(link, endpoint, protocols, resolve).giveUpAfter(patienceMs);
  });
}

class WebView implements Line {
  readonly #link: NetSocket;
  readonly #resolve: (sight: Sight) => void;
  readonly #offer: Parameters<typeof chosenProtocol>[1];
  readonly #head = new HttpHeadReader();
  readonly #writer = new WebSocketWriter("stream", () => randomBytes(4).readUInt32LE());
  readonly #reader: WebSocketReader;
  readonly #joiner = new MessageJoiner(LONGEST_MESSAGE);
  #received: Uint8Array = EMPTY;
  #isOpen = false;
  #protocol: string | undefined = undefined;
  /** For the stream of ZMTP. */
  #view: View | undefined = undefined;
  #timer: NodeJS.Timeout | undefined = undefined;

  constructor(link: NetSocket, to: WsEndpoint, protocols: readonly string[], resolve: (sight: Sight) => void) {
    this.#link = link;
    this.#resolve = resolve;
    const key = randomBytes(16).toString("base64");
    this.#offer = { target: to.path, host: formatHost(to.host, to.port), key, protocols };
    this.#reader = new WebSocketReader("server", "messages", {
      payload: (bytes, isEnd) => this.#message(bytes, isEnd),
      signal() {},
      closing: () => this.#ended(),
    });
    link.on(to.scheme === "wss" ? "secureConnect" : "connect", () => {
      this.#isOpen = true;
      link.write(upgradeOffer(this.#offer));
    });
    link.on("data", (chunk) => this.#read(chunk));
    link.on("error", (error) => this.#ended(error));
    link.on("close", () => this.#ended());
  }

  giveUpAfter(patienceMs: number): void {
    this.#timer = setTimeout(() => {
      if (this.#protocol !== undefined) this.#settle(this.#known());
      else this.#settle({ kind: this.#link.connecting ? "unanswered" : "mute" });
    }, patienceMs);
  }

  // --- Line, for the stream ---

  readonly connecting = false;
  get bytesWritten(): number {
    return this.#link.bytesWritten;
  }

  write(bytes: Uint8Array): void {
    for (const piece of this.#writer.encode([bytes])) this.#link.write(piece);
    this.#writer.kept();
  }

  destroy(): void {
    clearTimeout(this.#timer);
    this.#link.destroy();
  }

  #settle(sight: Sight): void {
    this.destroy();
    const { authorizationError } = this.#link instanceof TLSSocket ? this.#link : {};
    const distrust = sight.kind === "peer" && authorizationError ? { distrust: String(authorizationError) } : {};
    this.#resolve({ ...sight, ...distrust });
  }

  #read(chunk: Uint8Array): void {
    try {
      if (this.#protocol !== undefined) {
        this.#reader.push(ownCopyOf(chunk));
        return;
      }
      this.#received = Buffer.concat([this.#received, chunk]);
      const head = this.#head.push(chunk);
      if (head === undefined) return;
      this.#protocol = this.#chosen(head);
      if (this.#protocol !== undefined) this.#agreed(this.#protocol);
    } catch (error) {
      this.#settle({ kind: "foreign", begins: this.#received, error: error as Error });
    }
  }

  /** Undefined when the server said no. */
  #chosen(head: HttpHead): string | undefined {
    try {
      return chosenProtocol(head, this.#offer, sha1);
    } catch (error) {
      if (!(error instanceof UpgradeRefusal)) throw error;
      const [, status = ""] = /^HTTP\/1\.\d (\d{3})/.exec(head.start) ?? [];
      const [line = ""] = toText(this.#head.rest).split(/\r?\n/, 1);
      const why = /^text\/plain/.test(head.headers.one("content-type") ?? "") ? line : "";
      const isYes = status === "101";
      this.#settle({
        kind: "refused",
        status: Number(status),
        says: head.start.slice("HTTP/1.1 ".length),
        why: isYes ? (error.detail ?? "") : why,
      });
      return undefined;
    }
  }

  #agreed(protocol: string): void {
    if (protocol === STREAM) {
      this.#view = new View(this, (sight) => this.#settle(sight.kind === "peer" ? { ...sight, over: STREAM } : sight));
      this.#view.opened();
    } else if (protocol !== `${BARE}/NULL`) {
      this.#settle(this.#known());
      return;
    }
    this.#reader.push(ownCopyOf(this.#head.rest));
  }

  #message(bytes: Uint8Array, isEnd: boolean): void {
    if (this.#view !== undefined) {
      this.#view.read(ownCopyOf(bytes));
      return;
    }
    const message = this.#joiner.add(bytes, isEnd);
    if (message === undefined) return;
    // A server that chooses what comes first may speak without a mechanism all the same: jszmq.
    if (((message[0] ?? 0) & COMMAND) === 0) this.#protocol = BARE;
    const body = message.slice(1);
    const data = this.#protocol === BARE ? undefined : commandData(body, "READY");
    const type = data && parseMetadata(data).get(SOCKET_TYPE);
    this.#settle({ ...this.#known(), ...(type !== undefined && { socketType: toText(type) }) });
  }

  /** What the choice of the server told. */
  #known(): Sight & { readonly kind: "peer" } {
    const [, mechanism] = (this.#protocol ?? "").split("/");
    return {
      kind: "peer",
      version: "2.0",
      over: this.#protocol ?? BARE,
      ...(mechanism !== undefined && { mechanism }),
    };
  }

  #ended(error?: Error): void {
    if (this.#view !== undefined) this.#view.ended(error);
    else if (this.#protocol !== undefined) this.#settle(this.#known());
    else if (this.#received.length > 0) this.#settle({ kind: "foreign", begins: this.#received });
    else if (this.#isOpen) this.#settle({ kind: "closed" });
    else if (error !== undefined && isOfTls(error)) this.#settle({ kind: "insecure", error });
    else this.#settle(error === undefined ? { kind: "closed" } : { kind: "unreachable", error });
  }
}

/** Whether there was a connection, and TLS was not agreed on. */
function isOfTls(error: Error): boolean {
  const { code = "", syscall } = error as NodeJS.ErrnoException;
  return syscall !== "connect" && (/SSL|TLS|EPROTO|ECONNRESET/.test(code) || /TLS|SSL/.test(error.message));
}
