/** The programs with a page, each in Chromium. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { chromium } from "playwright-core";
import { executablePath, noBrowser } from "../../test/browser/chromium.ts";

test("dashboard: the page draws what is published, and its command changes how often", {
  skip: noBrowser ?? false,
  timeout: 60_000,
}, async () => {
  const program = spawn(process.execPath, ["--import", "tsx", "examples/browser/dashboard.ts"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const browser = await chromium.launch({ executablePath: executablePath(), args: ["--no-sandbox"] });
  try {
    const [line] = (await once(program.stdout, "data")) as [Buffer];
    const page = await browser.newPage({ viewport: { width: 900, height: 560 } });
    const wrong: string[] = [];
    page.on("pageerror", (error) => wrong.push(String(error)));
    await page.goto(/http:\S+/.exec(String(line))?.[0] ?? "");
    await page.locator("figure").nth(2).waitFor();
    assert.equal(await page.textContent("#state"), "connected");
    await page.selectOption("#every", "100");
    await page.locator("#answer:not(:empty)").waitFor();
    assert.equal(await page.textContent("#answer"), "figures come every 100 ms");
    const picture = process.env.SCREENSHOT;
    if (picture !== undefined) {
      await page.waitForTimeout(13_000);
      await page.screenshot({ path: picture });
    }
    assert.deepEqual(wrong, []);
  } finally {
    await browser.close();
    program.kill();
  }
});
