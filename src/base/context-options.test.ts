import assert from "node:assert/strict";
import { it } from "node:test";
import {
  type ContextProperties,
  contextOptionById,
  defaultContextOptions,
  setContextOption,
} from "./context-options.ts";

it("a fresh context has libzmq's defaults, but no I/O thread", () => {
  const { ioThreads, maxSockets, maxSocketsLimit, maxMessageSize, ipv6, blocky } = defaultContextOptions();
  assert.deepEqual(
    { ioThreads, maxSockets, maxSocketsLimit, maxMessageSize, ipv6, blocky },
    { ioThreads: 0, maxSockets: 1023, maxSocketsLimit: 65535, maxMessageSize: 2147483647, ipv6: false, blocky: true },
  );
});

it("values are checked as those of sockets are", () => {
  const values = defaultContextOptions();
  setContextOption(values, "maxSockets", 10);
  setContextOption(values, "threadNamePrefix", "zmq");
  assert.equal(values.maxSockets, 10);
  assert.equal(values.threadNamePrefix, "zmq");
  assert.throws(() => setContextOption(values, "ioThreads", "x"), { message: "Option value must be a number" });
  assert.throws(() => setContextOption(values, "blocky", 1), { message: "Option value must be a boolean" });
  assert.throws(() => setContextOption(values, "ioThreads", -1), {
    code: "EINVAL",
    message: "ioThreads: expected an integer >= 0, not -1",
  });
  assert.throws(() => setContextOption(values, "maxSocketsLimit", 5), { code: "EINVAL", message: /read-only/ });
  assert.equal(defaultContextOptions().maxSockets, 1023);
});

it("number 3 is SOCKET_LIMIT when read and THREAD_PRIORITY when written", () => {
  assert.equal(contextOptionById(3, "read"), "maxSocketsLimit");
  assert.equal(contextOptionById(3, "write"), "threadPriority");
  assert.equal(contextOptionById(99, "read"), undefined);
});

it("read-only options are typed as such", () => {
  const properties = {} as ContextProperties;
  properties.ioThreads = 2;
  // @ts-expect-error read-only
  properties.maxSocketsLimit = 2;
  assert.ok(properties);
});
