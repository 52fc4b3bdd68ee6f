/**
 * A libzmq whose peer, a socket of ours, is cut off after each octet of what it says, by a reset and by an orderly end; and
 * one that gets the same in pieces of any size. Whatever libzmq's ws asserts, it never meets: its process lives, and its
 * socket goes on with the next connection.
 */

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import * as zmq from "../../src/index.ts";
import { bytes } from "../fake-link.ts";
import { CLOSE, upgradeOf, wsFrame, zwsFrame } from "../websocket-frames.ts";
import { bytesOf, expected, type MessageSpec } from "./frames.ts";
import { ANY_WS_PORT, hex, opener, until } from "./opener.ts";
import { type Library, Peer, type PeerSocket } from "./peer.ts";
import { type Cut, Tap } from "./tap.ts";

const USERS = { admin: "correct horse" };
const server = zmq.curveKeyPair();
const client = zmq.curveKeyPair();

/** `stride`: a cut after each so many octets. CURVE has boxes of many octets that are all alike. */
const MECHANISMS = [
  { name: "NULL", stride: 1, server: {}, client: {} },
  {
    name: "PLAIN",
    stride: 1,
    server: { plainServer: true },
    client: { plainUsername: "admin", plainPassword: USERS.admin },
  },
  {
    name: "CURVE",
    stride: 3,
    server: { curveServer: true, curveSecretKey: server.secretKey },
    client: { curveServerKey: server.publicKey, curvePublicKey: client.publicKey, curveSecretKey: client.secretKey },
  },
] as const;

/** What we say on each connection, with PINGs before, within and behind it. */
const SAID: readonly MessageSpec[] = [["two", "parts"], [""], [{ size: 125, seed: 1 }]];
const HEARTBEAT = { heartbeatInterval: 3, heartbeatTimeout: 10_000 };

/** What Chromium says for a PUSH: its request, our routing id, messages, and its Close frame. */
const PAGE = bytes(
  Buffer.from(
    upgradeOf(
      "/",
      "ZWS2.0, zmtp3.1.stream",
      "Origin: http://localhost\r\nUser-Agent: Mozilla/5.0\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n",
    ),
  ),
  zwsFrame(0, []),
  ...SAID.flatMap((message) => message.map((frame, i) => zwsFrame(i < message.length - 1 ? 1 : 0, bytesOf(frame)))),
  wsFrame(CLOSE, [3, 232]),
);

