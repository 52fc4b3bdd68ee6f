import assert from "node:assert/strict";
import { test } from "node:test";
import { networkOf } from "./ip.ts";

test("addresses of one /64 are of one network, IPv4 addresses each of its own", () => {
  for (const [address, network] of [
    ["192.168.1.7", "192.168.1.7"],
    ["::ffff:192.168.1.7", "::ffff:192.168.1.7"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
    ["2001:db8:1:2::1", "2001:db8:1:2"],
    ["2001:db8::1", "2001:db8:0:0"],
    ["1::2:3:4:5:6:7", "1:0:2:3"],
    ["::1", "0:0:0:0"],
    ["::", "0:0:0:0"],
    ["fe80::1%eth0", "fe80:0:0:0"],
    ["", ""],
    ["localhost:1000:1000:7", "localhost:1000:1000:7"],
  ] as const) {
    assert.equal(networkOf(address), network);
  }
});
