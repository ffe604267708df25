// A seller's goods through the screens, with the network off: a list out of a file and back, a backup on another device.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { Browser } from "./lib/browser.js";
import { keptOffline } from "./lib/kept.js";
import { comes, says } from "./lib/seen.js";
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

// A dry run names bad rows, duplicates are shown, and one tap takes all of it back.
test("first hour 2: a list out of a file is looked at, taken, sold from and taken back", async () => {
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

// Taken for a moment only: all of it takes longer than a journey may.
test("first hour 2: of 20,000 rows the bad ones are named, the bar stops and goes on, and one tap takes back what was taken", async () => {
  await withBrowsers(1, async (till) => {
    const { page } = till;
    await till.openStall("Mama Akinyi");
    await till.go("/products/import");
    const rows = Array.from({ length: 20_000 }, (_, at) => `Article ${at};${1 + (at % 500)},50;A-${at}`);
    await chooseFile(till, "liste.csv", `\ufeffDésignation;Prix;Réf\n${rows.join("\n")}\nSans prix;abc;B-1\nEncore;2,00;A-7\n`);
    await page.getByText("Line 20,002").waitFor();
    await page.getByText("Line 20,003").waitFor();
    await till.button("Take 20,000 rows").click();
    const bar = page.getByRole("progressbar", { name: /^[\d,]+ of 20,000 taken$/ });
    const taken = async () => Number(await bar.getAttribute("value"));
    const stops = async (before) => {
      await comes(async () => (await taken()) > before, true);
      await till.button("Stop").click();
      const said = await page.getByText(/^[\d,]+ of 20,000 rows were taken/).first().textContent();
      return said.match(/^[\d,]+/)[0];
    };
    const few = Number((await stops(0)).replace(",", ""));
    await till.button("Go on").click();
    const some = await stops(few);
    await till.button("Take it back").click();
    await page.getByText(`${some} off the offer, 0 as before`).first().waitFor();
    await till.go("/products");
    await page.getByText("No products yet").waitFor();
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

const cart = (till) => till.page.getByRole("complementary", { name: "Cart" });

// A product's page by its name on the list.
async function toProduct(till, name) {
  await till.go("/products");
  await till.page.getByRole("main").getByRole("link", { name: new RegExp(name) }).first().click();
  await till.page.getByRole("heading", { level: 1, name }).waitFor();
}

test("a table of variants is made with one press, and is one tile that asks which", async () => {
  await withBrowsers(1, async (till) => {
    const { page } = till;
    await till.openStall("Mama Akinyi");
    await till.addProduct("Shirt", "9.00");
    await till.addProduct("Tea", "2.00");
    await toProduct(till, "Shirt");
    await page.getByText("Sizes, colours and other variants").first().click();
    await till.button("Colour").click();
    await till.field("Colour: which there are").fill("red, blue,");
    await till.button("Something else differs, too").click();
    await till.button("Size").click();
    for (const size of ["L", "S", "M"]) {
      await till.field("Size: which there are").fill(size);
      await page.keyboard.press("Enter");
    }
    await page.getByRole("checkbox", { name: "Make blue · L" }).uncheck();
    await till.field("Price of red · L").fill("12");
    await till.button("Make the 5 missing ones").click();
    await page.getByText("5 variants are on offer").first().waitFor();
    await page.getByRole("checkbox", { name: "Make blue · L" }).check();
    await till.button("Make the missing one").click();
    await page.getByText("1 variant is on offer").first().waitFor();
    await comes(() => page.getByRole("checkbox", { name: /^Make / }).count(), 0, "none is missing");

    // Its place leads to it, and there it gets its code.
    await page.getByRole("link", { name: /^Shirt blue M/ }).click();
    await page.getByRole("heading", { level: 1, name: "Shirt blue M" }).waitFor();
    await page.getByRole("textbox", { name: /^Barcodes/ }).fill("61610077");
    await till.button("Save").click();
    await page.getByText("Saved").first().waitFor();
    await till.stockOf("Shirt red L", "Receive", 1);
    await till.stockOf("Shirt red S", "Receive", 4);

    // One tile, which says how many there are, from which price, and how much is left.
    await till.openDrawer();
    const offered = page.getByRole("list", { name: "Products" }).getByRole("button");
    await offered.nth(1).waitFor();
    await comes(() => offered.count(), 2);
    await till.product("Shirt").filter({ hasText: "6 variants" }).filter({ hasText: /from .*9\.00/ }).filter({ hasText: "5 left" }).waitFor();
    // It asks which, by the keyboard, too; Escape chooses none.
    await till.product("Shirt").click();
    const sheet = page.getByRole("dialog", { name: "Shirt" });
    await sheet.getByRole("button", { name: /^blue · S, .*9\.00$/ }).waitFor();
    await comes(() => sheet.getByRole("button", { name: /·/ }).count(), 6);
    await page.keyboard.press("Escape");
    await sheet.waitFor({ state: "detached" });
    await cart(till).getByText("Nothing in the cart").waitFor();
    await till.product("Shirt").focus();
    await page.keyboard.press("Enter");
    await sheet.getByRole("button", { name: /^red · L, 1 left, .*12\.00$/ }).focus();
    await page.keyboard.press("Enter");
    await sheet.waitFor({ state: "detached" });
    await cart(till).getByText("Shirt red L").waitFor();
    // A code goes straight to its variant.
    await page.keyboard.type("61610077", { delay: 0 });
    await page.keyboard.press("Enter");
    await cart(till).getByText("Shirt blue M").waitFor();
    assert.equal(await till.pay(), 1);
    await page.getByText("21.00").first().waitFor();

    // The last one is gone, and the sheet says so; what nobody counted says nothing.
    await till.go("/sell");
    await till.product("Shirt").click();
    await sheet.getByRole("button", { name: /^red · L, none left, .*12\.00$/ }).waitFor();
    await page.keyboard.press("Escape");
    // So does a search that names it.
    await page.getByRole("searchbox").first().fill("shirt red s");
    await till.product("Shirt red S").first().click();
    await cart(till).getByText("Shirt red S").waitFor();
  });
});

test("a bundle has a price of its own and takes its parts from the stock", async () => {
  await withBrowsers(1, async (till) => {
    const { page } = till;
    await till.openStall("Mama Akinyi");
    for (const [name, price] of [["Tea", "2.50"], ["Cup", "4.00"], ["Gift", "8.50"]]) await till.addProduct(name, price);
    await till.stockOf("Tea", "Receive", 10);
    await till.stockOf("Cup", "Receive", 3);
    await toProduct(till, "Gift");
    const parts = page.locator("details").filter({ hasText: "Made of other products" });
    await parts.locator("summary").click();
    for (const name of ["Tea", "Cup"]) {
      await parts.getByRole("searchbox").fill(name);
      await parts.getByRole("button", { name, exact: true }).click();
      await parts.getByRole("group", { name, exact: true }).waitFor();
    }
    const teas = parts.getByRole("group", { name: "Tea", exact: true });
    await teas.getByRole("button", { name: "More" }).click();
    await teas.getByText("2", { exact: true }).waitFor();
    await till.openDrawer();
    await till.addToCart("Gift");
    await till.pay();
    await page.getByRole("article").getByText(/8\.50/).first().waitFor();
    for (const [name, left] of [["Tea", "8"], ["Cup", "2"]]) await says(await till.heldOf(name, "This register"), left);
    await toProduct(till, "Gift");
    await parts.getByRole("button", { name: "Take Cup out" }).click();
    await comes(() => parts.getByRole("group", { name: "Cup", exact: true }).count(), 0);
    assert.equal(await till.sell("Gift"), 2);
    for (const [name, left] of [["Tea", "6"], ["Cup", "2"]]) await says(await till.heldOf(name, "This register"), left);
  });
});

test("what is off the offer is sold no more, keeps its sales, and comes back", async () => {
  await withBrowsers(1, async (till) => {
    const { page } = till;
    await till.openStall("Mama Akinyi");
    for (const name of ["Tea", "Milk"]) await till.addProduct(name, "2.50");
    await till.openDrawer();
    assert.equal(await till.sell("Tea"), 1);
    await toProduct(till, "Tea");
    await till.button("Take off the offer").click();
    await page.getByText("Tea is off the offer").first().waitFor();
    await till.go("/sell");
    await till.product("Milk").first().waitFor();
    assert.equal(await till.product("Tea").count(), 0);
    await till.go("/products");
    await page.getByRole("main").getByRole("link", { name: /Milk/ }).first().waitFor();
    assert.equal(await page.getByRole("main").getByRole("link", { name: /Tea/ }).count(), 0);
    await till.button("Archived").click();
    await page.getByRole("main").getByRole("link", { name: /Tea/ }).first().click();
    await till.button("Put back on offer").click();
    await page.getByText("Tea is on offer again").first().waitFor();
    assert.equal(await till.sell("Tea"), 2);
    await till.go("/sales");
    await comes(() => till.sales().count(), 2);
  });
});

// A product's page is long: what most products do not need is behind a summary.
const withTax = (till, name, price, tax) =>
  till.addProduct(name, price, {
    more: async () => {
      await till.page.locator("details summary").first().click();
      await till.page.getByLabel("Which tax", { exact: true }).selectOption({ label: tax });
      await comes(() => till.page.getByRole("textbox", { name: /^Tax/ }).count(), 0, "it has no rate of its own");
    },
  });

async function putTax(till, change, { name, rate }) {
  await till.go("/settings");
  const card = till.page.getByRole("region", { name: "Taxes" });
  if (change) await card.getByRole("button", { name: `Change ${change}` }).click();
  if (name) await card.getByRole("textbox", { name: /^Name/ }).fill(name);
  await card.getByRole("textbox", { name: /^Rate/ }).fill(rate);
  await card.getByRole("button", { name: change ? "Save" : "Add this tax" }).click();
  await card.getByText(new RegExp(`· ${rate}\\s?%`)).waitFor();
  return card;
}

// A rate that the law changes is changed in one place. What was sold before stays as it was sold.
test("a tax that products share is changed once, and receipts name it", async () => {
  await withBrowsers(1, async (till) => {
    await till.openStall("Mama Akinyi");
    await putTax(till, null, { name: "Standard", rate: "16" });
    await withTax(till, "Tea", "11.60", "Standard · 16%");
    await withTax(till, "Milk", "5.80", "Standard · 16%");
    await till.openDrawer();
    const sold = async (name) => {
      await till.go("/sell");
      await till.addToCart(name);
      await till.pay();
      return till.page.getByRole("article");
    };
    await (await sold("Tea")).getByText(/Standard · .*16%.*10\.00/).waitFor();
    const card = await putTax(till, "Standard", { rate: "18" });
    await (await sold("Milk")).getByText(/Standard · .*18%.*4\.92/).waitFor();
    await till.go("/settings");
    await card.getByRole("button", { name: "Remove Standard" }).click();
    await till.page.getByText("Products have this tax. Give them another one first.").waitFor();
    await putTax(till, null, { name: "Reduced", rate: "8" });
    await card.getByRole("button", { name: "Remove Reduced" }).click();
    await till.page.getByText("Reduced is removed.").waitFor();
    await comes(() => card.getByRole("listitem").count(), 1);
    await till.button("Undo").click();
    await card.getByText(/Reduced · 8\s?%/).waitFor();
  });
});
