// A buyer who pays before fetching, and a seller who sees it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Bank } from "./lib/bank.js";
import { Browser } from "./lib/browser.js";
import { keptOffline } from "./lib/kept.js";
import { comes } from "./lib/seen.js";
import { Server } from "./lib/server.js";
import { Till, anyName } from "./lib/till.js";

const PHONE = { viewport: { width: 360, height: 640 }, isMobile: true, hasTouch: true };

// A stall in the market that takes cards, with five units for the shop.
const openedStall = async (till, price, tax = "") => {
  const [stall, tea] = [anyName("Stall"), anyName("Tea")];
  const more = async () => {
    const summary = till.page.locator("details summary").first();
    if (await summary.count()) await summary.click();
    await till.page.getByRole("textbox", { name: /^Tax/ }).fill(tax);
  };
  await till.openStall(stall);
  await till.addProduct(tea, price, tax ? { more } : {});
  await till.stockOf(tea, "Receive", 10);
  await till.connect("akinyi@example.org");
  await till.page.getByText(`${stall} is connected`).first().waitFor();
  await till.stockOf(tea, "Give back", 5);
  await till.go("/settings");
  await till.page.getByRole("checkbox", { name: "By card" }).check();
  const card = till.page.locator("section", { has: till.page.getByRole("heading", { name: "Selling" }) }).last();
  await card.getByRole("button", { name: "Save" }).click();
  await till.page.getByText("Saved here · all sent").first().waitFor();
  return { stall, tea };
};

// From the market to the page where it is paid.
const ordered = async (shopper, { stall, tea }, way) => {
  await shopper.page.getByRole("link", { name: new RegExp(tea) }).first().click();
  await shopper.button("Put in basket").click();
  await shopper.page.getByText("In your basket: 1.").first().waitFor();
  await shopper.go("/basket");
  await shopper.button(`Order from ${stall}`).click();
  await shopper.order({ pay: way });
  await shopper.page.getByRole("link", { name: "Pay now" }).click();
};

const seesPaid = async (till, shopper) => {
  await shopper.page.getByText("Nothing is left to pay.").waitFor();
  await till.go("/orders");
  await till.page.getByRole("main").getByText("Paid", { exact: true }).first().waitFor();
};

const endsWell = async (till, shopper, server) => {
  assert.deepEqual([...till.problems, ...shopper.problems], []);
  await server.stop();
  server.verify();
};

// Some of what was paid goes back, the way it was paid and then out of the drawer; the buyer sees each.
const givesSomeBack = async (till, shopper) => {
  await till.page.getByRole("main").getByRole("link", { name: /Order/ }).first().click();
  await till.button("Handed over").click();
  const ask = async (amount, way) => {
    await till.button("Give some of it back").click();
    const dialog = till.page.getByRole("dialog");
    await dialog.getByLabel("An amount").fill(amount);
    await dialog.getByLabel("Money back by").selectOption({ label: way });
    await dialog.getByLabel("Reason").fill("Mould");
    await dialog.getByRole("button", { name: "Give the money back" }).click();
    await dialog.waitFor({ state: "detached" });
  };
  const parts = till.page.getByRole("region", { name: "Money that goes back" });
  await ask("1.00", "The way it was paid");
  await parts.getByText("Back", { exact: true }).waitFor();
  await ask("0.50", "In cash");
  await parts.getByRole("button", { name: /^Give .*0\.50 in cash/ }).click();
  await parts.getByText("Back", { exact: true }).nth(1).waitFor();
  await till.page.getByText("Partly paid back").first().waitFor();
  await shopper.page.reload();
  const seen = shopper.page.getByRole("region", { name: "Money back" });
  await seen.getByText("Paid back").nth(1).waitFor();
};

test("an order is paid with test money, on its page and back, some of it goes back, and both sides see it", async () => {
  const server = await Server.begin({ options: ["--test-money=true"] });
  const [seller, buyer] = [new Browser(), new Browser()];
  try {
    await seller.start();
    await buyer.start();
    const till = await Till.open(seller.context, server.url);
    const offer = await openedStall(till, "2.50");
    const shopper = await Till.open(buyer.context, server.url, "/market");
    await ordered(shopper, offer, "By card, now (test money)");
    await shopper.page.getByRole("heading", { name: "Test money" }).waitFor();
    await shopper.page.getByText(/^2\.50 /).waitFor();
    await shopper.button("Pay").click();
    await seesPaid(till, shopper);
    await till.openDrawer();
    await till.go("/orders");
    await givesSomeBack(till, shopper);
    await endsWell(till, shopper, server);
  } finally {
    await seller.close();
    await buyer.close();
    await server.close();
  }
});

