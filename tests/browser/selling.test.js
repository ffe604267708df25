// A seller's first hour at the counter, through the screens, with the network off. Numbers are those of its scenarios.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Browser } from "./lib/browser.js";
import { keptOffline } from "./lib/kept.js";
import { comes } from "./lib/seen.js";
import { Server } from "./lib/server.js";
import { Till, anyName } from "./lib/till.js";
import { afterOneVisit, opened } from "./lib/visit.js";
import { Wire } from "./lib/wire.js";

const offline = (work) =>
  afterOneVisit(async (till, browser, server) => {
    await till.openStall("Mama Akinyi");
    await work(till, browser, server);
  });

// More than fit into what a browser has set aside beforehand.
const TAPS_MAX = 600;

// As a scanner types: fast, with Enter behind it, wherever the focus is.
async function scan(till, code) {
  await till.page.keyboard.type(code, { delay: 0 });
  await till.page.keyboard.press("Enter");
}

const cart = (till) => till.cart();

async function toPay(till) {
  await till.page.getByRole("link", { name: /^Pay / }).first().click();
  await till.page.getByRole("heading", { name: "Take the money" }).waitFor();
}

async function product(till, { name, price, tax, codes = [] }) {
  const more = async () => {
    if (tax || codes.length > 0) {
      const summary = till.page.locator("details summary").first();
      if (await summary.count()) await summary.click();
    }
    if (tax) await till.page.getByRole("textbox", { name: /^Tax/ }).fill(tax);
    if (codes.length > 0) await till.page.getByRole("textbox", { name: /^Barcodes/ }).fill(codes.join("\n"));
  };
  await till.addProduct(name, price, { more });
}

test("3: codes as fast as a scanner sends them, one twice, one unknown, one shared by two products", async () => {
  await offline(async (till) => {
    const [tea, salt, oil] = ["Tea", "Salt", "Oil"].map(anyName);
    await product(till, { name: tea, price: "2.50", codes: ["61610001"] });
    await product(till, { name: salt, price: "1", codes: ["61610002", "61610009"] });
    await product(till, { name: oil, price: "3", codes: ["61610009"] });
    await till.go("/sell");
    await cart(till).getByText("Nothing in the cart").waitFor();
    for (const code of ["61610001", "61610002", "61610001"]) await scan(till, code);
    await cart(till).getByRole("button", { name: new RegExp(salt) }).first().waitFor();
    await comes(() => cart(till).getByRole("listitem").count(), 2, "the second scan of a code is one more of its line");
    // The codes behind one that is asked about wait for the answer.
    for (const code of ["61610009", "61610009", "61610002"]) await scan(till, code);
    const chooser = till.page.getByRole("dialog", { name: "Which one is it?" });
    await chooser.getByRole("button", { name: new RegExp(oil) }).click();
    await cart(till).getByRole("button", { name: new RegExp(oil) }).first().waitFor();
    await chooser.getByRole("button", { name: new RegExp(salt) }).click();
    await cart(till).getByText(/11\.00/).first().waitFor();
    await comes(() => cart(till).getByRole("listitem").count(), 3);
    await scan(till, "99990000");
    await till.button("Create it").click();
    await till.page.waitForURL(/\/products\/new\?code=99990000/);
  });
});

test("a code that is scanned while a text is written is a code, and none of the text", async () => {
  await offline(async (till) => {
    await till.go("/products/new");
    await till.page.locator("details summary").first().click();
    const codes = till.page.getByRole("textbox", { name: /^Barcodes/ });
    await codes.focus();
    for (const all of ["61610001", "61610001\n61610002"]) {
      await scan(till, all.split("\n").at(-1));
      await comes(() => codes.inputValue(), all);
    }
    const words = till.page.getByRole("textbox", { name: /^Description/ });
    await words.fill("From the hills");
    await words.focus();
    await scan(till, "61610003");
    await comes(() => codes.inputValue(), "61610001\n61610002\n61610003");
    assert.equal(await words.inputValue(), "From the hills");
  });
});

