/**
 * What an entry hands to the neutral code: the turn of its event loop with the
 * clock, the engine host, and its way to warn. One per entry; tests make
 * their own.
 */

import type { ContextOptionValues } from "../base/context-options.ts";
import type { Grammar } from "../base/endpoint-grammar.ts";
import type { MonitorEvent } from "../base/events.ts";
import type { Link } from "../base/link.ts";
import type { PipeState } from "../base/near-end.ts";
import type { OptionValues } from "../base/options.ts";
import type { SocketTypeName } from "../base/socket-types.ts";
import type { EngineEndpoint } from "../engine/engine-endpoint.ts";
import type { EngineHost } from "../engine/engine-host.ts";
import type { DropReason, PatternClass } from "../pattern/pattern.ts";
import type { Crypto } from "../security/crypto.ts";
import type { ZapListener, ZapRequest } from "../security/mechanism.ts";
import type { ThreadDirectory } from "../thread/directory.ts";
import type { Region } from "../thread/region.ts";
import type { InprocNames } from "../transport/inproc.ts";
import type { Turn } from "./turn.ts";

/** A context, as the end of the process sees it; see process-end.ts. */
export interface Lingering {
  readonly sockets: ReadonlySet<LingeringSocket>;
  readonly startedEngine: EngineHost | undefined;
  readonly options: ContextOptionValues;
  closeSocket(socket: LingeringSocket): void;
}

interface LingeringSocket {
  readonly core: { readonly isClosed: boolean; readonly options: OptionValues };
  readonly endpoints: { readonly isIdle: boolean; readonly all: readonly EngineEndpoint[] };
}

/** What names a context in all threads of the process: it can be posted to them. */
export interface ContextHandle {
  readonly region: SharedArrayBuffer;
  readonly id: number;
}

/** A context, as what shares it with other threads sees it. */
export interface Sharable {
  readonly inproc: InprocNames;
  readonly options: ContextOptionValues;
  /** From now on `handle` is its handle, and `options` are those that it has with other threads. */
  share(handle: ContextHandle, options: ContextOptionValues): void;
}

/** The threads with which this one shares memory. */
export interface Threads {
  /** The memory of the default context; undefined where it cannot be had. */
  readonly region: Region | undefined;
  /** This thread among those of `region`, or of the default context's; joined when it is asked for. */
  directory(region?: Region): ThreadDirectory | undefined;
  /** `moved` is called when the default context's memory has become another one. */
  onMoved(moved: () => void): void;
  /** Has `context` shared by a handle of its own, where there is memory for that. */
  giveHandle(context: Sharable): void;
}

/** A context, as the question to its ZAP handler needs it. */
export interface ZapContext {
  readonly inproc: InprocNames;
  readonly platform: Platform;
}

/** Told what the socket that is called `name` does. */
export interface Trace {
  line(name: string, text: string): void;
  event(name: string, event: MonitorEvent): void;
  /** `frame`: the first bytes of the first, unless the socket's messages are secrets. */
  dropped(
    name: string,
    type: SocketTypeName,
    reason: DropReason,
    pipe: Pick<PipeState, "endpoint"> | undefined,
    frame: Uint8Array | undefined,
  ): void;
}

/** What a platform may leave out, so that a bundle has no more than it uses; all of it is `WHOLE` of reach.ts. */
export interface Reach {
  /** The endpoints that can be written. */
  readonly grammar: Grammar;
  /** The pattern of each type, for sockets whose class is not of this library. Absent: there are none. */
  readonly patterns?: Readonly<Record<SocketTypeName, PatternClass>>;
  /** Asks the ZAP handler of a context, as `EndpointOwner.authenticate`. Absent: no mechanism ever asks. */
  readonly authenticate?: (
    context: ZapContext,
    request: ZapRequest,
    link: Pick<Link, "peerAddress">,
    options: OptionValues,
    signal: AbortSignal,
    listener: ZapListener,
  ) => void;
}

export interface Platform extends Reach {
  /** That of the event loop in which sockets are used, with its clock. */
  readonly turn: Turn;
  /** What CURVE keys are made with. */
  readonly crypto: Crypto;
  /** Runs the engine. */
  readonly engine: EngineHost;
  /** Where options of fresh sockets differ from the table's defaults. */
  readonly defaults?: Readonly<Partial<OptionValues>>;
  /** Another engine, in so many threads of its own, or `engine`, with a warning, where they cannot be had. Absent: there are none. */
  readonly ioThreads?: (count: number, namePrefix: string) => EngineHost;
  /** The structured clone algorithm to bytes and back; never runs code. Absent where the runtime has none. */
  readonly structuredClone?: {
    serialize(value: unknown): Uint8Array;
    deserialize(bytes: Uint8Array): unknown;
  };
  /** Told when a context gets its first open socket, and when its last one is done. */
  readonly lifetime?: { began(context: Lingering): void; ended(context: Lingering): void };
  /** The other threads of the process. Absent where there are none. */
  readonly threads?: Threads;
  /** Writes lines about what sockets do, for debugging. Absent when nobody asked for it. */
  readonly trace?: Trace;
  /** A warning for the developer, at most once for each `code` where one is given. */
  warn(message: string, code?: string): void;
}
