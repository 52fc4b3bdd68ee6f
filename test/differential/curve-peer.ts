/**
 * A CURVE client (26/CURVEZMQ) that says what a case tells it to: the server's
 * WELCOME goes into INITIATE, and both into the keys of what follows, so that
 * such a case cannot be bytes alone. Edits are of a command's body, before it
 * is framed.
 */

import type { SocketTypeName } from "../../src/base/socket-types.ts";
import { encodeZ85 } from "../../src/base/z85.ts";
import { CurveClient } from "../../src/security/curve-client.ts";
import { crypto, newKeyPair } from "../crypto.ts";
import { bytes, frame } from "../fake-link.ts";
import { mutate } from "../fuzz/mutate.ts";
import { Random } from "../fuzz/random.ts";
import { countedRandom } from "../vectors/security.ts";

/** `mutate`: a seed. `at` counts from the end when it is negative. `cut`: octets that are left. */
export type Edit =
  | { readonly mutate: number }
  | { readonly at: number; readonly to: number }
  | { readonly cut: number }
  | { readonly add: Uint8Array };

/** `flags` are those inside a box: 1 is MORE, 2 is COMMAND. `again`: the last frame once more. `clear`: octets as they are. */
export type CurveAct =
  | { readonly say: "HELLO" | "INITIATE"; readonly edit?: Edit }
  | {
      readonly say: "sealed";
      readonly flags: number;
      readonly body: Uint8Array;
      readonly edit?: Edit;
      readonly outer?: number;
    }
  | { readonly say: "again" }
  | { readonly say: "clear"; readonly octets: Uint8Array };

const SERVER = newKeyPair(() => new Uint8Array(32).fill(17));
const CLIENT = newKeyPair(() => new Uint8Array(32).fill(34));

/** Options of the server. */
export const CURVE_SERVER: Readonly<Record<string, unknown>> = {
  curveServer: true,
  curveSecretKey: encodeZ85(SERVER.secretKey),
  curvePublicKey: encodeZ85(SERVER.publicKey),
};

const GREETING_BYTES = 64;

export class CurvePeer {
  readonly #client: CurveClient;
  readonly #heard: string[] = [];
  /** Octets of the server that were looked at. */
  #at = GREETING_BYTES;
  #last: Uint8Array = new Uint8Array(0);

  constructor(socketType: SocketTypeName) {
    const config = { socketType, routingId: new Uint8Array(0), metadata: new Map() };
    this.#client = new CurveClient(config, { own: CLIENT, server: SERVER.publicKey }, crypto, countedRandom());
  }

  /** The octets of some acts; those that the server's answers do not allow for are left out. */
  say(acts: readonly CurveAct[], received: Uint8Array): Uint8Array {
    this.#listen(received);
    return bytes(...acts.map((act) => this.#act(act)));
  }

  /** What the server said: the greeting, names and lengths of the handshake's commands, and what was in its boxes. */
  heard(received: Uint8Array): string {
    this.#listen(received);
    const hex = (part: Uint8Array): string => Buffer.from(part).toString("hex");
    return [hex(received.subarray(0, GREETING_BYTES)), ...this.#heard, hex(received.subarray(this.#at))].join(" ");
  }

  #act(act: CurveAct): Uint8Array {
    switch (act.say) {
      case "clear":
        return act.octets;
      case "again":
        return this.#last;
      case "sealed": {
        const { cipher } = this.#client;
        if (cipher === undefined) return new Uint8Array(0);
        const box = new Uint8Array(act.body.length + cipher.overhead);
        cipher.seal(act.flags, act.body, box, 0);
        this.#last = frame(act.outer ?? 0, edited(box, act.edit));
        return this.#last;
      }
      default: {
        const body = this.#client.produce();
        return body === undefined ? new Uint8Array(0) : frame(4, edited(body, act.edit));
      }
    }
  }

  /** Takes the server's whole frames that are new. */
  #listen(received: Uint8Array): void {
    for (;;) {
      const left = Buffer.from(received.subarray(this.#at));
      const isLong = ((left[0] ?? 0) & 2) !== 0;
      const head = isLong ? 9 : 2;
      if (left.length < head) return;
      const length = isLong ? Number(left.readBigUInt64BE(1)) : (left[1] as number);
      if (left.length < head + length) return;
      this.#at += head + length;
      this.#heard.push(`${left[0]}:${this.#take(left.subarray(head, head + length))}`);
    }
  }

  #take(body: Uint8Array): string {
    const { cipher } = this.#client;
    const name = Buffer.from(body.subarray(1, 1 + (body[0] ?? 0))).toString("latin1");
    try {
      if (cipher !== undefined && name === "MESSAGE") {
        const opened = cipher.open(body, 0, body.length);
        return `sealed ${cipher.flags} ${Buffer.from(opened).toString("hex")}`;
      }
      this.#client.consume(body);
      return `${name} of ${body.length}`;
    } catch (error) {
      return `${name} of ${body.length}: ${String(error)}`;
    }
  }
}

function edited(body: Uint8Array, edit: Edit | undefined): Uint8Array {
  if (edit === undefined) return body;
  if ("cut" in edit) return body.subarray(0, edit.cut);
  if ("add" in edit) return bytes(body, edit.add);
  if ("mutate" in edit) return mutate(new Random(edit.mutate), body, [body]);
  const changed = body.slice();
  changed[edit.at < 0 ? body.length + edit.at : edit.at] = edit.to;
  return changed;
}
