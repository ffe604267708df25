// First hour 22 and 23: an order that is made without a signal and goes out once, and the last unit, which two want at once.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Bank } from "./lib/bank.js";
import { Browser } from "./lib/browser.js";
import { keptOffline } from "./lib/kept.js";
import { comes } from "./lib/seen.js";
import { Server } from "./lib/server.js";
import { Till, anyName } from "./lib/till.js";
import { Wire } from "./lib/wire.js";

const PHONE = { viewport: { width: 360, height: 640 }, isMobile: true, hasTouch: true };
const PLACES = /^POST \/v1\/stalls\/[0-9a-f]{32}\/orders /;
const PROMISED = "Your goods are set aside, and the stall was told.";

// One stall for both: it takes cards, has five of the tea for the shop, and one of the honey.
const shop = {};

before(async () => {
  shop.bank = await Bank.open();
  const options = ["--stripe-key=sk_live_1", "--stripe-webhook-secret=whsec_1", `--stripe-url=${shop.bank.url}`];
  shop.server = await Server.begin({ options });
  shop.seller = new Browser();
  await shop.seller.start();
  const till = await Till.open(shop.seller.context, shop.server.url);
  const any = anyName("");
  Object.assign(shop, { till, stall: `Stall${any}`, tea: `Tea${any}`, honey: `Acacia honey${any}`, other: `Forest honey${any}` });
  await till.openStall(shop.stall);
  for (const [name, price, units] of [[shop.tea, "2.50", 10], [shop.honey, "6.00", 1], [shop.other, "7.00", 4]]) {
    await till.addProduct(name, price);
    await till.stockOf(name, "Receive", units);
  }
  await till.connect("akinyi@example.org");
  await till.page.getByText(`${shop.stall} is connected`).first().waitFor();
  for (const [name, units] of [[shop.tea, 5], [shop.other, 2]]) {
    await (await till.heldOf(name, "The shop")).getByText(String(units), { exact: true }).waitFor();
  }
  await till.stockOf(shop.honey, "Give back", 1);
  await till.go("/settings");
  await till.page.getByRole("checkbox", { name: "By card" }).check();
  const card = till.page.locator("section", { has: till.page.getByRole("heading", { name: "Selling" }) }).last();
  await card.getByRole("button", { name: "Save" }).click();
  await till.page.getByText("Saved here · all sent").first().waitFor();
});

after(async () => {
  await shop.seller?.close();
  await shop.server?.close();
  shop.bank?.close();
});

async function ends(...buyers) {
  assert.deepEqual([shop.till, ...buyers].flatMap((it) => it.problems), []);
}

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
    await page.getByText("It is sent once, by itself, as soon as there is a connection and Soko is open.").first().waitFor();
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
    await ends(buyer);
  } finally {
    await browser.close();
    await wire.cut().catch(() => {});
  }
});

// Both have it in the basket, looked through, and paid by card: only the last tap is missing.
async function atLastTap(buyer) {
  await buyer.page.getByRole("link", { name: new RegExp(shop.honey) }).first().click();
  await buyer.page.getByText("1 left", { exact: true }).first().waitFor();
  await buyer.button("Put in basket").click();
  await buyer.page.getByText("In your basket: 1.").first().waitFor();
  await buyer.go("/basket");
  await buyer.button(`Order from ${shop.stall}`).click();
  await buyer.field("Your name").fill("Wanjiku");
  await buyer.page.getByLabel(/^Telephone or e-mail/).fill("+254 700 000 001");
  await buyer.onward("Payment");
  await buyer.page.getByLabel("How you pay").selectOption({ label: "By card, now" });
  await buyer.onward("Check");
}

test("first hour 23: of two who want the last unit at once one has it and pays, the other is told, sees what is like it, and nothing is held", async () => {
  const browsers = [new Browser({ context: PHONE }), new Browser({ context: PHONE })];
  try {
    for (const browser of browsers) await browser.start();
    const buyers = await Promise.all(browsers.map(({ context }) => Till.open(context, shop.server.url, "/market")));
    await Promise.all(buyers.map(atLastTap));
    await Promise.all(buyers.map((buyer) => buyer.button("Order now").click()));
    const has = (buyer) => buyer.page.getByRole("link", { name: "Pay now" });
    const lost = (buyer) => buyer.page.getByText("There is not that much of it left.").first();
    await Promise.all(buyers.map((buyer) => has(buyer).or(lost(buyer)).first().waitFor()));
    const won = await Promise.all(buyers.map((buyer) => has(buyer).count()));
    assert.equal(won[0] + won[1], 1, "one of them has it");
    const [first, second] = won[0] ? buyers : [...buyers].reverse();

    // It was not charged, and sees what else there is, in stock, with a tap to it.
    await second.page.getByText("Nothing was ordered.").first().waitFor();
    await second.button("Look again in the basket").click();
    await second.page.getByText("Sold out when it was last seen.").waitFor();
    const like = second.page.locator("section", { has: second.page.getByRole("heading", { name: `Similar to ${shop.honey}`, exact: true }) }).last();
    await like.getByRole("link", { name: new RegExp(shop.other) }).first().waitFor();
    await comes(() => like.getByRole("link", { name: new RegExp(shop.honey) }).count(), 0);

    await has(first).click();
    await first.page.getByRole("link", { name: "Pay with this card" }).click();
    await first.page.getByText("Nothing is left to pay.").waitFor();
    assert.deepEqual([shop.bank.charges, shop.bank.sessions.size], [1, 1]);
    const { till } = shop;
    await (await till.heldOf(shop.honey, "The shop")).getByText("0", { exact: true }).waitFor();
    await till.go("/orders");
    await till.page.getByRole("main").getByRole("link", { name: /Order/ }).filter({ hasText: "Paid" }).first().click();
    await till.button("Handed over").click();
    await first.page.getByText("You have your goods").first().waitFor();
    await ends(first, second);
    await shop.server.stop();
    shop.server.verify();
  } finally {
    for (const browser of browsers) await browser.close();
  }
});
