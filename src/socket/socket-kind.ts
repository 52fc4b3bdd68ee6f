/**
 * What a socket class is made of, handed to `Socket` by its constructor. So a class brings its own pattern and no table
 * knows them all: a bundle has those of the classes that it uses.
 */

import type { SocketTypeName } from "../base/socket-types.ts";
import { IN_PAGE } from "../base/target.ts";
import { bringInproc } from "../core/inproc.ts";
import { INPROC_ENDPOINTS } from "../core/inproc-endpoint.ts";
import type { SendLines } from "../core/send-lines.ts";
import type { PatternClass } from "../pattern/pattern.ts";

export interface SocketKind {
  readonly type: SocketTypeName;
  /** Asked late: the class is declared behind its kind. */
  readonly socketClass: () => object & { readonly prototype: object };
  readonly patternClass: PatternClass;
  /** Of a type whose sender names the peer. */
  readonly sendLines?: typeof SendLines;
  /** The tables of options that only some types have, this one among them. */
  readonly options?: readonly object[];
}

/**
 * A kind that brings inproc to a page. All do but SUB, XSUB, REQ and PULL: each of those meets only types that do. A
 * bundler leaves out the call with a class that nothing uses.
 */
// @__NO_SIDE_EFFECTS__
export function withInproc(kind: SocketKind): SocketKind {
  if (IN_PAGE) bringInproc(INPROC_ENDPOINTS);
  return kind;
}
