// What is near, until when it is open, and what the operator features: from what a stall says of itself to a shopper who looks.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { Browser } from "./lib/browser.js";
import { keptOffline } from "./lib/kept.js";
import { comes } from "./lib/seen.js";
import { Server } from "./lib/server.js";
import { Till, anyName } from "./lib/till.js";

const MARKET = { latitude: -1.286389, longitude: 36.817223 };
// Some 300 metres from there, and some 9 kilometres.
const HERE = { latitude: -1.2888, longitude: 36.8185 };
const FAR = "https://www.openstreetmap.org/?mlat=-1.3300&mlon=36.8900#map=15/-1.2/36.8";

async function stallOf(browser, server, name) {
  const till = await Till.open(browser.context, server.url);
  await till.openStall(name);
  await till.addProduct(anyName("Tea"), "2.50");
  await till.connect(`${randomBytes(6).toString("hex")}@example.org`);
  await till.page.getByText(`${name} is connected`).first().waitFor();
  await till.page.getByText("Saved here · all sent").first().waitFor();
  await till.go("/settings");
  return till;
}

const near = (page) => page.locator("section.near");
const tiles = (page) => near(page).locator(".stall-tile");

test("a shopper who says where they are sees the nearest stall first, and offline, too", async () => {
  const server = await Server.begin();
  const [one, two, three] = [new Browser(), new Browser(), new Browser()];
  try {
    for (const browser of [one, two, three]) await browser.start();
    const [close, far] = [anyName("Close"), anyName("Away")];
    await one.context.grantPermissions(["geolocation"], { origin: server.url });
    await one.context.setGeolocation(MARKET);
    const seller = await stallOf(one, server, close);
    await seller.button("Use where I am").click();
    await seller.page.getByText("-1.286389, 36.817223").waitFor();
    await seller.button("Add times").click();
    await seller.page.getByRole("group", { name: "Times 1" }).getByRole("button", { name: "Sun" }).click();
    for (const label of ["From", "Until"]) await seller.field(label).fill("00:00");
    await seller.button("Keep these times").click();
    await seller.page.getByText("Saved here · all sent").first().waitFor();

    const other = await stallOf(two, server, far);
    await other.field("Degrees or a map’s link").fill("12 Market Street");
    await other.page.getByText("No place was found in this.", { exact: false }).waitFor();
    await other.field("Degrees or a map’s link").fill(FAR);
    await other.button("Keep this place").click();
    await other.page.getByText("-1.330000, 36.890000").waitFor();
    await other.page.getByText("Saved here · all sent").first().waitFor();

    // Nobody is asked before a tap; a no says what can be done.
    const shopper = await Till.open(three.context, server.url, "/market");
    await keptOffline(shopper.page);
    assert.equal(await tiles(shopper.page).count(), 0);
    await shopper.button("Show stalls near me").click();
    await near(shopper.page).getByRole("alert").filter({ hasText: "browser’s settings" }).waitFor();
    await shopper.field("Degrees or a map’s link").fill("-1.2888, 36.8185");
    await shopper.button("Look there").click();
    await tiles(shopper.page).nth(1).waitFor();
    await shopper.button("Forget my place").click();
    await comes(() => tiles(shopper.page).count(), 0);

    await three.context.grantPermissions(["geolocation"], { origin: server.url });
    await three.context.setGeolocation(HERE);
    const looks = async () => {
      await shopper.button("Show stalls near me").click();
      await tiles(shopper.page).nth(1).waitFor();
      const [first, second] = await tiles(shopper.page).allInnerTexts();
      assert.ok(first.includes(close) && first.includes("310 m · open around the clock"), first);
      assert.ok(second.includes(far) && second.includes("9.2 km"), second);
    };
    await looks();
    await server.kill();
    await shopper.go("/market");
    await looks();
    await near(shopper.page).getByText(/^Seen /).waitFor();

    // Its own page says the same.
    await tiles(shopper.page).first().click();
    await shopper.page.locator(".stall-facts").getByText("310 m · open around the clock").waitFor();

    // What a stall takes away is gone.
    await server.start();
    await other.button("Take it away").click();
    await other.page.getByText("Saved here · all sent").first().waitFor();
    await shopper.go("/market");
    await shopper.button("Show stalls near me").click();
    await comes(() => tiles(shopper.page).count(), 1);
    assert.deepEqual([...seller.problems, ...other.problems, ...shopper.problems], []);
  } finally {
    for (const browser of [one, two, three]) await browser.close();
    await server.close();
  }
});

test("what the operator features is on the market's front, said to be featured, until it is ended", async () => {
  const key = randomBytes(20).toString("hex");
  const server = await Server.begin({ options: ["--operator-key", key] });
  const [one, two] = [new Browser(), new Browser()];
  try {
    for (const browser of [one, two]) await browser.start();
    const name = anyName("Stall");
    const seller = await stallOf(one, server, name);
    const operator = await two.context.newPage();
    await operator.goto(`${server.url}/operator`);
    await operator.getByLabel("The operator’s key").fill(key);
    await operator.getByRole("button", { name: "Show the figures" }).click();
    await operator.getByLabel("Stall", { exact: true }).selectOption(name);
    await operator.getByRole("button", { name: "Feature it" }).click();
    await operator.getByRole("button", { name: `End featuring ${name}` }).waitFor();

    // Before the app has come, and in it.
    const painted = await (await fetch(`${server.url}/market`, { headers: { accept: "text/html" } })).text();
    assert.ok(painted.includes("<h2>Featured</h2>"), painted);
    const shopper = await Till.open(two.context, server.url, "/market");
    const featured = shopper.page.locator("section", { has: shopper.page.getByRole("heading", { name: "Featured" }) }).last();
    await featured.getByRole("link", { name: new RegExp(name) }).getByText("Featured", { exact: true }).waitFor();

    await operator.getByRole("button", { name: `End featuring ${name}` }).click();
    await operator.getByText("No stall is featured.").waitFor();
    await comes(() => shopper.page.getByRole("heading", { name: "Featured" }).count(), 0);
    assert.deepEqual([...seller.problems, ...shopper.problems], []);
  } finally {
    for (const browser of [one, two]) await browser.close();
    await server.close();
  }
});
