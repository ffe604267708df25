// What people are told by texts, read where they arrive: a number that is none, one that is, its code, an order, and a receipt.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Browser } from "./lib/browser.js";
import { comes } from "./lib/seen.js";
import { Server } from "./lib/server.js";
import { Texts } from "./lib/texts.js";
import { Till } from "./lib/till.js";

const NUMBER = "+254712345678";
const NOBODYS = "+254700000000";

// A market with this provider, and somebody who is signed in and looks at what they are told.
class Market {
  static async begin(texts) {
    const market = new Market();
    market.server = await Server.begin({ demo: true, texts });
    market.browser = new Browser();
    await market.browser.start();
    market.till = await Till.open(market.browser.context, market.server.url);
    const { till } = market;
    market.page = till.page;
    await till.go("/sign-in");
    await till.page.getByText("I am new", { exact: true }).click();
    await till.page.getByRole("textbox", { name: "E-mail address" }).fill("amina@example.org");
    await till.page.getByLabel("Password").fill("orchid ladder frost");
    await till.button("Create the account").click();
    await till.page.getByText("amina@example.org").first().waitFor();
    await till.go("/told");
    return market;
  }

  async close() {
    await this.browser.close();
    await this.server.close();
  }
}

test("a number that is none is told in words, by the page or by the provider", async () => {
  const texts = await Texts.open();
  texts.refuse(NOBODYS, "no such subscriber");
  const market = await Market.begin(texts);
  try {
    const { till, page } = market;
    const wish = page.getByRole("checkbox", { name: "Your order is set aside, SMS" });
    await comes(() => wish.isChecked(), false);
    const card = page.getByRole("region", { name: "Texts to your telephone" });
    const number = card.getByRole("textbox", { name: "Telephone number" });
    const send = card.getByRole("button", { name: "Text me a code" });
    await number.fill("0712 345 678");
    await send.click();
    await card.getByRole("alert").getByText("Begin with + and the country").waitFor();
    // One that nobody has: the log says what the provider said.
    await number.fill(NOBODYS);
    await send.click();
    await card.getByText(`A code is on its way to ${NOBODYS}`).waitFor();
    await page.getByText("no such subscriber").waitFor();
    await card.getByRole("button", { name: "Another number" }).click();
    await number.fill("+254 712-345-678");
    await send.click();
    await card.getByRole("alert").getByText("A code was sent a moment ago").waitFor();
    assert.deepEqual(till.problems, []);
  } finally {
    await market.close();
    await texts.close();
  }
});

test("a telephone is confirmed by a code and then told of an order", async () => {
  const texts = await Texts.open();
  const market = await Market.begin(texts);
  try {
    const { till, page } = market;
    const card = page.getByRole("region", { name: "Texts to your telephone" });
    await card.getByRole("textbox", { name: "Telephone number" }).fill("+254 712-345-678");
    await card.getByRole("button", { name: "Text me a code" }).click();
    const [code] = /^\d{6}/.exec(await texts.to(NUMBER));
    const field = card.getByRole("textbox", { name: "Code from the text" });
    await field.fill(code === "123456" ? "654321" : "123456");
    await card.getByRole("button", { name: "Confirm" }).click();
    await card.getByRole("alert").getByText("This is another code").waitFor();
    await field.fill(code);
    await card.getByRole("button", { name: "Confirm" }).click();
    await card.getByText(`Texts go to ${NUMBER}.`).waitFor();
    await card.getByRole("button", { name: "Send me a test" }).click();
    assert.match(await texts.to(NUMBER), /^This is a test/);
    const wish = page.getByRole("checkbox", { name: "Your order is set aside, SMS" });
    await wish.check();
    await till.go("/told");
    await comes(() => wish.isChecked(), true);

    await till.orderOfMarket();
    const [told, total, link] = (await texts.to(NUMBER)).split("\n");
    assert.match(told, / set your order aside$/);
    assert.match(total, /^Total: /);
    await page.goto(link);
    await page.getByText("Your goods are set aside").first().waitFor();

    await till.go("/told");
    await card.getByRole("button", { name: "Remove" }).click();
    await card.getByRole("textbox", { name: "Telephone number" }).waitFor();
    assert.deepEqual(till.problems, []);
  } finally {
    await market.close();
    await texts.close();
  }
});

test("first-hour 15: a receipt is texted to whom it is for, and one that cannot be says why", async () => {
  const texts = await Texts.open();
  texts.refuse(NOBODYS, "no such subscriber");
  const market = await Market.begin(texts);
  try {
    const { till, page } = market;
    await till.openStall("Mama Akinyi");
    await till.addProduct("Tea", "2.50");
    await till.go("/settings");
    await till.button("Connect now").click();
    await page.getByText("Mama Akinyi is connected").first().waitFor();
    await till.openDrawer();
    await till.sell("Tea");
    const textTo = async (number) => {
      await till.button("Send the receipt").click();
      await page.getByRole("dialog").getByRole("button", { name: "Text message" }).click();
      await page.getByRole("textbox", { name: "The customer’s telephone number" }).fill(number);
      await till.button("Send").click();
    };
    await textTo("+254 712-345-678");
    const [title, total] = (await texts.to(NUMBER)).split("\n");
    assert.equal(title, "Receipt 1 from Mama Akinyi");
    assert.match(total, /^Total .*2\.50/);
    await page.getByText("Text message: Sent", { exact: true }).waitFor();
    await textTo(NOBODYS);
    await page.getByText(/^Text message: Not sent: .*no such subscriber/).waitFor();
    assert.deepEqual(till.problems, []);
  } finally {
    await market.close();
    await texts.close();
  }
});
