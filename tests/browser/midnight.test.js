// The end of a business day, on a device whose clock can be set.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Browser } from "./lib/browser.js";
import { Clock, HOUR_MS } from "./lib/clock.js";
import { Server } from "./lib/server.js";
import { Till, anyName } from "./lib/till.js";

const CONTEXT = { timezoneId: "UTC" };

async function setCutOff(till, time) {
  await till.go("/settings");
  const field = till.page.getByLabel(/^The day changes at/);
  await field.fill(time);
  await till.page.locator("form", { has: field }).getByRole("button", { name: "Save" }).click();
  await till.page.getByText("Saved").first().waitFor();
}

async function sold(till, clock, [days, hours], name) {
  clock.set(days, hours);
  await till.go("/sell");
  await till.addToCart(name);
  return till.pay();
}

async function soldToday(till, total) {
  await till.go("/today");
  await till.page.locator("dl.figures > div", { hasText: "Sold today" }).getByText(total, { exact: true }).waitFor();
}

// A browser whose clock can be set, beside a server whose clock is right.
async function withClock(work) {
  const server = await Server.begin();
  const browser = new Browser({ context: CONTEXT });
  const clock = new Clock();
  try {
    const context = await browser.start();
    await clock.keep(context);
    const open = () => Till.open(context, server.url);
    const till = await work({ clock, context, open });
    assert.deepEqual(till.problems, []);
  } finally {
    await browser.close();
    await server.close();
  }
}

test("first hour 14: half past eleven and half past midnight are one business day, and the morning is the next", async () => {
  await withClock(async ({ clock, context, open }) => {
    // A server that is heard knows better what time it is.
    await context.route("**/v1/**", (route) => route.abort());
    clock.set(1, 20);
    const till = await open();
    const tea = anyName("Tea");
    await till.openStall("Mama Akinyi");
    await setCutOff(till, "02:00");
    await till.addProduct(tea, "2.50");
    await till.openDrawer();
    assert.equal(await sold(till, clock, [1, 23.5], tea), 1);
    assert.equal(await sold(till, clock, [2, 0.5], tea), 2);
    await soldToday(till, "$5.00");
    assert.equal(await sold(till, clock, [2, 2.5], tea), 3);
    await soldToday(till, "$2.50");
    return till;
  });
});

test("first hour 14: a clock that is three hours off is told once the server was heard, and nothing stops", async () => {
  await withClock(async ({ clock, open }) => {
    clock.ahead = 3 * HOUR_MS;
    const till = await open();
    const tea = anyName("Tea");
    await till.openStall("Mama Akinyi");
    await till.addProduct(tea, "2.50");
    await till.openDrawer();
    await till.connect("akinyi@example.org");
    await till.page.getByText("Saved here · all sent").first().waitFor();
    await till.go("/sell");
    await till.addToCart(tea);
    assert.equal(await till.pay(), 1);
    await till.page.getByRole("button", { name: /Saved here|needs your attention/ }).first().click();
    await till.page.getByRole("dialog").getByText(/The clock of this device is 180 minutes off/).waitFor();
    await soldToday(till, "$2.50");
    return till;
  });
});
