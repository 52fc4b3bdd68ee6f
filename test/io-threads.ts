/**
 * Loaded before a test, it makes contexts that say nothing of `ioThreads` have one: so the tests of sockets run with
 * the engine in an I/O thread too: node --import tsx --import ./test/io-threads.ts --test FILE. ZMQ_TS_TEST_IO_THREADS is how many.
 */

import { CONTEXT_OPTIONS } from "../src/base/context-options.ts";

Object.assign(CONTEXT_OPTIONS.ioThreads, { default: Number(process.env.ZMQ_TS_TEST_IO_THREADS ?? 1) });
