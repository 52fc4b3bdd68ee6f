/**
 * Looks at the peer behind an endpoint for `zmq doctor ENDPOINT`: greets it as
 * a peer without security, and reads its greeting and its READY command. It
 * sends no READY itself, so the peer gets no partner, and no message is taken
 * from it. What CURVE and PLAIN tell behind the greeting stays unknown.
 */

import { connect } from "node:net";
import { EMPTY, ownCopyOf, toText } from "../base/bytes.ts";
import type { Endpoint } from "../base/endpoint-grammar.ts";
import { ZmqError } from "../base/errors.ts";
import { socketTypeName } from "../base/socket-types.ts";
import { commandData, printable } from "../wire/command.ts";
import { FrameReader } from "../wire/frame-reader.ts";
import { Greeting } from "../wire/greeting.ts";
import { parseMetadata, SOCKET_TYPE } from "../wire/metadata.ts";
import { greet, netTarget } from "./probe.ts";

const LONGEST_COMMAND = 64 * 1024;
/** Of a ZMTP 3 greeting: where the versions and the mechanism stand. */
const [MAJOR, MINOR, MECHANISM, FILLER] = [10, 11, 12, 32];

/**
 * - `peer`: it speaks ZMTP; what it did not tell is undefined.
 * - `unreachable`: there was no connection, `error` says why.
 * - `unanswered`: neither a connection nor an error within the time.
 * - `mute`: connected, and it says nothing, or stops in the middle.
 * - `closed`: it closed the connection before its greeting was whole.
 * - `foreign`: what it says is no ZMTP, nor HTTP where that is expected.
 * - `refused`: a server of HTTP, and no WebSocket of ZeroMQ: `says` is its status, `why` the first line behind it.
 * - `insecure`: TLS was not agreed on.
 */
export type Sight =
  | {
      readonly kind: "peer";
      readonly version: string;
      readonly mechanism?: string;
      readonly socketType?: string;
      /** The subprotocol of a WebSocket. */
      readonly over?: string;
      /** Why this system does not trust its certificate. */
      readonly distrust?: string;
    }
  | { readonly kind: "refused"; readonly status: number; readonly says: string; readonly why: string }
  | { readonly kind: "insecure"; readonly error: Error }
  | { readonly kind: "unreachable"; readonly error: Error }
  | { readonly kind: "foreign"; readonly begins: Uint8Array; readonly error?: Error }
  | { readonly kind: "unanswered" | "mute" | "closed" };

/** Undefined for endpoints that are neither tcp nor ipc. Takes `patienceMs` at most. */
export function look(endpoint: Endpoint, patienceMs: number): Promise<Sight> | undefined {
  const target = netTarget(endpoint);
  if (target === undefined) return undefined;
  return new Promise((resolve) => {
    const link = connect(target);
    const view = new View(link, resolve);
    view.giveUpAfter(patienceMs);
    link.on("connect", () => view.opened());
    link.on("data", (chunk) => view.read(chunk));
    link.on("error", (error) => view.ended(error));
    link.on("close", () => view.ended());
  });
}

/** What carries the octets of ZMTP to a peer. */
export interface Line {
  readonly connecting: boolean;
  readonly bytesWritten: number;
  write(bytes: Uint8Array): unknown;
  destroy(): unknown;
}

/** Greets the peer, and takes what it says: of all that is called, the first that tells enough settles it. */
export class View {
  readonly #link: Line;
  readonly #resolve: (sight: Sight) => void;
  readonly #greeting = new Greeting({
    mechanism: "NULL",
    socketType: "DEALER",
    routingId: EMPTY,
    refusesLegacy: false,
  });
  readonly #commands = new FrameReader("v2", LONGEST_COMMAND, ownCopyOf);
  #received: Uint8Array = EMPTY;
  #timer: NodeJS.Timeout | undefined = undefined;

  constructor(link: Line, resolve: (sight: Sight) => void) {
    this.#link = link;
    this.#resolve = resolve;
  }

  giveUpAfter(patienceMs: number): void {
    this.#timer = setTimeout(() => {
      const known = this.#known();
      this.#settle(known ?? { kind: this.#link.connecting ? "unanswered" : "mute" });
    }, patienceMs);
  }

  #settle(sight: Sight): void {
    clearTimeout(this.#timer);
    this.#link.destroy();
    this.#resolve(sight);
  }

  opened(): void {
    for (let bytes = this.#greeting.produce(); bytes !== undefined; bytes = this.#greeting.produce()) {
      this.#link.write(bytes);
    }
  }

  read(chunk: Uint8Array): void {
    if (this.#received.length < FILLER) this.#received = Buffer.concat([this.#received, chunk]);
    try {
      this.#commands.push(greet(this.#greeting, chunk));
      this.opened();
      const { outcome } = this.#greeting;
      if (outcome === undefined) return;
      if (outcome.unversioned) this.#settle({ kind: "foreign", begins: this.#received });
      else if (outcome.socketTypeId !== undefined) this.#settle(this.#known() ?? { kind: "mute" });
      else this.#readReady(outcome.version);
    } catch (error) {
      if (error instanceof ZmqError && error.code === "ERR_ZMTP_MECHANISM_MISMATCH") {
        this.#settle(this.#known() ?? { kind: "mute" });
      } else this.#settle({ kind: "foreign", begins: this.#received, error: error as Error });
    }
  }

  #readReady(version: string): void {
    const body = this.#commands.next();
    if (body === undefined) return;
    const data = commandData(body, "READY");
    const type = data && parseMetadata(data).get(SOCKET_TYPE);
    const socketType = type === undefined ? undefined : toText(type);
    this.#settle({ kind: "peer", version, mechanism: "NULL", ...(socketType !== undefined && { socketType }) });
  }

  /** What its greeting told. */
  #known(): Sight | undefined {
    const { outcome } = this.#greeting;
    if (outcome?.socketTypeId !== undefined) {
      const socketType = socketTypeName(outcome.socketTypeId);
      return { kind: "peer", version: outcome.version, ...(socketType !== undefined && { socketType }) };
    }
    const received = this.#received;
    if (received.length < FILLER || (received[MAJOR] as number) < 3) return undefined;
    const mechanism = printable(received.subarray(MECHANISM, FILLER));
    return { kind: "peer", version: `${received[MAJOR]}.${received[MINOR]}`, mechanism };
  }

  ended(error?: Error): void {
    this.#settle(this.#sightAtEnd(error));
  }

  #sightAtEnd(error?: Error): Sight {
    const known = this.#known();
    if (known !== undefined) return known;
    const begins = this.#received;
    if (begins.length > 0 && begins[0] !== 0xff) return { kind: "foreign", begins };
    return error === undefined || this.#link.bytesWritten > 0 ? { kind: "closed" } : { kind: "unreachable", error };
  }
}
