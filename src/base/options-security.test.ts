import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkOption, defaultOptions, getOption, type OptionName, refuseWeakerMixture, setOption } from "./options.ts";

const FRESH = { ipv6: false, blocky: true };
/** The example key of RFC 32, five characters to four bytes, repeated. */
const KEY = "HelloWorld".repeat(4);

function fresh() {
  return defaultOptions("DEALER", FRESH);
}
function refused(code: string, message: RegExp) {
  return { name: "Error", code, message };
}

describe("keys", () => {
  it("are taken as Z85 or bytes and read as Z85", () => {
    const values = fresh();
    setOption(values, "curvePublicKey", KEY, "DEALER");
    assert.equal(getOption(values, "curvePublicKey"), KEY);
    const bytes = Uint8Array.from(
      { length: 32 },
      (_, i) => [0x86, 0x4f, 0xd2, 0x6f, 0xb5, 0x59, 0xf7, 0x5b][i % 8] as number,
    );
    setOption(values, "curveSecretKey", bytes, "DEALER");
    assert.equal(getOption(values, "curveSecretKey"), KEY);
    setOption(values, "curveServerKey", new Uint8Array(32).fill(255), "DEALER");
    assert.equal(getOption(values, "curveServerKey"), "%nSc0".repeat(8));
  });

  it("of the wrong length, alphabet or size are refused", () => {
    for (const bad of [null, "", KEY.slice(1), `${KEY}H`, `~${KEY.slice(1)}`, "%nSc1".repeat(8), new Uint8Array(31)]) {
      assert.throws(() => checkOption("curveServerKey", bad, "DEALER"), refused("EINVAL", /40 characters in Z85/));
    }
  });
});

describe("securityMechanism", () => {
  const chosenBy = (...assigned: [OptionName, unknown][]) => {
    const values = fresh();
    for (const [name, value] of assigned) setOption(values, name, value, "DEALER");
    return [values.securityMechanism, values.plainServer, values.curveServer];
  };

  it("is the one whose option was assigned last", () => {
    assert.deepEqual(chosenBy(), [null, false, false]);
    assert.deepEqual(chosenBy(["plainServer", true]), ["plain", true, false]);
    assert.deepEqual(chosenBy(["plainServer", true], ["plainServer", false]), [null, false, false]);
    assert.deepEqual(chosenBy(["plainUsername", "u"], ["plainPassword", "p"]), ["plain", false, false]);
    assert.deepEqual(chosenBy(["plainUsername", "u"], ["plainUsername", null]), [null, false, false]);
    assert.deepEqual(chosenBy(["plainServer", true], ["plainUsername", "u"]), ["plain", false, false]);
    assert.deepEqual(chosenBy(["curveServer", true], ["curveSecretKey", KEY]), ["curve", false, true]);
    assert.deepEqual(chosenBy(["curveSecretKey", KEY], ["curveServer", true]), ["curve", false, true]);
    assert.deepEqual(chosenBy(["curveServer", true], ["curveServerKey", KEY]), ["curve", false, false]);
    assert.deepEqual(chosenBy(["curveServer", true], ["plainServer", true]), ["plain", true, false]);
  });

  it("is not turned off by what turns nothing off", () => {
    const client: [OptionName, unknown] = ["curveServerKey", KEY];
    for (const name of ["curveServer", "plainServer"] as const) {
      assert.deepEqual(chosenBy(client, [name, false]), ["curve", false, false]);
    }
    for (const name of ["plainUsername", "plainPassword"] as const) {
      assert.deepEqual(chosenBy(client, [name, null]), ["curve", false, false]);
      assert.deepEqual(chosenBy([name, "x"], client, [name, null]), ["curve", false, false]);
      assert.deepEqual(chosenBy(["plainServer", true], [name, null]), ["plain", true, false]);
    }
    assert.deepEqual(chosenBy(["curveServer", true], ["plainServer", false]), ["curve", false, true]);
    assert.deepEqual(chosenBy(["plainServer", true], ["curveServer", false]), ["plain", true, false]);
    assert.deepEqual(chosenBy(client, ["curveServer", true], ["curveServer", false]), [null, false, false]);
  });

  it("options given together do not make a PLAIN socket of a CURVE one", () => {
    const keys = { curveServerKey: KEY, curveSecretKey: KEY };
    for (const plain of [{ plainUsername: "u", plainPassword: "p" }, { plainServer: true }]) {
      assert.throws(() => refuseWeakerMixture({ ...keys, ...plain }), refused("EINVAL", /PLAIN .* CURVE/));
      assert.throws(() => refuseWeakerMixture({ curveServer: true, ...plain }), refused("EINVAL", /PLAIN .* CURVE/));
      refuseWeakerMixture({ ...plain, ...keys });
      refuseWeakerMixture({ curveServer: false, ...plain });
    }
    refuseWeakerMixture({ ...keys, plainUsername: null, plainServer: false });
  });

  it("an empty user name or password does not silently turn security off", () => {
    assert.throws(() => checkOption("plainPassword", "", "DEALER"), refused("EINVAL", /plainPassword/));
    assert.throws(() => checkOption("plainUsername", new Uint8Array(0), "DEALER"), refused("EINVAL", /plainUsername/));
  });
});
