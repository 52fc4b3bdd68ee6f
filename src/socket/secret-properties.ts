/**
 * Where the accessors of secret options are: on a prototype at which
 * `util.inspect` stops, as it does at those of built-in classes. Told to call
 * getters it calls all that it finds, and dumps reach logs; a program that names
 * the option reads it.
 */

import { type OptionName, optionRow } from "../base/options.ts";
import { IN_PAGE } from "../base/target.ts";

/** Puts a prototype for secrets behind `prototype`, and tells for each option on which of the two it belongs. */
export function propertyHolders<N extends OptionName, P extends object>(names: readonly N[], prototype: P): [N, P][] {
  if (IN_PAGE) return names.map((name) => [name, prototype]); // Its consoles call no getter of themselves.
  const concealed: P = Object.create(Object.getPrototypeOf(prototype), {
    constructor: { value: Object, writable: true, configurable: true },
  });
  Object.setPrototypeOf(prototype, concealed);
  return names.map((name) => [name, optionRow(name).isSecret ? concealed : prototype]);
}
