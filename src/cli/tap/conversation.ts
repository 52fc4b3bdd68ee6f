/**
 * Both directions of a connection, and what they mean together: commands by
 * name with their content, subscriptions as such, and why two peers do not
 * understand each other. Sans-IO; never shows passwords or what CURVE hides.
 */

import { toText } from "../../base/bytes.ts";
import { mayTalkTo, SOCKET_TYPES, type SocketTypeName, socketTypeName } from "../../base/socket-types.ts";
import { commandData, commandName, parseCommand, parseErrorReason } from "../../wire/command.ts";
import { parseMetadata, SOCKET_TYPE } from "../../wire/metadata.ts";
import { describe } from "../failure.ts";
import { visibleBytes } from "../terminal.ts";
import { Direction, type FrameSeen, type GreetingSeen, type Hearing } from "./direction.ts";

export type SideName = "client" | "target";

/** One thing to show. */
export interface Remark {
  readonly side: SideName;
  /** `greeting`, `READY`, `frame`, `!` for a mistake. */
  readonly what: string;
  readonly details: Readonly<Record<string, string | number | boolean>>;
  /** Names and values of the side's own choice. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** A frame's content. */
  readonly body?: Uint8Array;
}

interface Side {
  readonly name: SideName;
  readonly direction: Hearing;
  mechanism: string | undefined;
  socketType: string | undefined;
  /** Has said READY, or as much as its version does. */
  isReady: boolean;
  /** The octets could not be decoded: it is no longer tried. */
  isLost: boolean;
}

export class Conversation {
  readonly #sides: Record<SideName, Side>;

  /** `hear`: makes what hears a side. `mechanism`: when it is agreed on before the first octet. */
  constructor(hear: () => Hearing = () => new Direction(), mechanism?: string) {
    this.#sides = { client: side("client", hear(), mechanism), target: side("target", hear(), mechanism) };
  }

  /** Octets from a side. Returns what they say. */
  push(name: SideName, chunk: Uint8Array): Remark[] {
    const own = this.#sides[name];
    const remarks: Remark[] = [];
    if (own.isLost) return remarks;
    if (own.direction.unfinished.length === 0 && !own.direction.isGreeted && HTTP.test(visibleBytes(chunk))) {
      own.isLost = true;
      return [wrong(name, "this is HTTP, not ZMTP; the rest of this direction is relayed unseen")];
    }
    own.direction.push(chunk);
    if (own.direction.unfinished.length > LONGEST_UNGREETED) {
      own.isLost = true;
      return [wrong(name, "it goes on without a greeting of the other side; the rest is relayed unseen")];
    }
    // The other direction may have waited for this side's revision.
    this.#decode(own, remarks);
    this.#decode(this.#other(own), remarks);
    return remarks;
  }

  /** A side closed the connection. */
  end(name: SideName): Remark[] {
    const own = this.#sides[name];
    const other = this.#other(own);
    const remarks: Remark[] = [{ side: name, what: "closed", details: {} }];
    const { unfinished } = own.direction;
    if (unfinished.length > 0) {
      remarks.push({
        side: name,
        what: "unfinished greeting",
        details: { octets: unfinished.length },
        // Octets behind a greeting may be a password.
        body: unfinished.subarray(0, GREETING_BYTES),
      });
    }
    const isEarly = !own.isLost && other.direction.isGreeted && !own.isReady;
    if (isEarly && unfinished.length > 0 && other.mechanism !== undefined) {
      remarks.push(wrong(name, `closed when it saw the mechanism ${other.mechanism}: it expects another one`));
    } else if (isEarly && own.mechanism === other.mechanism) {
      const refused = other.socketType === undefined ? "the other side" : `a ${other.socketType}`;
      remarks.push(wrong(name, `closed before its handshake was done: it refuses ${refused}, or met an error`));
    }
    return remarks;
  }

