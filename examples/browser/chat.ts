/**
 * A chat: a server on Node, and pages that speak to it by CURVE.
 *
 *     npm run chat [-- PORT]
 *
 * Open the link that it prints, in two windows. Behind its # is the public key of the server. A browser keeps that part to
 * itself, so who got the link from you knows whom the page must meet, whatever lies between. The page and its script come by
 * HTTP, and could be changed on the way: serve them by https where others may be on it.
 *
 *     page    DEALER --> ROUTER    hello NAME                 said once a connection
 *                                  say NAME TEXT
 *     server  ROUTER --> DEALER    welcome NAME PRESENT…      the name that the page has from now on, and who is there
 *                                  joined NAME, left NAME, said NAME TEXT
 */

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Authenticator, curveKeyPair, Router } from "zmq-ts";

const MOST_LETTERS = 30;
const LIBRARY = dirname(createRequire(import.meta.url).resolve("zmq-ts/browser"));
const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'unsafe-inline'; connect-src 'self' ws:";

/** What a page may load: the page, its script, and the library's files for browsers. */
function fileOf(path: string): { type: string; file: string | URL } | undefined {
  if (path === "/") return { type: "text/html", file: new URL("./chat.html", import.meta.url) };
  if (path === "/chat.js") return { type: "text/javascript", file: new URL("./chat.js", import.meta.url) };
  const name = /^\/zmq\/(browser[-\w]*\.js)$/.exec(path)?.[1];
  return name === undefined ? undefined : { type: "text/javascript", file: join(LIBRARY, name) };
}

const server = createServer((request, response) => {
  const found = fileOf(request.url ?? "");
  if (found === undefined) response.writeHead(404).end();
  else
    response
      .writeHead(200, { "content-type": `${found.type}; charset=utf-8`, "content-security-policy": POLICY })
      .end(readFileSync(found.file));
});

const { publicKey, secretKey } = curveKeyPair();
/** Every page may come: it has a key of its own, made when it was loaded. */
new Authenticator({ curve: "any" }).start();

const chat = new Router({
  wsServer: server,
  curveServer: true,
  curveSecretKey: secretKey,
  maxMessageSize: 8192,
  heartbeatInterval: 10_000,
  /** Received in the name of a page whose connection ends. */
  disconnectMessage: "bye",
});
await chat.bind("ws://127.0.0.1:*/chat");
server.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () => {
  const address = server.address();
  if (typeof address === "object")
    console.log(`open http://127.0.0.1:${address?.port}/#${encodeURIComponent(publicKey)}`);
});

/** By routing id, in hex: a page and its name. */
const present = new Map<string, { readonly id: Uint8Array; readonly name: string }>();

for await (const [id, verb, name, text] of chat) {
  if (id === undefined) continue;
  const key = id.toString("hex");
  const known = present.get(key);
  if (String(verb) === "bye") {
    if (present.delete(key) && known !== undefined) await tellAll("left", known.name);
    continue;
  }
  const { name: own } = known ?? (await welcome(id, key, String(name ?? "")));
  if (String(verb) === "say" && text !== undefined) await tellAll("said", own, String(text));
}

async function welcome(id: Uint8Array, key: string, wanted: string): Promise<{ readonly name: string }> {
  const page = { id, name: freeName(wanted.trim().slice(0, MOST_LETTERS) || "Somebody") };
  await chat.send([id, "welcome", page.name, ...[...present.values()].map(({ name }) => name)]);
  await tellAll("joined", page.name);
  present.set(key, page);
  return page;
}

/** Two pages of one name would be taken for each other. */
function freeName(wanted: string): string {
  const taken = new Set([...present.values()].map(({ name }) => name));
  let name = wanted;
  for (let count = 2; taken.has(name); count++) name = `${wanted} ${count}`;
  return name;
}

async function tellAll(...frames: string[]): Promise<void> {
  for (const { id } of present.values()) await chat.send([id, ...frames]);
}
