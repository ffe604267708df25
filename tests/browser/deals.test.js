// A special offer: from the seller's form to the buyer who comes too late, is told, and decides again.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Browser } from "./lib/browser.js";
import { keptOffline } from "./lib/kept.js";
import { Server } from "./lib/server.js";
import { Till, anyName } from "./lib/till.js";
import { Wire } from "./lib/wire.js";

// With one of it in the basket, at the price that stands there.
async function wants(context, server, tea, price) {
  const buyer = await Till.open(context, server.url, "/market");
  await buyer.page.getByRole("link", { name: new RegExp(tea) }).first().click();
  await buyer.page.getByText("At most 1 for each buyer.").first().waitFor();
  await buyer.button("Put in basket").click();
  await buyer.page.getByText("In your basket: 1.").first().waitFor();
  await buyer.go("/basket");
  await buyer.page.getByText(price).first().waitFor();
  return buyer;
}

async function orders(buyer, stall) {
  await buyer.button(`Order from ${stall}`).click();
  await buyer.order();
}

test("of three buyers two have a special offer of two, and the third is told and decides again", async () => {
  const server = await Server.begin();
  const wire = await Wire.to(server.port);
  const [seller, late] = [new Browser(), new Browser({ args: wire.args })];
  try {
    await seller.start();
    const [stall, tea] = [anyName("Stall"), anyName("Tea")];
    const till = await Till.open(seller.context, server.url);
    await till.openStall(stall);
    await till.addProduct(tea, "2.50");
    await till.stockOf(tea, "Receive", 10);
    await till.connect("akinyi@example.org");
    await till.page.getByText(`${stall} is connected`).first().waitFor();
    await till.page.getByText("Saved here · all sent").first().waitFor();

    await till.go("/products");
    await till.page.getByRole("main").getByRole("link", { name: new RegExp(tea) }).click();
    await till.button("Plan a special offer").click();
    const form = till.page.getByRole("dialog");
    await form.getByLabel("Price", { exact: true }).fill("2.50");
    await form.getByText(/^It has to be below/).waitFor();
    await form.getByLabel("Price", { exact: true }).fill("1.50");
    await form.getByLabel("How many altogether", { exact: true }).fill("2");
    await form.getByLabel("How many for one buyer", { exact: true }).fill("1");
    await form.getByRole("button", { name: "Save", exact: true }).click();
    await form.waitFor({ state: "detached" });
    await till.page.getByText("0 of 2 sold").waitFor();
    await till.page.getByText("Saved here · all sent").first().waitFor();

    // The third orders without a signal, at the price that was seen.
    await late.start();
    const third = await wants(late.context, server, tea, "1.50");
    await keptOffline(third.page);
    // Until then the basket is the server's, which cannot be asked without a signal.
    await third.page.getByText("Saved here · all sent").first().waitFor();
    await wire.cut();
    await orders(third, stall);
    await third.page.getByText("It is sent once, by itself, as soon as there is a connection and Soko is open.").first().waitFor();

    for (const left of [2, 1]) {
      const browser = new Browser();
      try {
        await browser.start();
        const page = await browser.context.newPage();
        await page.goto(`${server.url}/market`);
        await page.getByText(new RegExp(`^${left} left at this price, until`)).first().waitFor();
        await page.close();
        const buyer = await wants(browser.context, server, tea, "1.50");
        await orders(buyer, stall);
        await buyer.page.getByText("the stall was told").first().waitFor();
        assert.deepEqual(buyer.problems, []);
      } finally {
        await browser.close();
      }
    }
    await till.page.getByText("2 of 2 sold").waitFor();

    // It is told that there are none left at this price, and pays the usual one once it has said so.
    await wire.mend();
    await third.page.getByText("Needs your word again").first().waitFor();
    await third.page.getByText(/^There are not so many left at this price/).first().waitFor();
    await third.go("/basket");
    await third.page.getByText(/2\.50/).first().waitFor();
    await orders(third, stall);
    await third.page.getByText("the stall was told").first().waitFor();

    await till.button("End it now").click();
    await till.page.getByRole("dialog").getByRole("button", { name: "End it now" }).click();
    await till.page.getByText("The special offer has ended.").waitFor();
    await till.button("Plan a special offer").waitFor();
    assert.deepEqual([...till.problems, ...third.problems], []);
  } finally {
    await seller.close();
    await late.close();
    await wire.cut().catch(() => {});
    await server.close();
  }
});
