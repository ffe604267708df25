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

async function adds(till, product) {
  await takeUp(till);
  // As somebody does who sees whose order it is before they add to it.
  await cart(till).getByRole("button", { name: /Tea/ }).first().waitFor();
  await till.addToCart(product);
  await cart(till).getByRole("button", { name: new RegExp(product) }).first().waitFor();
  await till.putAside(TABLE);
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

    await server.kill();
    await adds(one, milk);
    await adds(two, cake);
    await server.start();
    for (const till of [one, two]) {
      await takeUp(till);
      for (const name of [tea, milk, cake]) await cart(till).getByRole("button", { name: new RegExp(name) }).first().waitFor();
    }

    // Both have it before them. One is quicker.
    assert.equal(await two.pay(), 1);
    await two.page.getByRole("article").getByText(/7\.50/).first().waitFor();
    await one.page.getByText(`${TABLE} was paid already. It cannot be paid again.`).waitFor();
    await one.page.getByRole("link", { name: /^Pay / }).or(one.button(/^Pay /)).first().click();
    await one.page.getByRole("button", { name: "Done, money is in", disabled: true }).waitFor();
    await one.go("/today");
    await one.page.getByText(/7\.50/).first().waitFor();
    assert.deepEqual([...one.problems, ...two.problems], []);
  } finally {
    for (const browser of browsers) await browser.close();
    await server.close();
  }
});
