// What others ask: typed in at the stall and taken from a file without a network, seen as a reason, and deleted.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { Browser } from "./lib/browser.js";
import { comes } from "./lib/seen.js";
import { invitation } from "./lib/invite.js";
import { PASSWORD, Server } from "./lib/server.js";
import { Till, anyName } from "./lib/till.js";
import { afterOneVisit } from "./lib/visit.js";

const others = (page) => page.getByRole("region", { name: "What others ask" });

async function note(page, who, price) {
  await others(page).getByRole("textbox", { name: "Who asks it" }).fill(who);
  await others(page).getByRole("textbox", { name: "How much" }).fill(price);
  await others(page).getByRole("button", { name: "Write it down" }).click();
  await others(page).getByText(who, { exact: true }).first().waitFor();
}

test("what others ask is typed in, taken from a file and deleted, with the network off", async () => {
  await afterOneVisit(async (till) => {
    const { page } = till;
    const mango = anyName("Mango");
    await till.openStall("Mama Akinyi");
    await till.addProduct(mango, "2.50");
    await till.go("/products");
    await page.getByRole("link", { name: new RegExp(mango) }).first().click();
    await page.getByRole("link", { name: "Price", exact: true }).first().click();
    await note(page, "The stall across", "1.80");
    await note(page, "Corner shop", "2.00");
    await others(page).getByText(/2 count\. From 3 on/).waitFor();
    await note(page, "Market hall", "2.20");
    await others(page).getByText(/3 count\. In the middle they ask .*2\.00.*from .*1\.40 to .*2\.60/).waitFor();
    await others(page).getByText(/Seen · just now/).first().waitFor();

    // A file: nothing counts before somebody says which product is meant; a script is a name.
    await till.go("/products/prices");
    await page.getByRole("button", { name: "A file of their prices" }).click();
    const dialog = page.getByRole("dialog", { name: "A file of their prices" });
    await dialog.getByRole("textbox", { name: "Who asks it" }).fill("Supermarket");
    const buffer = Buffer.from(`Name,Price\n${mango}s,2.40\n<img src=x onerror=alert(1)>,1.00\nSoap,free\n`);
    await dialog.locator("input[type=file]").setInputFiles({ name: "prices.csv", mimeType: "text/csv", buffer });
    const asked = dialog.getByRole("region", { name: "Is it the same?" });
    await asked.waitFor();
    await dialog.getByRole("region", { name: "Nothing here has such a name" }).getByText("<img src=x onerror=alert(1)>").waitFor();
    await dialog.getByText("This is no price.").waitFor();
    const take = dialog.getByRole("button", { name: "Take these prices" });
    assert.equal(await take.isDisabled(), true);
    await asked.getByRole("combobox").selectOption("yes");
    await take.click();
    await page.getByText("These prices count now.").first().waitFor();
    await page.getByText("Supermarket", { exact: true }).first().waitFor();

    await page.goBack();
    await others(page).getByText(/4 count\. In the middle they ask .*2\.10/).waitFor();
    await others(page).getByText(/From a file/).waitFor();
    await others(page).getByRole("button", { name: "Delete what Supermarket asks" }).click();
    await page.getByText("It does not count any more.").first().waitFor();
    await others(page).getByText(/3 count\./).waitFor();

    // Switched off and forgotten, as a whole.
    await till.go("/products/prices");
    const corner = page.getByRole("checkbox", { name: "Corner shop counts" });
    await corner.click();
    await comes(() => corner.isChecked(), false, "it does not count");
    await page.getByRole("button", { name: "Forget Market hall" }).click();
    await page.getByRole("button", { name: "Forget it", exact: true }).click();
    await comes(() => page.getByRole("button", { name: "Forget Market hall" }).count(), 0, "it is gone");
    await page.goBack();
    await others(page).getByText("Switched off").waitFor();
    await others(page).getByText(/1 count\./).waitFor();
    assert.deepEqual(till.problems, []);
  });
});

