// The devices of a stall: when each was last heard, what each may promise, and one that goes over to somebody else.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Browser } from "./lib/browser.js";
import { keptOffline } from "./lib/kept.js";
import { comes } from "./lib/seen.js";
import { Server } from "./lib/server.js";
import { anyName, Till } from "./lib/till.js";
import { Wire } from "./lib/wire.js";

const PHONE = "Fair phone";

const listed = (till, name) => till.page.getByRole("listitem").filter({ hasText: name });
const dialog = (till) => till.page.getByRole("dialog").last();

async function closesDrawer(till, sum) {
  await till.go("/drawer");
  await till.button("Count and close").click();
  await dialog(till).getByLabel("Everything else", { exact: true }).fill(sum);
  await till.button("That is all").click();
  await till.page.getByText("It is what should be there.").waitFor();
  await dialog(till).getByRole("button", { name: "Close the drawer" }).click();
  await till.page.getByRole("heading", { name: /^Z report/, level: 1 }).waitFor();
}

test("20: the list says when a phone was last heard and what it may promise, and the phone leaves only once nothing of it would be lost", async () => {
  const server = await Server.begin();
  const wire = await Wire.to(server.port);
  const browsers = [new Browser(), new Browser({ args: wire.args })];
  try {
    for (const browser of browsers) await browser.start();
    const [stall, tea] = [anyName("Stall"), anyName("Tea")];
    const one = await Till.open(browsers[0].context, server.url);
    await one.openStall(stall);
    await one.addProduct(tea, "2.50");
    await one.stockOf(tea, "Receive", 40);
    await one.openDrawer();
    await one.connect("akinyi@example.org");
    await one.page.getByText("Saved here · all sent").first().waitFor();
    await one.stockOf(tea, "Give back", 20);
    const two = await Till.open(browsers[1].context, server.url);
    await keptOffline(two.page);
    await two.join(await one.invite(), PHONE);
    await two.openDrawer();
    await two.stockOf(tea, "Ask for more", 5);
    await (await two.heldOf(tea, "This register")).getByText(/^([5-9]|1\d|20)$/).waitFor();
    await two.page.getByText("Saved here · all sent").first().waitFor();

    // What is known of the phone, by whoever looks from elsewhere.
    await one.go("/devices");
    const phone = listed(one, PHONE);
    await phone.getByText(/^Last contact with the server: /).waitFor();
    await phone.getByText("Everything that it had then has arrived").waitFor();
    await phone.getByText(/^May promise: .*product/).waitFor();
    await one.button(`More: What ${PHONE} may promise`).click();
    await phone.getByText(tea).waitFor();
    await one.page.getByText("What another device did since its last contact, nobody here can know.").waitFor();

    // Without a network the phone sells on, says as of when it knows of others, and is not left.
    await two.go("/devices");
    await two.page.getByText("What another device did since its last contact, nobody here can know.").waitFor();
    await wire.cut();
    await two.go("/sell");
    await two.addToCart(tea);
    assert.equal(await two.pay(), 1);
    await two.go("/devices");
    await two.page.getByText(/^As the server said: .* It cannot be asked now\.$/).waitFor();
    await listed(two, PHONE).getByText(/waits? to be sent/).waitFor();
    await two.button("Leave…").click();
    await dialog(two).getByText("The drawer of this register is open. Count and close it first.").waitFor();
    await comes(() => dialog(two).getByRole("button", { name: "Leave the stall" }).isDisabled(), true);
    await closesDrawer(two, "2.50");
    await two.go("/devices");
    await two.button("Leave…").click();
    await dialog(two).getByRole("button", { name: "Leave the stall" }).click();
    await dialog(two).getByText(/^The server cannot be reached, and must know/).waitFor();
    await dialog(two).getByRole("button", { name: "Back up" }).waitFor();

    // With one, what it held goes back, its sale arrives, and nothing of the stall is left on it.
    await wire.mend();
    await dialog(two).getByRole("button", { name: "Leave the stall" }).click();
    await two.page.getByText(`This device has left ${stall}`).first().waitFor();
    await two.go("/devices");
    await two.button("Join the stall").waitFor();
    await comes(() => listed(two, PHONE).count(), 0);
    await one.go("/devices");
    await listed(one, PHONE).getByText("Has left").waitFor();
    await one.go("/stock");
    await one.page.getByRole("main").getByRole("link", { name: new RegExp(tea) }).click();
    await one.page.locator(".stock-counted strong").getByText("39", { exact: true }).waitFor();
    await comes(() => one.page.locator(".stock-sum dl > div").filter({ hasText: PHONE }).count(), 0);
    await server.stop();
    server.verify();
    assert.deepEqual([...one.problems, ...two.problems], []);
  } finally {
    for (const browser of browsers) await browser.close();
    await wire.cut().catch(() => {});
    await server.close();
  }
});
