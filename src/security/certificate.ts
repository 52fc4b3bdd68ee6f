/**
 * CURVE certificates as text, in the file format of CZMQ's zcert, which pyzmq
 * writes too: two sections of ZPL (4/ZPL), names indented by four spaces.
 *
 *   metadata
 *       email = "alice@example.com"
 *   curve
 *       public-key = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
 *       secret-key = "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"      only in secret certificates
 *
 * Files are not touched here. Errors name lines, never what stands in them.
 */

import { ZmqError } from "../base/errors.ts";
import { decodeKey } from "./keys.ts";

export interface Certificate {
  /** 40 characters of Z85. */
  readonly publicKey: string;
  /** 40 characters of Z85; absent in public certificates. */
  readonly secretKey?: string;
  /** Whatever is to be known of the owner; names and values of the file's `metadata` section. */
  readonly metadata: Readonly<Record<string, string>>;
}

const PUBLIC_HEAD = ["ZeroMQ CURVE public certificate. Give it to peers by a way that nobody can tamper with."];
const SECRET_HEAD = ["ZeroMQ CURVE SECRET certificate. Do not give it to anyone: who has it can pose as its owner."];

/** The text of a certificate file; without `secretKey` that of a public one. Throws EINVAL for metadata that ZPL cannot hold. */
export function formatCertificate(certificate: Certificate): string {
  decodeKey(certificate.publicKey, "publicKey");
  if (certificate.secretKey !== undefined) decodeKey(certificate.secretKey, "secretKey");
  const head = certificate.secretKey === undefined ? PUBLIC_HEAD : SECRET_HEAD;
  const lines = [...head.map((line) => `#   ${line}`), "", "metadata"];
  for (const [name, value] of Object.entries(certificate.metadata)) lines.push(`    ${name} = ${quoted(name, value)}`);
  lines.push("curve", `    public-key = "${certificate.publicKey}"`);
  if (certificate.secretKey !== undefined) lines.push(`    secret-key = "${certificate.secretKey}"`);
  return `${lines.join("\n")}\n`;
}

/** Throws EINVAL when the text is no ZPL, or has no public key, or a key is none. */
export function parseCertificate(text: string): Certificate {
  const sections = parseZpl(text);
  const curve = sections.get("curve");
  const publicKey = curve?.get("public-key");
  if (publicKey === undefined) {
    throw new ZmqError("EINVAL", { message: "certificate: no public-key in a section named curve" });
  }
  decodeKey(publicKey, "certificate: public-key");
  const metadata = Object.fromEntries(sections.get("metadata") ?? []);
  const secretKey = curve?.get("secret-key");
  if (secretKey === undefined) return { publicKey, metadata };
  decodeKey(secretKey, "certificate: secret-key");
  return { publicKey, secretKey, metadata };
}

const NAME = /^[A-Za-z0-9$\-_@.&+/]+$/;

/** Section name -> properties. Deeper levels, of which certificates have none, are passed over. */
function parseZpl(text: string): Map<string, Map<string, string>> {
  const sections = new Map<string, Map<string, string>>();
  let section: Map<string, string> | undefined;
  for (const [index, raw] of text
    .replace(/^\uFEFF/, "")
    .split(/\r\n|\n|\r/)
    .entries()) {
    const line = raw.trimEnd();
    const content = line.trimStart();
    if (content === "" || content.startsWith("#")) continue;
    const indent = line.length - content.length;
    const [name, value] = parseLine(content, index + 1);
    if (indent === 0) {
      section = sections.get(name) ?? new Map<string, string>();
      sections.set(name, section);
    } else if (indent === 4) {
      // A person reads the first one; other libraries take the first or the last.
      if (section?.has(name) && section === sections.get("curve")) throw wrong(index + 1, "gives a key a second time");
      section?.set(name, value);
    } else if (indent % 4 !== 0) {
      throw wrong(index + 1, "is not indented by a multiple of four spaces");
    }
  }
  return sections;
}

function parseLine(content: string, line: number): [string, string] {
  const equals = content.indexOf("=");
  // A name cannot hold `=` or `#`, so that the first of them ends it.
  const name = (equals < 0 ? withoutComment(content) : content.slice(0, equals)).trim();
  if (!NAME.test(name)) throw wrong(line, "does not begin with a name");
  return [name, equals < 0 ? "" : parseValue(content.slice(equals + 1).trim(), line)];
}

/** A value in either kind of quotes, or bare up to a comment. */
function parseValue(text: string, line: number): string {
  const quote = text.charAt(0);
  if (quote !== '"' && quote !== "'") return withoutComment(text).trimEnd();
  const end = text.indexOf(quote, 1);
  if (end < 0) throw wrong(line, "has a quote that is not closed");
  if (withoutComment(text.slice(end + 1)).trim() !== "") throw wrong(line, "goes on behind its closing quote");
  return text.slice(1, end);
}

/** In time that grows with the length alone, as a regular expression's does not: the text comes from the peer that asks to be let in. */
function withoutComment(text: string): string {
  const start = text.indexOf("#");
  return start < 0 ? text : text.slice(0, start);
}

function quoted(name: string, value: string): string {
  if (!NAME.test(name)) throw new ZmqError("EINVAL", { message: "certificate: a metadata name that ZPL cannot hold" });
  const quote = value.includes('"') ? "'" : '"';
  if (!value.includes(quote) && !/[\0\r\n]/.test(value)) return `${quote}${value}${quote}`;
  throw new ZmqError("EINVAL", {
    message: `certificate: the value of ${name} has a line break, NUL or both kinds of quotes, which ZPL cannot hold`,
  });
}

function wrong(line: number, what: string): ZmqError {
  return new ZmqError("EINVAL", { message: `certificate: line ${line} ${what}` });
}
