// First hour 22: an order that is made without a signal and goes out once.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Browser } from "./lib/browser.js";
import { keptOffline } from "./lib/kept.js";
import { Server } from "./lib/server.js";
import { Till, anyName } from "./lib/till.js";
import { Wire } from "./lib/wire.js";

const PHONE = { viewport: { width: 360, height: 640 }, isMobile: true, hasTouch: true };
const PLACES = /^POST \/v1\/stalls\/[0-9a-f]{32}\/orders /;
const PROMISED = "Your goods are set aside, and the stall was told.";

// Five of the tea are the shop's.
const shop = {};

before(async () => {
  shop.server = await Server.begin();
  shop.seller = new Browser();
  await shop.seller.start();
  const till = await Till.open(shop.seller.context, shop.server.url);
  Object.assign(shop, { till, stall: anyName("Stall"), tea: anyName("Tea") });
  await till.openStall(shop.stall);
  await till.addProduct(shop.tea, "2.50");
  await till.stockOf(shop.tea, "Receive", 10);
  await till.connect("akinyi@example.org");
  await till.page.getByText(`${shop.stall} is connected`).first().waitFor();
  await (await till.heldOf(shop.tea, "The shop")).getByText("5", { exact: true }).waitFor();
});

after(async () => {
  await shop.seller?.close();
  await shop.server?.close();
});

test("first hour 22: found and ordered without a signal, sent once when there is one, although its reply is lost and it is tapped five times", async () => {
  const wire = await Wire.to(shop.server.port);
  const browser = new Browser({ args: wire.args, context: PHONE });
  try {
    await browser.start();
    // One visit, and the signal is gone.
    const buyer = await Till.open(browser.context, shop.server.url, "/market");
    const { page } = buyer;
    await keptOffline(page);
    await page.getByText(shop.tea).first().waitFor();
    await page.getByText(/^Saved here/).first().waitFor({ state: "attached" });
    await wire.cut();
    await page.reload();
    await buyer.go("/search");
    await page.getByRole("searchbox").first().fill(shop.tea.replace("Tea", "Tae"));
    await page.getByRole("main").getByRole("link", { name: new RegExp(shop.tea) }).first().click();
    await page.getByText(/^Seen /).first().waitFor();
    await buyer.button("Put in basket").click();
    await page.getByText("In your basket: 1.").first().waitFor();
    await buyer.go("/basket");
    await buyer.button(`Order from ${shop.stall}`).click();
    await buyer.field("Your name").fill("Wanjiku");
    await page.getByLabel(/^Telephone or e-mail/).fill("+254 700 000 001");
    await buyer.onward("Payment");
    await buyer.onward("Check");
    // Before anything was heard of the first tap.
    await buyer.button("Order now").evaluate((button) => {
      for (let taps = 0; taps < 5; taps += 1) button.click();
    });
    await page.getByText("It is sent once, by itself, as soon as there is a connection.").first().waitFor();
    const path = new URL(page.url()).pathname;

    const lost = wire.loseReply(PLACES);
    await wire.mend();
    await lost;
    await page.getByText(PROMISED).first().waitFor();
    assert.equal(new URL(page.url()).pathname, path);
    await buyer.go("/my-orders");
    const own = page.getByRole("main").getByRole("link", { name: new RegExp(shop.stall) });
    await own.first().waitFor();
    assert.equal(await own.count(), 1);
    await buyer.go("/basket");
    await page.getByText("Your basket is empty").first().waitFor();

    const { till } = shop;
    await till.go("/orders");
    const orders = till.page.getByRole("main").getByRole("link", { name: /Order/ });
    await orders.first().waitFor();
    assert.equal(await orders.count(), 1);
    await (await till.heldOf(shop.tea, "The shop")).getByText("4", { exact: true }).waitFor();
    assert.deepEqual([...till.problems, ...buyer.problems], []);
  } finally {
    await browser.close();
    await wire.cut().catch(() => {});
  }
});
