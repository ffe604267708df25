// What was sold at the till stands in the figures, with the network off. Every number is added up here once more, from
// what was put into the cart.

import assert from "node:assert/strict";
import { test } from "node:test";
import { downloaded } from "./lib/downloads.js";
import { comes, says } from "./lib/seen.js";
import { anyName } from "./lib/till.js";
import { afterOneVisit, opened } from "./lib/visit.js";

const cents = (text) => Math.round(Number(text.replace(/[^\d.-]/g, "")) * 100);
const figure = (till, name) => till.page.locator(".figures > div").filter({ hasText: name }).locator("dd").first();
const section = (till, name) => till.page.locator("section.card").filter({ has: till.page.getByRole("heading", { name }) });

async function sellAll(till, names) {
  await till.go("/sell");
  for (const name of names) await till.addToCart(name);
  await till.pay();
  return new URL(till.page.url()).pathname;
}

async function shown(till, sum) {
  await till.go("/figures");
  await figure(till, "Sold").waitFor();
  await till.page.waitForFunction((wanted) => document.querySelector(".figure-main dd")?.textContent.includes(wanted), (sum / 100).toFixed(2));
}

test("what was sold at the till stands in the figures, to the cent, and a void takes it out again", async () => {
  await afterOneVisit(async (till) => {
    const { page } = till;
    const tea = await opened(till, "2.50");
    const coffee = anyName("Coffee");
    await till.addProduct(coffee, "3.35");
    const price = { [tea]: 250, [coffee]: 335 };
    const carts = [[tea], [tea, coffee], [coffee, coffee], [tea, tea, coffee]];
    const added = (numbers) => numbers.reduce((all, one) => all + one, 0);
    const sum = (carts) => added(carts.flat().map((name) => price[name]));
    let last;
    for (const cart of carts) last = await sellAll(till, cart);

    await shown(till, sum(carts));
    await says(figure(till, "Sales"), /^4$/);
    await comes(async () => cents(await figure(till, "Average sale").textContent()), Math.round(sum(carts) / carts.length));

    // The table behind the drawing adds up to the same, and so does its file.
    const overTime = section(till, "Sold over time");
    await overTime.getByText("Show as table").click();
    const inTable = async () => added((await overTime.locator("tbody tr td:nth-of-type(1)").allTextContents()).map(cents));
    await comes(inTable, sum(carts));
    const saved = (form) => downloaded(page, () => overTime.getByRole("button", { name: `Save as ${form}` }).click());
    const table = await saved("CSV");
    assert.equal(table.name, "sold-over-time.csv");
    const lines = table.bytes.toString("utf8").trim().split("\r\n").slice(1);
    assert.equal(added(lines.map((line) => cents(line.split(",")[1]))), sum(carts));
    const paper = await saved("PDF");
    assert.equal(paper.name, "sold-over-time.pdf");
    assert.match(paper.bytes.toString("latin1"), /^%PDF-1\./);

    // The points are read with the arrow keys, and one of them is the hour in which all of it was sold, or two.
    const reader = overTime.getByRole("slider", { name: "Sold over time" });
    await reader.focus();
    await page.keyboard.press("Home");
    let heard = 0;
    for (let hour = 0; hour < 24; hour++) {
      heard += cents((await reader.getAttribute("aria-valuetext")).split(": ")[1].split(" (")[0]);
      await page.keyboard.press("ArrowRight");
    }
    assert.equal(heard, sum(carts));
    const drawing = overTime.getByRole("img", { name: "Sold over time" });
    await comes(() => drawing.isVisible(), true);

    // So are the squares of weekdays and hours: each is said by its day and hour, and all of them are what was sold.
    const squares = section(till, "Hours and weekdays");
    const square = squares.getByRole("slider");
    await square.focus();
    await page.keyboard.press("Home");
    const many = Number(await square.getAttribute("max")) + 1;
    const said = [];
    for (let at = 0; at < many; at++) {
      said.push(await square.getAttribute("aria-valuetext"));
      await page.keyboard.press("ArrowRight");
    }
    assert.equal(new Set(said.map((it) => it.split(": ")[0])).size, many, "two squares have one name");
    assert.equal(added(said.map((it) => cents(it.split(": ")[1]))), sum(carts));
    await comes(() => squares.getByRole("img").isVisible(), true);
    await squares.getByText("Show as table").click();
    await comes(() => squares.locator("tbody tr").count(), 7);

    // By product.
    const row = (name) => page.getByRole("region", { name: "Products" }).getByRole("row", { name });
    for (const name of [tea, coffee]) {
      const units = carts.flat().filter((sold) => sold === name).length;
      const cells = row(name).locator("td");
      await says(cells.nth(0), String(units));
      await comes(async () => cents(await cells.nth(1).textContent()), units * price[name]);
    }
    const paid = page.getByRole("region", { name: "Payments" }).getByRole("row", { name: "Cash" }).locator("td");
    await comes(async () => cents(await paid.nth(1).textContent()), sum(carts));

    // A sale that was voided was none.
    await till.go(last.replace("/sell/receipt/", "/sales/"));
    await till.button("Void the sale").click();
    const dialog = page.getByRole("dialog").last();
    await dialog.getByRole("textbox").first().fill("typo");
    await dialog.getByRole("button", { name: "Void the sale" }).click();
    await page.getByText("Voided").first().waitFor();
    await shown(till, sum(carts.slice(0, 3)));
    await comes(async () => cents(await figure(till, "Voided").textContent()), sum([carts[3]]));

    // A week has the same, and the file of a product's table says so.
    await page.getByLabel("Time", { exact: true }).getByRole("button", { name: "7 days", exact: true }).click();
    await page.waitForFunction(() => document.querySelectorAll("[id=chart-time-title]").length === 1);
    await page.getByText("Show as table").first().click();
    await comes(() => section(till, "Sold over time").locator("tbody tr").count(), 7);
    await comes(async () => cents((await figure(till, "Sold").textContent()).split("before")[0]), sum(carts.slice(0, 3)));
  });
});
