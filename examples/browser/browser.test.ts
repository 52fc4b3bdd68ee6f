/** The programs with a page, each in Chromium. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { type Browser, chromium, type Page } from "playwright-core";
import { curveKeyPair } from "../../src/index.ts";
import { executablePath, noBrowser } from "../../test/browser/chromium.ts";

/** Starts a program and Chromium, and gives `run` the address that the program prints. */
async function withProgram(file: string, run: (address: string, browser: Browser) => Promise<void>): Promise<void> {
  const program = spawn(process.execPath, ["--import", "tsx", `examples/browser/${file}`], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const browser = await chromium.launch({ executablePath: executablePath(), args: ["--no-sandbox"] });
  try {
    const [line] = (await once(program.stdout, "data")) as [Buffer];
    await run(/http:\S+/.exec(String(line))?.[0] ?? "", browser);
  } finally {
    await browser.close();
    program.kill();
  }
}

/** A page whose errors end up in `wrong`. */
async function pageOf(browser: Browser, wrong: string[], height = 560): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 900, height } });
  page.on("pageerror", (error) => wrong.push(String(error)));
  page.on("console", (message) => message.type() === "error" && wrong.push(message.text()));
  return page;
}

/** Where a developer wants a picture of the test called so: `SCREENSHOT=folder`. */
async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env.SCREENSHOT;
  if (folder !== undefined) await page.screenshot({ path: `${folder}/${name}.png` });
}

const limits = { skip: noBrowser ?? false, timeout: 60_000 };

test("dashboard: the page draws what is published, and its command changes how often", limits, () =>
  withProgram("dashboard.ts", async (address, browser) => {
    const wrong: string[] = [];
    const page = await pageOf(browser, wrong);
    await page.goto(address);
    await page.locator("figure").nth(2).waitFor();
    assert.equal(await page.textContent("#state"), "connected");
    await page.selectOption("#every", "100");
    await page.locator("#answer:not(:empty)").waitFor();
    assert.equal(await page.textContent("#answer"), "figures come every 100 ms");
    if (process.env.SCREENSHOT !== undefined) await page.waitForTimeout(13_000);
    await picture(page, "dashboard");
    await page.emulateMedia({ colorScheme: "dark" });
    await page.setViewportSize({ width: 360, height: 740 });
    if (process.env.SCREENSHOT !== undefined) await page.waitForTimeout(500);
    await picture(page, "dashboard-narrow-dark");
    assert.deepEqual(wrong, []);
  }),
);

test("chat: two pages see each other come, speak and go, and a link without the key is refused", limits, () =>
  withProgram("chat.ts", async (address, browser) => {
    const wrong: string[] = [];
    const [ada, grace, ada2] = [
      await pageOf(browser, wrong),
      await pageOf(browser, wrong),
      await pageOf(browser, wrong),
    ];
    const join = async (page: Page, name: string) => {
      await page.goto(address);
      await page.fill("#name", name);
      await page.click("#join button");
      await page
        .locator("#state", { hasText: `${name} (you)` })
        .or(page.locator("#state", { hasText: "2 (you)" }))
        .waitFor();
    };
    const say = async (page: Page, text: string) => {
      await page.fill("#text", text);
      await page.press("#text", "Enter");
      await page.locator("li.own", { hasText: text }).waitFor();
    };
    await join(ada, "Ada");
    await join(grace, "Grace");
    await ada.locator("li.news", { hasText: "Grace joined" }).waitFor();
    await say(ada, "Hello Grace! Is anybody reading along?");
    await grace.locator("li", { hasText: "Hello Grace" }).waitFor();
    await say(grace, "Only the server, <b>Ada</b>. What is on the wire is sealed.");
    await ada.locator("li", { hasText: "<b>Ada</b>" }).waitFor();
    await join(ada2, "Ada");
    await ada.locator("li.news", { hasText: "Ada 2 joined" }).waitFor();
    await say(ada2, "Hello from another window");
    await ada2.close();
    await ada.locator("li.news", { hasText: "Ada 2 left" }).waitFor();
    assert.match(String(await ada.textContent("#state")), /^Here: Grace, Ada \(you\)\. |^Here: Ada \(you\), Grace\. /);
    await picture(ada, "chat");
    await grace.emulateMedia({ colorScheme: "dark" });
    await grace.setViewportSize({ width: 360, height: 640 });
    await picture(grace, "chat-narrow-dark");

    const lost = await pageOf(browser, wrong);
    await lost.goto(address.replace(/#.*/, ""));
    await lost.locator("#state", { hasText: "has no key" }).waitFor();
    await lost.goto("about:blank");
    await lost.goto(address.replace(/#.*/, `#${encodeURIComponent(curveKeyPair().publicKey)}`));
    await lost.fill("#name", "Mallory");
    await lost.click("#join button");
    await lost.locator("#state", { hasText: "has not the key of this link" }).waitFor();
    assert.deepEqual(wrong, []);
  }),
);