test("an order is brought: priced before the last tap, stepped by the stall, seen live by a guest, and its address by nobody else", async () => {
  const server = await Server.begin({});
  const [seller, buyer] = [new Browser(), new Browser({ context: PHONE })];
  try {
    await seller.start();
    await buyer.start();
    const till = await Till.open(seller.context, server.url);
    const { stall, tea } = await openedStall(till, "2.50", "25");
    const card = till.page.locator("section", { has: till.page.getByRole("heading", { name: "How buyers get their orders" }) }).last();
    const local = card.getByRole("group", { name: "Bring it to them" });
    await local.getByLabel("Price", { exact: true }).selectOption({ label: "By place" });
    await local.getByLabel(/^Places and prices/).fill("Old town: 1\nHarbour: 1.50");
    await local.getByLabel(/^Free from/).fill("20");
    await card.getByRole("button", { name: "Save" }).click();
    await till.page.getByText("Saved here · all sent").first().waitFor();

    await till.go("/coupons");
    await till.button("New code").first().click();
    const made = till.page.getByRole("dialog");
    await made.getByLabel("Code", { exact: true }).fill("karibu");
    await made.getByLabel("How much", { exact: true }).fill("20");
    await made.getByLabel("Orders altogether").fill("1");
    await made.getByRole("button", { name: "Save" }).click();
    await till.page.getByRole("heading", { name: "KARIBU" }).waitFor();
    await till.page.getByText("Saved here · all sent").first().waitFor();

    const shopper = await Till.open(buyer.context, server.url, "/market");
    await shopper.page.getByRole("link", { name: new RegExp(tea) }).first().click();
    await shopper.button("Put in basket").click();
    await shopper.page.getByText("In your basket: 1.").first().waitFor();
    await shopper.go("/basket");
    await shopper.button(`Order from ${stall}`).click();
    const steps = shopper.page.getByRole("main");
    await steps.getByLabel("How you get it").selectOption({ label: "Brought to you" });
    await steps.getByText("Choose where it goes.").waitFor();
    await comes(() => shopper.button("Continue").isDisabled(), true);
    await steps.getByLabel("Where to").selectOption({ label: "Harbour" });
    await steps.getByLabel("Address", { exact: true }).fill("Acacia Lane 4");
    await steps.getByLabel("Your name", { exact: true }).fill("Wanjiku");
    await steps.getByLabel(/^Telephone or e-mail/).fill("+254 700 000 001");
    await shopper.onward("Payment");
    const code = steps.getByLabel("Code, if you have one");
    await code.fill("karibuu");
    await steps.getByRole("button", { name: "Use it" }).click();
    await steps.getByText("The stall has no such code.").waitFor();
    // What was typed is looked up before anybody goes on with it.
    await code.fill("karibu");
    await shopper.button("Continue").click();
    await steps.getByText("The code KARIBU took").waitFor();
    await shopper.onward("Check");
    await steps.locator(".checkout-foot").getByText(/3\.50/).waitFor();
    await steps.getByText("The stall’s server worked this out just now.").waitFor();
    // 2.00 of goods with a fifth of it tax, whatever bringing them costs.
    await steps.getByText(/^incl\. 25% tax on .*1\.60$/).waitFor();
    assert.equal(await shopper.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, "nothing sticks out");
    await shopper.button("Order now").click();
    await steps.getByText(/^incl\. 25% tax on .*1\.60$/).waitFor();
    await shopper.page.getByText("the stall was told").first().waitFor();
    await shopper.page.getByText("The code KARIBU took").waitFor();
    await till.page.getByText("Used up").waitFor();

    await till.go("/orders");
    await till.page.getByRole("main").getByRole("link", { name: /Order/ }).click();
    await till.page.getByText("Acacia Lane 4").waitFor();
    for (const [tap, seen] of [["Accept", "has seen your order"], ["It is packed", "lie together"], ["On its way", "on their way to you"]]) {
      await till.button(tap).click();
      await shopper.page.getByText(seen).first().waitFor();
    }
    await comes(() => shopper.button("Cancel the order").count(), 0);
    // Paid at the door, in cash: into the drawer.
    await till.button("Handed over").click();
    await till.page.getByRole("dialog").getByRole("button", { name: "Open the drawer" }).click();
    // A part of it is taken; a page that is loaded anew knows of it, and asks for the rest.
    const taking = till.page.getByRole("dialog");
    await taking.getByLabel("Received").fill("1");
    await taking.getByRole("button", { name: "Take this part, and the rest otherwise" }).click();
    await taking.locator(".pay-added").getByText(/1\.00/).waitFor();
    await till.page.reload();
    await till.button("Handed over").click();
    await taking.locator(".pay-added").getByText(/1\.00/).waitFor();
    await taking.locator(".pay-due").getByText(/2\.50/).waitFor();
    await taking.getByRole("button", { name: "Money taken, goods handed over" }).click();
    await shopper.page.getByText("You have your goods").first().waitFor();
    await till.page.getByText("Acacia Lane 4").waitFor({ state: "detached" });
    assert.deepEqual([...till.problems, ...shopper.problems], []);
  } finally {
    await seller.close();
    await buyer.close();
    await server.close();
  }
});

