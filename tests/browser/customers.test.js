// Customers, gift cards, store credit and points through the screens, with the network off.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { Browser } from "./lib/browser.js";
import { keptOffline } from "./lib/kept.js";
import { comes, says } from "./lib/seen.js";
import { Server } from "./lib/server.js";
import { Till } from "./lib/till.js";
import { afterOneVisit, opened } from "./lib/visit.js";

const dialog = (till) => till.page.getByRole("dialog").last();

async function addCustomer(till, name, phone) {
  await till.go("/customers");
  await till.button("Add customer").click();
  await dialog(till).getByRole("textbox", { name: "Name" }).fill(name);
  await dialog(till).getByRole("textbox", { name: "Phone" }).fill(phone);
  await dialog(till).getByRole("button", { name: "Save" }).click();
  await till.page.getByRole("heading", { name, level: 1 }).waitFor();
}

// Answers its code.
async function sellCard(till, amount) {
  await till.go("/cards");
  await till.button("Sell a gift card").click();
  await dialog(till).getByRole("textbox", { name: "Amount" }).fill(amount);
  await dialog(till).getByRole("button", { name: "Take the money" }).click();
  await till.page.getByText("The card is sold").waitFor();
  return (await till.page.locator(".card-code").textContent()).trim();
}

async function pointsOn(till, earn, worth) {
  await till.go("/settings");
  await till.page.getByRole("textbox", { name: "One point for" }).fill(earn);
  await till.page.getByRole("textbox", { name: "One point pays" }).fill(worth);
  const form = till.page.getByRole("region", { name: "Points for customers" });
  await form.getByRole("button", { name: "Save" }).click();
  await till.page.getByText("Saved").first().waitFor();
}

const toPay = (till) => till.page.getByRole("link", { name: /^Pay / }).or(till.button(/^Pay /)).first().click();
const held = (till, name) =>
  till.page.locator("section.card").filter({ has: till.page.getByRole("heading", { name, level: 2 }) });

test("first hour 12: a sale is paid by gift card and by points, the rest in cash, and a void gives all of it back", async () => {
  await afterOneVisit(async (till) => {
    const { page } = till;
    const tea = await opened(till, "50");
    await addCustomer(till, "Amína Wanjirũ", "0712 345 678");
    await pointsOn(till, "1", "0.40");
    const code = await sellCard(till, "40");
    assert.match(code, /^[0-9A-Z]{4}(-[0-9A-Z]{4}){3}$/);

    // Found without accents, and put on the sale.
    await till.go("/sell");
    await page.getByRole("button", { name: "Add a customer to the sale" }).first().click();
    await dialog(till).getByRole("searchbox").fill("wanjiru");
    await dialog(till).getByRole("button", { name: /Amína/ }).click();
    await till.addToCart(tea);
    await till.pay();

    // 50 points, of which 20.00 pay; 40.00 are on the card; 40.00 of 100.00 are left for cash.
    await till.go("/sell");
    await page.getByRole("button", { name: "Add a customer to the sale" }).first().click();
    await dialog(till).getByRole("searchbox").fill("345678");
    await dialog(till).getByRole("button", { name: /Amína/ }).click();
    await till.addToCart(tea);
    await till.addToCart(tea);
    await toPay(till);
    await till.button("Gift card, credit or points").click();
    await dialog(till).getByRole("textbox", { name: "Code of the card" }).fill(code.toLowerCase().replaceAll("-", " "));
    await dialog(till).getByRole("button", { name: /^Pay .*40\.00 with it/ }).click();
    await till.button("Gift card, credit or points").click();
    await dialog(till).getByRole("button", { name: /^Pay .*20\.00 with it/ }).click();
    await says(page.locator(".pay-due strong"), /40\.00/);
    await till.button("Done, money is in").click();
    await page.getByText(/Sale 2 is saved/).waitFor();
    const paper = page.getByRole("article");
    await paper.getByText(/^Gift card [0-9A-F]{6}$/).waitFor();
    await paper.getByText(/^Points 50$/).waitFor();

    // Nothing is on the card now, and it says so.
    await till.go("/cards");
    await page.getByRole("textbox", { name: "Code of the card" }).fill(code);
    await till.button("Look at it").click();
    await dialog(till).getByText("Paid with").waitFor();
    await says(dialog(till).getByText("On it", { exact: true }).locator(".."), /0\.00/);

    // The drawer owes what it sold, and earned the rest.
    await till.go("/drawer/now");
    const fact = (name) => page.locator(".report .sums > div").filter({ hasText: name }).locator("dd").first();
    await says(fact("Taken"), /150\.00/);
    await says(fact("Bought: owed"), /40\.00/);
    await says(fact("Voucher"), /60\.00/);

    // Voided: the card has its money again.
    await till.go("/sales");
    await page.getByRole("link", { name: /Sale 2/ }).click();
    await till.button("Void the sale").click();
    await dialog(till).getByRole("textbox").fill("wrong table");
    await dialog(till).getByRole("button", { name: "Void the sale" }).click();
    await page.getByText("Voided").first().waitFor();
    await till.go("/cards");
    await page.getByRole("button", { name: /^Gift card [0-9A-F]{6}.*40\.00/ }).waitFor();
  });
});

