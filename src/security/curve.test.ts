import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { inspect } from "node:util";
import { crypto, newKeyPair, openBox, sealBox } from "../../test/crypto.ts";
import { code, config, join, newClient, newServer, open, own, reply, server } from "../../test/curve-pair.ts";
import { countedRandom } from "../../test/vectors/security.ts";
import { concat, fromText, toText } from "../base/bytes.ts";
import { ZmqError } from "../base/errors.ts";
import type { SocketTypeName } from "../base/socket-types.ts";
import { type KeyPair, sharedKey } from "./crypto.ts";
import * as layout from "./curve.ts";
import { CurveClient } from "./curve-client.ts";
import { CurveServer } from "./curve-server.ts";
import type { Mechanism } from "./mechanism.ts";

test("client and server agree, tell each other their metadata, and hold no connection before", () => {
  const client = new CurveClient(
    config("DEALER", { routingId: fromText("me"), metadata: new Map([["X-A", "b"]]) }),
    {
      own,
      server: server.publicKey,
    },
    crypto,
  );
  const peer = newServer();
  assert.equal(client.state, "handshaking");
  assert.equal(client.cipher, undefined);
  const commands = join(client, peer);
  assert.deepEqual(
    commands.map((body) => body.length),
    [200, 168, 257 + 22 + 15 + 9, 30 + 22 + 13],
  );
  assert.deepEqual([client.state, peer.state], ["ready", "ready"]);
  assert.equal(toText(peer.peer.get("Identity")!), "me");
  assert.equal(toText(peer.peer.get("X-A")!), "b");
  assert.equal(toText(client.peer.get("Socket-Type")!), "ROUTER");
});

test("nothing of the metadata is readable in the commands", () => {
  const client = new CurveClient(
    config("DEALER", { routingId: fromText("very-secret-name") }),
    {
      own,
      server: server.publicKey,
    },
    crypto,
  );
  for (const body of join(client, newServer())) {
    assert.equal(Buffer.from(body).includes("very-secret-name"), false);
    assert.equal(Buffer.from(body).includes("Socket-Type"), false);
    assert.equal(Buffer.from(body).includes(Buffer.from(own.publicKey)), false);
  }
});

for (const capture of JSON.parse(readFileSync(new URL("../../test/vectors/security.json", import.meta.url), "utf8"))) {
  if (!capture.name.startsWith("CURVE")) continue;
  test(`captured from libzmq ${capture.libzmq}: ${capture.name}`, () => {
    const isClient = capture.name.includes("server");
    const type: SocketTypeName = capture.name.includes("refuses")
      ? "PUSH"
      : isClient
        ? "DEALER"
        : capture.name.endsWith("SUB")
          ? "PUB"
          : "ROUTER";
    const ours = config(type, { metadata: new Map([["X-Test", "ours"]]) });
    const mechanism: Mechanism = isClient
      ? new CurveClient(ours, { own, server: server.publicKey }, crypto, countedRandom())
      : new CurveServer(ours, server, type === "PUB", crypto, countedRandom());
    const traffic: Uint8Array[] = [];
    for (const { from, hex } of capture.frames) {
      const body = Uint8Array.from(Buffer.from(hex, "hex"));
      if (from === "us") assert.equal(Buffer.from(mechanism.produce()!).toString("hex"), hex);
      else if (mechanism.state === "ready") traffic.push(open(mechanism.cipher!, body));
      else if (body[0] === 5 && toText(body.subarray(1, 6)) === "ERROR") {
        assert.throws(() => mechanism.consume(body), { code: "EACCES", status: 400 });
        assert.equal(mechanism.state, "failed");
        return;
      } else mechanism.consume(body);
      if (mechanism.state === "authorizing") {
        assert.equal(mechanism.zap?.mechanism, "CURVE");
        assert.deepEqual(Uint8Array.from(mechanism.zap!.credentials[0]!), Uint8Array.from(own.publicKey));
        mechanism.authorize?.(reply(200));
      }
    }
    assert.equal(mechanism.state, "ready");
    const opened = traffic.map((frame) => [frame[0], Buffer.from(frame.subarray(1)).toString("latin1")]);
    if (type === "PUB")
      assert.deepEqual(opened, [
        [2, "\x09SUBSCRIBEabc"],
        [2, "\x04PING\0\0"],
      ]);
    else
      assert.deepEqual(opened, [
        [0, "one"],
        [1, "two"],
        [1, ""],
        [0, "x".repeat(300)],
      ]);
  });
}

