/**
 * Files that are read again when they have changed. Their state is asked for at
 * each use, not watched: that works on every file system, survives editors that
 * replace files and mounts that swap them by a link, and a change counts for
 * the very next use.
 */

import { readFile, stat } from "node:fs/promises";

/** Tells two states of a file or folder apart; undefined when there is none. */
export async function stateOf(path: string): Promise<string | undefined> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return `${dev}.${ino}.${size}.${mtimeNs}.${ctimeNs}`;
  } catch (error) {
    // Removed: a state too.
    if ((error as { code?: unknown }).code === "ENOENT") return undefined;
    throw error;
  }
}

export class WatchedFile<T> {
  readonly #path: string;
  readonly #parse: (text: string) => T;
  #state: string | undefined = undefined;
  #content: Promise<T> | undefined = undefined;

  /** `parse` runs after each change. */
  constructor(path: string, parse: (text: string) => T) {
    this.#path = path;
    this.#parse = parse;
  }

  /** The content as it is now. Rejects with Node's error for a file that cannot be read, and with what `parse` throws. */
  async read(): Promise<T> {
    const state = await stateOf(this.#path);
    if (this.#content === undefined || state === undefined || state !== this.#state) {
      // The state is older than the text: a change in between is seen the next time. A failure stays until then, too.
      this.#state = state;
      this.#content = readFile(this.#path, "utf8").then(this.#parse);
    }
    return this.#content;
  }
}
