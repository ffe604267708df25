// First hour 18: a seller sees a price that could be better, understands why, takes it, takes it back, sends one away, and
// sets limits; on a register of a demo stall, whose days are its own records'.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Browser } from "./lib/browser.js";
import { invitation } from "./lib/invite.js";
import { PASSWORD, Server } from "./lib/server.js";
import { Till } from "./lib/till.js";

test("first hour 18: a price is suggested with its reasons, taken, taken back, refused and bounded", async () => {
  const server = await Server.begin({ demo: "whole" });
  const browser = new Browser();
  await browser.start();
  try {
    const till = await Till.open(browser.context, server.url);
    const { page } = till;
    await till.join(await invitation(server.url, "owner1@demo.example", PASSWORD), "Second register");

    // What is suggested changes as the stall's days arrive.
    await page.getByText("Saved here · all sent").first().waitFor();
    await till.go("/products");
    await page.getByRole("main").getByRole("link", { name: "Prices" }).click();
    const cards = page.locator(".price-card").filter({ has: page.getByRole("button", { name: /^Take / }) });
    await cards.first().waitFor();
    const card = cards.first();
    const name = await card.getByRole("heading").textContent();
    const of = (product) => page.locator(".price-card").filter({ has: page.getByRole("heading", { name: product, exact: true }) });

    // Why, what it would change, and what that is known from.
    const text = await card.textContent();
    assert.match(text, /In 7 days you would likely sell/);
    assert.match(text, /nine times of ten between/);
    assert.match(text, /A tenth dearer, about \d+%/);
    assert.match(text, /Known from \d+ days and .* Allowed now:/);
    const numbers = (await card.locator(".price-move").textContent()).trim();

    // Taken: what was suggested is the price, with the way back beside it.
    await card.getByRole("button", { name: /^Take / }).click();
    await page.getByText("The price was changed.").waitFor();
    const back = of(name).getByRole("button", { name: "Take it back" });
    await back.waitFor();
    assert.notEqual((await of(name).locator(".price-move").textContent()).trim(), numbers);

    // Taken back: it is what it was, and not said again tomorrow.
    await back.click();
    await page.getByText("The price is what it was.").waitFor();
    await of(name).getByText("You did not want another price lately.").waitFor();

    // Refused: it is gone from the list.
    const other = await cards.first().getByRole("heading").textContent();
    assert.notEqual(other, name);
    await cards.first().getByRole("button", { name: "Not this" }).click();
    await page.getByText("It is not suggested again for two weeks.").waitFor();
    await of(other).waitFor({ state: "detached" });

    // Its own page: the past as a drawing that the keyboard reads, with its table; and its limits.
    await page.getByRole("link", { name, exact: true }).click();
    const reader = page.getByRole("slider", { name: "Price by day" });
    await reader.focus();
    await page.keyboard.press("ArrowLeft");
    assert.match(await reader.getAttribute("aria-valuetext"), /\d/);
    await page.getByText("Taken back", { exact: false }).first().waitFor();
    await page.getByRole("button", { name: "Stays" }).click();
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText("It stays, as you said.").waitFor();
    assert.deepEqual(till.problems, []);
  } finally {
    await browser.close();
    await server.close();
  }
});
