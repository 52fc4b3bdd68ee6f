/**
 * The client's side of a CURVE handshake (26/CURVEZMQ); layouts in curve.ts.
 * The role does not depend on which side connected.
 *
 *   HELLO ->  <- WELCOME  INITIATE ->  <- READY, or ERROR for a refused client
 */

import { concat } from "../base/bytes.ts";
import { ZmqError } from "../base/errors.ts";
import { NO_PROPERTIES, type Properties } from "../base/message.ts";
import type { FrameCipher } from "../base/protocol.ts";
import { encodeMetadata, parseMetadata } from "../wire/metadata.ts";
import {
  type Crypto,
  KEY_BYTES,
  type KeyPair,
  type RandomSource,
  randomBytes,
  sharedKey,
  TAG_BYTES,
} from "./crypto.ts";
import * as layout from "./curve.ts";
import { CurveCipher } from "./curve-cipher.ts";
import { expectCommand, unexpectedCommand } from "./handshake-errors.ts";
import { type Mechanism, type MechanismConfig, type MechanismState, stateAt } from "./mechanism.ts";

const HELLO_COUNTER = 1;
const INITIATE_COUNTER = 2;
const FIRST_MESSAGE_COUNTER = 3;

export interface CurveClientKeys {
  /** C, this client's long-term key pair. */
  readonly own: KeyPair;
  /** S, the public key of the server. */
  readonly server: Uint8Array;
}

type Step = "send HELLO" | "await WELCOME" | "send INITIATE" | "await READY" | "ready" | "failed";

export class CurveClient implements Mechanism {
  readonly name = "CURVE";
  readonly doubts = layout.DOUBTS;
  readonly #config: MechanismConfig;
  readonly #keys: CurveClientKeys;
  readonly #crypto: Crypto;
  /** Tests bring their own. */
  readonly #random: RandomSource | undefined;
  /** C', made for this connection when the peer has greeted. A peer that only connects to a bound client costs no computing. */
  #transient: KeyPair | undefined = undefined;
  /** The key of boxes between C' and S, and between C' and S'. */
  #helloKey: Uint8Array | undefined = undefined;
  #sessionKey: Uint8Array | undefined = undefined;
  #serverTransient: Uint8Array | undefined = undefined;
  #cookie: Uint8Array | undefined = undefined;
  #step: Step = "send HELLO";
  #peer: Properties = NO_PROPERTIES;
  #cipher: FrameCipher | undefined = undefined;

  constructor(config: MechanismConfig, keys: CurveClientKeys, crypto: Crypto, random?: RandomSource) {
    this.#config = config;
    this.#keys = keys;
    this.#crypto = crypto;
    this.#random = random;
  }

