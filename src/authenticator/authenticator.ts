/**
 * `Authenticator`: a ZAP handler (27/ZAP) that decides by rules, as pyzmq's and
 * CZMQ's do: addresses, PLAIN users and CURVE keys, for all domains or for one.
 * It answers for all sockets of its context, and does not keep a process alive.
 *
 * A peer that is not allowed is refused: by an address rule, by a mechanism without
 * rules, and whenever a callback fails or takes too long. What a rule means is
 * in authentication-rules.ts; users and keys in files are a callback that the
 * entry for Node exports.
 */

import { concat, EMPTY, equal, fromText, ownText, toText } from "../base/bytes.ts";
import type { Clock } from "../base/clock.ts";
import { ZmqError } from "../base/errors.ts";
import { encodeZ85 } from "../base/z85.ts";
import type { OpenSocket } from "../core/context-core.ts";
import { PATTERNS } from "../core/patterns.ts";
import { ZAP_ENDPOINT } from "../security/zap.ts";
import { type Context, contextCore } from "../socket/context.ts";
import { defaultContext } from "../socket/default-context.ts";
import { encodeProperty } from "../wire/metadata.ts";
import {
  type AuthenticationRules,
  type CurveAttempt,
  type PeerAttempt,
  type PlainAttempt,
  Rules,
  type Verdict,
} from "./rules.ts";

const VERSION = fromText("1.0");
const KEY_BYTES = 32;
/** Well below the 30 s that a handshake may take. */
const DEFAULT_TIMEOUT_MS = 5000;

export interface AuthenticatorOptions extends AuthenticationRules {
  /** The context for whose sockets it decides; the global context by default. */
  readonly context?: Context;
  /**
   * Rules for individual domains (the `zapDomain` of the asking socket). A domain takes missing rules from the general
   * ones.
   */
  readonly domains?: Readonly<Record<string, AuthenticationRules>>;
  /** Milliseconds after which an unanswered callback counts as a refusal. */
  readonly timeout?: number;
}

/** The decision about one peer. It contains no password, and no key but the peer's public key. */
export interface AuthenticationDecision {
  readonly allowed: boolean;
  /**
   * The status for the asking socket. 300 (a callback failed or was late) lets the peer try again, 400 and 500 do not.
   */
  readonly status: 200 | 300 | 400 | 500;
  readonly reason: string;
  /** `NULL`, `PLAIN` or `CURVE`. */
  readonly mechanism: string;
  readonly domain: string;
  readonly address: string;
  /** The user id of an accepted peer; empty when it was refused. */
  readonly userId: string;
  /** PLAIN: the user name that the peer gave. */
  readonly username?: string;
  /** CURVE: the peer's public key; the peer has proved that it holds the secret key. */
  readonly publicKey?: string;
  /** The error of a callback. */
  readonly error?: unknown;
}

type Listener = (decision: AuthenticationDecision) => void;
type Outcome = Pick<AuthenticationDecision, "status" | "reason"> &
  Partial<Pick<AuthenticationDecision, "userId" | "username" | "publicKey" | "error">> & {
    readonly metadata?: Uint8Array;
  };

const LATE = Symbol("late");
const MALFORMED: Outcome = { status: 500, reason: "malformed request" };

export class Authenticator {
  readonly #context: Context;
  readonly #general: Rules;
  readonly #domains = new Map<string, Rules>();
  readonly #timeoutMs: number;
  readonly #listeners = new Set<Listener>();
  #handler: OpenSocket | undefined = undefined;
  /** For each callback that has not answered yet, a function that gives up on it. */
  readonly #asked = new Set<() => void>();