test("3 and 9: the label of a scale is a weight or a price, and its price stays with a cart that is put aside", async () => {
  await offline(async (till) => {
    const { page } = till;
    const cheese = anyName("Cheese");
    await till.go("/settings");
    await page.getByRole("textbox", { name: /^Codes of the scale/ }).fill("20IIIIIWWWWWC 22IIIIVPPPPPC");
    await page.getByRole("region", { name: "Selling" }).getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved").first().waitFor();
    await till.go("/products/new");
    await page.getByRole("textbox", { name: /^Name/ }).fill(cheese);
    await page.getByRole("textbox", { name: /^Price/ }).first().fill("15");
    await page.locator("details summary").first().click();
    await page.getByLabel("Counted in", { exact: true }).selectOption("gram");
    await page.getByRole("textbox", { name: /^Barcodes/ }).fill("42\n0421");
    await till.button("Save").click();
    await page.getByText(`${cheese} is on offer`).first().waitFor();
    await till.openDrawer();
    await cart(till).getByText("Nothing in the cart").waitFor();
    await scan(till, "2000042012342");
    await cart(till).getByText(/18\.51/).first().waitFor();
    await scan(till, "2204217009902");
    await cart(till).getByText(/28\.41/).first().waitFor();
    await till.putAside("Table 4");
    await till.go("/sell");
    await cart(till).getByRole("button", { name: /^Table 4/ }).click();
    await cart(till).getByText(/28\.41/).first().waitFor();
    await till.pay();
    for (const amount of [/18\.51/, /9\.90/, /28\.41/]) await page.getByRole("article").getByText(amount).first().waitFor();
  });
});

test("9: a cart put aside is there after a reload, is taken up with what is tapped meanwhile, and paid once", async () => {
  await offline(async (till) => {
    const [tea, milk] = ["Tea", "Milk"].map(anyName);
    await till.addProduct(tea, "2.50");
    await till.addProduct(milk, "1.20");
    await till.openDrawer();
    await till.addToCart(tea);
    await till.putAside("Table 4");
    await till.go("/sell");
    // The tap comes before the register can have answered.
    const taps = [cart(till).getByRole("button", { name: /^Table 4/ }), till.product(milk).first()];
    const [row, tile] = await Promise.all(taps.map((it) => it.elementHandle()));
    await till.page.evaluate(([row, tile]) => [row, tile].forEach((it) => it.click()), [row, tile]);
    for (const name of [tea, milk]) await cart(till).getByRole("button", { name: new RegExp(name) }).first().waitFor();
    await cart(till).getByText("Table 4").waitFor();
    assert.equal(await till.pay(), 1);
    await till.page.getByRole("article").getByText(/3\.70/).first().waitFor();
    await till.go("/sell");
    await till.product(tea).first().waitFor();
    await comes(() => till.page.getByText("Table 4").count(), 0, "what was paid is not open any more");
  });
});

test("9: a cart put aside that nobody wants is closed, and with a reason where its total was told", async () => {
  await offline(async (till) => {
    const tea = anyName("Tea");
    await till.addProduct(tea, "2.50");
    await till.openDrawer();
    const discard = (name) => cart(till).getByRole("button", { name: `Discard ${name}` });
    await till.addToCart(tea);
    await till.putAside("Table 4");
    await till.go("/sell");
    await discard("Table 4").click();
    await till.page.getByRole("dialog").getByRole("button", { name: "Discard", exact: true }).click();
    await till.page.getByText("Table 4 was discarded").first().waitFor();
    await comes(() => discard("Table 4").count(), 0);

    await till.addToCart(tea);
    await toPay(till);
    await till.go("/sell");
    await till.putAside("Table 5");
    await discard("Table 5").click();
    const asked = till.page.getByRole("dialog");
    await asked.getByText("The customer was told its total").waitFor();
    await comes(() => asked.getByRole("button", { name: "Discard", exact: true }).isDisabled(), true);
    await asked.getByRole("textbox", { name: "Reason" }).fill("they left");
    await asked.getByRole("button", { name: "Discard", exact: true }).click();
    await comes(() => discard("Table 5").count(), 0);
    await till.go("/audit");
    const row = till.page.locator(".audit-row").filter({ hasText: "Taken off after paying began" });
    await row.filter({ hasText: "they left" }).first().waitFor();
  });
});