test("a payment whose answers are lost, by a server that is killed meanwhile, is charged once and shown as paid", async () => {
  const bank = await Bank.open();
  const options = ["--stripe-key=sk_live_1", "--stripe-webhook-secret=whsec_1", `--stripe-url=${bank.url}`];
  const server = await Server.begin({ options });
  const [seller, buyer] = [new Browser(), new Browser()];
  try {
    await seller.start();
    await buyer.start();
    const till = await Till.open(seller.context, server.url);
    const offer = await openedStall(till, "2.50");
    bank.loses.add("create").add("capture");
    const shopper = await Till.open(buyer.context, server.url, "/market");
    await ordered(shopper, offer, "By card, now");
    await shopper.page.getByRole("link", { name: "Pay with this card" }).click();
    await shopper.page.getByRole("heading", { name: "Payment" }).waitFor();
    await server.kill();
    await server.start();
    await seesPaid(till, shopper);
    await endsWell(till, shopper, server);
    assert.deepEqual([bank.lost, bank.charges, bank.sessions.size], [2, 1, 1]);
  } finally {
    await seller.close();
    await buyer.close();
    await server.close();
    bank.close();
  }
});

// What is missing is offered again as something else; its buyer agrees without a signal, and gets the difference back.
test("first hour 24: something else in place of what is missing is held, agreed to, and paid back in part", async () => {
  const server = await Server.begin({ options: ["--test-money=true"] });
  const [seller, buyer] = [new Browser(), new Browser()];
  try {
    await seller.start();
    await buyer.start();
    const till = await Till.open(seller.context, server.url);
    const offer = await openedStall(till, "2.50");
    const cocoa = anyName("Cocoa");
    await till.addProduct(cocoa, "1.00");
    await till.stockOf(cocoa, "Receive", 8);
    await till.stockOf(cocoa, "Give back", 2);
    const shopper = await Till.open(buyer.context, server.url, "/market");
    await ordered(shopper, offer, "By card, now (test money)");
    await shopper.button("Pay").click();
    await seesPaid(till, shopper);
    const order = shopper.page.url();

    await till.page.getByRole("main").getByRole("link", { name: /Order/ }).first().click();
    await till.page.getByRole("button", { name: `${offer.tea} is missing` }).click();
    const dialog = till.page.getByRole("dialog");
    await dialog.getByLabel("Offer another product").fill(cocoa);
    await dialog.getByRole("button", { name: new RegExp(cocoa) }).click();
    await dialog.getByRole("button", { name: "Offer this" }).click();
    await till.page.getByText("The buyer is asked").waitFor();

    await shopper.page.goto(order);
    await shopper.page.getByRole("heading", { name: "Something is missing" }).waitFor();
    await shopper.page.getByText(/then comes to .*1\.00/).waitFor();
    await server.kill();
    await shopper.button("Yes, that is fine").click();
    await shopper.page.getByText("Yes: sent with the next connection").waitFor();
    await server.start();
    await till.page.getByText("The buyer agrees").waitFor();
    await till.page.locator(".sums-total").getByText(/1\.00/).waitFor();
    await shopper.page.getByRole("heading", { name: "Something is missing" }).waitFor({ state: "detached" });
    await shopper.page.getByText(/1\.50/).first().waitFor();
    await till.button("Handed over").click();
    await shopper.page.getByText("You have your goods").first().waitFor();
    await endsWell(till, shopper, server);
  } finally {
    await seller.close();
    await buyer.close();
    await server.close();
  }
});

