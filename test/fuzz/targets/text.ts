/**
 * Targets: text that users and files bring: endpoints, Z85, certificates.
 * Inputs are octets of UTF-8, so that mutations are the same as elsewhere.
 */

import { fromText, toText } from "../../../src/base/bytes.ts";
import { formatEndpoint, parseEndpoint } from "../../../src/base/endpoint.ts";
import { decodeZ85, encodeZ85 } from "../../../src/base/z85.ts";
import { formatCertificate, parseCertificate } from "../../../src/security/certificate.ts";
import { joined } from "../mutate.ts";
import { codeOf, corpus, expectBytes, expectSame, finding, maker, type Target } from "../target.ts";

const SCHEMES = ["tcp", "tcp", "tcp", "ipc", "inproc", "ws", "wss", "udp", "pgm", "epgm", "tipc", "x", ""];
const PIECES = [
  "127.0.0.1",
  "[::1]",
  "::1",
  "*",
  "lo",
  ":",
  ":5555",
  ":*",
  ":0",
  ":65536",
  ";",
  ",",
  "239.1.2.3",
  "/",
  "a",
  "@x",
  "%eth0",
  "?",
  "#",
  "\0",
  "é",
];
const ENDPOINT_CODES = [undefined, "EINVAL", "EPROTONOSUPPORT", "ENAMETOOLONG", "ENODEV"];

const endpoint: Target = {
  name: "endpoint",
  make: maker(corpus("endpoint"), (random) => {
    let text = `${random.pick(SCHEMES)}://`;
    for (let count = random.below(7); count > 0; count--) text += random.pick(PIECES);
    return fromText(text);
  }),
  check(input, random) {
    const text = toText(input);
    const role = random.pick(["bind", "connect"] as const);
    const ipv6 = random.oneIn(2);
    const code = codeOf(() => {
      const parsed = parseEndpoint(text, role, ipv6);
      expectSame(parsed.text, text, "text");
      const again = parseEndpoint(formatEndpoint(parsed), role, ipv6 || formatEndpoint(parsed).includes("["));
      if (formatEndpoint(parsed) !== formatEndpoint(again))
        finding(`${text} became ${formatEndpoint(parsed)} and ${formatEndpoint(again)}`);
      if ("port" in parsed && !(parsed.port >= 0 && parsed.port <= 65535)) finding(`port ${parsed.port}`);
    });
    if (!ENDPOINT_CODES.includes(code as never)) finding(`${code}`);
  },
};

const z85: Target = {
  name: "z85",
  make: maker(corpus("z85"), (random) => fromText(encodeZ85(random.bytes(4 * random.below(12))))),
  check(input) {
    const text = toText(input);
    let decoded: Uint8Array | undefined;
    const code = codeOf(() => {
      decoded = decodeZ85(text);
    });
    if (decoded !== undefined) expectSame(encodeZ85(decoded), text, "encoded again");
    else expectSame(code, "EINVAL", "error");
    const whole = input.subarray(0, input.length - (input.length % 4));
    expectBytes(decodeZ85(encodeZ85(whole)), whole, "decoded again");
    const oddCode = codeOf(() => encodeZ85(input));
    expectSame(oddCode, input.length % 4 === 0 ? undefined : "EINVAL", "encoding any number of octets");
  },
};

const LINES = [
  "metadata",
  "curve",
  "    name = ",
  "        deep = 1",
  "  odd = 1",
  "#   text",
  "    public-key = ",
  "    secret-key = ",
  "curve = 1",
  "metadata # x",
];
const VALUES = ['"x"', "'y'", "bare # c", '"open', '""', '"Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"', '"a" b', "'\"'"];

const certificate: Target = {
  name: "certificate",
  make: maker(corpus("certificate"), (random) => {
    const lines: string[] = [];
    for (let count = random.below(9); count > 0; count--) {
      const line = random.pick(LINES);
      lines.push(line.endsWith("= ") ? line + random.pick(VALUES) : line);
    }
    return joined(fromText(lines.join(random.pick(["\n", "\r\n", "\r"]))));
  }),
  check(input) {
    const text = toText(input);
    const code = codeOf(() => {
      const parsed = parseCertificate(text);
      if (parsed.publicKey.length !== 40) finding("a public key of another length");
      let again: ReturnType<typeof parseCertificate> | undefined;
      const refused = codeOf(() => {
        again = parseCertificate(formatCertificate(parsed));
      });
      if (refused !== undefined) {
        // Bare values may hold what cannot be quoted.
        if (refused !== "EINVAL") finding(refused);
        return;
      }
      expectSame(JSON.stringify(again), JSON.stringify(parsed), "formatted and parsed again");
    });
    if (code !== undefined) expectSame(code, "EINVAL", "error");
  },
};

export const TEXT_TARGETS: readonly Target[] = [endpoint, z85, certificate];