test("11: 28.90 and 1.25 are 30.15 on every screen, and only cash is rounded", async () => {
  await offline(async (till) => {
    const [oil, milk] = ["Oil", "Milk"].map(anyName);
    await till.go("/settings");
    await till.page.getByRole("textbox", { name: /^Smallest coin/ }).fill("0.05");
    await till.page.getByRole("region", { name: "Selling" }).getByRole("button", { name: "Save" }).click();
    await till.page.getByText("Saved").first().waitFor();
    await product(till, { name: oil, price: "28.90", tax: "22" });
    await product(till, { name: milk, price: "1.25", tax: "10" });
    await till.openDrawer();
    await till.addToCart(oil);
    await till.addToCart(milk);
    await cart(till).getByText(/30\.15/).first().waitFor();
    await toPay(till);
    await till.button("Mobile money").click();
    await till.page.getByRole("textbox", { name: /^Amount/ }).fill("10.12");
    await till.page.getByRole("textbox", { name: /^Reference/ }).fill("QX12");
    await till.button("Take this part, and the rest otherwise").click();
    // The page is left and gone with a part of the buyer's money in hand.
    await till.page.getByRole("link", { name: "Back" }).click();
    await cart(till).getByText(/10\.12 was taken already/).waitFor();
    await till.page.reload();
    await cart(till).getByText(/10\.12 was taken already/).waitFor();
    for (const name of ["Empty the cart", "Put aside"]) {
      await comes(() => cart(till).getByRole("button", { name }).isDisabled(), true);
    }
    await cart(till).getByRole("link", { name: /^Pay .*20\.03/ }).waitFor();
    await toPay(till);
    await till.page.locator(".pay-added").getByText(/10\.12/).waitFor();
    await till.button("Cash").click();
    await till.page.getByText(/20\.05/).first().waitFor();
    await till.button("Done, money is in").click();
    await till.page.getByText(/Sale \d+ is saved/).waitFor();
    const paper = till.page.getByRole("article");
    for (const amount of [/30\.15/, /0\.02/, /10\.12/, /20\.05/, /5\.21/, /0\.11/]) await paper.getByText(amount).first().waitFor();
    await till.go("/today");
    await till.page.getByText(/30\.15/).first().waitFor();
  });
});

test("17: a payment is claimed, then seen with its code, and the code pays one sale", async () => {
  await offline(async (till) => {
    const tea = anyName("Tea");
    await till.addProduct(tea, "2.50");
    await till.openDrawer();
    const byPhone = async (code) => {
      await till.go("/sell");
      await till.addToCart(tea);
      await toPay(till);
      await till.button("Mobile money").click();
      await till.page.getByRole("textbox", { name: /^Reference/ }).fill(code);
      await till.button("Done, money is in").click();
    };
    await byPhone("");
    await till.page.getByText(/Sale \d+ is saved/).waitFor();
    const claim = till.page.getByRole("region", { name: "Payment by phone" });
    await claim.getByText("Claimed").waitFor();
    await till.go("/today");
    await till.page.getByRole("heading", { name: "Money that nobody saw yet" }).waitFor();
    await till.page.getByRole("link", { name: /Claimed/ }).click();
    await claim.getByRole("textbox", { name: /^Code of the payment/ }).fill("QX12 Y");
    await claim.getByRole("button", { name: "The money came" }).click();
    await claim.getByText("Seen").waitFor();
    await byPhone("qx12y");
    await till.page.getByText("This code has paid for something already").first().waitFor();
    await till.go("/today");
    await till.page.getByRole("heading", { level: 1 }).waitFor();
    await comes(() => till.page.getByRole("heading", { name: "Money that nobody saw yet" }).count(), 0);
  });
});

