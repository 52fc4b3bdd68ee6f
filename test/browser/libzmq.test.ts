/**
 * Every pair of socket types between a page in Chromium and libzmq: over ws, where a page speaks plain ZWS 2.0 and libzmq binds, and
 * through a relay to its tcp, with each mechanism (one library is enough there: a relay hides nothing of tcp, of which
 * the others have all).
 */

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it, test } from "node:test";
import { defaultOptions } from "../../src/base/options.ts";
import { curveKeyPair, saveCertificate } from "../../src/index.ts";
import { Relay } from "../../src/node/relay.ts";
import { bytesOf, MESSAGES } from "../interop/frames.ts";
import { PAIRS, type Pair, uneventful } from "../interop/matrix.ts";
import { ANY_PORT, ANY_WS_PORT } from "../interop/opener.ts";
import { type Library, missing, Peer } from "../interop/peer.ts";
import { noBrowser, TestPage } from "./chromium.ts";
import { preparePage, RemoteSocket } from "./remote-socket.ts";

const upTo = (octets: number) =>
  MESSAGES.filter((message) => message.every((frame) => bytesOf(frame).length <= octets));
/** Without a relay: browsers cut longer messages, and libzmq stalls at the pieces. */
const SHORT = upTo(65_535);
/** Without megabytes, which cross slowly from the test to the page; page.test.ts has them. */
const LONG = upTo(100_000);

const USERS = { admin: "correct horse" };
const server = curveKeyPair();
const client = curveKeyPair();
const MECHANISMS = [
  { name: "NULL", server: {}, client: {} },
  { name: "PLAIN", server: { plainServer: true }, client: { plainUsername: "admin", plainPassword: USERS.admin } },
  {
    name: "CURVE",
    server: { curveServer: true, curveSecretKey: server.secretKey },
    client: { curveServerKey: server.publicKey, curvePublicKey: client.publicKey, curveSecretKey: client.secretKey },
  },
] as const;

function pageWith(library: Library, mechanisms: typeof MECHANISMS | readonly []): void {
  describe(`a page and ${library}`, { skip: noBrowser ?? false, timeout: 240_000 }, () => {
    const peer = new Peer(library);
    const folder = mkdtempSync(join(tmpdir(), "zmq-page-"));
    let browser: TestPage;
    before(async () => {
      const certificates = join(folder, "clients");
      mkdirSync(certificates);
      saveCertificate(join(certificates, "client.key"), { ...client, metadata: { name: "Client" } });
      browser = await TestPage.open();
      await preparePage(browser.page);
      await peer.call("authenticate", { users: USERS, certificates });
    });
    after(async () => {
      await browser?.[Symbol.asyncDispose]();
      await peer.end();
      rmSync(folder, { recursive: true, force: true });
    });

    /** libzmq binds, the page connects to what `reach` makes of that. */
    async function exchange(
      pair: Pair,
      options: { ours: object; theirs: Record<string, unknown> },
      anyPort: string,
      reach: (bound: string) => Promise<string>,
    ): Promise<void> {
      const theirs = await peer.open(pair.theirs, { ...pair.theirOptions, ...options.theirs });
      const ours = new RemoteSocket(browser.page, pair.ours, { ...pair.options, ...options.ours });
      try {
        ours.connect(await reach(await theirs.bind(anyPort)));
        await pair.flow(ours, theirs, anyPort === ANY_WS_PORT ? SHORT : LONG);
        await uneventful(theirs, 1);
      } finally {
        await ours.close();
        await theirs.close();
      }
    }

    for (const pair of PAIRS) {
      it(`${pair.ours} in the page and ${pair.theirs}, which binds, over ws`, { timeout: 20_000 }, () =>
        exchange(pair, { ours: {}, theirs: {} }, ANY_WS_PORT, async (bound) => bound),
      );
    }

    for (const mechanism of mechanisms) {
      for (const pair of PAIRS) {
        // With a user id, libzmq's REQ as a server disconnects every peer at its first reply, libzmq's own too.
        if (mechanism.name !== "NULL" && pair.theirs === "REQ") continue;
        it(`${pair.ours} in the page and ${pair.theirs} of tcp, with ${mechanism.name} through a relay`, {
          timeout: 20_000,
        }, async () => {
          let relay: Relay | undefined;
          try {
            const options = { ours: mechanism.client, theirs: mechanism.server };
            await exchange(pair, options, ANY_PORT, (bound) => {
              const values = { ...defaultOptions("DEALER", { ipv6: false, blocky: true }), wsAllowedOrigins: ["*"] };
              relay = new Relay(bound, values, { failed: (error) => assert.fail(error) });
              return relay.listen("ws://127.0.0.1:*");
            });
          } finally {
            relay?.close();
          }
        });
      }
    }
  });
}

pageWith("zeromq", MECHANISMS);
const reason = missing("pyzmq");
if (reason === undefined) pageWith("pyzmq", []);
else test("a page and pyzmq", { skip: reason }, () => {});