  #other({ name }: Side): Side {
    return this.#sides[name === "client" ? "target" : "client"];
  }

  #decode(own: Side, remarks: Remark[]): void {
    if (own.isLost) return;
    try {
      for (;;) {
        const seen = own.direction.next(this.#other(own).direction.revision);
        if (seen === undefined) return;
        if (seen.kind === "greeting") this.#greeted(own, seen, remarks);
        else remarks.push(...this.#framed(own, seen));
      }
    } catch (error) {
      own.isLost = true;
      remarks.push(wrong(own.name, `${describe(error)}; the rest of this direction is relayed unseen`));
    }
  }

  #greeted(own: Side, greeting: GreetingSeen, remarks: Remark[]): void {
    const { kind, version, mechanism, asServer, socketTypeId } = greeting;
    own.mechanism = mechanism;
    const type = socketTypeId === undefined ? undefined : socketTypeName(socketTypeId);
    remarks.push({
      side: own.name,
      what: kind,
      details: {
        ZMTP: version,
        ...(mechanism !== undefined && { mechanism }),
        ...(asServer && { "as-server": true }),
        ...(socketTypeId !== undefined && { "Socket-Type": type ?? socketTypeId }),
      },
    });
    const other = this.#other(own);
    if (mechanism !== undefined && other.mechanism !== undefined && mechanism !== other.mechanism) {
      const text = `the ${own.name} wants ${mechanism}, the ${other.name} ${other.mechanism}: they cannot agree`;
      remarks.push(wrong(own.name, text));
    }
    if (mechanism === undefined) own.isReady = true;
    if (type !== undefined) this.#typed(own, type, remarks);
  }

  #framed(own: Side, seen: FrameSeen): Remark[] {
    const { kind, body, more } = seen;
    if (kind === "command") return this.#commanded(own, body);
    if (kind === "frame" && own.mechanism === "CURVE" && commandName(body) === "MESSAGE") {
      return [{ side: own.name, what: "MESSAGE", details: { bytes: body.length, content: "encrypted" } }];
    }
    // Commands of a handshake that are no commands by their flags: a password may be in them.
    if (own.mechanism === "PLAIN" && !own.isReady) {
      return [{ side: own.name, what: kind, details: { bytes: body.length, content: "hidden" } }];
    }
    const isSubscription = kind === "frame" && (own.socketType === "SUB" || own.socketType === "XSUB");
    const lead = body[0];
    if (isSubscription && (lead === 0 || lead === 1)) {
      const what = lead === 1 ? "subscribe" : "cancel";
      return [{ side: own.name, what, details: { topic: visibleBytes(body.subarray(1)) } }];
    }
    return [{ side: own.name, what: kind, details: { bytes: body.length, ...(more && { more: true }) }, body }];
  }

  #commanded(own: Side, body: Uint8Array): Remark[] {
    const name = commandName(body);
    const data = commandData(body, name);
    if (data === undefined) return [wrong(own.name, `a command of ${body.length} octets without a name`)];
    const remarks: Remark[] = [];
    const add = (details: Remark["details"]) => remarks.push({ side: own.name, what: name, details });
    const traffic = parseCommand(body);
    if (name === "ERROR") {
      const reason = parseErrorReason(data);
      add({ reason });
      remarks.push(wrong(own.name, `it refuses the other side${ERRORS.get(reason) ?? ""}`));
    } else if (traffic !== undefined) {
      if (traffic.kind === "ping")
        add({ ttl: `${traffic.ttlDeciseconds / 10} s`, context: visibleBytes(traffic.context) });
      else if (traffic.kind === "pong") add({ context: visibleBytes(traffic.context) });
      else if (traffic.kind === "join" || traffic.kind === "leave") add({ group: visibleBytes(traffic.topic) });
      else add({ topic: visibleBytes(traffic.topic) });
    } else if (name === "READY" || (name === "INITIATE" && own.mechanism === "PLAIN")) {
      own.isReady = true;
      if (own.mechanism === "CURVE") add({ bytes: data.length, content: "encrypted" });
      else this.#introduced(own, name, data, remarks);
    } else if (name === "HELLO" && own.mechanism === "PLAIN") {
      const username = usernameOf(data);
      if (username === undefined) add({ bytes: data.length, content: "malformed, hidden" });
      else add({ username: visibleBytes(username), password: "hidden" });
    } else {
      if (name === "INITIATE") own.isReady = true;
      const isSealed = own.mechanism === "CURVE" && data.length > 0;
      add({ bytes: data.length, ...(isSealed && { content: "encrypted" }) });
    }
    return remarks;
  }

  #introduced(own: Side, what: string, data: Uint8Array, remarks: Remark[]): void {
    const properties = parseMetadata(data);
    const metadata = Object.fromEntries([...properties].map(([name, value]) => [name, visibleBytes(value)]));
    remarks.push({ side: own.name, what, details: {}, metadata });
    const type = properties.get(SOCKET_TYPE);
    if (type !== undefined) this.#typed(own, toText(type), remarks);
  }

  /** A side said which socket type it is. */
  #typed(own: Side, type: string, remarks: Remark[]): void {
    own.socketType = type;
    const met = this.#other(own).socketType;
    if (met === undefined || !isSocketType(met) || mayTalkTo(met, type)) return;
    const expected = SOCKET_TYPES[met].peers.join(", ");
    remarks.push(wrong(own.name, `${type} and ${met} do not talk to each other; ${met} talks to ${expected}`));
  }
}

/** 27/ZAP status codes, which libzmq sends as reasons. */
const ERRORS: ReadonlyMap<string, string> = new Map([
  ["300", ": temporary trouble in its authentication (300)"],
  ["400", ": user, password or key are not known to it (400)"],
  ["500", ": its authentication failed (500)"],
]);

const GREETING_BYTES = 64;
/** So much is kept of a side whose peer has not greeted. */
const LONGEST_UNGREETED = 65_536;

/** The user name in the data of a HELLO of PLAIN; undefined when its two lengths do not fit: it may hold the password then. */
function usernameOf(data: Uint8Array): Uint8Array | undefined {
  const end = 1 + (data[0] ?? 0);
  if (end >= data.length || end + 1 + (data[end] as number) !== data.length) return undefined;
  return data.subarray(1, end);
}

/** The start of a request or an answer. */
const HTTP = /^(HTTP\/\d|[A-Z]+ \S+ HTTP\/)/;

function side(name: SideName, direction: Hearing, mechanism: string | undefined): Side {
  return {
    name,
    direction,
    mechanism,
    socketType: undefined,
    isReady: false,
    isLost: false,
  };
}

export function wrong(name: SideName, text: string): Remark {
  return { side: name, what: "!", details: { problem: text } };
}

function isSocketType(name: string): name is SocketTypeName {
  return Object.hasOwn(SOCKET_TYPES, name);
}