test("17: what never came stands apart, and is out of the books with its goods", async () => {
  await offline(async (till) => {
    const tea = anyName("Tea");
    await till.addProduct(tea, "2.50");
    await till.openDrawer();
    await till.go("/sell");
    await till.addToCart(tea);
    await toPay(till);
    await till.button("Mobile money").click();
    await till.button("Done, money is in").click();
    const claim = till.page.getByRole("region", { name: "Payment by phone" });
    await claim.getByRole("button", { name: "It never came" }).click();
    const asked = till.page.getByRole("dialog");
    await asked.getByRole("textbox", { name: "Reason" }).fill("not in the list");
    await asked.getByRole("button", { name: "It never came" }).click();
    await claim.getByText("Never came").waitFor();
    const missing = till.page.getByRole("heading", { name: "Money that never came" });
    await till.go("/today");
    await missing.waitFor();
    assert.equal(await till.page.getByRole("heading", { name: "Money that nobody saw yet" }).count(), 0);
    const dialog = await refund(till);
    await dialog.getByRole("button", { name: "More" }).click();
    await giveBack(dialog);
    await till.go("/today");
    await till.page.getByRole("heading", { level: 1 }).waitFor();
    await comes(() => missing.count(), 0);
  });
});

test("what was given for nothing comes back, too", async () => {
  await offline(async (till) => {
    const tea = anyName("Tea");
    await till.addProduct(tea, "2.50");
    await till.openDrawer();
    await till.go("/sell");
    await till.addToCart(tea);
    await cart(till).getByRole("button", { name: "Discount and note on the sale" }).click();
    await till.page.getByRole("textbox", { name: "Discount" }).fill("100");
    await till.button("Done").click();
    await till.page.getByRole("link", { name: /^Pay .*0\.00/ }).first().waitFor();
    await till.pay();
    const dialog = await refund(till);
    await dialog.getByRole("button", { name: "More" }).click();
    await giveBack(dialog);
    await comes(() => till.button("Refund").count(), 0);
    await comes(() => till.button("Void the sale").count(), 0);
  });
});

async function closeDrawer(till, sum) {
  await till.go("/drawer");
  await till.button("Count and close").click();
  await till.page.getByLabel("Everything else", { exact: true }).fill(sum);
  await till.button("That is all").click();
  await till.page.getByText("It is what should be there.").waitFor();
  await till.page.getByRole("dialog").last().getByRole("button", { name: "Close the drawer" }).click();
  await till.page.getByRole("heading", { name: /^Z report/, level: 1 }).waitFor();
}

async function refund(till) {
  await till.go("/sales");
  await till.page.getByRole("link", { name: /^Sale 1\b/ }).click();
  await till.button("Refund").click();
  return till.page.getByRole("dialog", { name: "Refund" });
}

async function giveBack(dialog) {
  await dialog.getByRole("textbox", { name: "Reason" }).fill("sour");
  await dialog.getByRole("button", { name: "Give the money back" }).click();
  await dialog.waitFor({ state: "detached" });
}

// One register gives back one of three while its drawer is open; the other asks for the rest once it was closed.
test("10: a refund is asked for where its right is elsewhere, and no register gives back more than was sold", async () => {
  const server = await Server.begin();
  const wire = await Wire.to(server.port);
  const browsers = [new Browser(), new Browser({ args: wire.args })];
  try {
    for (const browser of browsers) await browser.start();
    const [stall, tea] = [anyName("Stall"), anyName("Tea")];
    const one = await Till.open(browsers[0].context, server.url);
    await one.openStall(stall);
    await one.addProduct(tea, "2.50");
    await one.openDrawer();
    await one.connect("akinyi@example.org");
    await one.page.getByText(`${stall} is connected`).first().waitFor();
    await one.go("/sell");
    for (let tries = 0; tries < 2; tries += 1) await one.addToCart(tea);
    assert.equal(await one.sell(tea), 1);
    const two = await Till.open(browsers[1].context, server.url);
    await keptOffline(two.page);
    await two.join(await one.invite(), "Second register");
    await two.openDrawer();
    await two.go("/sales");
    await two.page.getByRole("link", { name: /^Sale 1\b/ }).waitFor();

    // While the second one hears nobody, the first gives one back, and the second none.
    await wire.cut();
    let dialog = await refund(one);
    await dialog.getByRole("button", { name: "More" }).click();
    await giveBack(dialog);
    dialog = await refund(two);
    await dialog.getByText(/holds the right to refund this sale until its drawer is closed/).waitFor();
    const ask = async () => {
      await dialog.getByRole("button", { name: "More" }).click();
      await dialog.getByRole("button", { name: "Ask for it" }).click();
    };
    await ask();
    await dialog.getByText(/^1 asked for/).waitFor();
    assert.equal(await dialog.getByRole("button", { name: /^Give/ }).count(), 0);
    await wire.mend();
    await dialog.getByText(/The drawer of that register is open/).waitFor();
    await closeDrawer(one, "5");
    await one.page.getByText("Saved here · all sent").first().waitFor();
    await dialog.getByText(/This register does not hold the right/).waitFor();
    await dialog.getByRole("button", { name: "Ask for it" }).click();
    await dialog.getByRole("button", { name: /^Give back 1 for .*2\.50/ }).waitFor();
    await giveBack(dialog);

    // One more was sold than was given back; two are not to be had, on neither register.
    dialog = await refund(two);
    await ask();
    await dialog.getByRole("button", { name: /^Give back 1 for .*2\.50/ }).waitFor();
    await giveBack(dialog);
    for (const till of [one, two]) {
      await till.go("/sales");
      await till.page.getByRole("link", { name: /^Sale 1\b/ }).click();
      await till.page.getByText(/7\.50 refunded/).first().waitFor();
      await comes(() => till.button("Refund").count(), 0);
    }
    assert.deepEqual([...one.problems, ...two.problems], []);
  } finally {
    for (const browser of browsers) await browser.close();
    await wire.cut().catch(() => {});
    await server.close();
  }
});

