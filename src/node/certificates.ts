/**
 * CURVE certificates in files, by the convention of CZMQ and pyzmq: a public
 * certificate `NAME`, and beside it `NAME_secret` with both keys. Only the
 * owner of a secret file may read it; a warning tells when others can.
 */

import { randomUUID } from "node:crypto";
import { closeSync, fstatSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Certificate, formatCertificate, parseCertificate } from "../security/certificate.ts";
import { warnIfReadable } from "./secret-mode.ts";

const SECRET_SUFFIX = "_secret";
const SECRET_MODE = 0o600;
const PUBLIC_MODE = 0o644;

/**
 * Reads `path`_secret when it exists, else `path`: so the name of the public
 * file gives all that this process may know, as zcert_load has it. The name of
 * a secret file can be given too. Throws Node's errors for files that cannot
 * be read and EINVAL for what is no certificate.
 */
export function loadCertificate(path: string): Certificate {
  const beside = readIfThere(path + SECRET_SUFFIX);
  if (beside !== undefined) return beside;
  return read(path);
}

/** Reads `path` alone and leaves out its secret key, if it has one. */
export function loadPublicCertificate(path: string): Certificate {
  const { publicKey, metadata } = parseCertificate(readFileSync(path, "utf8"));
  return { publicKey, metadata };
}

/** Writes the public certificate to `path` and, when there is a secret key, the secret one to `path`_secret with mode 0600. */
export function saveCertificate(path: string, certificate: Certificate): void {
  savePublicCertificate(path, certificate);
  if (certificate.secretKey !== undefined) saveSecretCertificate(path + SECRET_SUFFIX, certificate);
}

/** Writes the public key and metadata to `path`. */
export function savePublicCertificate(path: string, certificate: Certificate): void {
  const { publicKey, metadata } = certificate;
  replace(path, formatCertificate({ publicKey, metadata }), PUBLIC_MODE);
}

/** Writes both keys and metadata to `path`, which only its owner may read from before the first byte is in it. */
export function saveSecretCertificate(path: string, certificate: Certificate): void {
  replace(path, formatCertificate(certificate), SECRET_MODE);
}

/**
 * Puts a new file in the place of what is at `path`. Written into the one that is there, the text would reach whoever
 * opened that before, or linked it to a file of theirs, and readers would see half of it.
 */
function replace(path: string, text: string, mode: number): void {
  // Hidden: folders of certificates pass it over.
  const made = join(dirname(path), `.${randomUUID()}`);
  try {
    writeFileSync(made, text, { mode, flag: "wx" });
    renameSync(made, path);
  } catch (error) {
    rmSync(made, { force: true });
    throw error;
  }
}

function readIfThere(path: string): Certificate | undefined {
  try {
    return read(path);
  } catch (error) {
    // No secret file: this process is not the owner, which is no error.
    if ((error as { code?: unknown }).code === "ENOENT") return undefined;
    throw error;
  }
}

function read(path: string): Certificate {
  const file = openSync(path, "r");
  try {
    const certificate = parseCertificate(readFileSync(file, "utf8"));
    if (certificate.secretKey !== undefined) warnIfReadable(path, "a secret key", fstatSync(file).mode);
    return certificate;
  } finally {
    closeSync(file);
  }
}
