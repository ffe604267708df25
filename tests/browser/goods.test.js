// A seller's goods through the screens, with the network off: a list out of a file and back, a backup on another device.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { Browser } from "./lib/browser.js";
import { keptOffline } from "./lib/kept.js";
import { Server } from "./lib/server.js";
import { Till } from "./lib/till.js";

async function withBrowsers(count, work) {
  const server = await Server.begin();
  const browsers = Array.from({ length: count }, () => new Browser());
  try {
    const tills = [];
    for (const browser of browsers) {
      await browser.start();
      tills.push(await Till.open(browser.context, server.url));
      await keptOffline(tills.at(-1).page);
    }
    await server.kill();
    await work(...tills);
    for (const till of tills) assert.deepEqual(till.problems, []);
  } finally {
    for (const browser of browsers) await browser.close();
    await server.close();
  }
}

const chooseFile = (till, name, text) =>
  till.page.locator("input[type=file]").first().setInputFiles({ name, mimeType: "text/csv", buffer: Buffer.from(text) });

// First hour 2: a dry run names bad rows, duplicates are shown, and one tap takes all of it back.
test("a list out of a file is looked at, taken, sold from and taken back", async () => {
  await withBrowsers(1, async (till) => {
    await till.openStall("Mama Akinyi");
    await till.go("/products/import");
    const rows = Array.from({ length: 600 }, (_, at) => `Article ${at};${1 + at},50;A-${at};3`);
    await chooseFile(till, "liste.csv", `\ufeffDésignation;Prix;Réf;Quantité\n${rows.join("\n")}\nSans prix;abc;B-1;1\nEncore;2,00;A-7;1\n`);
    await till.page.getByText("Line 602").waitFor();
    await till.page.getByText("Line 603").waitFor();
    await till.button("Take 600 rows").click();
    await till.page.getByText("600 added, 0 changed").first().waitFor();
    await till.openDrawer();
    await till.page.getByRole("searchbox").first().fill("Article 599");
    await till.addToCart("Article 599");
    assert.equal(await till.pay(), 1);
    await till.page.getByText("600.50").first().waitFor();

    await till.go("/products/import");
    await till.button("Take it back").click();
    await till.page.getByText("600 off the offer, 0 as before").first().waitFor();
    await till.go("/products");
    await till.page.getByText("No products yet").waitFor();
    await till.go("/sales");
    await till.page.getByText("600.50").first().waitFor();
  });
});

test("a backup makes a register of another device, and only with its password", async () => {
  await withBrowsers(2, async (old, fresh) => {
    await old.openStall("Mama Akinyi");
    await old.addProduct("Tea", "2.50", { picture: true });
    await old.openDrawer();
    assert.equal(await old.sell("Tea"), 1);
    await old.go("/settings");
    await old.button("Back up").click();
    const dialog = old.page.getByRole("dialog");
    await dialog.getByLabel(/^Password/).fill("rain on a tin roof");
    await dialog.getByLabel(/^The same again/).fill("rain on a tin roof");
    const [download] = await Promise.all([
      old.page.waitForEvent("download"),
      dialog.getByRole("button", { name: "Back up" }).click(),
    ]);
    assert.match(download.suggestedFilename(), /^soko-\d{4}-\d\d-\d\d\.sokobackup$/);
    const file = await readFile(await download.path());
    assert.ok(!file.includes("Mama Akinyi"), "nothing of it is readable");

    await fresh.go("/settings");
    await fresh.button("Restore a backup").click();
    const restore = fresh.page.getByRole("dialog");
    await restore.locator("input[type=file]").setInputFiles({ name: "b.sokobackup", mimeType: "application/octet-stream", buffer: file });
    await restore.getByLabel(/^Name of this device/).fill("New phone");
    await restore.getByLabel(/^Password/).fill("rain on a tin reef");
    await restore.getByRole("button", { name: "Restore a backup" }).click();
    await fresh.page.getByText(/password is another one/).first().waitFor();
    await restore.getByLabel(/^Password/).fill("rain on a tin roof");
    await restore.getByRole("button", { name: "Restore a backup" }).click();
    await fresh.page.waitForURL((url) => url.pathname === "/sell");
    await fresh.product("Tea").first().waitFor();
    await fresh.openDrawer();
    // A series of its own: it is another register.
    assert.equal(await fresh.sell("Tea"), 1);
    await fresh.go("/sales");
    await fresh.page.getByRole("main").getByRole("link", { name: /2\.50/ }).nth(1).waitFor();
  });
});