test("10: an exchange takes one thing back and gives another, and only the difference is paid", async () => {
  await offline(async (till) => {
    const [tea, coffee] = ["Tea", "Coffee"].map(anyName);
    await till.addProduct(tea, "2.50");
    await till.addProduct(coffee, "4");
    await till.openDrawer();
    assert.equal(await till.sell(tea), 1);
    const dialog = await refund(till);
    await dialog.getByRole("button", { name: "More" }).click();
    await dialog.getByRole("textbox", { name: "Reason" }).fill("sour");
    await dialog.getByRole("button", { name: "Exchange for other goods" }).click();
    await cart(till).getByText(/^Back from receipt 1/).waitFor();
    // Before anything else is on the counter, too.
    await till.go("/sell");
    await cart(till).getByText(/^Back from receipt 1/).waitFor();
    await till.addToCart(coffee);
    // What came back stays with the cart over a reload.
    await cart(till).getByText(/-.*2\.50/).waitFor();
    await till.go("/sell");
    await cart(till).getByText(/-.*2\.50/).waitFor();
    await till.page.getByRole("link", { name: /^Pay .*1\.50/ }).first().click();
    await till.page.locator(".pay-due").getByText(/1\.50/).waitFor();
    await till.button("Done, money is in").click();
    await till.page.getByText("Sale 2 is saved").waitFor();
    await till.page.getByRole("article").getByText(/#1/).waitFor();
    await till.go("/sales");
    await till.page.getByRole("link", { name: /^Sale 1\b/ }).getByText("Refunded").waitFor();
    await closeDrawer(till, "4");
  });
});

test("a full disk is said at the counter: the cart stays, and is sold once there is room", async () => {
  await afterOneVisit(async (till, browser) => {
    const tea = await opened(till, "2.50");
    await till.go("/sell");
    await till.addToCart(tea);
    const tools = await browser.context.newCDPSession(till.page);
    await tools.send("Storage.overrideQuotaForOrigin", { origin: till.url, quotaSize: 1 });
    const told = till.page.getByText(/^What you enter here is not kept on this device/).first();
    let taps = 1;
    for (; taps < TAPS_MAX && !(await told.isVisible()); taps += 1) await till.addToCart(tea);
    await told.waitFor();
    await till.page.getByRole("alert").getByRole("button", { name: "Dismiss" }).first().click();
    await toPay(till);
    await till.button("Done, money is in").click();
    await till.page.getByText(/^The disk of this device is full/).first().waitFor();
    await till.page.getByRole("heading", { name: "Take the money" }).waitFor();
    await till.page.getByRole("main").getByText((taps * 2.5).toFixed(2)).first().waitFor();
    await tools.send("Storage.overrideQuotaForOrigin", { origin: till.url });
    await till.button("Done, money is in").click();
    await till.page.getByText(/Sale 1 is saved/).waitFor();
    await till.go("/sell");
    await cart(till).getByText("Nothing in the cart").waitFor();
  });
});
