/**
 * What the build is made for. The build for pages has other values here (scripts/pages.js), and the bundler leaves out
 * what stands behind a condition on them. Where a page needs a file in another form altogether, it has a `small-` one.
 */

/** A page: it dials and is never dialed but over inproc, speaks ZMTP 3 alone, and has neither files nor a ZAP handler. */
export const IN_PAGE: boolean = false;

/** Byte arrays are `Buffer`s where the runtime has them. In pages they never are, whoever brings a `Buffer` along. */
export const USES_BUFFER: boolean = true;
