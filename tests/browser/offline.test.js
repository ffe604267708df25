// What works without a network after one visit.

import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Browser } from "./lib/browser.js";
import { keptOffline } from "./lib/kept.js";
import { WEB } from "./lib/places.js";
import { Server } from "./lib/server.js";

test("after one visit the app comes up although the server is gone", async () => {
  const server = await Server.begin();
  const browser = new Browser();
  try {
    const context = await browser.start();
    const page = await context.newPage();
    await page.goto(server.url);
    await page.getByRole("main").waitFor();
    await keptOffline(page);
    await server.kill();
    for (const path of ["/", "/sell", `/stall/${"0".repeat(32)}`]) {
      const failed = [];
      page.on("pageerror", (error) => failed.push(error.message));
      await page.goto(`${server.url}${path}`);
      await page.getByRole("main").waitFor();
      assert.deepEqual(failed, []);
    }
    const state = await page.evaluate(() => fetch("/v1/me").then((it) => it.status, (error) => error.name));
    assert.equal(state, "TypeError", "the interface is never answered from what is kept");
  } finally {
    await browser.close();
    await server.close();
  }
});

test("a new version waits until the person takes it", async () => {
  const web = mkdtempSync(join(tmpdir(), "soko-web-"));
  cpSync(WEB, web, { recursive: true });
  const server = await Server.begin({ web });
  const browser = new Browser();
  try {
    const context = await browser.start();
    const page = await context.newPage();
    await page.goto(server.url);
    await keptOffline(page);
    const script = readFileSync(join(web, "sw.js"), "utf8");
    const [, version] = script.match(/VERSION = "([^"]+)"/);
    // Packed forms of the old script would be served instead.
    for (const packed of ["sw.js.br", "sw.js.gz"]) rmSync(join(web, packed), { force: true });
    writeFileSync(join(web, "sw.js"), script.replaceAll(version, "the-next-version"));
    await page.reload();
    const take = page.getByRole("button", { name: "Use it now" });
    await take.waitFor();
    const kept = () => page.evaluate(async () => (await caches.keys()).filter((it) => it.startsWith("soko-app-")));
    assert.deepEqual((await kept()).sort(), [`soko-app-${version}`, "soko-app-the-next-version"].sort());
    await Promise.all([page.waitForEvent("load"), take.click()]);
    await keptOffline(page);
    assert.deepEqual(await kept(), ["soko-app-the-next-version"]);
  } finally {
    await browser.close();
    await server.close();
    rmSync(web, { recursive: true, force: true });
  }
});
