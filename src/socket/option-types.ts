/**
 * Types over the properties of a class: which may be read and written, and the
 * options object that follows from it. zeromq.js's names.
 */

/** The same type with its properties written out, for readable hints. */
export type Expand<T> = T extends infer O ? { [K in keyof O]: O[K] } : never;

/** `A` when `X` and `Y` are the same type, `readonly` included; else `B`. */
export type IfEquals<X, Y, A, B = never> =
  (<T>() => T extends X ? true : false) extends <T>() => T extends Y ? true : false ? A : B;

type Callable = (...args: never[]) => unknown;

/** Names of the properties of `T` that are not methods. */
export type ReadableKeys<T> = { [K in keyof T]-?: T[K] extends Callable ? never : K }[keyof T];

/** Names of the properties of `T` that are not methods and may be assigned. */
export type WritableKeys<T> = {
  [K in keyof T]-?: T[K] extends Callable ? never : IfEquals<{ [Q in K]: T[K] }, { -readonly [Q in K]: T[K] }, K>;
}[keyof T];

/** What a constructor of `T` takes: any assignable property, and those of `E`. */
export type Options<T, E = unknown> = Expand<Partial<E & Pick<T, WritableKeys<T>>>>;