test("what others ask is a reason of a suggestion", async () => {
  const server = await Server.begin({ demo: "whole" });
  const browser = new Browser();
  await browser.start();
  try {
    const till = await Till.open(browser.context, server.url);
    const { page } = till;
    await till.join(await invitation(server.url, "owner1@demo.example", PASSWORD), "Second register");
    await page.getByText("Saved here · all sent").first().waitFor();
    await till.go("/products");
    await page.getByRole("main").getByRole("link", { name: "Prices" }).click();
    const card = page.locator(".price-card").filter({ has: page.getByRole("button", { name: /^Take / }) }).first();
    await card.waitFor();
    const name = await card.getByRole("heading").textContent();
    await page.getByRole("link", { name, exact: true }).click();
    const now = page.locator(".price-move span").first();
    const price = (await now.textContent()).replace(/[^0-9.]/g, "");
    for (const who of ["Across", "Corner", "Market hall"]) await note(page, who, price);
    await page.getByText(/3 others ask .* in the middle\./).first().waitFor();
    assert.deepEqual(till.problems, []);
  } finally {
    await browser.close();
    await server.close();
  }
});

// Another shop's list, which is asked for as a guest asks.
async function otherShop(list) {
  const shop = { asked: [] };
  shop.server = createServer((request, response) => {
    shop.asked.push(`${request.url} ${request.headers["user-agent"]}`);
    if (request.url === "/robots.txt") response.writeHead(404).end();
    else response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(list));
  });
  await new Promise((listening) => shop.server.listen(0, "127.0.0.1", listening));
  shop.address = `http://127.0.0.1:${shop.server.address().port}/prices.json`;
  return shop;
}

test("an address is watched, what is only alike is asked about, and what is wrong there is said", async () => {
  const tea = anyName("Tea");
  const shop = await otherShop({ items: [{ title: `${tea}s`, price: 2.2 }] });
  const server = await Server.begin({ options: ["--private-targets=true"] });
  const browser = new Browser();
  try {
    await browser.start();
    const till = await Till.open(browser.context, server.url);
    const { page } = till;
    await till.openStall(anyName("Stall"));
    await till.addProduct(tea, "2.50");
    await till.connect("akinyi@example.org");
    await page.getByText("Saved here · all sent").first().waitFor();
    await till.go("/products/prices");
    await page.getByRole("button", { name: "Watch an address" }).click();
    const dialog = page.getByRole("dialog", { name: "Watch an address" });
    await dialog.getByRole("textbox", { name: "Who asks it" }).fill("Supermarket");
    await dialog.getByRole("textbox", { name: "Address" }).fill(shop.address);
    await dialog.getByRole("button", { name: "Watch it" }).click();
    await page.getByText("It is looked at within a minute.").first().waitFor();
    await comes(async () => {
      await page.getByRole("button", { name: "Show", exact: true }).click();
      return page.getByText(/0 of 1 things there are certainly yours/).count();
    }, 1, "the server looked");
    assert.match(shop.asked[0], /^\/robots\.txt Soko\//);
    await page.getByRole("button", { name: "Which are mine at Supermarket?" }).click();
    const asked = page.getByRole("dialog", { name: "Which are mine at Supermarket?" });
    await asked.getByRole("combobox", { name: new RegExp(`Which product is ${tea}s`) }).selectOption("yes");
    await asked.getByRole("button", { name: "Take these prices" }).click();
    await page.getByText("These prices count now.").first().waitFor();
    await page.getByRole("checkbox", { name: "Supermarket counts" }).waitFor();
    await page.getByRole("button", { name: "Show", exact: true }).click();
    await page.getByRole("button", { name: "Watch Supermarket no more" }).click();
    await page.getByText("No address is watched.").waitFor();
    assert.deepEqual(till.problems, []);
  } finally {
    await browser.close();
    await server.close();
    shop.server.close();
  }
});
