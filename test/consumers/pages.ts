/** Bundles of a page's program in Chromium: each asks a REP on the server that serves it, with CURVE. */

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, dirname, join } from "node:path";
import { chromium } from "playwright-core";
import { Authenticator, Context, curveKeyPair, Reply } from "../../src/index.ts";
import { executablePath } from "../browser/chromium.ts";

/** In the page. */
declare const document: { readonly title: string };

const POLICY = "default-src 'none'; script-src 'self'; connect-src 'self' ws:; img-src data:";
const LIMIT_MS = 20_000;

export interface PageRunner extends AsyncDisposable {
  /** Resolves to the title that the page gives itself; rejects with what the console says of errors and warnings. */
  run(bundle: string): Promise<string>;
}

/** Throws where there is no Chromium. */
export async function openPages(): Promise<PageRunner> {
  const [server, client] = [curveKeyPair(), curveKeyPair()];
  let bundle = "";
  const http = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://page");
    const isScript = /\.m?js$/.test(pathname); // The bundle, or a chunk beside it.
    response.writeHead(200, {
      "content-type": isScript ? "text/javascript" : "text/html",
      "content-security-policy": POLICY,
    });
    response.end(isScript ? readFileSync(join(dirname(bundle), pathname)) : pageOf(bundle));
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const context = new Context();
  const authenticator = new Authenticator({ curve: [client.publicKey], context });
  authenticator.start();
  const reply = new Reply({
    context,
    wsServer: http,
    curveServer: true,
    curveSecretKey: server.secretKey,
    linger: 0,
  });
  await reply.bind("ws://*:*/ask");
  void answer(reply);
  const browser = await chromium.launch({ executablePath: executablePath(), args: ["--no-sandbox"] });
  const keys = new URLSearchParams({ serverKey: server.publicKey, ...client });
  const { port } = http.address() as AddressInfo;
  return {
    async run(path) {
      bundle = path;
      const page = await browser.newPage();
      const told: string[] = [];
      page.on("console", (message) => {
        if (["error", "warning"].includes(message.type())) told.push(message.text());
      });
      page.on("pageerror", (error) => told.push(String(error)));
      try {
        await page.goto(`http://127.0.0.1:${port}/?${keys}`);
        await page.waitForFunction(() => document.title !== "", undefined, { timeout: LIMIT_MS }).catch(() => {});
        const title = await page.title();
        if (told.length > 0 || title === "") throw new Error(`title "${title}"\n${told.join("\n")}`);
        return title;
      } finally {
        await page.close();
      }
    },
    async [Symbol.asyncDispose]() {
      await browser.close();
      authenticator.stop();
      reply.close();
      http.closeAllConnections();
      http.close();
    },
  };
}

function pageOf(bundle: string): string {
  return `<!doctype html><link rel="icon" href="data:,"><script type="module" src="/${basename(bundle)}"></script>`;
}

async function answer(reply: Reply): Promise<void> {
  for await (const [question] of reply) await reply.send(`${question} in a page`);
}
