// What belongs to a buyer's account: the addresses that are kept for orders, orders and baskets, and the mail address that it is known by.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Browser } from "./lib/browser.js";
import { downloaded } from "./lib/downloads.js";
import { keptOffline } from "./lib/kept.js";
import { Mailbox, linkOf } from "./lib/mailbox.js";
import { comes } from "./lib/seen.js";
import { Server } from "./lib/server.js";
import { Till, anyName } from "./lib/till.js";

const EMAIL = "amina@example.org";
const SECRET = "orchid ladder frost";

// A stall in the market that brings what is ordered.
async function bringingStall(till) {
  const [stall, tea] = [anyName("Stall"), anyName("Tea")];
  await till.openStall(stall);
  await till.addProduct(tea, "2.50");
  await till.stockOf(tea, "Receive", 10);
  await till.connect("akinyi@example.org");
  await till.page.getByText(`${stall} is connected`).first().waitFor();
  await till.stockOf(tea, "Give back", 5);
  await till.go("/settings");
  const card = till.page.locator("section", { has: till.page.getByRole("heading", { name: "How buyers get their orders" }) }).last();
  const local = card.getByRole("group", { name: "Bring it to them" });
  await local.getByLabel("Price", { exact: true }).first().selectOption({ label: "One price" });
  await local.getByLabel("Price", { exact: true }).last().fill("1");
  await card.getByRole("button", { name: "Save" }).click();
  await till.page.getByText("Saved here · all sent").first().waitFor();
  return { stall, tea };
}

async function enter(till, way, email, password) {
  const { page } = till;
  await till.go("/sign-in");
  await page.getByText(way, { exact: true }).click();
  await page.getByRole("textbox", { name: "E-mail address" }).fill(email);
  await page.getByLabel("Password").fill(password);
  await page.locator("form").getByRole("button", { name: way === "I am new" ? "Create the account" : "Sign in" }).click();
  await page.waitForURL((url) => url.pathname === "/me");
}

// Puts an address into the book that is open.
async function keeps(till, label, address) {
  await till.button("Add an address").click();
  const dialog = till.page.getByRole("dialog");
  await dialog.getByLabel("What you call it").fill(label);
  await dialog.getByLabel("Whom it is for").fill("Amina");
  await dialog.getByLabel("Telephone or e-mail").fill("+254 700 000 001");
  await dialog.getByLabel("Address", { exact: true }).fill(address);
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.waitFor({ state: "detached" });
}

const kept = (till, label) => till.page.getByRole("region", { name: label, exact: true });

// The delivery step of a basket with one of the tea in it.
async function checksOut(shopper, { stall, tea }) {
  await shopper.go("/market");
  await shopper.page.getByRole("link", { name: new RegExp(tea) }).first().click();
  await shopper.button("Put in basket").click();
  await shopper.page.getByText("In your basket: 1.").first().waitFor();
  await shopper.go("/basket");
  await shopper.button(`Order from ${stall}`).click();
  const steps = shopper.page.getByRole("main");
  await steps.getByLabel("How you get it").selectOption({ label: "Brought to you" });
  return steps;
}

