// What lies between the screens and the engine: a first visit's basket, two tabs of one till, a device that cannot be opened.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Browser } from "./lib/browser.js";
import { comes } from "./lib/seen.js";
import { Server } from "./lib/server.js";
import { Till } from "./lib/till.js";
import { Wire } from "./lib/wire.js";

const ENGINE = /\/engine-[0-9a-f]{16}_bg\.wasm$/;

async function withServer(work, about) {
  const server = await Server.begin(about);
  const wire = await Wire.to(server.port);
  const browser = new Browser({ whole: true, args: wire.args });
  try {
    await work(await browser.start(), server, wire);
  } finally {
    await browser.close();
    await wire.cut().catch(() => {});
    await server.close();
  }
}

test("a basket of a first visit is kept when the network goes while the engine comes, and is there when it is back", async () => {
  await withServer(async (context, server, wire) => {
    let filled;
    const isFilled = new Promise((done) => (filled = done));
    // The engine comes when something is in the basket, and it is the last that comes.
    await context.route(ENGINE, async (route) => {
      await isFilled;
      const response = await route.fetch();
      await wire.cut();
      await route.fulfill({ response });
      // Whoever keeps the app's files fetches it, too, and that is no other cut.
    }, { times: 1 });
    const shopper = await Till.open(context, server.url, "/market");
    const { page } = shopper;
    await page.locator("main:not(.first-paint) .ware:not(.ware-out)").first().click();
    await shopper.button("Put in basket").click();
    await page.getByText(/^In your basket/).first().waitFor();
    filled();
    await page.getByText(/^No connection/).first().waitFor();
    const early = () => page.evaluate(() => localStorage.getItem("soko-basket") !== null);
    assert.equal(await early(), true, "what the engine did not take is still here");
    await wire.mend();
    await comes(early, false);
    await shopper.go("/basket");
    await page.getByRole("button", { name: /^Order from/ }).waitFor();
    assert.deepEqual(shopper.problems, []);
  }, { demo: true });
});

const lines = ({ page }) => () => page.locator(".counter-lines > li").count();

test("two tabs of one till have one cart: what one pays is no longer on the counter of the other", async () => {
  await withServer(async (context, server) => {
    const one = await Till.open(context, server.url);
    await one.openStall("Mama Akinyi");
    await one.addProduct("Tea", "2.50");
    await one.addProduct("Soap", "1.00");
    await one.openDrawer();
    const two = await Till.open(context, server.url, "/sell");
    await one.addToCart("Tea");
    await comes(lines(two), 1);
    await two.addToCart("Soap");
    await comes(lines(one), 2);
    await two.page.getByRole("link", { name: /^Pay / }).first().click();
    await two.button("Done, money is in").waitFor();
    assert.equal(await one.pay(), 1);
    await two.page.getByText("Nothing in the cart").first().waitFor();
    assert.equal(await two.sell("Soap"), 2);
    await one.go("/sales");
    await comes(() => one.sales().count(), 2);
    assert.deepEqual([...one.problems, ...two.problems], []);
  });
});

test("a device that cannot be opened says so and never looks empty, and the market is there meanwhile", async () => {
  await withServer(async (context, server) => {
    // Nothing is kept that could come instead of what is taken away.
    await context.addInitScript(() => Object.defineProperty(navigator, "serviceWorker", { value: undefined }));
    const till = await Till.open(context, server.url);
    const { page } = till;
    await till.openStall("Mama Akinyi");
    await till.addProduct("Tea", "2.50");
    // Once the program of the engine does not come, once its script.
    for (const [file, trouble] of [[ENGINE, /Soko could not start in this browser/], [/\/worker-[0-9a-f]{16}\.js$/, /does not answer/]]) {
      await context.route(file, (route) => route.abort());
      for (const path of ["/", "/sell", "/begin"]) {
        await till.go(path);
        await page.getByRole("main").getByText(trouble).waitFor();
        assert.equal(await page.getByText(/No stall|no place to keep data|Open the stall/).count(), 0);
      }
      await page.getByRole("button", { name: "Not opened" }).click();
      await page.getByRole("dialog").getByText(/Nothing of it was deleted/).waitFor();
      await till.go("/market");
      await page.getByRole("main").getByRole("heading", { level: 1 }).waitFor();
      await till.go("/sell");
      await page.getByRole("main").getByText(trouble).waitFor();
      await context.unroute(file);
      // It comes by itself once what was missing can be had, and for whoever does not wait for that.
      if (file === ENGINE) await page.evaluate(() => window.dispatchEvent(new Event("online")));
      else await till.button("Reload").click();
      await till.product("Tea").first().waitFor();
    }
    assert.deepEqual(till.problems, []);
  });
});

test("an engine that does not come at a first visit comes once it can be had, and another tab that has it does not wait", async () => {
  await withServer(async (context, server) => {
    await context.addInitScript(() => Object.defineProperty(navigator, "serviceWorker", { value: undefined }));
    await context.route(ENGINE, (route) => route.abort());
    const first = await Till.open(context, server.url, "/market");
    await first.page.getByText("Online only").waitFor();
    await context.unroute(ENGINE);
    // The first tab's turn to lead is over: it keeps nobody waiting who has the engine.
    const second = await Till.open(context, server.url);
    await second.openStall("Mama Akinyi");
    await first.page.evaluate(() => window.dispatchEvent(new Event("online")));
    await first.page.getByText("Online only").waitFor({ state: "detached" });
    await first.go("/sell");
    await first.page.getByText("Nothing in the cart").first().waitFor();
    assert.deepEqual([...first.problems, ...second.problems], []);
  });
});
