/** A file of its own, for browser-curve.ts to load: libsodium in WebAssembly, 70 KiB gzipped. It is no entry for users. */

import "./browser.ts"; // It is loaded already, and has what both share.

export { loadSodium } from "./security/sodium.ts";
