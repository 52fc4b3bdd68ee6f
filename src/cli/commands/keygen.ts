/** `zmq keygen [FILE]`: a CURVE key pair, on stdout or as a pair of certificate files. */

import { existsSync } from "node:fs";
import type { Command } from "commander";
import { curveKeyPair } from "../../index.ts";
import { saveCertificate } from "../../node/certificates.ts";
import { describe, EXIT, Failure, usage } from "../failure.ts";
import { examples, type Finish } from "../help.ts";
import { collect } from "../numbers.ts";

interface Flags {
  readonly meta?: readonly string[];
  readonly force?: boolean;
  readonly json?: boolean;
}

const EXAMPLES = [
  ["zmq keygen server", "writes server (public) and server_secret (mode 600)"],
  ["zmq rep -b :5557 --echo --curve-server --certificate server", "a server with these keys"],
  ["zmq req -c :5557 --curve-server-key server hello", "a client with the server's public certificate"],
  ["zmq keygen --json", 'both keys as {"publicKey":…,"secretKey":…}'],
] as const;

export function addKeygen(program: Command, finish: Finish): void {
  program
    .command("keygen")
    .summary("Make a CURVE key pair.")
    .description("Make a CURVE key pair: 40 characters of Z85 each, on stdout or in certificate files.")
    .argument("[file]", "public certificate to write; the secret one is FILE_secret")
    .option("--meta <name=value>", "metadata for the certificates; repeatable", collect)
    .option("--force", "overwrite existing certificates")
    .option("--json", "print the keys as JSON")
    .addHelpText("after", examples(EXAMPLES))
    .action((file: string | undefined, flags: Flags) => finish(async () => run(file, flags)));
}

function run(file: string | undefined, flags: Flags): number {
  const metadata = metadataOf(flags.meta ?? []);
  if (file === undefined && flags.meta !== undefined) throw usage("--meta: expected a file to write it to");
  const pair = curveKeyPair();
  if (file === undefined) {
    const text = flags.json
      ? JSON.stringify(pair)
      : `public-key = "${pair.publicKey}"\nsecret-key = "${pair.secretKey}"`;
    process.stdout.write(`${text}\n`);
    return EXIT.done;
  }
  for (const path of [file, `${file}_secret`]) {
    if (!flags.force && existsSync(path)) throw new Failure(`${path} exists already; --force overwrites it`);
  }
  try {
    saveCertificate(file, { ...pair, metadata });
  } catch (error) {
    throw new Failure(`cannot write ${file}: ${describe(error)}`, undefined, error);
  }
  const text = flags.json
    ? JSON.stringify({ publicKey: pair.publicKey, publicFile: file, secretFile: `${file}_secret` })
    : `public key  ${pair.publicKey}\npublic      ${file}\nsecret      ${file}_secret`;
  process.stdout.write(`${text}\n`);
  return EXIT.done;
}

function metadataOf(texts: readonly string[]): Record<string, string> {
  const metadata: Record<string, string> = {};
  for (const text of texts) {
    const equals = text.indexOf("=");
    if (equals <= 0) throw usage(`--meta ${text}: expected name=value, such as email=alice@example.com`);
    metadata[text.slice(0, equals)] = text.slice(equals + 1);
  }
  return metadata;
}