test("first hour 10 and 12: what a gift card and cash paid goes back into both, and an exchange for less gives no change", async () => {
  await afterOneVisit(async (till) => {
    const { page } = till;
    const tea = await opened(till, "50");
    await till.addProduct("Bag", "5");
    const code = await sellCard(till, "80");
    const inTwoWays = async () => {
      await till.go("/sell");
      await till.addToCart(tea);
      await toPay(till);
      await till.button("Gift card, credit or points").click();
      await dialog(till).getByRole("textbox", { name: "Code of the card" }).fill(code);
      await dialog(till).getByRole("textbox", { name: "Amount" }).fill("40");
      await dialog(till).getByRole("button", { name: /^Pay .*40\.00 with it/ }).click();
      await says(page.locator(".pay-due strong"), /10\.00/);
      await till.button("Done, money is in").click();
      await page.getByText(/Sale \d+ is saved/).waitFor();
    };
    const back = async (number) => {
      await till.go("/sales");
      await page.getByRole("link", { name: new RegExp(`Sale ${number}`) }).click();
      await till.button("Refund").click();
      await dialog(till).getByText(/Paid with: .*Voucher.*40\.00.*Cash.*10\.00/).waitFor();
      await dialog(till).getByRole("button", { name: "More" }).click();
      await dialog(till).getByRole("textbox", { name: "Code of the card" }).fill(code);
      await dialog(till).getByRole("textbox", { name: "Reason" }).fill("stale");
    };
    await inTwoWays();
    await back(1);
    const plan = dialog(till).getByRole("status", { name: "What goes back" });
    await says(plan, /Goes back: Cash.*10\.00.*Into the card or credit.*40\.00/s);
    await dialog(till).getByRole("button", { name: "Give the money back" }).click();
    await page.getByText(/50\.00 given back/).waitFor();

    await inTwoWays();
    await back(2);
    await dialog(till).getByRole("button", { name: "Exchange for other goods" }).click();
    await till.addToCart("Bag");
    await page.getByRole("link", { name: /^(Pay|Give back)/ }).first().click();
    await page.getByText(/are worth .*35\.00 more/).waitFor();
    assert.ok(await till.button("Done, money is in").isDisabled());
  });
});

test("a refund stays as credit, credit pays, and an erased customer is gone for good", async () => {
  await afterOneVisit(async (till) => {
    const { page } = till;
    const tea = await opened(till, "2.50");
    await addCustomer(till, "Baraka", "0733 000 111");
    await till.button("Sell").click();
    await page.getByText("Baraka").first().waitFor();
    await till.addToCart(tea);
    await till.pay();
    await till.go("/sales");
    await page.getByRole("link", { name: /Sale 1/ }).click();
    await till.button("Refund").click();
    await dialog(till).getByRole("button", { name: "More" }).click();
    await dialog(till).getByLabel("The money", { exact: true }).selectOption("credit");
    await dialog(till).getByRole("textbox", { name: "Reason" }).fill("stale");
    await dialog(till).getByRole("button", { name: "Give the money back" }).click();
    await page.getByText(/2\.50 given back/).waitFor();

    await till.go("/customers");
    await page.getByRole("searchbox").fill("bara");
    await page.getByRole("button", { name: /Baraka/ }).click();
    await held(till, "Store credit").getByText("From a refund").waitFor();
    await says(held(till, "Store credit").locator(".panel-head strong"), /2\.50/);

    // It pays the next one; nothing is due in cash.
    await till.button("Sell").click();
    await till.addToCart(tea);
    await toPay(till);
    await till.button("Gift card, credit or points").click();
    await dialog(till).getByRole("button", { name: /^Pay .*2\.50 with it/ }).click();
    await till.button("Done, money is in").click();
    await page.getByText(/Sale 2 is saved/).waitFor();
    await page.getByRole("article").getByText("Store credit", { exact: true }).waitFor();

    await till.go("/customers");
    await page.getByRole("button", { name: /Baraka/ }).click();
    await till.button("Erase").click();
    await dialog(till).getByRole("button", { name: "Erase" }).click();
    await page.getByRole("heading", { name: "Erased customer" }).waitFor();
    await till.go("/customers");
    await page.getByText("No customers yet").waitFor();
  });
});

test("a card whose letters are wrong, that was never sold or that is empty pays nothing, and says why", async () => {
  await afterOneVisit(async (till) => {
    const { page } = till;
    const tea = await opened(till, "2.50");
    const code = await sellCard(till, "1");
    await till.go("/sell");
    await till.addToCart(tea);
    await toPay(till);
    await till.button("Gift card, credit or points").click();
    const field = dialog(till).getByRole("textbox", { name: "Code of the card" });
    const other = code[0] === "7" ? "8" : "7";
    await field.fill(other + code.slice(1));
    await dialog(till).getByText("A letter is wrong. Look at the card again.").waitFor();
    await field.fill("0000-0000-0000-0000");
    await dialog(till).getByText(/^Not known here/).waitFor();
    await field.fill(code);
    await dialog(till).getByRole("textbox", { name: "Amount" }).fill("2");
    await dialog(till).getByText(/^At most .*1\.00/).waitFor();
    await dialog(till).getByRole("textbox", { name: "Amount" }).fill("");
    await dialog(till).getByRole("button", { name: /^Pay .*1\.00 with it/ }).click();
    await says(page.locator(".pay-due strong"), /1\.50/);
  });
});

