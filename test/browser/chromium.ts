/**
 * Chromium with a page that has the built browser entry as `zmq`. The page comes from an HTTP server of the test's own,
 * with a strict content security policy: no inline script, no `eval`, no WebAssembly.
 */

import { existsSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type Browser, chromium, type Page } from "playwright-core";
import type * as Library from "../../src/browser.ts";

const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find((path) => existsSync(path));
const POLICY = "default-src 'none'; script-src 'self'; connect-src ws: wss: 'self'; worker-src 'self'";
const PAGE = `<!doctype html><title>zmq</title><script type="module" src="/page.js"></script>`;
/** The script of the page, and of the worker at /worker.js. */
const SCRIPT = `import * as zmq from "/browser.js"; globalThis.zmq = zmq;`;

declare global {
  /** In the page, and in a worker of its own. */
  var zmq: typeof Library;
}

/** Why there is no browser to test with; undefined when there is one. */
export const noBrowser: string | undefined = CHROMIUM === undefined ? "Debian's chromium is not installed" : undefined;

/** Where Chromium is; throws where it is not. */
export function executablePath(): string {
  if (CHROMIUM === undefined) throw new Error(noBrowser);
  return CHROMIUM;
}

export interface PageOptions {
  readonly scripts?: Readonly<Record<string, string>>;
  readonly canGoBack?: boolean;
  /** The policy lets WebAssembly be compiled. */
  readonly hasWebAssembly?: boolean;
  /** It has SharedArrayBuffer, which browsers give to pages that let no other origin in. */
  readonly isIsolated?: boolean;
}

export class TestPage implements AsyncDisposable {
  readonly page: Page;
  /** The server of the page, for ws endpoints that attach to it. */
  readonly server: Server;
  readonly #browser: Browser;

  private constructor(page: Page, server: Server, browser: Browser) {
    this.page = page;
    this.server = server;
    this.#browser = browser;
  }

  /** `scripts`: further ones, by their paths. `canGoBack`: pages are kept for the Back button, which tools turn off. */
  static async open({ scripts = {}, canGoBack, hasWebAssembly, isIsolated }: PageOptions = {}): Promise<TestPage> {
    const policy = hasWebAssembly ? POLICY.replace("'self'", "'self' 'wasm-unsafe-eval'") : POLICY;
    const isolation = isIsolated && {
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-embedder-policy": "require-corp",
    };
    const server = createServer((request, response) => {
      const path = request.url ?? "/";
      const file = /^\/(browser[-\w]*\.js)$/.exec(path)?.[1];
      const [type, body] =
        file !== undefined
          ? ["text/javascript", readFileSync(new URL(`../../dist/${file}`, import.meta.url))]
          : path.endsWith(".js")
            ? ["text/javascript", scripts[path] ?? SCRIPT]
            : ["text/html", PAGE];
      response.writeHead(200, { "content-type": type, "content-security-policy": policy, ...isolation }).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const browser = await chromium.launch({
      executablePath: executablePath(),
      args: ["--no-sandbox"],
      ignoreDefaultArgs: canGoBack ? ["--disable-back-forward-cache"] : [],
    });
    const page = await (await browser.newContext()).newPage();
    const made = new TestPage(page, server, browser);
    await made.load();
    return made;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** The page anew. Its script has run when this resolves: modules do before a page counts as loaded. */
  async load(): Promise<void> {
    await this.page.goto(`http://127.0.0.1:${this.port}/`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
    this.server.closeAllConnections();
    this.server.close();
  }
}