// The stall's own account: the buyer sends the money, the seller looks and says so, also without a server, and sends it back by hand.
test("an order is paid by bank transfer, seen to come without a network, and sent back when it is cancelled", async () => {
  const server = await Server.begin({});
  const [seller, buyer] = [new Browser(), new Browser()];
  try {
    await seller.start();
    await buyer.start();
    const till = await Till.open(seller.context, server.url);
    const offer = await openedStall(till, "2.50");
    const card = till.page.locator("section", { has: till.page.getByRole("heading", { name: "Bank transfer" }) }).last();
    await card.getByLabel("Account holder").fill("Akinyi Tea");
    await card.getByLabel("IBAN or account number").fill("DE88 3704 0044 0532 0130 00");
    await card.getByText("The check digits of this IBAN do not fit").waitFor();
    await comes(() => card.getByRole("button", { name: "Save" }).isDisabled(), true);
    await card.getByLabel("IBAN or account number").fill("DE89 3704 0044 0532 0130 00");
    await card.getByRole("button", { name: "Save" }).click();
    await till.page.getByText("Saved here · all sent").first().waitFor();

    const shopper = await Till.open(buyer.context, server.url, "/market");
    const payment = shopper.page.getByRole("region", { name: "Payment" });
    const orderOne = async () => {
      await shopper.go("/market");
      await shopper.page.getByRole("link", { name: new RegExp(offer.tea) }).first().click();
      await shopper.button("Put in basket").click();
      await shopper.page.getByText("In your basket: 1.").first().waitFor();
      await shopper.go("/basket");
      await shopper.button(`Order from ${offer.stall}`).click();
      await shopper.order({ pay: "By bank transfer" });
      await payment.getByText("DE89 3704 0044 0532 0130 00").waitFor();
      await payment.getByText("Akinyi Tea").waitFor();
      return payment.locator("li", { hasText: "Reference" }).locator("bdi").textContent();
    };
    const opened = async (reference) => {
      await till.go("/orders");
      await till.page.getByRole("main").getByRole("link", { name: new RegExp(reference) }).click();
      await till.page.getByRole("region", { name: "Bank transfer" }).getByText(reference).waitFor();
    };
    const came = async (amounts) => {
      await till.button("The transfer came").click();
      const dialog = till.page.getByRole("dialog");
      for (const [amount, said] of amounts) {
        await dialog.getByLabel("Amount on the account").fill(amount);
        if (said) await dialog.getByText(said).waitFor();
        await comes(() => dialog.getByRole("button", { name: "It came", exact: true }).isDisabled(), Boolean(said));
      }
      await dialog.getByRole("button", { name: "It came", exact: true }).click();
      await till.page.getByRole("main").getByText("Paid", { exact: true }).first().waitFor();
    };

    const reference = await orderOne();
    assert.match(reference, /^[34679ACDEFHJKMNPQRTVWXY]{4}-[34679ACDEFHJKMNPQRTVWXY]{4}-[34679ACDEFHJKMNPQRTVWXY]{3}$/);
    await payment.getByRole("button", { name: "Copy: Reference" }).click();
    await opened(reference);
    await keptOffline(shopper.page);
    // It shows what it was told without the server, too, and the seller needs neither a server nor an open drawer.
    await server.kill();
    await shopper.page.reload();
    await payment.getByText(reference).waitFor();
    await came([["2.00", "0.50"], ["3.00", "0.50"], ["2.50", ""]]);
    await server.start();
    await shopper.page.getByText("Nothing is left to pay.").waitFor();
    await till.button("Handed over").click();
    await shopper.page.getByText("You have your goods").first().waitFor();

    const second = await orderOne();
    assert.notEqual(second, reference);
    await opened(second);
    await came([["2.50", ""]]);
    await shopper.page.getByText("Nothing is left to pay.").waitFor();
    await shopper.button("Cancel the order").click();
    await shopper.page.getByRole("dialog").getByRole("button", { name: "Cancel the order" }).click();
    await payment.getByText("The stall sends your money back by bank.").waitFor();
    await till.page.getByRole("button", { name: /2\.50.* was sent back/ }).click();
    await till.page.getByRole("dialog").getByRole("button", { name: "It was sent" }).click();
    await till.page.getByRole("main").getByText("Paid back", { exact: true }).first().waitFor();
    await till.page.getByText("Saved here · all sent").first().waitFor();
    await shopper.page.reload();
    await payment.getByText("Your money was given back.").waitFor();
    await endsWell(till, shopper, server);
  } finally {
    await seller.close();
    await buyer.close();
    await server.close();
  }
});

