// The statement of a provider of mobile money against what buyers claimed, with the network off.

import assert from "node:assert/strict";
import { test } from "node:test";
import { anyName } from "./lib/till.js";
import { comes } from "./lib/seen.js";
import { afterOneVisit } from "./lib/visit.js";

const HOUR_MS = 60 * 60 * 1000;
const HEADERS = "Receipt No.,Completion Time,Details,Transaction Status,Paid In,Withdrawn,Balance";

// Wide enough that the time zone of the page does not matter.
function statement(now) {
  const at = (ms) => new Date(ms).toISOString().slice(0, 19).replace("T", " ");
  const row = (code, paidIn, ms = now) => `${code},${at(ms)},Pay from Wanjiku,Completed,${paidIn},,`;
  return [
    "Shop:,Mama Akinyi",
    HEADERS,
    `TKR0,${at(now - 48 * HOUR_MS)},Sent,Completed,,-1.00,`,
    row("TKR1", "2.50"),
    row("TKR2", "2.50"),
    row("TKR3", "2.00"),
    row("TKR9", "7.75"),
    row("TKR8", "much"),
    `TKRX,${at(now + 48 * HOUR_MS)},Sent,Completed,,-1.00,`,
  ].join("\r\n");
}

async function sellByPhone(till, product, code) {
  await till.go("/sell");
  await till.addToCart(product);
  await till.page.getByRole("link", { name: /^Pay / }).first().click();
  await till.button("Mobile money").click();
  await till.page.getByRole("textbox", { name: /^Reference/ }).fill(code);
  await till.button("Done, money is in").click();
  await till.page.getByText(/Sale \d+ is saved/).waitFor();
}

test("17: a statement says which claimed payments came, and marks them once", async () => {
  await afterOneVisit(async (till) => {
    const { page } = till;
    const tea = anyName("Tea");
    await till.openStall("Mama Akinyi");
    await till.addProduct(tea, "2.50");
    await till.openDrawer();
    for (const code of ["TKR1", "tkr-2", "TKR3", "LOST"]) await sellByPhone(till, tea, code);
    await till.go("/today");
    await page.getByRole("heading", { name: "Money that nobody saw yet" }).waitFor();
    await till.button("Mobile money statement").click();
    const dialog = page.getByRole("dialog", { name: "Mobile money statement" });
    const group = (name) => dialog.getByRole("region", { name, exact: true });
    const buffer = Buffer.from(statement(Date.now()));
    const choose = () => dialog.locator("input[type=file]").setInputFiles({ name: "statement.csv", mimeType: "text/csv", buffer });
    await choose();
    await group("The money came").getByText(/5\.00/).first().waitFor();
    await group("Another amount").getByText(/2\.00.*came, the sale says.*2\.50/).waitFor();
    await group("Not in this statement").getByText("LOST").waitFor();
    await group("Money that nobody wrote down").getByText(/7\.75/).first().waitFor();
    await dialog.getByText("Line 8", { exact: true }).waitFor();
    await dialog.getByRole("button", { name: "Mark 2 as seen" }).click();
    await page.getByText("2 payments are marked as seen").first().waitFor();
    await group("In order").getByText("(2)").waitFor();
    // Once more: there is nothing to mark.
    await choose();
    await group("In order").getByText("(2)").waitFor();
    assert.equal(await dialog.getByRole("button", { name: /^Mark / }).count(), 0);
    await dialog.getByRole("button", { name: "Close" }).click();
    await comes(() => page.getByRole("link", { name: /Claimed/ }).count(), 2, "the other amount and the lost one still wait");
  });
});
