// The drawer and the people at it, through the screens, with the network off.

import assert from "node:assert/strict";
import { test } from "node:test";
import { downloaded } from "./lib/downloads.js";
import { addPerson, dialog, enter, pin, walk } from "./lib/people.js";
import { comes, says } from "./lib/seen.js";
import { Till } from "./lib/till.js";
import { afterOneVisit, opened } from "./lib/visit.js";

// It stands above the dialog that asked for it.
const word = (till) => till.page.getByRole("dialog", { name: "A manager’s word" });

async function count(till, sum) {
  await till.page.goto(`${till.url}/drawer`);
  await till.button("Count and close").click();
  const { page } = till;
  await page.getByLabel("Everything else", { exact: true }).fill(sum);
  await till.button("That is all").click();
  await page.getByText("Should be in the drawer").waitFor();
}

// What the system would print.
const prepare = (context) =>
  context.addInitScript(() => {
    window.print = () => (window.printed = document.querySelector(".paper").innerText);
  });

const fact = (till, name) => till.page.locator(".report .sums > div, .facts > div").filter({ hasText: name }).locator("dd").first();

test("first hour 13: a difference is closed with its reason, change is no cash, and the second shift starts clean", async () => {
  await afterOneVisit(async (till) => {
    const { page } = till;
    const tea = await opened(till, "2.50");
    await till.sell(tea);
    await till.sell(tea);
    // Nothing says what should be there before it was counted.
    await till.go("/drawer");
    await till.button("Count and close").click();
    await dialog(till).getByLabel("Everything else", { exact: true }).waitFor();
    await comes(() => dialog(till).getByText("Should be in the drawer").count(), 0);
    // Coins are added up by the register.
    await dialog(till).getByLabel(/1\.00/).first().fill("3");
    await dialog(till).getByLabel("Everything else", { exact: true }).fill("0.80");
    await till.button("That is all").click();
    await page.getByText(/1\.20.* less than expected/).waitFor();
    await comes(() => dialog(till).getByRole("button", { name: "Close the drawer" }).isDisabled(), true);
    // Who counts again knows what should be there: the report says so.
    await till.button("Count again").click();
    await dialog(till).getByLabel("Everything else", { exact: true }).fill("3.80");
    await till.button("That is all").click();
    await page.getByRole("textbox", { name: "Why it differs" }).fill("wrong change");
    await dialog(till).getByRole("button", { name: "Close the drawer" }).click();

    await page.getByRole("heading", { name: "Z report 1", level: 1 }).waitFor();
    await says(fact(till, "Taken"), /5\.00/);
    await says(fact(till, "Difference"), /-.*1\.20/);
    await says(fact(till, "First of 2 counts"), /3\.80/);
    await page.getByText("wrong change").waitFor();
    // It can be taken along, as the screen says it.
    const file = await downloaded(page, () => till.button("PDF").click());
    assert.equal(file.name, "z-report-1.pdf");
    await till.button("Print").click();
    await page.waitForFunction(() => window.printed);
    assert.match(await page.evaluate(() => window.printed), /Z report 1[\s\S]*Difference\s+-1\.20/);

    await till.openDrawer();
    await till.go("/drawer/now");
    await says(fact(till, "Taken"), /0\.00/);
    await says(fact(till, "Sales"), /0\.00/);
    await count(till, "0");
    await page.getByText("It is what should be there.").waitFor();
    await dialog(till).getByRole("button", { name: "Close the drawer" }).click();
    await page.getByRole("heading", { name: "Z report 2", level: 1 }).waitFor();
    // Both stay in the list, over a reload.
    await till.go("/drawer");
    await page.getByRole("link", { name: /Z report 2/ }).waitFor();
    await page.getByRole("link", { name: /Z report 1/ }).click();
    await says(fact(till, "Taken"), /5\.00/);
  }, { prepare });
});

test("money that comes into the drawer or leaves it without a sale stands in the report, and changes what should be there", async () => {
  await afterOneVisit(async (till) => {
    const { page } = till;
    const tea = await opened(till, "2.50");
    await till.sell(tea);
    await till.go("/drawer");
    for (const [way, amount, why] of [["Into the drawer", "20.00", "change from the bank"], ["Out of the drawer", "4.20", "ice"]]) {
      await till.button("Money in or out").click();
      const record = dialog(till).getByRole("button", { name: "Record it" });
      await dialog(till).getByRole("button", { name: way }).click();
      await dialog(till).getByRole("textbox", { name: "Amount" }).fill(amount);
      assert.ok(await record.isDisabled(), "it has a reason");
      await dialog(till).getByRole("textbox", { name: "What for" }).fill(why);
      await record.click();
      await dialog(till).waitFor({ state: "detached" });
    }
    await till.go("/drawer/now");
    await says(fact(till, "Put in"), /20\.00/);
    await says(fact(till, "Taken out"), /4\.20/);
    await says(fact(till, "Taken"), /2\.50/);
    await count(till, "18.30");
    await page.getByText("It is what should be there.").waitFor();
  });
});

