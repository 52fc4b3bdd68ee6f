/**
 * How fast pages seal and open frames of CURVE: `npx tsx bench/crypto-page.ts`, in Debian's Chromium. By tweetnacl, which
 * `zmq-ts/browser/curve` brings, and by libsodium, which it loads once a page seals much.
 */

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { rolldown } from "rolldown";
import { executablePath } from "../test/browser/chromium.ts";

const PROGRAM = `
import { smallPrimitives } from "../src/security/small-primitives.ts";
const { loadSodium } = await import("/browser-sodium.js");
const key = new Uint8Array(32).fill(1), nonce = new Uint8Array(24).fill(2);
const rate = (work) => {
  let most = 0;
  for (let round = 0; round < 5; round++) {
    let count = 0;
    const begun = performance.now();
    for (; performance.now() - begun < 200; count++) work();
    most = Math.max(most, count / (performance.now() - begun) * 1000);
  }
  return Math.round(most);
};
const rows = [];
for (const { name, boxes } of [smallPrimitives(), loadSodium()]) {
  const box = { key, nonce, streamKey: boxes.streamKey(key, nonce) };
  for (const size of [64, 1024, 65536]) {
    const body = new Uint8Array(size), sealed = new Uint8Array(size + 16);
    const seal = rate(() => boxes.seal(box, -1, body, sealed, 0));
    const open = rate(() => boxes.open(box, sealed, 0, sealed.length, body, 0));
    rows.push({ name, size, seal, open });
  }
}
await fetch("/result", { method: "POST", body: JSON.stringify(rows) });
`;

const bundled = await rolldown({
  input: "crypto-page",
  cwd: import.meta.dirname,
  platform: "browser",
  external: ["/browser-sodium.js"],
  plugins: [
    {
      name: "program",
      resolveId: (id) => (id === "crypto-page" ? `${import.meta.dirname}/crypto-page.js` : null),
      load: (id) => (id.endsWith("/crypto-page.js") ? PROGRAM : null),
    },
  ],
});
const { output } = await bundled.generate({ format: "esm", minify: true });

const server = createServer((request, response) => {
  if (request.method === "POST") {
    request.setEncoding("utf8");
    let text = "";
    request.on("data", (part: string) => {
      text += part;
    });
    request.on("end", () => {
      console.table(JSON.parse(text));
      browser.kill();
      process.exit();
    });
  } else {
    const name = /^\/(browser[-\w]*\.js)$/.exec(request.url ?? "")?.[1];
    const file = name === undefined ? undefined : readFileSync(new URL(`../dist/${name}`, import.meta.url));
    const isScript = request.url?.endsWith(".js") === true;
    response.writeHead(200, { "content-type": isScript ? "text/javascript" : "text/html" });
    response.end(file ?? (isScript ? output[0].code : `<script type="module" src="/page.js"></script>`));
  }
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const { port } = server.address() as AddressInfo;
const browser = spawn(executablePath(), ["--headless", "--no-sandbox", "--disable-gpu", `http://127.0.0.1:${port}/`], {
  stdio: "ignore",
});
