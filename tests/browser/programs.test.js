// A program of the owner's own: it reads by a key that was made on the screen, is told by a webhook, and is shut out again.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import { test } from "node:test";
import { Arrivals } from "./lib/arrivals.js";
import { Browser } from "./lib/browser.js";
import { comes } from "./lib/seen.js";
import { Server } from "./lib/server.js";
import { Till, anyName } from "./lib/till.js";

const secretOf = (dialog) => dialog.locator("code").first().textContent();

// Takes what is sent to it, and answers as it was told to.
async function receiver() {
  const heard = new Arrivals();
  const program = { next: () => heard.first("a call"), status: 204 };
  program.server = createServer((request, response) => {
    const parts = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", () => {
      heard.add({ headers: request.headers, body: Buffer.concat(parts).toString() });
      response.writeHead(program.status).end();
    });
  });
  await new Promise((listening) => program.server.listen(0, "127.0.0.1", listening));
  program.address = `http://127.0.0.1:${program.server.address().port}/soko`;
  return program;
}

// As the Standard Webhooks specification says.
function signed({ headers, body }, secret) {
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const text = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`;
  const ours = `v1,${createHmac("sha256", key).update(text).digest("base64")}`;
  return headers["webhook-signature"].split(" ").includes(ours);
}

test("a program reads by a key and is told of an order, and neither after it was ended", async () => {
  const program = await receiver();
  const server = await Server.begin({ options: ["--private-targets=true"] });
  const browser = new Browser();
  try {
    await browser.start();
    const till = await Till.open(browser.context, server.url);
    const { page } = till;
    const [stall, tea] = [anyName("Stall"), anyName("Tea")];
    await till.openStall(stall);
    await till.addProduct(tea, "2.50");
    await till.stockOf(tea, "Receive", 10);
    // Before it is online there is nothing to read from, and the screen says so.
    await till.go("/programs");
    await page.getByText("This stall is on this device alone").waitFor();
    await till.connect("akinyi@example.org");
    await page.getByText(`${stall} is connected`).first().waitFor();
    await till.stockOf(tea, "Give back", 5);

    await till.go("/settings");
    await page.getByRole("link", { name: /^Your own programs/ }).click();
    await till.button("Make a key").click();
    const form = page.getByRole("dialog");
    await form.getByLabel("What is it for?").fill("Bookkeeping");
    await comes(() => form.getByRole("button", { name: "Make the key" }).isDisabled(), true, "it has to read something");
    await form.getByRole("checkbox", { name: "Products, prices and stock" }).check();
    await form.getByRole("checkbox", { name: "Orders" }).check();
    await form.getByLabel("When does it end?").selectOption({ label: "After 90 days" });
    await form.getByRole("button", { name: "Make the key" }).click();
    const made = page.getByRole("dialog", { name: "The key is made" });
    await made.waitFor();
    const key = await secretOf(made);
    assert.match(key, /^soko_k_[0-9a-f]{64}$/);
    const example = await made.locator("code").nth(1).textContent();
    const [, address] = example.match(/"(http[^"]+)"$/);
    assert.ok(example.includes(key) && address.startsWith(server.url));
    await made.getByRole("button", { name: "Close" }).click();
    await page.getByText("Not used yet").waitFor();
    await comes(() => page.getByText(key).count(), 0, "it was shown once");

    const authorization = `Bearer ${key}`;
    const read = (url) => fetch(url, { headers: { authorization } });
    const orders = await read(address);
    assert.deepEqual([orders.status, await orders.json()], [200, { orders: [] }]);
    const base = address.replace(/\/orders$/, "");
    const goods = await (await read(`${base}/catalogue`)).json();
    assert.deepEqual(goods.products.map((it) => [it.name, it.price_minor, it.at_stall]), [[tea, 250, 10]]);
    const sales = await read(`${base}/sales-by-day`);
    assert.deepEqual([sales.status, (await sales.json()).code], [403, "scope_missing"]);

    await till.button("Tell an address").click();
    await page.getByRole("dialog").getByLabel("Address").fill(program.address);
    await page.getByRole("dialog").getByRole("checkbox", { name: "Somebody ordered" }).check();
    await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
    const shown = page.getByRole("dialog", { name: "The secret of this address" });
    await shown.waitFor();
    const secret = await secretOf(shown);
    await shown.getByRole("button", { name: "Close" }).click();
    await till.button("Send a test").click();
    const tried = await program.next();
    assert.ok(signed(tried, secret) && JSON.parse(tried.body).type === "test");

    const [product] = goods.products;
    const order = "5a".repeat(16);
    const placed = await fetch(`${base}/orders`, {
      method: "POST",
      headers: { "content-type": "application/json", "soko-buyer": "7b".repeat(32) },
      body: JSON.stringify({ order, lines: [{ product: product.product, quantity: 2 }], note: "ring twice" }),
    });
    assert.equal(placed.status, 201);
    const told = await program.next();
    const { type, data } = JSON.parse(told.body);
    assert.ok(signed(told, secret) && !told.body.includes("ring twice"));
    assert.deepEqual([type, data.order.order, data.order.total_minor], ["order.placed", order, 500]);
    await till.button("What was sent").click();
    await page.getByRole("listitem").filter({ hasText: "Somebody ordered" }).getByText("Sent").waitFor();

    // Its end counts from the next request on, and stands in the audit.
    await page.getByRole("button", { name: "End Bookkeeping" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "End", exact: true }).click();
    await page.getByText("The key opens nothing any more").waitFor();
    const late = await read(address);
    assert.deepEqual([late.status, (await late.json()).code], [401, "not_signed_in"]);
    await till.button("Remove").click();
    await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
    await page.getByText("The address is told nothing any more").waitFor();
    await till.go("/audit");
    await page.locator(".audit-row").filter({ hasText: "Key for a program ended" }).filter({ hasText: "Bookkeeping" }).waitFor();
    assert.deepEqual(till.problems, []);
    await server.stop();
    server.verify();
  } finally {
    program.server.close();
    await browser.close();
    await server.close();
  }
});