test("each command of the handshake, cut at every length, ends it", () => {
  for (let step = 0; step < 4; step++) {
    const length = join(newClient(), newServer())[step]!.length;
    for (let end = 0; end < length; end += end > 20 && end < length - 20 ? 7 : 1) {
      const sides = [newClient(), newServer()] as const;
      assert.throws(
        () => join(...sides, (body, at) => (at === step ? body.subarray(0, end) : body)),
        (error: ZmqError) => {
          const wanted =
            end < [6, 8, 9, 6][step]!
              ? "ERR_ZMTP_UNEXPECTED_COMMAND"
              : [
                  "ERR_ZMTP_MALFORMED_COMMAND_HELLO",
                  "ERR_ZMTP_MALFORMED_COMMAND_WELCOME",
                  end < 257 ? "ERR_ZMTP_MALFORMED_COMMAND_INITIATE" : "ERR_ZMTP_CRYPTOGRAPHIC",
                  end < 30 ? "ERR_ZMTP_MALFORMED_COMMAND_READY" : "ERR_ZMTP_CRYPTOGRAPHIC",
                ][step];
          assert.equal(error.code, wanted, `step ${step}, cut at ${end}`);
          return true;
        },
      );
      assert.equal(sides[step % 2 === 0 ? 1 : 0].state, "failed");
      assert.equal(sides[step % 2 === 0 ? 1 : 0].cipher, undefined);
    }
  }
});

test("each command of the handshake with one octet too many ends it", () => {
  for (let step = 0; step < 4; step++) {
    const longer = (body: Uint8Array, at: number) => (at === step ? Uint8Array.from([...body, 0]) : body);
    assert.throws(
      () => join(newClient(), newServer(), longer),
      (error) => error instanceof ZmqError,
      `step ${step}`,
    );
  }
});

test("each command of the handshake with any octet changed ends it, but for HELLO's padding", () => {
  for (let step = 0; step < 4; step++) {
    const length = join(newClient(), newServer())[step]!.length;
    for (let at = 0; at < length; at += at < 16 ? 1 : 5) {
      const flip = (body: Uint8Array, current: number) => {
        if (current !== step) return body;
        const changed = Uint8Array.from(body);
        changed[at]! ^= 1 << (at % 8);
        return changed;
      };
      const sides = [newClient(), newServer()] as const;
      if (step === 0 && at >= 8 && at < 80) join(...sides, flip);
      else
        assert.throws(
          () => join(...sides, flip),
          (error) => error instanceof ZmqError,
          `step ${step}, octet ${at}`,
        );
    }
  }
});

test("failures have libzmq's codes", () => {
  const change = (step: number, at: number) => (body: Uint8Array, current: number) => {
    const changed = Uint8Array.from(body);
    if (current === step) changed[at]! ^= 1;
    return changed;
  };
  const expected: [number, number, string][] = [
    [0, 0, "ERR_ZMTP_UNEXPECTED_COMMAND"],
    [0, 6, "ERR_ZMTP_MALFORMED_COMMAND_HELLO"],
    [0, 7, "ERR_ZMTP_MALFORMED_COMMAND_HELLO"],
    [0, 199, "ERR_ZMTP_CRYPTOGRAPHIC"],
    [1, 1, "ERR_ZMTP_UNEXPECTED_COMMAND"],
    [1, 30, "ERR_ZMTP_CRYPTOGRAPHIC"],
    [2, 1, "ERR_ZMTP_UNEXPECTED_COMMAND"],
    [2, 20, "ERR_ZMTP_CRYPTOGRAPHIC"],
    [2, 120, "ERR_ZMTP_CRYPTOGRAPHIC"],
    [3, 1, "ERR_ZMTP_UNEXPECTED_COMMAND"],
    [3, 20, "ERR_ZMTP_CRYPTOGRAPHIC"],
  ];
  for (const [step, at, wanted] of expected) {
    assert.throws(() => join(newClient(), newServer(), change(step, at)), code(wanted), `step ${step}, octet ${at}`);
  }
});

test("each command of the handshake that comes twice ends it", () => {
  for (let step = 0; step < 4; step++) {
    const twice = (body: Uint8Array, at: number) => (at === step ? [body, body] : body);
    const sides = [newClient(), newServer()] as const;
    assert.throws(() => join(...sides, twice), code("ERR_ZMTP_UNEXPECTED_COMMAND"), `step ${step}`);
  }
});