// What was sold at one register is spent at the other one: fetched through the server, and by nobody twice.
test("a card pays at another register once the first one gave it back, and then not at the first one any more", async () => {
  const server = await Server.begin();
  const browsers = [new Browser(), new Browser()];
  try {
    for (const browser of browsers) await browser.start();
    const one = await Till.open(browsers[0].context, server.url);
    await keptOffline(one.page);
    const tea = await opened(one, "2.50");
    await one.connect("akinyi@example.org");
    await one.page.getByText("Mama Akinyi is connected").first().waitFor();
    const code = await sellCard(one, "10");
    await one.page.getByText("Saved here · all sent").first().waitFor();

    const two = await Till.open(browsers[1].context, server.url);
    await keptOffline(two.page);
    await two.join(await one.invite(), "Second register");
    await two.openDrawer();
    await two.addToCart(tea);
    await toPay(two);
    await two.button("Gift card, credit or points").click();
    await dialog(two).getByRole("textbox", { name: "Code of the card" }).fill(code);
    await dialog(two).getByText(/10\.00 of it lies with another register/).waitFor();
    await comes(() => dialog(two).getByRole("button", { name: /with it$/ }).count(), 0);
    await dialog(two).getByRole("button", { name: "Get it" }).click();
    await dialog(two).getByRole("button", { name: /^Pay .*2\.50 with it/ }).click();
    await two.button("Done, money is in").click();
    await two.page.getByText(/Sale 1 is saved/).waitFor();

    await one.go("/sell");
    await one.addToCart(tea);
    await toPay(one);
    await one.button("Gift card, credit or points").click();
    await dialog(one).getByRole("textbox", { name: "Code of the card" }).fill(code);
    await dialog(one).getByText(/7\.50 of it lies with another register/).waitFor();
    await comes(() => dialog(one).getByRole("button", { name: /with it$/ }).count(), 0);
    assert.deepEqual([...one.problems, ...two.problems], []);
  } finally {
    for (const browser of browsers) await browser.close();
    await server.close();
  }
});

// More than a screen lists at once: the oldest of them is found all the same.
const ORDERS = 32;

async function placeOrders(server, name) {
  const ask = (path, options) => fetch(`${server.url}/v1${path}`, options).then((it) => it.json());
  const offered = async () => {
    const [{ stall }] = (await ask("/market/stalls")).stalls;
    const found = (await ask(`/stalls/${stall}/products`)).products.find((it) => it.name === name);
    return found?.available >= ORDERS && { stall, ...found };
  };
  await comes(async () => Boolean(await offered()), true);
  const { stall, product, price_minor } = await offered();
  const orders = [];
  for (let number = 0; number < ORDERS; number += 1) {
    const order = randomBytes(16).toString("hex");
    const headers = { "content-type": "application/json", "soko-buyer": randomBytes(32).toString("hex") };
    const lines = [{ product, quantity: 1, seen_price_minor: price_minor }];
    const placed = await fetch(`${server.url}/v1/stalls/${stall}/orders`, { method: "POST", headers, body: JSON.stringify({ order, lines }) });
    assert.ok(placed.ok, await placed.text());
    orders.push(order);
  }
  return orders;
}

test("a few letters find a customer, the oldest of many orders and, while shopping, what the market offers", async () => {
  const server = await Server.begin();
  const browser = new Browser();
  try {
    await browser.start();
    const till = await Till.open(browser.context, server.url);
    const { page } = till;
    await keptOffline(page);
    await till.openStall("Akinyi");
    await till.addProduct("Tea", "2.50");
    await till.stockOf("Tea", "Receive", 60);
    await till.connect("akinyi@example.org");
    await page.getByText("Akinyi is connected").first().waitFor();
    await till.stockOf("Tea", "Give back", 20);
    const [oldest] = await placeOrders(server, "Tea");
    await addCustomer(till, "Wanjiku Otieno", "+254 700 000 001");

    const find = async (text, name) => {
      await page.keyboard.press("Control+k");
      await page.getByRole("combobox", { name: "Find anything" }).fill(text);
      await page.getByRole("option", { name }).first().click();
    };
    const code = oldest.slice(0, 6);
    await find(code, new RegExp(`Order ${code}`, "i"));
    await page.waitForURL(`**/orders/${oldest}`);
    await find("otieno", /Wanjiku Otieno/);
    await page.waitForURL(/\/customers\/[0-9a-f]{32}$/);
    await till.go("/market");
    await find("te", /^Tea /);
    await page.waitForURL(/\/stall\/[0-9a-f]{32}\/[0-9a-f]{32}$/);
    assert.deepEqual(till.problems, []);
  } finally {
    await browser.close();
    await server.close();
  }
});
