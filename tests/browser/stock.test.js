// Units that move between registers, are sold although nobody may promise them, and are lost with a register; by the
// numbers of the first hour.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Browser } from "./lib/browser.js";
import { keptOffline } from "./lib/kept.js";
import { comes } from "./lib/seen.js";
import { Server } from "./lib/server.js";
import { anyName, Till } from "./lib/till.js";
import { Wire } from "./lib/wire.js";

const PHONE = "Fair phone";

const counted = (till, units) => till.page.locator(".stock-counted strong").getByText(String(units), { exact: true }).waitFor();

test("8, 19 and 20: goods in the hand are sold, a kit goes to the fair and comes back, and a stolen phone promises nothing more", async () => {
  const server = await Server.begin();
  const wire = await Wire.to(server.port);
  const browsers = [new Browser(), new Browser({ args: wire.args }), new Browser()];
  try {
    for (const browser of browsers) await browser.start();
    const [stall, tea, mango] = [anyName("Stall"), anyName("Tea"), anyName("Mango")];
    const one = await Till.open(browsers[0].context, server.url);
    await one.openStall(stall);
    for (const [name, units] of [[tea, 40], [mango, 2]]) {
      await one.addProduct(name, "2.50");
      await one.stockOf(name, "Receive", units);
    }
    await one.openDrawer();
    await one.connect("akinyi@example.org");
    await one.page.getByText(`${stall} is connected`).first().waitFor();
    // The server sees to it that the shop has some; a person says how many.
    await one.page.getByText("Saved here · all sent").first().waitFor();
    await (await one.heldOf(tea, "The shop")).getByText("20", { exact: true }).waitFor();
    await one.stockOf(tea, "Give back", 12);
    await (await one.heldOf(mango, "The shop")).getByText("1", { exact: true }).waitFor();
    await one.stockOf(mango, "Give back", 1);

    // 8: the shop may promise both mangoes, and three are in the hand.
    const shopper = await Till.open(browsers[2].context, server.url, "/market");
    await shopper.page.getByRole("link", { name: new RegExp(mango) }).first().click();
    await shopper.button("Put in basket").waitFor();
    const offer = shopper.page.url();
    await one.go("/sell");
    for (let tries = 0; tries < 3; tries += 1) await one.addToCart(mango);
    await one.page.getByText(/May be promised to somebody already/).first().waitFor();
    assert.equal(await one.pay(), 1);
    await one.page.getByText("Saved here · all sent").first().waitFor();
    await shopper.page.goto(offer);
    await shopper.page.getByText("Sold out").first().waitFor();
    await one.go("/stock");
    await one.page.getByRole("link", { name: new RegExp(mango) }).getByText("Count it").waitFor();

    // 19: thirty units go along, twenty-two are sold where nobody hears of it, eight come back.
    const two = await Till.open(browsers[1].context, server.url);
    await keptOffline(two.page);
    await two.join(await one.invite(), PHONE);
    await two.openDrawer();
    await two.stockOf(tea, "Ask for more", 30);
    await (await two.heldOf(tea, "This register")).getByText(/^(2[2-9]|3\d)$/).waitFor();
    await wire.cut();
    await two.go("/sell");
    for (let tries = 0; tries < 22; tries += 1) await two.addToCart(tea);
    await comes(() => two.page.getByText(/May be promised to somebody already/).count(), 0);
    assert.equal(await two.pay(), 1);
    await two.page.getByText(/No connection/).first().waitFor();
    await wire.mend();
    await two.page.getByText("Saved here · all sent").first().waitFor();
    const left = Number(await (await two.heldOf(tea, "This register")).textContent());
    await two.stockOf(tea, "Give back", left);
    await (await one.heldOf(tea, "The shop")).waitFor();
    await counted(one, 18);

    // 20: some more are with the phone when it is stolen.
    await two.stockOf(tea, "Ask for more", 5);
    await (await one.heldOf(tea, PHONE)).getByText(/^([5-9]|1\d)$/).waitFor();
    await one.go("/devices");
    await one.page.getByRole("listitem").filter({ hasText: PHONE }).getByText(/^Last contact with the server: /).waitFor();
    await one.button(`Shut ${PHONE} out`).click();
    const dialog = one.page.getByRole("dialog");
    await dialog.getByRole("textbox").fill("stolen at the fair");
    await dialog.getByRole("button", { name: "Shut out" }).click();
    await dialog.waitFor({ state: "detached" });
    const apart = await one.heldOf(tea, `Set apart, was with ${PHONE}`);
    const stolen = Number(await apart.textContent());
    assert.ok(stolen >= 5, stolen);
    await two.page.getByRole("button", { name: "Saved here · needs your attention" }).click();
    await two.page.getByRole("dialog").getByText(/was revoked/).first().waitFor();
    // Whoever looks finds all but one of them gone, and the one is the shop's again when the owner says so.
    await one.stockOf(tea, "Count", 18 - stolen + 1);
    await counted(one, 18 - stolen + 1);
    const found = await one.heldOf(tea, `Set apart, was with ${PHONE}`);
    await found.getByText("1", { exact: true }).waitFor();
    const inShop = Number(await one.page.locator(".stock-sum dl > div").filter({ hasText: "The shop" }).locator("dd.number").textContent());
    await one.button(`Take back: Set apart, was with ${PHONE}`).click();
    const takesBack = one.page.getByRole("dialog");
    await takesBack.getByRole("textbox").fill("it lay under the table");
    await takesBack.getByRole("button", { name: "Take back" }).click();
    await found.waitFor({ state: "detached" });
    await counted(one, 18 - stolen + 1);
    await (await one.heldOf(tea, "The shop")).getByText(String(inShop + 1), { exact: true }).waitFor();
    await server.stop();
    server.verify();
    assert.deepEqual([...one.problems, ...two.problems, ...shopper.problems], []);
  } finally {
    for (const browser of browsers) await browser.close();
    await wire.cut().catch(() => {});
    await server.close();
  }
});