test("commands in any wrong order end the handshake", () => {
  const commands = join(newClient(), newServer());
  for (let first = 0; first < 4; first++) {
    if (first !== 0) assert.throws(() => newServer().consume(commands[first]!), code("ERR_ZMTP_UNEXPECTED_COMMAND"));
    if (first !== 1) {
      const client = newClient();
      client.produce();
      assert.throws(() => client.consume(commands[first]!), code("ERR_ZMTP_UNEXPECTED_COMMAND"));
    }
  }
  assert.throws(() => newClient().consume(commands[1]!), code("ERR_ZMTP_UNEXPECTED_COMMAND"));
});

test("commands recorded from another connection of the same peers end the handshake", () => {
  const recorded = join(newClient(), newServer());
  for (const step of [1, 2, 3]) {
    const replay = (body: Uint8Array, at: number) => (at === step ? recorded[at]! : body);
    assert.throws(() => join(newClient(), newServer(), replay), code("ERR_ZMTP_CRYPTOGRAPHIC"), `step ${step}`);
  }
  // A recorded HELLO is answered, but what comes of it cannot be read by who recorded it.
  assert.throws(
    () => join(newClient(), newServer(), (body, at) => (at === 0 ? recorded[0]! : body)),
    code("ERR_ZMTP_CRYPTOGRAPHIC"),
  );
});

test("a client that knows a wrong server key is told nothing", () => {
  assert.throws(() => join(newClient(newKeyPair().publicKey), newServer()), code("ERR_ZMTP_CRYPTOGRAPHIC"));
});

test("a server that has not the expected secret key cannot answer", () => {
  assert.throws(() => join(newClient(), newServer(false, newKeyPair())), code("ERR_ZMTP_CRYPTOGRAPHIC"));
});

test("a client cannot use a public key whose secret it has not", () => {
  const stranger = newKeyPair();
  const thief: KeyPair = {
    publicKey: own.publicKey,
    secretKey: stranger.secretKey,
    sharedKey: (publicKey) => stranger.sharedKey(publicKey),
    forget: () => stranger.forget(),
  };
  assert.throws(() => join(newClient(server.publicKey, thief), newServer()), code("ERR_ZMTP_CRYPTOGRAPHIC"));
});

/** INITIATE with a true box but a vouch of the caller's making. */
function initiateWith(vouched: (transient: Uint8Array) => Uint8Array, peer: CurveServer): Uint8Array {
  const transient = newKeyPair(countedRandom());
  const client = new CurveClient(config("DEALER"), { own, server: server.publicKey }, crypto, countedRandom());
  peer.consume(client.produce()!);
  const welcome = peer.produce()!;
  const helloKey = sharedKey(server.publicKey, transient, "");
  const content = openBox(helloKey, layout.nonceFrom("WELCOME-", welcome, 8), welcome.subarray(24), "");
  const serverTransient = content.subarray(0, 32);
  const vouch = new Uint8Array(96);
  const vouchKey = sharedKey(serverTransient, own, "");
  sealBox(vouchKey, layout.nonceFrom("VOUCH---", vouch, 0), vouched(transient.publicKey), vouch, 16);
  const body = layout.blankCommand("INITIATE", 257);
  body.set(content.subarray(32), 9);
  const key = sharedKey(serverTransient, transient, "");
  sealBox(key, layout.nonceFrom("CurveZMQINITIATE", body, 105), concat([own.publicKey, vouch]), body, 113);
  return body;
}

test("INITIATE without metadata and with a nonce smaller than HELLO's is accepted", () => {
  const peer = newServer();
  peer.consume(initiateWith((transient) => concat([transient, server.publicKey]), peer));
  peer.produce();
  assert.equal(peer.state, "ready");
  assert.equal(peer.peer.size, 0);
});

test("a vouch for another connection or another server is refused", () => {
  const other = newKeyPair().publicKey;
  for (const vouched of [() => concat([other, server.publicKey]), (mine: Uint8Array) => concat([mine, other])]) {
    const peer = newServer();
    const initiate = initiateWith(vouched, peer);
    assert.throws(() => peer.consume(initiate), code("ERR_ZMTP_KEY_EXCHANGE"));
    assert.equal(peer.state, "failed");
  }
});