test("an address kept without a signal and without an account is on all devices of its owner, and one tap writes it at the checkout", async () => {
  const server = await Server.begin();
  const browsers = [new Browser(), new Browser(), new Browser()];
  try {
    for (const browser of browsers) await browser.start();
    const [till, phone, tablet] = await Promise.all(browsers.map(({ context }) => Till.open(context, server.url, "/market")));
    const shop = await bringingStall(till);

    await keptOffline(phone.page);
    await phone.go("/market");
    await phone.page.getByText("Online only").waitFor({ state: "detached" });
    await server.kill();
    await phone.go("/addresses");
    await keeps(phone, "Home", "Moi Avenue 7\nNairobi");
    await kept(phone, "Home").getByText("Usual", { exact: true }).waitFor();
    await keeps(phone, "Aunt", "Lamu");
    await server.start();

    await enter(phone, "I am new", EMAIL, SECRET);
    await enter(tablet, "I have an account", EMAIL, SECRET);
    await tablet.go("/addresses");
    await kept(tablet, "Home").getByText("Nairobi").waitFor();
    await kept(tablet, "Aunt").getByRole("button", { name: "Make it the usual one" }).click();
    await kept(tablet, "Aunt").getByText("Usual", { exact: true }).waitFor();
    await phone.go("/addresses");
    await kept(phone, "Aunt").getByText("Usual", { exact: true }).waitFor();

    // The usual one is written; another one with a tap, or typed and kept.
    const steps = await checksOut(tablet, shop);
    const address = steps.getByLabel("Address", { exact: true });
    await comes(() => address.inputValue(), "Lamu");
    await steps.getByLabel("Kept addresses").selectOption({ label: "Home" });
    await comes(() => address.inputValue(), "Moi Avenue 7\nNairobi");
    await comes(() => steps.getByLabel("Keep this address").count(), 0);
    await steps.getByLabel("Kept addresses").selectOption({ label: "Another address" });
    await address.fill("Uhuru Street 1");
    await steps.getByLabel("Keep this address for other orders").check();
    await comes(() => tablet.button("Continue").isDisabled(), true);
    await steps.getByLabel("What you call it").fill("Work");
    await tablet.order();
    await tablet.page.getByText("the stall was told").first().waitFor();
    await till.go("/orders");
    await till.page.getByRole("main").getByRole("link", { name: /Order/ }).first().click();
    await till.page.getByText("Uhuru Street 1").waitFor();
    await phone.go("/addresses");
    await kept(phone, "Work").getByText("Uhuru Street 1").waitFor();

    await kept(phone, "Work").getByRole("button", { name: "Remove" }).click();
    await phone.page.getByRole("dialog").getByRole("button", { name: "Remove", exact: true }).click();
    await kept(phone, "Work").waitFor({ state: "detached" });
    await tablet.go("/addresses");
    await kept(tablet, "Home").waitFor();
    await comes(() => kept(tablet, "Work").count(), 0);
    // Whoever uses the tablet next sees none of it.
    await tablet.go("/me");
    await tablet.button("Sign out").click();
    await tablet.page.getByRole("dialog").getByRole("button", { name: "Sign out" }).click();
    await tablet.page.getByText("Shopping without an account").waitFor();
    await tablet.go("/addresses");
    await tablet.page.getByText("No addresses yet").waitFor();
    assert.deepEqual([...till.problems, ...phone.problems, ...tablet.problems], []);
  } finally {
    for (const browser of browsers) await browser.close();
    await server.close();
  }
});

test("an order placed on one device is on the other one of its buyer: followed there, shown without a server, and called off there", async () => {
  const server = await Server.begin();
  const browsers = [new Browser(), new Browser(), new Browser()];
  try {
    for (const browser of browsers) await browser.start();
    const [till, phone, tablet] = await Promise.all(browsers.map(({ context }) => Till.open(context, server.url, "/market")));
    const { stall, tea } = await bringingStall(till);
    await enter(phone, "I am new", EMAIL, SECRET);
    await enter(tablet, "I have an account", EMAIL, SECRET);
    await tablet.go("/my-orders");
    await tablet.page.getByText("No orders yet").waitFor();

    await phone.go("/market");
    await phone.page.getByRole("link", { name: new RegExp(tea) }).first().click();
    await phone.button("Put in basket").click();
    await phone.page.getByText("In your basket: 1.").first().waitFor();
    await phone.go("/basket");
    await phone.button(`Order from ${stall}`).click();
    await phone.order();
    await phone.page.getByText("the stall was told").first().waitFor();
    const path = new URL(phone.page.url()).pathname;

    await tablet.go("/my-orders");
    await tablet.page.getByRole("main").getByRole("link", { name: new RegExp(stall) }).click();
    await tablet.page.waitForURL((url) => url.pathname === path);
    await tablet.page.getByText(tea).first().waitFor();
    await till.go("/orders");
    await till.page.getByRole("main").getByRole("link", { name: /Order/ }).first().click();
    await till.button("Accept").click();
    await tablet.page.getByText("has seen your order").first().waitFor();

    await keptOffline(tablet.page);
    await server.kill();
    await tablet.go(path);
    const letters = path.split("/").at(-1).slice(0, 6).toUpperCase();
    await tablet.page.getByRole("region", { name: "Show this at the stall" }).getByText(letters, { exact: true }).waitFor();
    await tablet.button("Cancel the order").click();
    await tablet.page.getByRole("dialog").getByRole("button", { name: "Cancel the order" }).click();
    await tablet.page.getByText("has not answered yet").first().waitFor();
    await server.start();
    await tablet.page.getByText("Nothing is set aside any more").first().waitFor();
    await phone.page.getByText("Nothing is set aside any more").first().waitFor();
    assert.deepEqual([...till.problems, ...phone.problems, ...tablet.problems], []);
  } finally {
    for (const browser of browsers) await browser.close();
    await server.close();
  }
});

