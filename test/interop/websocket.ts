/**
 * Every legal pair of socket types over ws, with either side binding, without security, with PLAIN and with CURVE: our
 * socket against libzmq's.
 */

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import * as zmq from "../../src/index.ts";
import { exchange, PAIRS } from "./matrix.ts";
import { type Library, Peer } from "./peer.ts";

const USERS = { admin: "correct horse" };
const server = zmq.curveKeyPair();
const client = zmq.curveKeyPair();

const MECHANISMS = [
  { name: "NULL", server: {}, client: {} },
  { name: "PLAIN", server: { plainServer: true }, client: { plainUsername: "admin", plainPassword: USERS.admin } },
  {
    name: "CURVE",
    server: { curveServer: true, curveSecretKey: server.secretKey },
    client: { curveServerKey: server.publicKey, curvePublicKey: client.publicKey, curveSecretKey: client.secretKey },
  },
] as const;

/** Registers the cases against one library. */
export function webSocket(library: Library): void {
  describe(`ws with ${library}`, () => {
    const peer = new Peer(library);
    const folder = mkdtempSync(join(tmpdir(), "zmq-ws-"));
    const certificates = join(folder, "clients");
    mkdirSync(certificates);
    const context = new zmq.Context();
    const authenticator = new zmq.Authenticator({ plain: USERS, curve: zmq.certificateFolder(certificates), context });
    before(async () => {
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

    for (const { name, server, client } of MECHANISMS) {
      for (const weBind of [true, false]) {
        const binder = weBind ? "we bind" : "libzmq binds";
        for (const pair of PAIRS) {
          const title = `${pair.ours} and ${pair.theirs} exchange every size of message over ws with ${name}, ${binder}`;
          // With a user id, libzmq's REQ as a server disconnects every peer at its first reply, libzmq's own too.
          if (name !== "NULL" && !weBind && pair.theirs === "REQ") continue;
          it(title, { timeout: 15_000 }, async () => {
            const [ourOptions, theirOptions] = weBind ? [server, client] : [client, server];
            await exchange(peer, pair, {
              address: "ws://127.0.0.1:*/feed",
              weBind,
              ourOptions: name === "NULL" ? {} : { ...ourOptions, context },
              theirOptions,
            });
          });
        }
      }
    }
  });
}
