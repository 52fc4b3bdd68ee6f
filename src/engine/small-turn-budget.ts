/**
 * turn-budget.ts for pages: the build for browsers puts it in the place of that one. A page has few connections, all to
 * servers that it chose, and no peer beside them whose messages a flood could hold up: its small-admission.ts and
 * small-incoming.ts ask for no budget.
 */

export const FRAMES_AT_ONCE = Number.POSITIVE_INFINITY;

export class TurnBudget {}