/** Registers the cases against one library. */
export function webSocketCuts(library: Library): void {
  describe(`libzmq when its peer over ws is cut off: ${library}`, () => {
    const peer = new Peer(library);
    const { ours, theirs, later } = opener(() => peer, ANY_WS_PORT);
    const folder = mkdtempSync(join(tmpdir(), "zmq-cuts-"));
    const certificates = join(folder, "clients");
    const context = new zmq.Context();
    const authenticator = new zmq.Authenticator({ plain: USERS, curve: zmq.certificateFolder(certificates), context });
    before(async () => {
      mkdirSync(certificates);
      zmq.saveCertificate(join(certificates, "client.key"), { ...client, metadata: { name: "Client" } });
      authenticator.start();
      await peer.call("authenticate", { users: USERS, certificates });
    });
    after(async () => {
      authenticator.stop();
      await peer.end();
      await context.close();
      rmSync(folder, { recursive: true, force: true });
    });

    interface Pair {
      readonly our: zmq.Dealer;
      readonly their: PeerSocket;
      readonly tap: Tap;
      /** Which side of the tap we are. */
      readonly we: Cut["from"];
    }

    async function joined(
      weBind: boolean,
      mechanism: (typeof MECHANISMS)[number],
      prepare: (tap: Tap) => void,
    ): Promise<Pair> {
      const [ourSide, theirSide] = weBind ? [mechanism.server, mechanism.client] : [mechanism.client, mechanism.server];
      const our = ours(new zmq.Dealer({ context, immediate: true, reconnectInterval: 1, sendTimeout: 0, ...HEARTBEAT, ...ourSide })); // biome-ignore format: one row
      const their = await theirs("DEALER", { receiveHighWaterMark: 0, reconnectInterval: 1, ...theirSide });
      our.events.on("handshake", () => {
        // EAGAIN when the connection is gone already.
        for (const message of SAID) our.send(message.map(bytesOf)).catch(({ code }) => assert.equal(code, "EAGAIN"));
      });
      if (weBind) await our.bind(ANY_WS_PORT);
      const tap = later(await Tap.start(weBind ? (our.lastEndpoint as string) : await their.bind(ANY_WS_PORT)));
      prepare(tap);
      if (weBind) await their.connect(tap.endpoint);
      else our.connect(tap.endpoint);
      return { our, their, tap, we: weBind ? "binder" : "dialer" };
    }

    /**
     * The next message. libzmq as a server says that there is one when its peer has a user id, and then that there is none, if
     * the first message is not whole yet.
     */
    async function next(their: PeerSocket): Promise<string[]> {
      for (;;) {
        try {
          return (await their.receive(1))[0] as string[];
        } catch (error) {
          assert.match(String(error), /EAGAIN|Again/);
        }
      }
    }

    /** The socket that was cut off so often still exchanges messages. */
    async function goesOn({ our, their }: Pair): Promise<void> {
      let isOver = false;
      const heard = (async () => {
        while ((await next(their))[0] !== hex("over"));
        isOver = true;
      })();
      our.sendTimeout = -1;
      while (!isOver) {
        await our.send("over"); // May be lost with the connection that was cut last.
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      await heard;
      await their.send(["back"]);
      assert.equal(String(await our.receive()), "back");
      assert.ok(peer.isAlive);
    }

    test("after each octet of a page, which speaks without a mechanism", { timeout: 60_000 }, async () => {
      const pull = await theirs("PULL", { receiveHighWaterMark: 0 });
      const port = Number(new URL(await pull.bind(ANY_WS_PORT)).port);
      for (let after = 1; after <= PAGE.length; after++) {
        for (const isReset of [true, false]) {
          const page = connect(port, "127.0.0.1");
          page.on("error", () => {}); // A reset.
          page.resume();
          page.write(PAGE.subarray(0, after), () => (isReset ? page.resetAndDestroy() : page.end()));
          await new Promise((resolve) => page.once("close", resolve));
          assert.ok(peer.isAlive, `${after} octets, ${isReset ? "then a reset" : "then the end"}`);
        }
      }
      const last = later(new zmq.Push({ linger: 0 }));
      last.connect(`ws://127.0.0.1:${port}/`);
      await last.send("over");
      while ((await next(pull))[0] !== hex("over"));
    });

    for (const mechanism of MECHANISMS) {
      for (const weBind of [true, false]) {
        const binder = weBind ? "we bind" : "libzmq binds";
        test(`after each octet of ours with ${mechanism.name}, ${binder}`, { timeout: 120_000 }, async () => {
          const measured = await joined(weBind, mechanism, () => {});
          for (let i = 0; i < SAID.length; i++) await next(measured.their);
          const { we } = measured;
          const { stride } = mechanism;
          const wanted = 2 * Math.ceil(measured.tap.octets[we] / stride);
          let cuts = 0;
          const pair = await joined(weBind, mechanism, (tap) => {
            tap.nextCut = () =>
              cuts < wanted ? { from: we, after: 1 + stride * (cuts >> 1), isReset: cuts % 2 === 0 } : undefined;
            tap.onCut = () => cuts++;
          });
          await until(() => cuts === wanted || !peer.isAlive);
          await goesOn(pair);
        });

        test(`in pieces of any size with ${mechanism.name}, ${binder}`, { timeout: 60_000 }, async () => {
          for (const mostOctets of [1, 2, 3, 7, 61]) {
            const pair = await joined(weBind, mechanism, (tap) => {
              tap.mostOctets = mostOctets;
            });
            for (const message of SAID) {
              assert.deepEqual(await next(pair.their), expected(message));
            }
            await goesOn(pair);
          }
        });
      }
    }
  });
}