// How much of the tea the open basket says there is.
const inBasket = (till, tea, quantity) => till.page.getByRole("group", { name: tea, exact: true }).getByText(quantity, { exact: true });

test("two devices of a buyer fill one basket, also without a server, and what one orders is out on both", async () => {
  const server = await Server.begin();
  const browsers = [new Browser(), new Browser(), new Browser()];
  try {
    for (const browser of browsers) await browser.start();
    const [till, phone, tablet] = await Promise.all(browsers.map(({ context }) => Till.open(context, server.url, "/market")));
    const { stall, tea } = await bringingStall(till);
    await enter(phone, "I am new", EMAIL, SECRET);
    await enter(tablet, "I have an account", EMAIL, SECRET);
    await keptOffline(phone.page);
    await keptOffline(tablet.page);
    // Neither page is loaded again from here on.
    await tablet.go("/basket");
    await phone.go("/market");
    await phone.page.getByRole("link", { name: new RegExp(tea) }).first().click();
    await phone.button("Put in basket").click();
    await phone.page.getByText("In your basket: 1.").first().waitFor();
    await inBasket(tablet, tea, "1").waitFor();
    await phone.page.getByRole("navigation").getByRole("link", { name: /^Basket/ }).first().click();
    await inBasket(phone, tea, "1").waitFor();

    await server.kill();
    for (const buyer of [phone, tablet]) {
      await buyer.page.getByRole("group", { name: tea, exact: true }).getByRole("button", { name: "More" }).click();
      await inBasket(buyer, tea, "2").waitFor();
    }
    await server.start();
    for (const buyer of [phone, tablet]) await inBasket(buyer, tea, "3").waitFor();

    await phone.button(`Order from ${stall}`).click();
    await phone.order();
    await phone.page.getByText("the stall was told").first().waitFor();
    await tablet.page.getByText("Your basket is empty").first().waitFor();
    assert.equal(new URL(tablet.page.url()).pathname, "/basket");
    // Whoever uses the tablet next sees none of it.
    await phone.go("/market");
    await phone.page.getByRole("link", { name: new RegExp(tea) }).first().click();
    await phone.button("Put in basket").click();
    await inBasket(tablet, tea, "1").waitFor();
    await tablet.go("/me");
    await tablet.button("Sign out").click();
    await tablet.page.getByRole("dialog").getByRole("button", { name: "Sign out" }).click();
    await tablet.page.getByText("Shopping without an account").waitFor();
    await tablet.go("/basket");
    await tablet.page.getByText("Your basket is empty").first().waitFor();
    assert.deepEqual([...till.problems, ...phone.problems, ...tablet.problems], []);
  } finally {
    for (const browser of browsers) await browser.close();
    await server.close();
  }
});

