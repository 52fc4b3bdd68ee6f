/**
 * CURVE peers for `hostile.ts`: they shake hands and seal with the library's own
 * code, but write to TCP themselves. Also floods of handshakes that cost the
 * attacker next to nothing, for the same octets are sent again and again.
 */

import { connect, type Socket as TcpSocket } from "node:net";
import { concat, copyOf } from "../src/base/bytes.ts";
import { defaultOptions, setOption } from "../src/base/options.ts";
import type { SocketTypeName } from "../src/base/socket-types.ts";
import { Handshake } from "../src/engine/handshake.ts";
import { selectMechanism } from "../src/security/select-mechanism.ts";
import { Encoder } from "../src/wire/encoder.ts";
import { zmtp } from "../src/wire/zmtp-all.ts";
import { crypto } from "../test/crypto.ts";
import { GREETING } from "../test/fake-link.ts";

/** Pairs of RFC 32's and libzmq's documentation: public knowledge. */
const SERVER = {
  publicKey: "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7",
  secretKey: "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6",
};
const CLIENT = {
  publicKey: "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID",
  secretKey: "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs",
};

export const SERVER_OPTIONS = { curveServer: true, curveSecretKey: SERVER.secretKey } as const;
/** Octets of a sealed message in front of the body and behind it. */
export const SEALED_BYTES = 33;
const CHUNK_BYTES = 65_536;

function handshakeAs(socketType: SocketTypeName): Handshake {
  const options = defaultOptions(socketType, { ipv6: false, blocky: true });
  setOption(options, "curveServerKey", SERVER.publicKey, socketType);
  setOption(options, "curvePublicKey", CLIENT.publicKey, socketType);
  setOption(options, "curveSecretKey", CLIENT.secretKey, socketType);
  return new Handshake({
    socketType,
    routingId: options.routingId,
    mechanism: selectMechanism(socketType, options, crypto)(),
    protocol: zmtp,
    zapDomainSet: false,
    limits: { maxFrameBytes: -1, maxFrames: Number.POSITIVE_INFINITY },
  });
}

/** Connects as `type` and hands over the connection behind the handshake, and what seals. */
export function curvePeer(
  port: number,
  type: SocketTypeName,
  established: (tcp: TcpSocket, encoder: Encoder) => void,
): void {
  const tcp = connect({ port, host: "127.0.0.1", noDelay: true });
  const handshake = handshakeAs(type);
  const produce = (): void => {
    for (let out = handshake.produce(); out !== undefined; out = handshake.produce()) tcp.write(out);
  };
  tcp.on("error", () => {}); // Cut off: that is the server's right.
  tcp.on("connect", produce);
  const shake = (chunk: Uint8Array): void => {
    handshake.push(copyOf(chunk));
    produce();
    if (handshake.state !== "done") return;
    tcp.off("data", shake);
    tcp.resume();
    const { encoder } = handshake.outcome;
    if (encoder instanceof Encoder) established(tcp, encoder);
  };
  tcp.on("data", shake);
}

/** Seals and writes over and over, as fast as the server takes it. */
export function pourSealed(tcp: TcpSocket, encoder: Encoder, encode: (encoder: Encoder) => void): void {
  const write = (): void => {
    for (let i = 0; i < 4; i++) {
      if (tcp.destroyed) return;
      while (encoder.size < CHUNK_BYTES) encode(encoder);
      const chunk = concat(encoder.take());
      encoder.sent();
      if (!tcp.write(chunk)) {
        tcp.once("drain", write);
        return;
      }
    }
    setImmediate(write);
  };
  write();
}

/** A greeting and HELLO as they are sent, one that opens or one that does not. */
export function hello(isValid: boolean): Uint8Array {
  const handshake = handshakeAs("PUSH");
  handshake.produce();
  const greeting = copyOf(GREETING);
  greeting.set(new TextEncoder().encode("CURVE"), 12);
  handshake.push(greeting);
  const parts: Uint8Array[] = [];
  for (let out = handshake.produce(); out !== undefined; out = handshake.produce()) parts.push(out);
  const bytes = concat(parts).slice(-202);
  if (!isValid) bytes[150] = (bytes[150] ?? 0) ^ 1;
  return concat([greeting, bytes]);
}

/** Connects, sends the same HELLO, waits for the answer or the end, and again: so many at a time. */
export function helloFlood(isValid: boolean, atOnce: number, localAddress = "127.0.0.1"): (port: number) => void {
  const bytes = hello(isValid);
  return (port) => {
    const again = (): void => {
      const tcp = connect({
        port,
        host: "127.0.0.1",
        noDelay: true,
        ...(localAddress !== undefined && { localAddress }),
      });
      let length = 0;
      tcp.on("error", () => {}); // "close" follows.
      tcp.on("close", () => setImmediate(again));
      tcp.on("connect", () => tcp.write(bytes));
      tcp.on("data", (chunk) => {
        length += chunk.length;
        if (length > 64) tcp.resetAndDestroy();
      });
    };
    for (let i = 0; i < atOnce; i++) again();
  };
}