// A gift card of the stall, sold at its counter: all of a first order, and the half of a second one that it still can.
test("a gift card pays for an order, and of the next one as much as is on it", async () => {
  const server = await Server.begin({});
  const [seller, buyer] = [new Browser(), new Browser({ context: PHONE })];
  try {
    await seller.start();
    await buyer.start();
    const till = await Till.open(seller.context, server.url);
    const { stall, tea } = await openedStall(till, "2.50");
    await till.openDrawer();
    await till.go("/cards");
    await till.button("Sell a gift card").click();
    const sale = till.page.getByRole("dialog").last();
    await sale.getByRole("textbox", { name: "Amount" }).fill("4");
    await sale.getByRole("button", { name: "Take the money" }).click();
    await till.page.getByText("The card is sold").waitFor();
    const code = (await till.page.locator(".card-code").textContent()).trim();
    await till.page.getByText("all sent").first().waitFor();

    const shopper = await Till.open(buyer.context, server.url, "/market");
    const steps = shopper.page.getByRole("main");
    const toPayment = async () => {
      await shopper.go("/market");
      await shopper.page.getByRole("link", { name: new RegExp(tea) }).first().click();
      await shopper.button("Put in basket").click();
      await shopper.page.getByText("In your basket: 1.").first().waitFor();
      await shopper.go("/basket");
      await shopper.button(`Order from ${stall}`).click();
      await steps.getByLabel("Your name", { exact: true }).fill("Wanjiku");
      await steps.getByLabel(/^Telephone or e-mail/).fill("+254 700 000 001");
      await shopper.onward("Payment");
      return steps.getByLabel("Gift card of this stall");
    };
    const card = await toPayment();
    await card.fill("0000 0000 0000 0000");
    await shopper.button("Use the gift card").click();
    await steps.getByText("The stall has no such gift card.").waitFor();
    await card.fill(` ${code.toLowerCase().replaceAll("-", " ")} `);
    await shopper.button("Use the gift card").click();
    await steps.getByText("The gift card pays all of it.").waitFor();
    await shopper.onward("Check");
    await steps.getByText("The gift card pays all of it.").waitFor();
    assert.equal(await shopper.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, "nothing sticks out");
    await shopper.button("Order now").click();
    await steps.getByText(/^Gift card: .*2\.50$/).waitFor();
    await shopper.page.getByText("the stall was told").first().waitFor();

    const again = await toPayment();
    await again.fill(code);
    await shopper.button("Use the gift card").click();
    await steps.getByText(/^The gift card pays .*1\.50\. .*1\.00 remains\.$/).waitFor();
    await shopper.onward("Check");
    await shopper.button("Order now").click();
    await steps.getByText(/^Gift card: .*1\.50$/).waitFor();
    await shopper.page.getByText("the stall was told").first().waitFor();
    // The seller sees what the card pays and what is still due.
    await till.go("/orders");
    await till.page.getByRole("main").getByRole("link", { name: /Order/ }).first().click();
    await till.page.locator("dl.sums").getByText("Gift card").waitFor();
    assert.deepEqual([...till.problems, ...shopper.problems], []);
  } finally {
    await seller.close();
    await buyer.close();
    await server.close();
  }
});