test("another mail address is confirmed by a link that goes there, the old one is told, every device follows with all that it keeps, and one signs the other out", async () => {
  const box = await Mailbox.open();
  const server = await Server.begin({ mail: box.url });
  const browsers = [new Browser(), new Browser()];
  const moved = "amina@new.example";
  try {
    for (const browser of browsers) await browser.start();
    const [phone, tablet] = await Promise.all(browsers.map(({ context }) => Till.open(context, server.url, "/market")));
    await enter(phone, "I am new", EMAIL, SECRET);
    await enter(tablet, "I have an account", EMAIL, SECRET);
    await phone.go("/addresses");
    await keeps(phone, "Home", "Moi Avenue 7");
    await tablet.go("/addresses");
    await kept(tablet, "Home").waitFor();

    await phone.go("/me");
    await phone.button("Change the e-mail address").click();
    const dialog = phone.page.getByRole("dialog");
    await dialog.getByText(`Until you follow it, ${EMAIL} stays`).waitFor();
    await dialog.getByLabel("New e-mail address").fill(moved);
    await dialog.getByLabel("Password").fill("not the password");
    await dialog.getByRole("button", { name: "Send the link" }).click();
    await phone.page.getByText("E-mail address and password do not belong together.").first().waitFor();
    await dialog.getByLabel("Password").fill(SECRET);
    await dialog.getByRole("button", { name: "Send the link" }).click();
    await dialog.getByRole("status").getByText(moved).waitFor();
    await dialog.getByRole("button", { name: "Done" }).click();
    const confirm = await box.mail(moved, /^Confirm this e-mail address/);
    await box.mail(EMAIL, /^Another e-mail address was asked for/);
    await phone.go("/me");
    await phone.page.getByRole("heading", { name: EMAIL }).waitFor();

    const other = await browsers[0].context.newPage();
    await other.goto(linkOf(confirm, "Confirm this address"));
    await other.getByText(moved).waitFor();
    await other.getByRole("button", { name: "Use this address" }).click();
    await other.getByRole("heading", { name: "This is your address now" }).waitFor();
    await box.mail(EMAIL, /^Your account has another e-mail address/);

    // Whoever is signed in stays so, under the new address, with what is kept.
    for (const till of [phone, tablet]) {
      await till.go("/addresses");
      await kept(till, "Home").getByText("Moi Avenue 7").waitFor();
      await comes(async () => {
        await till.go("/me");
        return till.page.locator(".account-name").textContent();
      }, moved);
      await till.go("/addresses");
      await kept(till, "Home").getByText("Moi Avenue 7").waitFor();
    }
    await tablet.go("/me");
    await tablet.button("Sign out").click();
    await tablet.page.getByRole("dialog").getByRole("button", { name: "Sign out" }).click();
    await tablet.page.getByText("Shopping without an account").waitFor();
    await tablet.go("/sign-in");
    await tablet.page.getByRole("textbox", { name: "E-mail address" }).fill(moved);
    await tablet.button("Forgot the password?").click();
    await box.mail(moved, /^Set a new password/);
    await enter(tablet, "I have an account", moved, SECRET);
    await tablet.go("/addresses");
    await kept(tablet, "Home").waitFor();

    // The settings say where somebody is signed in, and sign out there.
    await phone.go("/settings");
    const where = phone.page.getByRole("region", { name: "Where you are signed in" });
    await where.getByText("This device", { exact: true }).waitFor();
    await comes(() => where.getByRole("listitem").count(), 2);
    await where.getByRole("button", { name: /^Sign out: / }).click();
    await phone.page.getByText("Signed out there.").first().waitFor();
    await comes(() => where.getByRole("listitem").count(), 1);
    await comes(async () => {
      await tablet.go("/settings");
      return tablet.page.getByRole("region", { name: "Where you are signed in" }).count();
    }, 0);
    await tablet.go("/addresses");
    await tablet.page.getByText("No addresses yet").waitFor();
    await phone.go("/addresses");
    await kept(phone, "Home").waitFor();
    assert.deepEqual([...phone.problems, ...tablet.problems], []);
  } finally {
    for (const browser of browsers) await browser.close();
    await server.close();
    await box.close();
  }
});

// What the server says of a session that nobody used for long; the server's own tests let one grow old.
const RESTED = { status: 401, contentType: "application/problem+json", body: JSON.stringify({ code: "session_expired", detail: "nobody used this session for long" }) };

test("whoever comes back after a session ended by itself has their basket and order, signs in with two taps, and changes the password", async () => {
  const server = await Server.begin();
  const browsers = [new Browser(), new Browser(), new Browser()];
  try {
    for (const browser of browsers) await browser.start();
    const [till, phone, tablet] = await Promise.all(browsers.map(({ context }) => Till.open(context, server.url, "/market")));
    const { stall, tea } = await bringingStall(till);
    await enter(phone, "I am new", EMAIL, SECRET);
    await enter(tablet, "I have an account", EMAIL, SECRET);
    // What keeps somebody from going on is said.
    await checksOut(phone, { stall, tea });
    await phone.page.getByText("Still to be said: Your name · Telephone or e-mail · Address").waitFor();
    await phone.page.getByRole("main").getByLabel("How you get it").selectOption({ label: "Fetch it at the stall" });
    await keptOffline(phone.page);
    let isRested = true;
    await browsers[1].context.route(/\/v1\//, (route) => {
      const isTheirs = "authorization" in route.request().headers();
      return isRested && isTheirs ? route.fulfill(RESTED) : route.continue();
    });
    await phone.go("/basket");
    const back = phone.page.getByRole("region", { name: "Signed out after a long time" });
    await back.getByText(`Sign in again as ${EMAIL}`).waitFor();
    await phone.page.getByRole("group", { name: tea, exact: true }).waitFor();
    await phone.button(`Order from ${stall}`).click();
    await phone.order();
    await back.waitFor();
    await phone.page.getByText(tea).first().waitFor();
    await phone.go("/my-orders");
    await back.waitFor();
    await phone.page.getByRole("main").getByRole("link", { name: new RegExp(stall) }).waitFor();

    isRested = false;
    await back.getByRole("link", { name: "Sign in" }).click();
    await comes(() => phone.page.getByRole("textbox", { name: "E-mail address" }).inputValue(), EMAIL);
    await phone.page.getByLabel("Password").fill(SECRET);
    await phone.page.locator("form").getByRole("button", { name: "Sign in" }).click();
    await phone.page.getByRole("heading", { name: EMAIL }).waitFor();
    await phone.go("/my-orders");
    await phone.page.getByRole("main").getByRole("link", { name: new RegExp(stall) }).click();
    await phone.page.getByText("the stall was told").first().waitFor();
    await comes(() => back.count(), 0);

    await phone.go("/me");
    await phone.button("Change the password").click();
    const dialog = phone.page.getByRole("dialog");
    await dialog.getByLabel("Password now").fill("not the password");
    await dialog.getByLabel("New password").fill("paper lantern creek");
    await dialog.getByRole("button", { name: "Change the password" }).click();
    await phone.page.getByText("E-mail address and password do not belong together.").first().waitFor();
    await dialog.getByLabel("Password now").fill(SECRET);
    await dialog.getByRole("button", { name: "Change the password" }).click();
    await phone.page.getByText("The password is changed").first().waitFor();
    // The other device is nobody's by now, and shows nothing of theirs.
    await tablet.go("/my-orders");
    await tablet.page.getByText("No orders yet").waitFor();
    await enter(tablet, "I have an account", EMAIL, "paper lantern creek");
    await tablet.go("/my-orders");
    await tablet.page.getByRole("main").getByRole("link", { name: new RegExp(stall) }).waitFor();
    assert.deepEqual([...till.problems, ...phone.problems, ...tablet.problems], []);
  } finally {
    for (const browser of browsers) await browser.close();
    await server.close();
  }
});