async function allow(till, why) {
  await till.page.getByRole("heading", { name: "A manager’s word" }).waitFor();
  await word(till).getByRole("textbox", { name: "Why" }).fill(why);
  await word(till).getByLabel("PIN", { exact: true }).fill("4711");
  await word(till).getByRole("button", { name: "Allow it" }).click();
}

test("first hour 6 and 16: a cashier by PIN, a manager's word for what goes beyond, and both in the audit, offline", async () => {
  await afterOneVisit(async (till, browser, server) => {
    const { page } = till;
    const tea = await opened(till, "2.50");
    await till.go("/people");
    await addPerson(till, "Amina", "owner", "4711", "Add yourself");
    const code = await page.locator(".recovery").textContent();
    assert.match(code, /^[A-Z2-9]{4}(-[A-Z2-9]{4}){2}$/);
    await till.button("I wrote it down").click();
    await addPerson(till, "Baraka", "cashier", "0815");
    await page.getByText("Baraka").waitFor();

    // The next one comes: by their sign and PIN.
    await page.getByRole("button", { name: /^Amina: leave/ }).click();
    await page.getByRole("heading", { name: "Who is at the register?" }).waitFor();
    await enter(till, "Baraka", "1111");
    await page.getByText("That is not the PIN. Try again.").waitFor();
    await pin(till, "0815");
    await page.getByRole("button", { name: /^Baraka: leave/ }).waitFor();

    // Another price and 60 % off: asked for once, where the money is taken, and the cart stays as it is.
    await walk(till, "/sell");
    await till.addToCart(tea);
    const cart = page.getByRole("complementary", { name: "Cart" });
    await cart.getByRole("button", { name: new RegExp(tea) }).first().click();
    await dialog(till).getByRole("textbox", { name: /^Price/ }).fill("2.00");
    await dialog(till).getByRole("textbox", { name: "Discount" }).fill("60");
    await dialog(till).getByRole("textbox", { name: "Reason" }).fill("bruised");
    await till.button("Done").click();
    await cart.getByText(/its own price is .*2\.50/).waitFor();
    await page.getByRole("link", { name: /^Pay .*0\.80/ }).first().click();
    const take = till.button("Done, money is in");
    await take.click();
    await word(till).getByText("A larger discount").waitFor();
    await word(till).getByText("Another price").waitFor();
    await page.keyboard.press("Escape");
    await page.getByText("This needs a manager. Ask one for the PIN.").first().waitFor();
    await take.click();
    await allow(till, "the last one");
    await page.getByText(/Sale \d+ is saved/).waitFor();

    await walk(till, "/sell");
    await till.addToCart(tea);
    const number = await till.pay();
    assert.equal(number, 2, "what was refused took no number");
    await walk(till, "/drawer");
    await till.button("Open without a sale").click();
    await dialog(till).getByRole("textbox", { name: "Reason" }).fill("to change a note");
    await dialog(till).getByRole("button", { name: "Open without a sale" }).click();
    await allow(till, "bank was closed");
    await page.getByText("The drawer may be opened; it is recorded").waitFor();

    await walk(till, "/sales");
    await page.getByRole("link", { name: new RegExp(`${number}`) }).first().click();
    await till.button("Void the sale").click();
    await dialog(till).getByRole("textbox", { name: "Reason" }).fill("typo");
    await dialog(till).getByRole("button", { name: "Void the sale" }).click();
    await allow(till, "I saw it");
    await page.getByText("The sale was voided").waitFor();

    // The customer was told a total: what leaves the cart then has a reason.
    await walk(till, "/sell");
    await till.addToCart(tea);
    await page.getByRole("link", { name: /^Pay / }).first().click();
    await take.waitFor();
    await walk(till, "/sell");
    await cart.getByRole("button", { name: "Empty the cart" }).click();
    await dialog(till).getByText("Paying began already").waitFor();
    await dialog(till).getByRole("textbox", { name: "Reason" }).fill("no money on her");
    await dialog(till).getByRole("button", { name: "Take it off" }).click();
    await cart.getByText("Nothing in the cart").waitFor();

    // What makes it cheaper leaves as much in a hand.
    await till.addToCart(tea);
    await page.getByRole("link", { name: /^Pay / }).first().click();
    await take.waitFor();
    await walk(till, "/sell");
    await cart.getByRole("button", { name: "Discount and note on the sale" }).click();
    await dialog(till).getByRole("textbox", { name: "Discount" }).fill("10");
    await till.button("Done").click();
    await dialog(till).getByText("Paying began already").waitFor();
    await dialog(till).getByRole("textbox", { name: "Reason" }).fill("she came back");
    await dialog(till).getByRole("button", { name: "Take it off" }).click();
    await page.getByRole("link", { name: /^Pay .*2\.25/ }).first().waitFor();

    // What a cashier sees of the drawer before counting says nothing, nor what is left when the rest is taken off.
    await walk(till, "/drawer/now");
    for (const sum of ["Should be in the drawer", "Taken", "Sales", "Cash ×"]) await says(fact(till, sum), "After counting");
    await walk(till, "/today");
    for (const sum of ["Sold today", "Cash taken"]) {
      await says(page.locator(".figure").filter({ hasText: sum }).locator("dd"), "After counting");
    }

    await walk(till, "/audit");
    for (const [what, who, why] of [
      ["Sale voided", /Baraka/, /Allowed by Amina: I saw it/],
      ["Drawer opened without a sale", /Baraka/, /Allowed by Amina: bank was closed/],
      ["Discount", /Baraka/, /Allowed by Amina: the last one/],
      ["Taken off after paying began", /Baraka/, /no money on her \(Tea/],
      ["Taken off after paying began", /Baraka/, /she came back \(Discount/],
    ]) {
      const row = page.locator(".audit-row").filter({ hasText: what }).filter({ hasText: why });
      await row.first().waitFor();
      await says(row.first(), who);
    }
    await page.getByLabel("Who", { exact: true }).selectOption({ label: "Amina" });
    await page.locator(".audit-row").filter({ hasText: "Sale voided" }).waitFor();

    // After a start, somebody says who they are; nothing is sold before.
    browser.kill();
    await browser.context.close().catch(() => {});
    await browser.start();
    const again = await Till.open(browser.context, server.url, "/sell");
    await again.page.getByRole("heading", { name: "Who is at the register?" }).waitFor();
    await comes(() => again.product(tea).count(), 0);
    await enter(again, "Baraka", "0815");
    await again.product(tea).first().waitFor();
    assert.deepEqual(again.problems, []);
  }, { whole: true });
});

// What the audit says of one thing, and of nothing else.
async function told(till, what, ...said) {
  const row = till.page.locator(".audit-row").filter({ hasText: what });
  for (const part of said) await says(row.first(), part);
}

test("first hour 16: who wrote off twelve eggs, who set the price, and whose PIN let an amount without a product through", async () => {
  await afterOneVisit(async (till) => {
    const { page } = till;
    const eggs = await opened(till, "2.50");
    await till.stockOf(eggs, "Receive", 30);
    await till.go("/people");
    await addPerson(till, "Amina", "owner", "4711", "Add yourself");
    await till.button("I wrote it down").click();
    await addPerson(till, "Baraka", "cashier", "0815");
    await page.getByText("Baraka").waitFor();
    // Nothing behind it is typed into before it is gone.
    await dialog(till).waitFor({ state: "detached" });
    const limits = page.locator("form").filter({ hasText: "Without asking: Cashier" });
    await limits.getByLabel("Amounts without a product up to, for one sale", { exact: true }).fill("5.00");
    await limits.getByRole("button", { name: "Save" }).click();
    await comes(() => limits.getByRole("button", { name: "Save" }).isDisabled(), true);

    await walk(till, "/stock");
    await page.getByRole("main").getByRole("link", { name: new RegExp(eggs) }).click();
    await till.button("Gone or found").click();
    await dialog(till).getByLabel("Quantity", { exact: true }).fill("12");
    await dialog(till).getByRole("textbox", { name: /^Note/ }).fill("the crate fell");
    await dialog(till).getByRole("button", { name: "Gone or found" }).click();
    await dialog(till).waitFor({ state: "detached" });
    await walk(till, "/products");
    await page.getByRole("main").getByRole("link", { name: new RegExp(eggs) }).first().click();
    await page.getByRole("textbox", { name: /^Price/ }).first().fill("3.00");
    await till.button("Save").click();
    await page.getByText("Saved").first().waitFor();

    await page.getByRole("button", { name: /^Amina: leave/ }).click();
    await enter(till, "Baraka", "0815");
    await page.getByRole("button", { name: /^Baraka: leave/ }).waitFor();
    await walk(till, "/sell");
    const cart = page.getByRole("complementary", { name: "Cart" });
    // Two that are small enough each are too much together.
    for (const [amount, name] of [["4.00", "Basket"], ["1.50", "Ribbon"]]) {
      await cart.getByRole("button", { name: "Amount without a product" }).click();
      await dialog(till).getByRole("textbox", { name: "Amount" }).fill(amount);
      await dialog(till).getByRole("textbox", { name: /^Name/ }).fill(name);
      await till.button("Done").click();
    }
    await page.getByRole("link", { name: /^Pay .*5\.50/ }).first().click();
    await till.button("Done, money is in").click();
    await word(till).getByText("Another price, or an amount without a product").waitFor();
    await allow(till, "we have no price for it");
    await page.getByText(/Sale \d+ is saved/).waitFor();

    await walk(till, "/audit");
    await told(till, "Stock written off or found", /Spoilt/, /the crate fell/, new RegExp(`${eggs} · -12`), /Amina/);
    await told(till, "Price set", /2\.50 → .*3\.00/, /Amina/);
    await told(till, "Amount without a product", /Basket/, /Ribbon/, /5\.50/, /Baraka/, /Allowed by Amina: we have no price for it/);
    await page.getByLabel("What", { exact: true }).selectOption({ label: "Stock written off or found" });
    await comes(() => page.locator(".audit-row").count(), 1);
    await page.getByLabel("Who", { exact: true }).selectOption({ label: "Baraka" });
    await page.getByText("Nothing to look into").waitFor();
  });
});
