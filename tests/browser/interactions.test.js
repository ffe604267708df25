// Whoever is asked says yes once; what they meet goes to the server, also what they met alone; their seller sees how far people came,
// and nobody's name; and what they want gone is gone.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { Browser } from "./lib/browser.js";
import { newId } from "./lib/frames.js";
import { keptOffline } from "./lib/kept.js";
import { comes } from "./lib/seen.js";
import { Server } from "./lib/server.js";
import { Till, anyName } from "./lib/till.js";
import { Wire } from "./lib/wire.js";

const GOODS = ["Tea", "Mango", "Coffee", "Bread", "Rice", "Beans", "Honey"];
const asked = ({ page }) => page.getByRole("region", { name: "May the market learn from what you look at?" });
const offer = ({ page }, name) => page.getByRole("main").getByRole("link", { name: new RegExp(name) }).first();
const way = ({ page }) => page.locator("section.card").filter({ has: page.getByRole("heading", { name: "From a glance to an order" }) });

// Four guests of other devices who agreed, saw the product and opened its page.
async function others(server, [stall, product]) {
  for (let guest = 0; guest < 4; guest += 1) {
    const hour = Math.floor(Date.now() / 3_600_000);
    const one = (met, place) => ({ id: newId(), met, place, stall, product, hour });
    const response = await fetch(`${server.url}/v1/interactions`, {
      method: "POST",
      headers: { "content-type": "application/json", "soko-buyer": randomBytes(32).toString("hex") },
      body: JSON.stringify({ interactions: [one("seen", "home"), one("opened", "product")] }),
    });
    assert.equal(response.status, 204, await response.text());
  }
}

// How many people came to each step, as the table behind the drawing has it.
async function told(till) {
  await till.go("/figures");
  await way(till).waitFor();
  await way(till).getByText(/Show as table|Nobody who agreed/).first().waitFor();
  const cells = way(till).locator("details tbody tr td");
  return (await cells.allTextContents()).map((text) => text.trim());
}

// How much the device gathered, as another tab says it.
async function gathered(settings) {
  await settings.go("/settings");
  const text = await settings.page.getByText(/things? (is|are) kept here/).textContent();
  return Number(text.match(/(\d+) things?/)[1]);
}

// Opens every page, and stays with the market until there is enough to ask about.
async function looksAround(shopper, names) {
  await shopper.page.getByText("Saved here · all sent").first().waitFor();
  for (const name of names) {
    await offer(shopper, name).click();
    await shopper.page.getByRole("heading", { name: new RegExp(name), level: 1 }).waitFor();
    await shopper.page.goBack();
    await offer(shopper, name).waitFor();
  }
  const settings = await Till.open(shopper.page.context(), shopper.url, "/settings");
  // Below the fold nobody sees anything.
  for (const [at, name] of names.entries()) {
    await comes(async () => {
      // The question appears between others and moves what stood in sight.
      await offer(shopper, name).evaluate((link) => link.scrollIntoView({ block: "center", inline: "center" }));
      return String((await gathered(settings)) > names.length + at);
    }, "true");
  }
  await settings.page.close();
}

test("a shopper agrees, looks around alone, and the seller sees how far people came until they take it back", async () => {
  const server = await Server.begin();
  const wire = await Wire.to(server.port);
  const [seller, buyer] = [new Browser({ whole: true }), new Browser({ whole: true, args: wire.args })];
  try {
    await seller.start();
    const stall = anyName("Stall");
    const till = await Till.open(seller.context, server.url);
    await till.openStall(stall);
    for (const name of GOODS) await till.addProduct(name, "2.50");
    await till.stockOf("Tea", "Receive", 10);
    await till.connect("akinyi@example.org");
    await till.page.getByText(`${stall} is connected`).first().waitFor();
    await till.page.getByText("Saved here · all sent").first().waitFor();
    await keptOffline(till.page);

    // Nobody is asked before there is anything to ask about, and what they answer is asked for once.
    await buyer.start();
    const shopper = await Till.open(buyer.context, server.url, "/market");
    await keptOffline(shopper.page);
    await offer(shopper, "Tea").waitFor();
    assert.equal(await asked(shopper).count(), 0);
    const path = await offer(shopper, "Tea").getAttribute("href");
    const tea = path.split("/").slice(-2);
    await looksAround(shopper, GOODS);
    await shopper.go("/market");
    await asked(shopper).getByRole("button", { name: "Yes, send it" }).click();
    await asked(shopper).waitFor({ state: "detached" });

    // Alone: a page, and into the basket.
    await wire.cut();
    await offer(shopper, "Tea").click();
    await shopper.page.getByRole("heading", { name: /Tea/, level: 1 }).waitFor();
    await shopper.button("Put in basket").click();
    await shopper.page.getByText("In your basket: 1.").first().waitFor();
    await others(server, tea);
    await comes(() => told(till).then((steps) => steps.join()), /^(5|Fewer than 5),Fewer than 5,0,0$/);
    await wire.mend();
    await comes(() => told(till).then((steps) => steps.join()), "5,5,Fewer than 5,0");
    // The product stands in its own row, by name.
    await way(till).getByRole("row", { name: /^Tea/ }).last().getByText("Fewer than 5").first().waitFor();

    // Without a network the seller sees the same, and how old it is.
    await server.kill();
    assert.deepEqual(await told(till), ["5", "5", "Fewer than 5", "0"]);
    await way(till).getByText(/^As the server said/).waitFor();
    await server.start();

    // What was gathered is deleted, here and there.
    await shopper.go("/settings");
    await shopper.page.getByText("It is sent to the market’s server.").waitFor();
    await shopper.button("Delete what was gathered").click();
    await shopper.page.getByRole("dialog").getByRole("button", { name: "Delete it" }).click();
    await shopper.page.getByText(/0 things are kept here/).waitFor();
    await comes(() => told(till).then((steps) => steps.join()), "Fewer than 5,Fewer than 5,0,0");
    await shopper.button("Stop sending it").click();
    await shopper.page.getByText("It stays on this device.").waitFor();
    await shopper.go("/market");
    await offer(shopper, "Tea").waitFor();
    assert.equal(await asked(shopper).count(), 0);
    assert.deepEqual([...till.problems, ...shopper.problems], []);
  } finally {
    await seller.close();
    await buyer.close();
    await wire.cut().catch(() => {});
    await server.close();
  }
});
