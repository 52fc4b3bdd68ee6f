/**
 * Users and passwords of PLAIN in a file, in the format of CZMQ's zauth: a line
 * `user=password` each, comments behind `#` at the start of a line.
 */

import { timingSafeEqual } from "node:crypto";
import { ownText } from "../base/bytes.ts";
import { ZmqError } from "../base/errors.ts";
import { warnIfReadable } from "./secret-mode.ts";
import { WatchedFile } from "./watched-file.ts";

/**
 * A rule for `plain` of an `Authenticator`: the users in the file `path`. It is
 * read again when it has changed. While it cannot be read, everyone is refused
 * and the decision event has the error.
 */
export function passwordFile(path: string): (attempt: PlainCredentials) => Promise<boolean> {
  const users = new WatchedFile(path, (text) => {
    warnIfReadable(path, "passwords");
    return parsePasswords(text);
  });
  return async ({ username, password }) => {
    const wanted = (await users.read()).get(username);
    // Compared in any case: the time should not tell which users exist.
    const isRight = equal(wanted ?? password, password);
    return isRight && wanted !== undefined;
  };
}

interface PlainCredentials {
  readonly username: string;
  readonly password: string;
}

/** Throws EINVAL, which names a line and shows none of it. */
export function parsePasswords(text: string): Map<string, string> {
  const users = new Map<string, string>();
  for (const [index, line] of text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const equals = line.indexOf("=");
    if (equals < 1) {
      throw new ZmqError("EINVAL", { message: `password file: line ${index + 1} is not of the form user=password` });
    }
    users.set(line.slice(0, equals), line.slice(equals + 1));
  }
  return users;
}

function equal(a: string, b: string): boolean {
  const [first, second] = [ownText(a), ownText(b)];
  return first.length === second.length && timingSafeEqual(first, second);
}