test("a person takes along what is kept of them, ends the account, and nothing of it is left on the device", async () => {
  const server = await Server.begin();
  const browsers = [new Browser(), new Browser()];
  try {
    for (const browser of browsers) await browser.start();
    const [till, phone] = await Promise.all(browsers.map(({ context }) => Till.open(context, server.url, "/market")));
    const shop = await bringingStall(till);
    await enter(phone, "I am new", EMAIL, SECRET);
    const steps = await checksOut(phone, shop);
    await steps.getByLabel("Address", { exact: true }).fill("Moi Avenue 7");
    await phone.order();
    await phone.page.getByText("the stall was told").first().waitFor();

    // Signed out, the next person finds nothing of it; signed in again, it is there.
    await phone.go("/me");
    await phone.button("Sign out").click();
    await phone.page.getByRole("dialog").getByRole("button", { name: "Sign out" }).click();
    await phone.page.getByText("Shopping without an account").waitFor();
    await phone.go("/my-orders");
    await phone.page.getByText("No orders yet").waitFor();
    await enter(phone, "I have an account", EMAIL, SECRET);
    await phone.go("/my-orders");
    await phone.page.getByRole("main").getByRole("link", { name: new RegExp(shop.stall) }).first().waitFor();

    await phone.go("/settings");
    const file = await downloaded(phone.page, () => phone.button("Save my data").click());
    const told = JSON.parse(file.bytes.toString("utf8"));
    const [order] = told.orders;
    assert.deepEqual([told.email, order.lines[0].name, order.contact.address], [EMAIL, shop.tea, "Moi Avenue 7"]);

    await phone.button("Erase my account").click();
    const erasing = phone.page.getByRole("dialog");
    await erasing.getByText("Your orders go from this device, too").waitFor();
    await erasing.getByLabel("Password").fill(SECRET);
    await erasing.getByRole("button", { name: "Erase my account" }).click();
    await phone.page.getByText("Your account is erased.").first().waitFor();
    await phone.go("/my-orders");
    await phone.page.getByText("No orders yet").waitFor();
    await phone.go("/sign-in");
    await phone.page.getByText("I have an account", { exact: true }).click();
    await phone.page.getByRole("textbox", { name: "E-mail address" }).fill(EMAIL);
    await phone.page.getByLabel("Password").fill(SECRET);
    await phone.page.locator("form").getByRole("button", { name: "Sign in" }).click();
    await phone.page.getByText("E-mail address and password do not belong together.").first().waitFor();
    // Somebody new under the same address is another person.
    await enter(phone, "I am new", EMAIL, SECRET);
    await phone.go("/my-orders");
    await phone.page.getByText("No orders yet").waitFor();
    assert.deepEqual([...till.problems, ...phone.problems], []);
  } finally {
    for (const browser of browsers) await browser.close();
    await server.close();
  }
});
