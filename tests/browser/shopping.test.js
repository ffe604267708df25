// A shopper's way from a name to an order: with the keyboard alone, past names that are scripts, and without a server.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Browser } from "./lib/browser.js";
import { keptOffline } from "./lib/kept.js";
import { focused, reach } from "./lib/keys.js";
import { comes } from "./lib/seen.js";
import { Server } from "./lib/server.js";
import { Till } from "./lib/till.js";

const EVIL = `<img src=x onerror="window.broken=1"><script>window.broken=1</script>`;
const TABS_IN_DIALOG = 40;

async function market(work) {
  const server = await Server.begin();
  const [seller, buyer] = [new Browser(), new Browser()];
  try {
    const till = await Till.open(await seller.start(), server.url);
    await till.openStall(EVIL);
    await till.addProduct(EVIL, "2.50");
    await till.stockOf(EVIL, "Receive", 5);
    await till.connect("akinyi@example.org");
    await till.page.getByText("Saved here · all sent").first().waitFor();
    // The server asks for its part by itself.
    await (await till.heldOf(EVIL, "The shop")).getByText(/^[1-9]/).waitFor();
    const shopper = await Till.open(await buyer.start(), server.url, "/market");
    await work(shopper, server);
    assert.deepEqual([...till.problems, ...shopper.problems], []);
  } finally {
    await seller.close();
    await buyer.close();
    await server.close();
  }
}

test("first hour 25: a script in a name is a name to shoppers, and an order is made with the keyboard alone", async () => {
  await market(async (shopper) => {
    const { page } = shopper;
    const isName = async (where) => {
      await page.getByRole("main").getByText(EVIL).first().waitFor();
      assert.equal(await page.evaluate(() => window.broken), undefined, where);
    };
    await isName("market");
    const offer = page.locator("main:not(.first-paint) .ware").first();
    const path = await offer.getAttribute("href");
    await shopper.go(path.replace(/\/[0-9a-f]+$/, ""));
    await isName("stall");
    // Found by its name; slower than a scanner, whose code would be taken out of the field again.
    await reach(page, /^Search/);
    await page.keyboard.press("Enter");
    await page.waitForURL(`${shopper.url}/search`);
    await page.waitForFunction(() => document.activeElement?.type === "search");
    await page.keyboard.type("onerror", { delay: 90 });
    await page.getByRole("main").getByRole("link", { name: /2\.50/ }).first().waitFor();
    await reach(page, /2\.50/);
    await page.keyboard.press("Enter");
    await page.waitForURL(`${shopper.url}${path}`);
    await isName("product");
    await reach(page, /^Put in basket$/);
    await page.keyboard.press("Enter");
    await page.getByText(/^In your basket: 1/).first().waitFor();
    await reach(page, /^Basket/);
    await page.keyboard.press("Enter");
    await isName("basket");
    await reach(page, /^Empty the basket/);
    const opener = await focused(page);
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog");
    await dialog.waitFor();
    // The focus stays inside of what lies over the page, and goes back to where it was.
    for (let tabs = 0; tabs < TABS_IN_DIALOG; tabs += 1) {
      await page.keyboard.press("Tab");
      assert.ok(await page.evaluate(() => document.activeElement === document.body || document.activeElement.closest("dialog")));
    }
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    assert.equal(await focused(page), opener);
    await reach(page, /^Order from/);
    await page.keyboard.press("Enter");
    // A page of the whole app, since a first visit brings no more than looking around.
    await page.getByRole("heading", { level: 1, name: /^Delivery/ }).waitFor();
    // Each step is read out as it comes, says which it is of how many, and leads back and on.
    await comes(() => focused(page), "Delivery · Step 2 of 5");
    const name = page.getByLabel("Your name", { exact: true });
    await name.waitFor();
    await reach(page, /^Your name/);
    await page.keyboard.type("Wanjiku");
    await reach(page, /^Telephone or e-mail/);
    await page.keyboard.type("+254 700 000 001");
    await reach(page, /^Continue/);
    await page.keyboard.press("Enter");
    await comes(() => focused(page), "Payment · Step 3 of 5");
    await page.goBack();
    await comes(() => focused(page), "Delivery · Step 2 of 5");
    assert.equal(await name.inputValue(), "Wanjiku");
    await page.goForward();
    await comes(() => focused(page), "Payment · Step 3 of 5");
    await reach(page, /^Continue/);
    await page.keyboard.press("Enter");
    await comes(() => focused(page), "Check · Step 4 of 5");
    await reach(page, /^Change: Delivery/);
    await page.keyboard.press("Enter");
    await comes(() => focused(page), "Delivery · Step 2 of 5");
    // What was written is kept here: it is there after a look into the basket, and after the page was loaded anew.
    await reach(page, /^Basket/);
    await page.keyboard.press("Enter");
    await page.waitForURL(`${shopper.url}/basket`);
    await reach(page, /^Order from/);
    await page.keyboard.press("Enter");
    await comes(() => focused(page), "Delivery · Step 2 of 5");
    await name.waitFor();
    assert.equal(await name.inputValue(), "Wanjiku");
    await page.goto(page.url().replace(/delivery$/, "review"));
    await comes(() => focused(page), "Check · Step 4 of 5");
    await reach(page, /^Change: Delivery/);
    await page.keyboard.press("Enter");
    await comes(() => focused(page), "Delivery · Step 2 of 5");
    assert.equal(await name.inputValue(), "Wanjiku");
    // Whoever comes by an address says first what comes before it.
    await reach(page, /^Your name/);
    await page.keyboard.press("Control+a");
    await page.keyboard.press("Delete");
    await page.evaluate(() => {
      history.pushState(null, "", location.pathname.replace(/delivery$/, "review"));
      dispatchEvent(new PopStateEvent("popstate"));
    });
    await comes(() => focused(page), "Delivery · Step 2 of 5");
    await reach(page, /^Your name/);
    await page.keyboard.type("Wanjiku");
    for (const step of ["Payment · Step 3 of 5", "Check · Step 4 of 5"]) {
      await reach(page, /^Continue/);
      await page.keyboard.press("Enter");
      await comes(() => focused(page), step);
    }
    await reach(page, /^Order now/);
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/my-orders\//);
    await isName("order");
  });
});

test("a shopper searches and finds with the server gone, and goes by the palette with the keyboard alone", async () => {
  await market(async (shopper, server) => {
    const { page } = shopper;
    await keptOffline(page);
    await page.getByText(/^Saved here|^No server/).first().waitFor();
    await server.kill();
    await shopper.go("/market");
    await page.getByText("No connection").first().waitFor();
    await page.keyboard.press("Control+k");
    await page.getByRole("dialog").waitFor();
    // Slower than a scanner, whose code would be taken out of the field again.
    await page.keyboard.type("basket", { delay: 90 });
    // A key before the answer would take what stood there.
    await page.getByRole("option", { name: /basket/i, selected: true }).waitFor();
    await page.keyboard.press("Enter");
    await page.waitForURL(`${shopper.url}/basket`);
    await shopper.go("/search");
    await page.getByRole("searchbox").first().fill("onerror");
    await page.getByRole("main").getByRole("link", { name: /2\.50/ }).first().waitFor();
    assert.equal(await page.evaluate(() => window.broken), undefined);
  });
});
