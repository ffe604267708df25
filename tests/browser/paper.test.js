// After the sale: the paper, its copies and its code, through the screens, with the network off.

import assert from "node:assert/strict";
import { test } from "node:test";
import { downloaded } from "./lib/downloads.js";
import { comes } from "./lib/seen.js";
import { anyName } from "./lib/till.js";
import { afterOneVisit } from "./lib/visit.js";

// What the system would do with a text and with a page.
const prepare = (context) =>
  context.addInitScript(() => {
    navigator.share = (content) => ((window.shared = content.text), Promise.resolve());
    window.print = () => (window.printed = document.querySelector(".paper").innerText);
  });

const sold = (work) =>
  afterOneVisit(async (till) => {
    const tea = anyName("شاي Tea");
    await till.openStall("Mama Akinyi");
    await till.addProduct(tea, "2.50");
    await till.openDrawer();
    await till.sell(tea);
    await work(till, tea);
  }, { prepare });

const paper = (till) => till.page.getByRole("article", { name: "Receipt" });

async function shared(till) {
  await till.button("Share").click();
  await till.page.waitForFunction(() => window.shared);
  return till.page.evaluate(() => window.shared);
}

test("first-hour 15: the first paper is the original and every later one a copy", async () => {
  await sold(async (till, tea) => {
    await paper(till).getByText(tea).waitFor();
    await comes(() => paper(till).getByText("COPY").count(), 0);
    await till.button("Print").click();
    await till.page.waitForFunction(() => window.printed);
    const original = await till.page.evaluate(() => window.printed);
    assert.match(original, /2\.50/);
    assert.doesNotMatch(original, /COPY/);
    await paper(till).getByText("COPY").waitFor();
    const pdf = await downloaded(till.page, () => till.button("PDF").click());
    assert.equal(pdf.name, "receipt-1.pdf");
    assert.equal(pdf.bytes.subarray(0, 5).toString(), "%PDF-");
    assert.match(await shared(till), /COPY/);
    // It is known after a reload, too.
    await till.page.reload();
    await paper(till).getByText("COPY").waitFor();
  });
});

test("first-hour 15: a receipt by e-mail waits for a connection and says so", async () => {
  await sold(async (till) => {
    await till.button("Send the receipt").click();
    const address = till.page.getByRole("textbox", { name: "The customer’s e-mail address" });
    await address.fill("amina at example.org");
    await till.page.getByText("This is no address.").waitFor();
    await comes(() => till.button("Send").isDisabled(), true);
    await address.fill("amina@example.org");
    await till.button("Send").click();
    await till.page.getByText("E-mail: Waiting: it goes as soon as there is a connection").waitFor();
    // What is printed now is the second one; and all of it is known after a reload.
    await paper(till).getByText("COPY").waitFor();
    await till.page.reload();
    await till.page.getByText("E-mail: Waiting: it goes as soon as there is a connection").waitFor();
  });
});

test("first-hour 15: a receipt by text waits for a connection and says so", async () => {
  await sold(async (till) => {
    await till.button("Send the receipt").click();
    const dialog = till.page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Text message" }).click();
    const number = dialog.getByRole("textbox", { name: "The customer’s telephone number" });
    await number.fill("+254 CALL ME");
    await dialog.getByText("Behind the + there are digits alone.").waitFor();
    await comes(() => till.button("Send").isDisabled(), true);
    await number.fill("+254 712 345 678");
    await till.button("Send").click();
    await till.page.getByText("Text message: Waiting: it goes as soon as there is a connection").waitFor();
    await paper(till).getByText("COPY").waitFor();
    await till.page.reload();
    await till.page.getByText("Text message: Waiting: it goes as soon as there is a connection").waitFor();
  });
});

test("first-hour 26: the code on a receipt is genuine, and a changed one is not", async () => {
  await sold(async (till) => {
    const text = await shared(till);
    const proof = text.trim().split("\n").at(-1).replace("soko:", "");
    await till.go(`/verify/${proof}`);
    await till.page.getByText("Genuine", { exact: true }).waitFor();
    await till.page.getByText("Your books have the same sale.").waitFor();
    await till.page.getByText(/2\.50/).first().waitFor();
    const at = proof.length - 20;
    const other = proof[at] === "A" ? "B" : "A";
    await till.go(`/verify/${proof.slice(0, at)}${other}${proof.slice(at + 1)}`);
    await till.page.getByText("Not genuine", { exact: true }).waitFor();
    await till.go("/verify/hello");
    await till.page.getByText("Not a receipt", { exact: true }).waitFor();
    // By hand, as it is read from the paper; and on to the sale.
    await till.go("/verify");
    await till.page.getByRole("textbox", { name: /^Text of the code/ }).fill(`soko:${proof}`);
    await till.button("Check").click();
    await till.page.getByRole("link", { name: "Open the sale" }).click();
    await paper(till).waitFor();
  });
});

test("labels of a product are a file", async () => {
  await sold(async (till, tea) => {
    await till.go("/products/labels");
    const stepper = till.page.getByRole("group", { name: tea });
    await stepper.getByRole("button", { name: "More" }).click();
    await stepper.getByRole("button", { name: "More" }).click();
    const labels = await downloaded(till.page, () => till.button("Make 2 labels").click());
    assert.equal(labels.name, "labels.pdf");
    assert.equal(labels.bytes.subarray(0, 5).toString(), "%PDF-");
  });
});
