import assert from "node:assert/strict";
import { test } from "node:test";
import { AddressRange, isAddressRange, withoutBrackets } from "./address-range.ts";

test("a range contains the addresses that begin with its prefix, and no others", () => {
  const rows: [string, string[], string[]][] = [
    ["192.168.1.7", ["192.168.1.7", "::ffff:192.168.1.7"], ["192.168.1.8", "::1", ""]],
    ["10.0.0.0/8", ["10.0.0.0", "10.255.1.2"], ["11.0.0.0", "9.255.255.255"]],
    ["10.1.2.129/25", ["10.1.2.128", "10.1.2.255"], ["10.1.2.127", "10.1.3.128"]],
    ["10.1.2.3/31", ["10.1.2.2", "10.1.2.3"], ["10.1.2.4", "10.1.2.1"]],
    ["0.0.0.0/0", ["1.2.3.4", "::ffff:1.2.3.4"], ["::1", "", "name"]],
    ["::1", ["::1", "0:0:0:0:0:0:0:1", "::0.0.0.1"], ["::2", "127.0.0.1"]],
    ["2001:db8::/32", ["2001:db8::1", "2001:0DB8:ffff::"], ["2001:db9::1"]],
    ["2001:db8:8000::/33", ["2001:db8:8000::", "2001:db8:ffff::1"], ["2001:db8:7fff::1"]],
    ["fe80::/10", ["fe80::1%eth0", "febf::1"], ["fec0::1"]],
    ["::/0", ["::1", "2001:db8::1"], ["1.2.3.4"]],
    ["::ffff:10.0.0.0/104", ["10.9.9.9"], ["11.0.0.0"]],
  ];
  for (const [text, inside, outside] of rows) {
    const range = new AddressRange(text);
    for (const address of inside) assert.equal(range.contains(address), true, `${text} contains ${address}`);
    for (const address of outside) assert.equal(range.contains(address), false, `${text} does not contain ${address}`);
  }
});

test("what is no address or range is refused", () => {
  const wrong = ["", "10.0.0", "10.0.0.256", "010.0.0.1", "::ffff:1.2.3.04", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8/8", "host", "::/129", "fe80::1%eth0", "fe80::%eth0/64", "::ffff:1.2.3.4/95"]; // biome-ignore format: one row
  for (const text of wrong) assert.throws(() => new AddressRange(text), { code: "EINVAL" }, text);
  assert.throws(() => new AddressRange(7 as unknown as string), TypeError);
});

test("brackets around the address of an accept filter are taken off, where they are a pair at its ends", () => {
  assert.equal(withoutBrackets("[::1]/128"), "::1/128");
  assert.equal(withoutBrackets("[::1]"), "::1");
  for (const text of ["[::1", "::1]", "[::1]x", "[[::1]]"])
    assert.equal(isAddressRange(withoutBrackets(text)), false, text);
});
