/**
 * The rules of an `Authenticator` for one domain: which addresses, which PLAIN
 * users and which CURVE keys are allowed. Sets, maps and objects are asked anew
 * for each peer, so what a program changes in them counts at once.
 */

import { AddressRange } from "../base/address-range.ts";
import { ownText } from "../base/bytes.ts";
import { equalSecrets } from "../security/crypto.ts";
import { decodeKey } from "../security/keys.ts";

/** The known facts about a peer that wants to connect. */
export interface PeerAttempt {
  /** `zapDomain` of the socket it connects to; empty when that has none. */
  readonly domain: string;
  /** Its IP address; empty for ipc. */
  readonly address: string;
  /** The routing id of the socket it connects to. */
  readonly routingId: Uint8Array;
  /** Fires when the answer comes too late. */
  readonly signal: AbortSignal;
}

export interface PlainAttempt extends PeerAttempt {
  readonly username: string;
  readonly password: string;
}

export interface CurveAttempt extends PeerAttempt {
  /** 40 characters of Z85. */
  readonly publicKey: string;
}

/** `true`, or an object with `allow: true`, accepts the peer; anything else refuses it. */
export type Verdict =
  | boolean
  | {
      readonly allow: boolean;
      /** `User-Id` of the peer and its messages; by default the user name, or the public key. */
      readonly userId?: string;
      /** Further properties of the peer and its messages. */
      readonly metadata?: Readonly<Record<string, string | Uint8Array>>;
      /** For the decision event. */
      readonly reason?: string;
    };

export type PlainCheck = (attempt: PlainAttempt) => Verdict | Promise<Verdict>;
export type CurveCheck = (attempt: CurveAttempt) => Verdict | Promise<Verdict>;

export interface AuthenticationRules {
  /** IP addresses and CIDR ranges; when given, all others are refused. */
  readonly allow?: readonly string[];
  /** IP addresses and CIDR ranges that are refused, even when `allow` has them. */
  readonly deny?: readonly string[];
  /** Passwords by user name, or a callback. Without it PLAIN peers are refused. */
  readonly plain?: Readonly<Record<string, string>> | ReadonlyMap<string, string> | PlainCheck;
  /**
   * Public keys in Z85, or a callback, or "any" for every peer that knows the server's key. Without it CURVE peers are
   * refused.
   */
  readonly curve?: "any" | ReadonlySet<string> | readonly string[] | CurveCheck;
}

export class Rules {
  readonly #allow: readonly AddressRange[] | undefined;
  readonly #deny: readonly AddressRange[];
  readonly #plain: AuthenticationRules["plain"];
  readonly #curve: AuthenticationRules["curve"];

  /**
   * Throws EINVAL for an invalid address, range or key, TypeError for rules of a wrong type or name: a misspelt `deny`
   * would deny no peer.
   */
  constructor({ allow, deny, plain, curve, ...others }: AuthenticationRules) {
    const [unknown] = Object.keys(others);
    if (unknown !== undefined) throw new TypeError(`${unknown} is no rule; expected allow, deny, plain or curve`);
    this.#allow = allow === undefined ? undefined : ranges(allow, "allow");
    this.#deny = ranges(deny ?? [], "deny");
    if (plain !== undefined && typeof plain !== "function" && (typeof plain !== "object" || plain === null)) {
      throw new TypeError("plain must be an object, a map or a function");
    }
    const isList = curve instanceof Set || Array.isArray(curve);
    if (curve !== undefined && curve !== "any" && typeof curve !== "function" && !isList) {
      throw new TypeError('curve must be a set or array of public keys, a function, or "any"');
    }
    if (isList) for (const key of curve as Iterable<string>) decodeKey(key, "curve: a public key");
    this.#plain = plain;
    this.#curve = curve;
  }

  /** Why a peer at `address` is refused; undefined when it is not. */
  refusesAddress(address: string): string | undefined {
    if (this.#deny.some((range) => range.contains(address))) return "the address is denied";
    if (this.#allow === undefined || this.#allow.some((range) => range.contains(address))) return undefined;
    return "the address is not among those allowed";
  }

  plain(attempt: PlainAttempt): Verdict | Promise<Verdict> {
    const users = this.#plain;
    if (users === undefined) return { allow: false, reason: "there are no rules for PLAIN" };
    if (typeof users === "function") return users(attempt);
    const password = passwordOf(users, attempt.username);
    // Compared in any case: the time should not tell which users exist.
    const isRight = equalSecrets(ownText(password ?? attempt.password), ownText(attempt.password));
    return (isRight && password !== undefined) || WRONG;
  }

  curve(attempt: CurveAttempt): Verdict | Promise<Verdict> {
    const keys = this.#curve;
    if (keys === undefined) return { allow: false, reason: "there are no rules for CURVE" };
    if (keys === "any") return true;
    if (typeof keys === "function") return keys(attempt);
    const isKnown = keys instanceof Set ? keys.has(attempt.publicKey) : [...keys].includes(attempt.publicKey);
    return isKnown || { allow: false, reason: "the key is not known" };
  }
}

const WRONG = { allow: false, reason: "wrong user name or password" } as const;

function passwordOf(
  users: Readonly<Record<string, string>> | ReadonlyMap<string, string>,
  username: string,
): string | undefined {
  // Inherited properties are no users.
  const password =
    users instanceof Map ? users.get(username) : own(users as Readonly<Record<string, string>>, username);
  return typeof password === "string" ? password : undefined;
}

function own(users: Readonly<Record<string, string>>, username: string): string | undefined {
  return Object.hasOwn(users, username) ? users[username] : undefined;
}

function ranges(list: readonly string[], what: string): readonly AddressRange[] {
  if (!Array.isArray(list)) throw new TypeError(`${what} must be an array of addresses`);
  return list.map((text) => new AddressRange(text));
}
