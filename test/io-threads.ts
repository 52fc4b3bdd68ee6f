/**
 * Loaded before a test, it makes contexts that say nothing of `ioThreads` have one: so the tests of sockets run with
 * the engine in an I/O thread too. `scripts/test.js` loads it when ZMQ_TS_TEST_IO_THREADS is set.
 */

import { CONTEXT_OPTIONS } from "../src/base/context-options.ts";

Object.assign(CONTEXT_OPTIONS.ioThreads, { default: Number(process.env.ZMQ_TS_TEST_IO_THREADS ?? 1) });
