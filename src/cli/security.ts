/**
 * Security flags: PLAIN by user name and password, CURVE by keys or
 * certificate files. A server that shall know its clients gets a ZAP handler
 * (27/ZAP) inside this process: the user and password it was given for PLAIN,
 * the keys of `--curve-allow` for CURVE.
 */

import { readFileSync } from "node:fs";
import { type Context, context, curveKeyPair, curvePublicKey, Reply } from "../index.ts";
import { loadCertificate, loadPublicCertificate } from "../node/certificates.ts";
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

/** Where ZAP handlers are asked. */
const ZAP_ENDPOINT = "inproc://zeromq.zap.01";
const PASSWORD_VARIABLE = "ZMQ_PASSWORD";

/** Whom a server lets in. */
interface Policy {
  readonly username?: string;
  readonly password?: string;
  readonly keys?: ReadonlySet<string>;
}

/** The socket options that the flags stand for. Starts the ZAP handler where one is needed. */
export async function securityOptions(flags: SecurityFlags, owner: Context = context): Promise<Assignment[]> {
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

async function plain(flags: SecurityFlags, owner: Context): Promise<Assignment[]> {
  const { username, plainServer } = flags;
  if (username === undefined) throw usage("--plain-server: expected --username and a password that clients must give");
  const password = passwordOf(flags);
  if (!plainServer) {
    return [assignment("plainUsername", username, "--username"), assignment("plainPassword", password, "--password")];
  }
  await answerZap({ username, password }, owner);
  return [assignment("plainServer", true, "--plain-server")];
}

function passwordOf({ password, passwordFile }: SecurityFlags): string {
  if (password !== undefined) return password;
  if (passwordFile !== undefined) return readText(passwordFile, "--password-file").replace(/\r?\n$/, "");
  const fromEnvironment = process.env[PASSWORD_VARIABLE];
  if (fromEnvironment !== undefined) return fromEnvironment;
  throw usage(
    `--username: expected a password with it: --password, --password-file or the variable ${PASSWORD_VARIABLE}`,
  );
}

async function curve(flags: SecurityFlags, owner: Context): Promise<Assignment[]> {
  const own = ownKeys(flags);
  if (flags.curveServer) {
    if (flags.curveServerKey !== undefined) {
      throw usage("--curve-server-key: a server does not connect to another; leave --curve-server or it out");
    }
    if (own === undefined) {
      throw usage("--curve-server: expected the server's keys: --certificate FILE or --curve-secret-key KEY");
    }
    if (flags.curveAllow !== undefined) {
      await answerZap({ keys: new Set(flags.curveAllow.map((text) => publicKeyOf(text, "--curve-allow"))) }, owner);
    }
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
  if (curveSecretKey !== undefined) {
    return wrapped("--curve-secret-key", () => ({
      secretKey: curveSecretKey,
      publicKey: curvePublicKey(curveSecretKey),
    }));
  }
  if (certificate === undefined) return undefined;
  const { publicKey, secretKey } = wrapped(`--certificate ${certificate}`, () => loadCertificate(certificate));
  if (secretKey === undefined) {
    throw usage(
      `--certificate ${certificate}: expected a certificate with a secret key (${certificate}_secret), found a public one`,
    );
  }
  return { publicKey, secretKey };
}

/** A public key given as 40 characters of Z85, or as the name of a certificate file. */
function publicKeyOf(text: string, flag: string): string {
  if (text.length === 40 && !text.includes("/")) {
    try {
      decodeKey(text, flag);
      return text;
    } catch {
      // No key: then it is the name of a file, which may have 40 characters too.
    }
  }
  return wrapped(`${flag} ${text}`, () => loadPublicCertificate(text)).publicKey;
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

/** Answers ZAP requests for as long as the process runs. */
async function answerZap(policy: Policy, owner: Context): Promise<void> {
  const handler = new Reply({ context: owner, linger: 0 });
  await handler.bind(ZAP_ENDPOINT);
  const serve = async () => {
    for await (const request of handler) {
      const [version = null, requestId = null] = request;
      const [address = "", , mechanism = "", ...credentials] = request.slice(3).map(asText);
      const isAllowed = judge(policy, mechanism, credentials, request);
      if (!isAllowed) note(`refused a peer at ${address} by ${mechanism}`);
      const user = mechanism === "PLAIN" ? (credentials[0] ?? "") : "";
      await handler.send([version, requestId, isAllowed ? "200" : "400", isAllowed ? "OK" : "Refused", user, ""]);
    }
  };
  serve().catch((error: unknown) => {
    if (!handler.closed) note(`the ZAP handler failed: ${describe(error)}`);
  });
}

/** Credentials of CURVE are the peer's public key, 32 bytes. */
function judge(policy: Policy, mechanism: string, credentials: readonly string[], request: Uint8Array[]): boolean {
  if (mechanism === "PLAIN") return credentials[0] === policy.username && credentials[1] === policy.password;
  if (mechanism !== "CURVE" || policy.keys === undefined) return false;
  const key = request.at(-1);
  return key !== undefined && [...policy.keys].some((allowed) => Buffer.compare(decodeKey(allowed, "key"), key) === 0);
}

function asText(frame: Uint8Array): string {
  return Buffer.from(frame).toString();
}
