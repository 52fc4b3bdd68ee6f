/**
 * zeromq.js's methods for classes of one's own, by which they read and write options by libzmq's numbers:
 * `getInt32Option` and its like. Pages do not have them.
 */

const KINDS: Readonly<Record<string, (value: unknown) => unknown>> = {
  Bool: Boolean,
  Int32: Number,
  Uint32: Number,
  Int64: Number,
  Uint64: Number,
  String: (value) => value,
};

/** Puts those methods on a prototype. */
export function defineNumbered<S extends object>(
  prototype: S,
  kinds: readonly string[],
  read: (owner: S, id: number) => unknown,
  write: (owner: S, id: number, value: unknown, kind: string) => void,
): void {
  const define = (name: string, value: unknown) =>
    Object.defineProperty(prototype, name, { value, writable: true, configurable: true });
  for (const kind of kinds) {
    define(`get${kind}Option`, function (this: S, id: number) {
      return KINDS[kind]?.(read(this, id));
    });
    define(`set${kind}Option`, function (this: S, id: number, value: unknown) {
      write(this, id, value, kind);
    });
  }
}

export const SOCKET_KINDS: readonly string[] = ["Bool", "Int32", "Uint32", "Int64", "Uint64", "String"];
export const CONTEXT_KINDS: readonly string[] = ["Bool", "Int32"];