test("a key of small order in HELLO is refused", () => {
  const zeros = (body: Uint8Array, at: number) => {
    const changed = Uint8Array.from(body);
    if (at === 0) changed.fill(0, 80, 112);
    return changed;
  };
  assert.throws(() => join(newClient(), newServer(), zeros), code("ERR_ZMTP_CRYPTOGRAPHIC"));
});

test("the handler's answer decides: READY, ERROR or silence", () => {
  for (const status of [200, 300, 400, 500] as const) {
    const client = newClient();
    const peer = newServer(true);
    join(client, peer);
    assert.equal(peer.state, "authorizing");
    assert.equal(peer.produce(), undefined);
    assert.deepEqual(Uint8Array.from(peer.zap!.credentials[0]!), Uint8Array.from(own.publicKey));
    peer.authorize(reply(status));
    assert.throws(() => peer.authorize(reply(200)), code("EFSM"));
    const answer = peer.produce();
    assert.equal(peer.produce(), undefined);
    if (status === 200) {
      client.consume(answer!);
      assert.deepEqual([client.state, peer.state], ["ready", "ready"]);
    } else {
      assert.deepEqual([peer.state, peer.cipher], ["handshaking", undefined]);
      assert.throws(() => peer.consume(fromText("\x05HELLO")), code("ERR_ZMTP_UNEXPECTED_COMMAND"));
      if (status === 300) assert.equal(answer, undefined);
      else {
        assert.equal(toText(answer!), `\x05ERROR\x03${status}`);
        assert.throws(() => client.consume(answer!), { code: "EACCES", status });
      }
    }
  }
});

test("a command that comes while the handler thinks ends the handshake", () => {
  const peer = newServer(true);
  const commands = join(newClient(), peer);
  assert.throws(() => peer.consume(commands[2]!), code("ERR_ZMTP_UNEXPECTED_COMMAND"));
});

test("an ERROR that is cut short is malformed", () => {
  const client = newClient();
  client.produce();
  assert.throws(() => client.consume(fromText("\x05ERROR\x0340")), code("ERR_ZMTP_MALFORMED_COMMAND_ERROR"));
});

/** Random octets that the test still holds. */
function watchedRandom(): { random: (length: number) => Uint8Array; secrets: () => Uint8Array[] } {
  const given: Uint8Array[] = [];
  const random = (length: number) => {
    const octets = globalThis.crypto.getRandomValues(new Uint8Array(length));
    given.push(octets);
    return octets;
  };
  return { random, secrets: () => given.filter(({ length }) => length === 32) };
}

for (const steps of [1, 2, 3]) {
  test(`a handshake that ends after ${steps} of its commands leaves no transient secret key behind`, () => {
    const ours = watchedRandom();
    const theirs = watchedRandom();
    const client = new CurveClient(config("DEALER"), { own, server: server.publicKey }, crypto, ours.random);
    const peer = new CurveServer(config("ROUTER"), server, true, crypto, theirs.random);
    const sides: [Mechanism, Mechanism] = [client, peer];
    for (let step = 0; step < steps; step++) {
      const [from, to] = step % 2 === 0 ? sides : [peer, client];
      to.consume(from.produce()!);
    }
    assert.equal(ours.secrets().length, 1);
    client.forget();
    peer.forget();
    for (const secret of [...ours.secrets(), ...theirs.secrets()]) assert.ok(secret.every((octet) => octet === 0));
    assert.ok(own.secretKey.some((octet) => octet !== 0) && server.secretKey.some((octet) => octet !== 0));
    assert.equal(client.produce(), undefined);
    assert.throws(() => peer.consume(new Uint8Array(300)));
  });
}

test("a client makes its keys when its first command is due, not when it is made", () => {
  const ours = watchedRandom();
  const client = new CurveClient(config("DEALER"), { own, server: server.publicKey }, crypto, ours.random);
  assert.equal(ours.secrets().length, 0);
  client.produce();
  assert.equal(ours.secrets().length, 1);
});

test("a mechanism that is printed shows no secret", () => {
  const client = newClient();
  const peer = newServer(true);
  join(client, peer);
  const text = inspect([client, peer, client.cipher, peer.cipher], { depth: 10, showHidden: true });
  assert.equal(/secretKey|<Buffer|Uint8Array/.test(text), false, text);
});
