/**
 * Security flags: PLAIN by user name and password, CURVE by keys or
 * certificate files. A server gets an authenticator inside this process: it
 * knows the user and password that it was given for PLAIN, the keys of
 * `--curve-allow` for CURVE.
 */

import { readFileSync } from "node:fs";
import {
  type AuthenticationRules,
  Authenticator,
  type Context,
  context,
  curveKeyPair,
  curvePublicKey,
} from "../index.ts";
import { loadCertificate, loadPublicCertificate } from "../node/certificates.ts";
import { warnIfReadable } from "../node/secret-mode.ts";
import { decodeKey } from "../security/keys.ts";
import { describe, usage } from "./failure.ts";
import type { Assignment } from "./options.ts";
import { note } from "./terminal.ts";

export interface SecurityFlags {
  readonly username?: string;
  readonly password?: string;
  readonly passwordFile?: string;
  readonly plainServer?: boolean;
  readonly certificate?: string;
  readonly curveSecretKey?: string;
  readonly curveServerKey?: string;
  readonly curveServer?: boolean;
  readonly curveAllow?: readonly string[];
}

const PASSWORD_VARIABLE = "ZMQ_PASSWORD";
const SECRET_KEY_VARIABLE = "ZMQ_CURVE_SECRET_KEY";

/** The socket options that the flags stand for. A server's authenticator starts to answer. */
export function securityOptions(flags: SecurityFlags, owner: Context = context): Assignment[] {
  const isPlain = flags.username !== undefined || flags.plainServer === true;
  const isCurve =
    flags.curveServer === true ||
    flags.curveServerKey !== undefined ||
    flags.certificate !== undefined ||
    flags.curveSecretKey !== undefined ||
    flags.curveAllow !== undefined;
  if (isPlain && isCurve) throw usage("expected either PLAIN flags (--username …) or CURVE flags, not both");
  if (isPlain) return plain(flags, owner);
  if (isCurve) return curve(flags, owner);
  if (flags.password !== undefined || flags.passwordFile !== undefined) {
    throw usage("--password: expected --username with it");
  }
  return [];
}

function plain(flags: SecurityFlags, owner: Context): Assignment[] {
  const { username, plainServer } = flags;
  if (username === undefined) throw usage("--plain-server: expected --username and a password that clients must give");
  const password = passwordOf(flags);
  if (!plainServer) {
    return [assignment("plainUsername", username, "--username"), assignment("plainPassword", password, "--password")];
  }
  authenticate({ plain: new Map([[username, password]]) }, owner);
  return [assignment("plainServer", true, "--plain-server")];
}

function passwordOf({ password, passwordFile }: SecurityFlags): string {
  if (password !== undefined) return password;
  if (passwordFile !== undefined) {
    const text = readText(passwordFile, "--password-file");
    warnIfReadable(passwordFile, "a password");
    return text.replace(/\r?\n$/, "");
  }
  const fromEnvironment = process.env[PASSWORD_VARIABLE];
  if (fromEnvironment !== undefined) return fromEnvironment;
  throw usage(
    `--username: expected a password with it: --password, --password-file or the variable ${PASSWORD_VARIABLE}`,
  );
}

function curve(flags: SecurityFlags, owner: Context): Assignment[] {
  const own = ownKeys(flags);
  if (flags.curveServer) {
    if (flags.curveServerKey !== undefined) {
      throw usage("--curve-server-key: a server does not connect to another; leave --curve-server or it out");
    }
    if (own === undefined) {
      throw usage(
        `--curve-server: expected the server's keys: --certificate FILE, the variable ${SECRET_KEY_VARIABLE} or --curve-secret-key KEY`,
      );
    }
    const allowed = flags.curveAllow?.map((text) => publicKeyOf(text, "--curve-allow"));
    authenticate({ curve: allowed ?? "any" }, owner);
    return [
      assignment("curveServer", true, "--curve-server"),
      assignment("curveSecretKey", own.secretKey, "--curve-secret-key"),
      assignment("curvePublicKey", own.publicKey, "--curve-secret-key"),
    ];
  }
  if (flags.curveAllow !== undefined) throw usage("--curve-allow: expected --curve-server with it");
  if (flags.curveServerKey === undefined) {
    throw usage("CURVE: expected --curve-server-key KEY|FILE (to connect) or --curve-server (to accept)");
  }
  const keys = own ?? curveKeyPair();
  return [
    assignment("curveServerKey", publicKeyOf(flags.curveServerKey, "--curve-server-key"), "--curve-server-key"),
    assignment("curvePublicKey", keys.publicKey, "--certificate"),
    assignment("curveSecretKey", keys.secretKey, "--certificate"),
  ];
}

function ownKeys({ certificate, curveSecretKey }: SecurityFlags) {
  if (certificate !== undefined && curveSecretKey !== undefined) {
    throw usage("expected either --certificate or --curve-secret-key, not both");
  }
  if (curveSecretKey !== undefined) return pairOf(curveSecretKey, "--curve-secret-key");
  if (certificate === undefined) {
    const fromEnvironment = process.env[SECRET_KEY_VARIABLE];
    return fromEnvironment === undefined ? undefined : pairOf(fromEnvironment, SECRET_KEY_VARIABLE);
  }
  const { publicKey, secretKey } = wrapped(`--certificate ${certificate}`, () => loadCertificate(certificate));
  if (secretKey === undefined) {
    throw usage(
      `--certificate ${certificate}: expected a certificate with a secret key (${certificate}_secret), found a public one`,
    );
  }
  return { publicKey, secretKey };
}

function pairOf(secretKey: string, where: string) {
  return wrapped(where, () => ({ secretKey, publicKey: curvePublicKey(secretKey) }));
}

/** A public key given as 40 characters of Z85, or as the name of a certificate file. */
function publicKeyOf(text: string, flag: string): string {
  if (text.length === 40) {
    try {
      decodeKey(text, flag);
      return text;
    } catch {
      // No key: then it is the name of a file, which may have 40 characters too.
    }
  }
  try {
    return loadPublicCertificate(text).publicKey;
  } catch (error) {
    const isAbsent = (error as { code?: unknown }).code === "ENOENT";
    const reason = isAbsent ? "neither a key of 40 characters nor a file" : describe(error);
    throw usage(`${flag} ${text}: ${reason}`, error);
  }
}

function readText(path: string, flag: string): string {
  return wrapped(`${flag} ${path}`, () => readFileSync(path, "utf8"));
}

function wrapped<T>(where: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw usage(`${where}: ${describe(error)}`, error);
  }
}

function assignment(name: string, value: unknown, where: string): Assignment {
  return { name, value, where, target: "socket" };
}

/** Decides about peers for as long as the process runs, and tells of those it refuses. */
function authenticate(rules: AuthenticationRules, owner: Context): void {
  const authenticator = new Authenticator({ ...rules, context: owner });
  authenticator.on("decision", ({ allowed, address, mechanism, reason }) => {
    if (!allowed) note(`refused a peer${address === "" ? "" : ` at ${address}`} by ${mechanism}: ${reason}`);
  });
  authenticator.start();
}
