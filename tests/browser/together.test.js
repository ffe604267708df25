// Two cashiers of one stall, each on a device of their own.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Browser } from "./lib/browser.js";
import { keptOffline } from "./lib/kept.js";
import { comes } from "./lib/seen.js";
import { Server } from "./lib/server.js";
import { Till, anyName } from "./lib/till.js";

const TABLE = "Table 4";
const cart = (till) => till.cart();

async function takeUp(till) {
  await till.go("/sell");
  await cart(till).getByRole("button", { name: new RegExp(`^${TABLE}`) }).click();
}

// One for each product, however often and by whomever it was put in.
const rows = (till) => cart(till).getByRole("listitem");
const pay = (till) => till.page.getByRole("link", { name: /^Pay / }).or(till.button(/^Pay /)).first();
// All of it costs the same.
const comesTo = (till, units) => comes(() => pay(till).textContent(), new RegExp((units * 2.5).toFixed(2).replace(".", "\\.")));

// The first tap may come before the order is on the counter.
async function adds(till, products, all) {
  await takeUp(till);
  for (const product of products) await till.addToCart(product);
  await comesTo(till, all);
  await till.putAside(TABLE);
}

// How often a line with this name leaves the counter from now on.
async function watch(till, name) {
  await till.page.evaluate((name) => {
    window.left = 0;
    const gone = (change) => [...change.removedNodes].filter((it) => it.textContent.includes(name)).length;
    const watching = new MutationObserver((changes) => changes.forEach((change) => (window.left += gone(change))));
    watching.observe(document.querySelector("aside.counter"), { childList: true, subtree: true });
  }, name);
  return () => till.page.evaluate(() => window.left);
}

const allSent = (till) => till.page.getByText("Saved here · all sent").first().waitFor();

// A stall with three products, and both at it.
async function beginTogether(one, two) {
  const products = ["Tea", "Milk", "Cake"].map(anyName);
  await keptOffline(one.page);
  await one.openStall(anyName("Stall"));
  for (const name of products) await one.addProduct(name, "2.50");
  await one.openDrawer();
  await one.connect("akinyi@example.org");
  await allSent(one);
  await keptOffline(two.page);
  await two.join(await one.invite(), "Second register");
  await two.openDrawer();
  return products;
}

test("first hour 9: two cashiers add to one open order while neither hears the other, one is paid for, and nobody pays twice", async () => {
  const server = await Server.begin();
  const browsers = [new Browser(), new Browser()];
  try {
    for (const browser of browsers) await browser.start();
    const [one, two] = await Promise.all(browsers.map(({ context }) => Till.open(context, server.url)));
    const [tea, milk, cake] = await beginTogether(one, two);
    await one.go("/sell");
    await one.addToCart(tea);
    await one.putAside(TABLE);
    await two.go("/sell");
    await cart(two).getByRole("button", { name: new RegExp(`^${TABLE}`) }).waitFor();

    // What another register put into it meanwhile is there when it is taken up again, and stays.
    const row = cart(one).getByRole("button", { name: new RegExp(`^${TABLE}`) });
    await row.click();
    await comesTo(one, 1);
    await one.putAside(TABLE);
    await adds(two, [milk], 2);
    await row.getByText("2 lines").waitFor();
    const left = await watch(one, milk);
    await row.click();
    await one.page.getByRole("link", { name: /^Pay .*5\.00/ }).first().waitFor();
    assert.equal(await left(), 0);
    await one.putAside(TABLE);

    await server.kill();
    await adds(one, [cake, tea], 4);
    await adds(two, [tea], 3);
    await server.start();
    for (const till of [one, two]) {
      await takeUp(till);
      await comesTo(till, 5);
      assert.equal(await rows(till).count(), 3, "each tapped one more tea: it is one row of three");
      for (const name of [tea, milk, cake]) await cart(till).getByRole("button", { name: new RegExp(name) }).first().waitFor();
    }

    // Both have it before them, and one more is tapped. The other is quicker.
    await one.addToCart(milk);
    await comesTo(one, 6);
    assert.equal(await two.pay(), 1);
    await two.page.getByRole("article").getByText(/12\.50/).first().waitFor();
    await one.page.getByText(`${TABLE} was paid already. It cannot be paid again.`).waitFor();
    await comes(() => cart(one).getByRole("button", { name: "Put aside" }).isDisabled(), true, "nobody would find it");
    await pay(one).click();
    await one.page.getByRole("button", { name: "Done, money is in", disabled: true }).waitFor();
    await one.button("Keep what was not paid").click();
    await one.page.locator(".pay-due").getByText(/2\.50/).waitFor();
    await one.button("Done, money is in").click();
    await one.page.getByRole("article").getByText(new RegExp(milk)).first().waitFor();
    await one.go("/today");
    await one.page.getByText(/15\.00/).first().waitFor();
    assert.deepEqual([...one.problems, ...two.problems], []);
  } finally {
    for (const browser of browsers) await browser.close();
    await server.close();
  }
});
