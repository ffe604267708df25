// A price that moves by itself over a market day, with a clock that is set: seen at the till, explained, drawn, and taken back.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Browser } from "./lib/browser.js";
import { Clock } from "./lib/clock.js";
import { Frames, foundStall, newId } from "./lib/frames.js";
import { WEB } from "./lib/places.js";
import { walk } from "./lib/people.js";
import { comes } from "./lib/seen.js";
import { Server } from "./lib/server.js";
import { Till } from "./lib/till.js";
import { WorkerPage } from "./lib/worker-page.js";

const DAYS = 15;
const STALL = newId();
const BREAD = newId();

const does = (verb) => ({ do: { id: newId(), stall: STALL, verb } });
const sells = (quantity) => {
  const lines = [{ product: BREAD, quantity }];
  return does({ "make-sale": { sale: newId(), lines, discount: "none", tenders: [{ kind: "cash", amount_minor: 1_000_000 }], beyond: "allow" } });
};
const asks = (price) => does({ "edit-product": { product: BREAD, edits: [{ "price-minor": price }] } });

// Days of ten hours; on every third it cost less, and much more of it was sold.
async function past(page, clock) {
  const say = async (call) => {
    const answer = await page.call(call);
    assert.ok(answer.done || answer.device, `${JSON.stringify(call)}: ${JSON.stringify(answer)}`);
    return answer;
  };
  const at = (day, hours) => clock.move(page.page, day, hours);
  await at(-DAYS, 7);
  await say(foundStall(STALL, "Mama Akinyi"));
  await say(does({ "create-product": { product: BREAD, content: { name: "Bread", unit: "piece", price_minor: 250, price_per: 1, cost_minor: 60 } } }));
  for (let day = 0; day < DAYS; day += 1) {
    const [price, each] = day % 3 === 2 ? [150, 16] : [250, 6];
    await at(day - DAYS, 8);
    await say(asks(price));
    const shift = newId();
    await say(does({ "open-shift": { shift, float_minor: 0 } }));
    let sold = 0;
    const plan = [9, 11, 13, 15, 17].map((hours, turn) => [hours, each + ((day + turn) % 3)]);
    await say(does({ "receive-stock": { lines: [{ product: BREAD, quantity: plan.reduce((sum, [, it]) => sum + it, 0) }], note: "" } }));
    for (const [hours, quantity] of plan) {
      await at(day - DAYS, hours);
      await say(sells(quantity));
      sold += quantity;
    }
    await at(day - DAYS, 18);
    await say(does({ "close-shift": { shift, counted_minor: sold * price, reason: "" } }));
    await say(asks(250));
  }
}

// A page beside the app, at its address, that speaks with the engine alone.
async function bare(context, server, frames) {
  await context.route("**/bare", (route) => route.fulfill({ contentType: "text/html", body: "<!doctype html><title>bare</title>" }));
  const [, worker] = (await readFile(join(WEB, "index.html"), "utf8")).match(/name="soko-worker" content="([^"]+)"/);
  return WorkerPage.open(context, { url: server.url, worker }, frames);
}

// By its owner's word, between a floor and a step, until it must be gone.
async function letsMove(till) {
  await till.page.getByText("By itself", { exact: true }).click();
  await till.page.getByText("what must be gone, every quarter of an hour.").waitFor();
  await till.field("Never below").fill("1.80");
  await till.field("In one day at most").fill("40");
  await till.page.getByLabel(/^Must be gone by/).fill("18:00");
  await till.page.locator("form").filter({ hasText: "Never below" }).getByRole("button", { name: "Save" }).click();
  await till.page.getByText("Saved", { exact: true }).first().waitFor();
}

const LOWEST = 1.8;
const HIGHEST = 3.5;

test("bread moves by itself over a market day: seen at the till inside its limits, with its reasons, in the drawing, and taken back", async () => {
  const server = await Server.begin();
  const browser = new Browser({ context: { timezoneId: "UTC" } });
  const frames = new Frames();
  const clock = new Clock();
  try {
    const context = await browser.start();
    await clock.keep(context);
    await context.route("**/v1/**", (route) => route.abort());
    const before = await bare(context, server, frames);
    await past(before, clock);
    await before.page.close();

    clock.set(1, 8);
    const till = await Till.open(context, server.url, `/products/prices/${BREAD}`);
    const { page } = till;
    await letsMove(till);
    await till.stockOf("Bread", "Receive", 40);
    till.go = (path) => walk(till, path);
    await till.openDrawer();
    const tile = till.product("Bread").first();
    const price = async () => Number((await tile.textContent()).match(/(\d+\.\d\d)/)[1]);
    const isWithin = async () => assert.ok((await price()) >= LOWEST && (await price()) <= HIGHEST, `${await price()}`);
    // Few are there in the morning, and nobody is in a hurry.
    await comes(async () => (await price()) > 2.5, true);
    for (const hours of [9, 11]) {
      await clock.move(page, 1, hours);
      await till.sell("Bread");
      await till.go("/sell");
      await isWithin();
    }
    // Who stands at the till pays what was said, whatever happens meanwhile.
    await comes(() => till.cart().getByText("Nothing in the cart").count(), 1);
    const told = await price();
    await till.addToCart("Bread");
    await clock.move(page, 1, 14);
    await till.stockOf("Bread", "Receive", 4);
    await till.go("/sell");
    await comes(async () => (await price()) < told, true);
    await page.getByRole("link", { name: new RegExp(`^Pay .*${told.toFixed(2)}`) }).first().waitFor();
    await till.pay();
    await clock.move(page, 1, 16.5);
    await till.sell("Bread");
    await till.go("/sell");
    await comes(async () => (await price()) < 2.5, true);
    await isWithin();

    // Why, when, and what it was; and back, with a tap, for today.
    await till.go(`/products/prices/${BREAD}`);
    const moves = page.locator("section", { has: page.getByRole("heading", { name: "How it moved" }) }).last();
    await moves.getByText(/^Moved by itself/).nth(2).waitFor();
    await moves.getByText(/^\d+ left, and \d+ h \d+ min to go\.$/).first().waitFor();
    await moves.getByText(/^As it is, about \d+ would stay; at the new price, \d+\.$/).first().waitFor();
    const [, from] = (await moves.getByText(/→/).first().textContent()).match(/(\d+\.\d\d) →/);
    await moves.getByRole("button", { name: "Take it back" }).first().click();
    await page.getByText("The price is what it was.").waitFor();
    // The days before, as a drawing that the keyboard reads.
    const reader = page.getByRole("slider", { name: "Price by day" });
    await reader.focus();
    await page.keyboard.press("End");
    await comes(() => reader.getAttribute("aria-valuetext"), /1\.50/);
    await page.keyboard.press("ArrowLeft");
    await comes(() => reader.getAttribute("aria-valuetext"), /2\.50/);
    await till.go("/sell");
    await comes(price, Number(from));
    await clock.move(page, 1, 17);
    await till.sell("Bread");
    await till.go(`/products/prices/${BREAD}`);
    await page.getByText("You did not want another price lately.").first().waitFor();
    await till.go("/sell");
    await comes(price, Number(from));
    assert.deepEqual(till.problems, []);
  } finally {
    frames.close();
    await browser.close();
    await server.close();
  }
});
