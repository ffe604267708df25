// A server with the small demo, and two browsers: a stall that is online and has sold, closed and been ordered from, and one
// whose register asks who is there.

import { Browser } from "./browser.js";
import { Mailbox } from "./mailbox.js";
import { Server } from "./server.js";
import { Till } from "./till.js";

const STALL = "Mama Akinyi";
const pathOf = ({ page }) => new URL(page.url()).pathname;
const inMain = ({ page }) => page.getByRole("main");

export async function furnished() {
  const mailbox = await Mailbox.open();
  const server = await Server.begin({ demo: true, mail: mailbox.url });
  const browsers = [new Browser(), new Browser()];
  const close = async () => {
    for (const browser of browsers) await browser.close();
    await server.close();
    await mailbox.close();
  };
  try {
    for (const browser of browsers) await browser.start();
    const till = await Till.open(browsers[0].context, server.url);
    const guarded = await Till.open(browsers[1].context, server.url);
    const places = {};
    await trade(till, places);
    await online(till, guarded, places);
    await shop(till, places);
    await cart(till);
    await guard(guarded);
    return { server, browser: browsers[0], till, guarded, places, close };
  } catch (error) {
    await close();
    throw error;
  }
}

// Products, a day that was closed, and a sale of the next one.
async function trade(till, places) {
  await till.openStall(STALL);
  for (const [name, price] of [["Tea", "2.50"], ["Mango", "1"], ["Coffee", "3.20"]]) await till.addProduct(name, price);
  await till.stockOf("Tea", "Receive", 20);
  places.stockOf = pathOf(till);
  const product = places.stockOf.split("/").pop();
  places.product = `/products/${product}`;
  places.price = `/products/prices/${product}`;
  await till.openDrawer();
  await till.sell("Tea");
  await closeDrawer(till, "2.50");
  places.reportZ = pathOf(till);
  await till.openDrawer();
  await till.sell("Tea");
  places.receipt = pathOf(till);
  places.sale = places.receipt.replace("/sell/receipt/", "/sales/");
  places.verified = `/verify/${await proofOf(till)}`;
  await till.go("/customers");
  await till.button("Add customer").click();
  await till.page.getByRole("dialog").getByRole("textbox", { name: "Name" }).fill("Amina Wanjiru");
  await till.page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await till.page.getByRole("heading", { name: "Amina Wanjiru", level: 1 }).waitFor();
  places.customer = pathOf(till);
}

// What the code of the receipt on the screen says, as a message has it.
async function proofOf({ page }) {
  await page.evaluate(() => (navigator.share = ({ text }) => ((window.shared = text), Promise.resolve())));
  await page.getByRole("button", { name: "Share" }).click();
  await page.waitForFunction(() => window.shared);
  const text = await page.evaluate(() => window.shared);
  return text.trim().split(/[:/]/).pop();
}

async function closeDrawer(till, sum) {
  await till.go("/drawer");
  await till.button("Count and close").click();
  await till.page.getByLabel("Everything else", { exact: true }).fill(sum);
  await till.button("That is all").click();
  await till.page.getByRole("dialog").last().getByRole("button", { name: "Close the drawer" }).click();
  await till.page.getByRole("heading", { name: /^Z report/, level: 1 }).waitFor();
}

// The stall is in the market, and somebody else orders from it.
async function online(till, shopper, places) {
  await till.connect("akinyi@example.org");
  await till.page.getByText(`${STALL} is connected`).first().waitFor();
  await till.stockOf("Tea", "Give back", 5);
  await shopper.go("/market");
  await shopper.page.getByRole("link").filter({ hasText: STALL }).first().click();
  await inMain(shopper).getByRole("link", { name: /Tea/ }).first().click();
  await shopper.button("Put in basket").click();
  await shopper.page.getByText(/^In your basket/).first().waitFor();
  await shopper.go("/basket");
  await shopper.button(`Order from ${STALL}`).click();
  await shopper.order();
  await shopper.page.getByText("the stall was told").first().waitFor();
  await till.go("/orders");
  await inMain(till).getByRole("link", { name: /Order/ }).first().click();
  await till.page.waitForURL(/\/orders\/[0-9a-f]+$/);
  places.order = pathOf(till);
}

// What the stall's people do on the other side of the counter: an order, a basket, something liked.
async function shop(till, places) {
  await till.orderOfMarket();
  await till.page.waitForURL(/\/my-orders\/[0-9a-f]+$/);
  places.myOrder = pathOf(till);
  await till.go("/market");
  // What the demo sold out, depending on the hour, cannot be put into a basket.
  const linked = async (parts) => {
    const handle = await till.page.waitForFunction((wanted) => {
      const all = [...document.querySelectorAll("main:not(.first-paint) a[href^='/stall/']:not(.ware-out)")].map((it) => it.pathname);
      return all.find((it) => it.split("/").length === wanted);
    }, parts);
    return handle.jsonValue();
  };
  places.category = await till.page.getByRole("navigation", { name: "Categories" }).getByRole("link").first().getAttribute("href");
  places.stall = await linked(3);
  await till.go(places.stall);
  places.offer = await linked(4);
  [, , places.basketOf] = places.offer.split("/");
  await till.go(places.offer);
  await till.page.locator(".product-title .heart").click();
  await till.button("Put in basket").click();
  await till.page.getByText(/^In your basket/).waitFor();
}

// One cart is put aside, another is open.
async function cart(till) {
  await till.go("/sell");
  await till.addToCart("Coffee");
  await till.button("Put aside").first().click();
  const dialog = till.page.getByRole("dialog");
  await dialog.getByRole("textbox", { name: "Name" }).fill("Table 4");
  await dialog.getByRole("button", { name: "Put aside" }).click();
  await till.page.getByText("Table 4 was put aside").first().waitFor();
  await till.addToCart("Mango");
}

async function addPerson(till, button, name, role, digits) {
  const { page } = till;
  await till.button(button).click();
  await page.getByRole("textbox", { name: /^Name/ }).fill(name);
  await page.getByLabel("Role", { exact: true }).selectOption(role);
  await page.getByLabel("PIN at this register", { exact: true }).fill(digits);
  await page.getByLabel("The same PIN again", { exact: true }).fill(digits);
  await page.getByRole("dialog").last().getByRole("button", { name: "Save" }).click();
}

// A register that two people are at, by their PIN.
async function guard(till) {
  await till.openStall("Baraka and Amina");
  await till.openDrawer();
  await till.go("/people");
  await addPerson(till, "Add yourself", "Amina", "owner", "4711");
  await till.button("I wrote it down").click();
  await addPerson(till, "Add somebody", "Baraka", "cashier", "0815");
  await till.page.getByText("Baraka", { exact: true }).first().waitFor();
}