  /** Takes effect with `start`. Throws EINVAL or TypeError for invalid rules. */
  constructor(options: AuthenticatorOptions = {}) {
    const { context = defaultContext(), domains = {}, timeout = DEFAULT_TIMEOUT_MS, ...general } = options;
    if (!Number.isFinite(timeout) || timeout <= 0)
      throw new RangeError("timeout must be a positive number of milliseconds");
    contextCore(context);
    this.#context = context;
    this.#timeoutMs = timeout;
    this.#general = new Rules(general);
    for (const [domain, rules] of Object.entries(domains)) {
      // In CZMQ and pyzmq it stands for all domains; here it would be a domain that no socket has.
      if (domain === "*")
        throw new ZmqError("EINVAL", { message: "rules for all domains stand beside domains, not in it" });
      this.#domains.set(domain, new Rules({ ...general, ...present(rules) }));
    }
  }

  /** True from `start` to `stop`, or until the context is closed. */
  get running(): boolean {
    return this.#handler !== undefined && !this.#handler.core.isClosed;
  }

  /**
   * Starts deciding. Call it before the first `bind` or `connect` of a socket that needs it. Throws EADDRINUSE when the
   * context has another handler.
   */
  start(): this {
    if (this.running) return this;
    const core = contextCore(this.#context);
    const handler = core.open("ROUTER", PATTERNS.ROUTER);
    try {
      handler.endpoints.bindSync(ZAP_ENDPOINT);
    } catch (error) {
      core.closeSocket(handler);
      throw error;
    }
    this.#handler = handler;
    handler.core.watch({ changed: () => this.#answerAll(handler) });
    return this;
  }

  /** Stops deciding, also for pending peers. A CURVE server without `zapEnforceDomain` then accepts every peer. */
  stop(): void {
    const handler = this.#handler;
    this.#handler = undefined;
    for (const giveUp of [...this.#asked]) giveUp();
    if (handler !== undefined) contextCore(this.#context).closeSocket(handler);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
  }

  /** Calls `listener` after each decision. */
  on(_event: "decision", listener: (decision: AuthenticationDecision) => void): this {
    this.#listeners.add(listener);
    return this;
  }

  off(_event: "decision", listener: (decision: AuthenticationDecision) => void): this {
    this.#listeners.delete(listener);
    return this;
  }

  #answerAll(handler: OpenSocket): void {
    const { core } = handler;
    while (!core.isClosed) {
      const request = core.pattern.receive?.();
      if (request === undefined) return;
      // It cannot fail: an error of a rule is an outcome.
      void this.#answer(handler, request);
    }
  }

  async #answer(handler: OpenSocket, request: readonly Uint8Array[]): Promise<void> {
    const [peer = EMPTY, delimiter = EMPTY, version = EMPTY, id = EMPTY, domain = EMPTY, address = EMPTY] = request;
    const [, , , , , , routingId = EMPTY, mechanism = EMPTY, ...credentials] = request;
    const asked = { domain: toText(domain), address: toText(address), mechanism: toText(mechanism) };
    const isRequest = request.length >= 8 && delimiter.length === 0 && equal(version, VERSION);
    const outcome = isRequest ? await this.#judge({ ...asked, routingId, credentials }) : MALFORMED;
    if (asked.mechanism === "PLAIN") for (const each of credentials) each.fill(0);
    const { status, reason, userId = "", metadata = EMPTY, ...known } = outcome;
    if (handler.core.isClosed) return;
    const reply = [VERSION, id, fromText(String(status)), fromText(reason), fromText(userId), metadata];
    handler.core.pattern.send?.([peer, EMPTY, ...reply]);
    const decision = { allowed: status === 200, status, reason, ...asked, userId, ...known };
    for (const listener of [...this.#listeners]) this.#clock.defer(() => listener(decision));
  }

  get #clock(): Clock {
    return contextCore(this.#context).platform.turn.clock;
  }

  async #judge(request: Asked): Promise<Outcome> {
    const { domain, address, routingId, mechanism, credentials } = request;
    const rules = this.#domains.get(domain) ?? this.#general;
    const refusal = rules.refusesAddress(address);
    const [first, second] = credentials;
    const late = new AbortController();
    const peer: PeerAttempt = { domain, address, routingId, signal: late.signal };
    switch (`${mechanism} ${credentials.length}`) {
      case "NULL 0":
        if (refusal !== undefined) return { status: 400, reason: refusal };
        return { status: 200, reason: "OK" };
      case "PLAIN 2": {
        const username = exactText(first as Uint8Array);
        const password = exactText(second as Uint8Array);
        if (username === undefined || password === undefined)
          return { status: 400, reason: "credentials are not UTF-8" };
        if (refusal !== undefined) return { status: 400, reason: refusal, username };
        const attempt: PlainAttempt = { ...peer, username, password };
        return { ...(await this.#decide(() => rules.plain(attempt), late, username)), username };
      }
      case "CURVE 1": {
        if (first?.length !== KEY_BYTES) return MALFORMED;
        const publicKey = encodeZ85(first);
        if (refusal !== undefined) return { status: 400, reason: refusal, publicKey };
        const attempt: CurveAttempt = { ...peer, publicKey };
        return { ...(await this.#decide(() => rules.curve(attempt), late, publicKey)), publicKey };
      }
      default:
        return MALFORMED;
    }
  }

  /** The answer of the rule, in time; `user` is the user id unless the rule names one. */
  async #decide(rule: () => Verdict | Promise<Verdict>, late: AbortController, user: string): Promise<Outcome> {
    try {
      const verdict = await this.#inTime(rule, late);
      if (verdict === LATE) return { status: 300, reason: `no decision within ${this.#timeoutMs} ms` };
      if (verdict === true) return { status: 200, reason: "OK", userId: user };
      if (typeof verdict !== "object" || verdict?.allow !== true) {
        const reason: unknown = typeof verdict === "object" ? verdict?.reason : undefined;
        return { status: 400, reason: typeof reason === "string" ? reason : "not allowed" };
      }
      const { userId = user, metadata = {}, reason = "OK" } = verdict;
      // No compiler need have checked it: the number of a row of a database is no user id.
      if (typeof userId !== "string" || typeof reason !== "string") {
        throw new TypeError("userId and reason of a verdict must be strings");
      }
      return { status: 200, reason, userId, metadata: encoded(metadata) };
    } catch (error) {
      return { status: 300, reason: "the decision failed", error };
    }
  }

  #inTime(rule: () => Verdict | Promise<Verdict>, late: AbortController): Promise<Verdict | typeof LATE> {
    const clock = this.#clock;
    return new Promise((resolve, reject) => {
      const settled = () => {
        clock.clearTimer(timer);
        this.#asked.delete(giveUp);
      };
      const giveUp = () => {
        settled();
        late.abort();
        resolve(LATE);
      };
      const timer = clock.setTimer(giveUp, this.#timeoutMs);
      this.#asked.add(giveUp);
      new Promise<Verdict>((decide) => decide(rule())).then(resolve, reject).finally(settled);
    });
  }
}

interface Asked {
  readonly domain: string;
  readonly address: string;
  readonly routingId: Uint8Array;
  readonly mechanism: string;
  readonly credentials: readonly Uint8Array[];
}

/** Two credentials that are not UTF-8 could become the same text. */
function exactText(bytes: Uint8Array): string | undefined {
  const text = toText(bytes);
  return equal(ownText(text), bytes) ? text : undefined;
}

function encoded(metadata: Readonly<Record<string, string | Uint8Array>>): Uint8Array {
  return concat(
    Object.entries(metadata).map(([name, value]) =>
      encodeProperty(name, typeof value === "string" ? fromText(value) : value),
    ),
  );
}

/** Without the properties that are undefined: those are decided by the general rules. */
function present(rules: AuthenticationRules): AuthenticationRules {
  return Object.fromEntries(Object.entries(rules).filter(([, value]) => value !== undefined));
}
