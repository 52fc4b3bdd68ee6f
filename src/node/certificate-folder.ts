/**
 * The public certificates of a folder as a rule for CURVE, as CZMQ's zcertstore
 * and pyzmq's `configure_curve`: a peer whose certificate is there is let in. Adding,
 * removing and changing files counts for the next peer.
 *
 * A peer whose key is known costs one `stat`. One whose key is not known has
 * the whole folder looked through again, once for all peers that ask meanwhile, and
 * waits for that: an endless flood of unknown keys takes a twentieth of a core.
 */

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Certificate, parseCertificate } from "../security/certificate.ts";
import { nodePlatform } from "./platform.ts";
import { stateOf } from "./watched-file.ts";

/** Secret certificates, which pyzmq and CZMQ keep beside the public ones, and hidden files. */
const PASSED_OVER = /^\.|_secret$/;

/** A certificate's metadata is written by its owner: it may not name what only the handshake or this side may say. */
const RESERVED = /^(socket-type|identity|resource|user-id|peer-address)$/i;
const LONGEST_NAME = 255;

/** Between two scans, and at least so many times as long as the last one took. */
const SHORTEST_REST_MS = 250;
const REST_FACTOR = 20;
/** A peer waits no longer for a scan. When that would be later, its answer comes from the last one, unless the folder itself has changed. */
const LONGEST_WAIT_MS = 2000;

const { clock } = nodePlatform.turn;

/** The answer of a rule for `curve`. */
export interface CertificateVerdict {
  readonly allow: boolean;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly reason?: string;
}

interface Entry {
  readonly path: string;
  readonly state: string;
  /** Undefined: the file is no certificate, which was told. */
  readonly certificate: Certificate | undefined;
}

/**
 * A rule for `curve` of an `Authenticator`: who has a public certificate in the
 * folder `path`; subfolders are not searched. The certificate's metadata becomes
 * the peer's. A file that is no certificate raises a process warning. While the
 * folder cannot be read, everyone is refused and the decision event has the error.
 */
export function certificateFolder(path: string): (attempt: { publicKey: string }) => Promise<CertificateVerdict> {
  const folder = new Folder(path);
  return async ({ publicKey }) => {
    const certificate = await folder.find(publicKey);
    if (certificate === undefined) return { allow: false, reason: "there is no certificate with this key" };
    return { allow: true, metadata: offered(certificate) };
  };
}

class Folder {
  readonly #path: string;
  #state: string | undefined = undefined;
  #entries = new Map<string, Entry>();
  #byKey = new Map<string, Entry>();
  /** The scan that has not begun yet, for all questions until it does. */
  #next: Promise<void> | undefined = undefined;
  #running: Promise<void> = Promise.resolve();
  /** When the next scan may begin. */
  #rested = 0;

  constructor(path: string) {
    this.#path = path;
  }

  async find(publicKey: string): Promise<Certificate | undefined> {
    const known = this.#byKey.get(publicKey);
    if (known !== undefined && (await stateOf(known.path)) === known.state) return known.certificate;
    // Files that were added, removed or moved into place change the folder; one that was edited in it does not.
    if (this.#mustRest > LONGEST_WAIT_MS && (await stateOf(this.#path)) === this.#state) return undefined;
    await this.#scanOnce();
    return this.#byKey.get(publicKey)?.certificate;
  }

  get #mustRest(): number {
    return this.#rested - clock.now();
  }

  /** A scan that begins after this call. */
  #scanOnce(): Promise<void> {
    if (this.#next === undefined) {
      const next = this.#running.then(async () => {
        const rest = Math.min(this.#mustRest, LONGEST_WAIT_MS);
        if (rest > 0) await pause(rest);
        this.#next = undefined;
        const begun = clock.now();
        try {
          await this.#scan();
        } finally {
          const now = clock.now();
          this.#rested = now + Math.max(SHORTEST_REST_MS, (now - begun) * REST_FACTOR);
        }
      });
      this.#next = next;
      // The pending questions fail; the next scan begins all the same.
      this.#running = next.catch(() => {});
    }
    return this.#next;
  }

  async #scan(): Promise<void> {
    const byKey = new Map<string, Entry>();
    const entries = new Map<string, Entry>();
    try {
      const state = await stateOf(this.#path);
      const names = (await readdir(this.#path)).filter((name) => !PASSED_OVER.test(name)).sort();
      for (const name of names) {
        const entry = await this.#load(join(this.#path, name));
        if (entry === undefined) continue;
        entries.set(entry.path, entry);
        if (entry.certificate !== undefined) byKey.set(entry.certificate.publicKey, entry);
      }
      this.#state = state;
    } finally {
      // After a failure no key is known.
      this.#entries = entries;
      this.#byKey = byKey;
    }
  }

  async #load(path: string): Promise<Entry | undefined> {
    const state = await stateOf(path);
    if (state === undefined) return undefined;
    const known = this.#entries.get(path);
    if (known?.state === state) return known;
    try {
      return { path, state, certificate: parseCertificate(await readFile(path, "utf8")) };
    } catch (error) {
      // Removed meanwhile, or a subfolder.
      const { code, message } = error as { code?: unknown; message: string };
      if (code === "ENOENT" || code === "EISDIR") return undefined;
      process.emitWarning(`${path}: ${message}`, { type: "SecurityWarning", code: "ZMQ_NO_CERTIFICATE" });
      return { path, state, certificate: undefined };
    }
  }
}

/** Resolves after so many milliseconds, for which the process stays alive: somebody waits for an answer. */
function pause(ms: number): Promise<void> {
  clock.ref();
  return new Promise((resolve) => {
    clock.setTimer(() => {
      clock.unref();
      resolve();
    }, ms);
  });
}

function offered({ metadata }: Certificate): Record<string, string> {
  const isOffered = ([name]: [string, string]) => !RESERVED.test(name) && Buffer.byteLength(name) <= LONGEST_NAME;
  return Object.fromEntries(Object.entries(metadata).filter(isOffered));
}