  get state(): MechanismState {
    return stateAt(this.#step);
  }

  get peer(): Properties {
    return this.#peer;
  }

  get cipher(): FrameCipher | undefined {
    return this.#cipher;
  }

  produce(): Uint8Array | undefined {
    switch (this.#step) {
      case "send HELLO":
        this.#step = "await WELCOME";
        return this.#hello();
      case "send INITIATE":
        this.#step = "await READY";
        return this.#initiate();
      default:
        return undefined;
    }
  }

  consume(body: Uint8Array): void {
    const step = this.#step;
    this.#step = "failed";
    switch (step) {
      case "await WELCOME":
        this.#welcome(body);
        this.#step = "send INITIATE";
        return;
      case "await READY":
        this.#ready(body);
        this.#step = "ready";
        return;
      default:
        throw unexpectedCommand(body, "nothing");
    }
  }

  forget(): void {
    this.#step = "failed";
    this.#transient?.forget();
    this.#crypto.primitives.boxes.forget?.();
    this.#helloKey?.fill(0);
    this.#sessionKey?.fill(0);
  }

  /** Makes C', as the first command does otherwise. Throws ERR_ZMTP_CRYPTOGRAPHIC when the server's key is no public key. */
  prepare(): KeyPair {
    if (this.#transient !== undefined) return this.#transient;
    const transient = this.#crypto.newKeyPair(this.#random);
    this.#transient = transient;
    this.#helloKey = sharedKey(this.#keys.server, transient, "the server's key");
    return transient;
  }

  #hello(): Uint8Array {
    const transient = this.prepare();
    const body = layout.blankCommand("HELLO", layout.HELLO_BYTES);
    body[layout.HELLO.version] = 1;
    body.set(transient.publicKey, layout.HELLO.publicKey);
    layout.writeCounter(body, layout.HELLO.nonce, HELLO_COUNTER);
    const nonce = layout.nonceFrom(layout.NONCE.hello, body, layout.HELLO.nonce);
    this.#crypto.sealBox(this.#helloKey as Uint8Array, nonce, new Uint8Array(64), body, layout.HELLO.box);
    return body;
  }

  #welcome(body: Uint8Array): void {
    expectCommand(body, "WELCOME");
    if (body.length !== layout.WELCOME_BYTES) {
      throw new ZmqError("ERR_ZMTP_MALFORMED_COMMAND_WELCOME", {
        message: `CURVE: WELCOME of ${body.length} bytes, expected ${layout.WELCOME_BYTES}`,
      });
    }
    const nonce = layout.nonceFrom(layout.NONCE.welcome, body, layout.WELCOME.nonce);
    const content = this.#crypto.openBox(
      this.#helloKey as Uint8Array,
      nonce,
      body.subarray(layout.WELCOME.box),
      "the box of WELCOME",
    );
    const serverTransient = content.subarray(0, KEY_BYTES);
    this.#serverTransient = serverTransient;
    this.#cookie = content.subarray(KEY_BYTES);
    this.#sessionKey = sharedKey(serverTransient, this.#transient as KeyPair, "the key in WELCOME");
  }

  #initiate(): Uint8Array {
    const content = concat([this.#keys.own.publicKey, this.#vouch(), encodeMetadata(this.#config)]);
    const body = layout.blankCommand("INITIATE", layout.INITIATE.box + TAG_BYTES + content.length);
    body.set(this.#cookie as Uint8Array, layout.INITIATE.cookie);
    layout.writeCounter(body, layout.INITIATE.nonce, INITIATE_COUNTER);
    const nonce = layout.nonceFrom(layout.NONCE.initiate, body, layout.INITIATE.nonce);
    this.#crypto.sealBox(this.#sessionKey as Uint8Array, nonce, content, body, layout.INITIATE.box);
    return body;
  }

  /** Proves that the owner of C made C', and means to talk to S. */
  #vouch(): Uint8Array {
    const vouch = new Uint8Array(layout.VOUCH_BYTES);
    layout.writeLongNonce(vouch, 0, this.#random ?? randomBytes);
    const nonce = layout.nonceFrom(layout.NONCE.vouch, vouch, 0);
    const key = sharedKey(this.#serverTransient as Uint8Array, this.#keys.own, "the key in WELCOME");
    const content = concat([(this.#transient as KeyPair).publicKey, this.#keys.server]);
    this.#crypto.sealBox(key, nonce, content, vouch, layout.LONG_NONCE_BYTES);
    key.fill(0);
    return vouch;
  }

  #ready(body: Uint8Array): void {
    expectCommand(body, "READY");
    if (body.length < layout.SHORTEST_READY) {
      throw new ZmqError("ERR_ZMTP_MALFORMED_COMMAND_READY", {
        message: `CURVE: READY of ${body.length} bytes, expected at least ${layout.SHORTEST_READY}`,
      });
    }
    const key = this.#sessionKey as Uint8Array;
    const nonce = layout.nonceFrom(layout.NONCE.ready, body, layout.READY.nonce);
    this.#peer = parseMetadata(this.#crypto.openBox(key, nonce, body.subarray(layout.READY.box), "the box of READY"));
    this.#transient?.forget();
    this.#helloKey?.fill(0);
    this.#cipher = new CurveCipher(this.#crypto, {
      role: "client",
      key,
      nextCounter: FIRST_MESSAGE_COUNTER,
      peerCounter: body.subarray(layout.READY.nonce, layout.READY.box),
    });
  }
}
