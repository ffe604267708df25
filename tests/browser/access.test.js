// Every screen and what lies over it for everybody, at a desk and on a phone: an automated check, the keyboard alone, large
// text, right to left.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { axeSource } from "./lib/places.js";
import { furnished } from "./lib/furnished.js";
import { reach } from "./lib/keys.js";
import { OPENED, SCREENS, addressOf, choose, screensOfTheApp, settled, show } from "./lib/screens.js";

let it;
before(async () => {
  it = await furnished();
});
after(async () => {
  await it?.close();
});

// One screen of each area: read with large text in the languages with long words and in the one from right to left, too.
const LARGE = ["market", "basket", "me", "sell", "pay", "order", "product", "stock", "today", "customers", "settings", "devices"];

const DESK = { width: 1280, height: 800 };
const PHONE = { width: 360, height: 640 };

// The middle one cuts off in silence what is too wide for it.
const cutOff = (page) =>
  page.evaluate(() => {
    const parts = [document.documentElement, document.querySelector("main"), ...document.querySelectorAll("dialog[open]")];
    return Math.max(...parts.map((part) => part.scrollWidth - part.clientWidth));
  });

// How far a screen reaches beyond a phone's side, with its text this large.
async function over(page, size) {
  const sized = (theSize) => page.evaluate((it) => document.documentElement.style.setProperty("font-size", it), theSize);
  await sized(size);
  await settled(page);
  const found = await cutOff(page);
  await sized("100%");
  await settled(page);
  return found;
}

async function serious(page) {
  await page.evaluate(axeSource());
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const worst = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  return worst.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 160)}`);
}

// One visit to a screen answers all questions; what lies over one is opened at each size, as it is there. The languages with long words are looked at for their width alone.
async function findingsOf(entry, { size, isAsked, walks }) {
  const [name, , open, which = "till"] = entry;
  const { page } = it[which];
  const findings = [];
  const ask = async (where) => {
    for (const finding of isAsked ? await serious(page) : []) findings.push(`${name}, ${where}: ${finding}`);
  };
  await page.setViewportSize(isAsked ? DESK : PHONE);
  await show(it, entry, { walks });
  await ask("desk");
  await page.setViewportSize(PHONE);
  if (open && isAsked) await show(it, entry);
  for (const read of LARGE.includes(name) ? new Set([size, "200%"]) : [size]) {
    const beyond = await over(page, read);
    if (beyond > 1) findings.push(`${name}: ${beyond} px beyond the side with text of ${read}`);
  }
  await ask("phone");
  return findings;
}

for (const [language, theme, size, isAsked] of [
  ["en", "light", "200%", true],
  ["ar", "dark", "100%", true],
  ["sw", "light", "100%", false],
  ["fr", "light", "100%", false],
]) {
  const also = isAsked ? "no serious finding, and " : "";
  test(`on every screen ${also}nothing cut off at a phone's side (${language}, ${theme}, text of ${size})`, async () => {
    for (const { page } of [it.till, it.guarded]) await choose(page, { language, theme });
    const findings = [];
    for (const [at, entry] of [...SCREENS, ...OPENED].entries()) {
      findings.push(...(await findingsOf(entry, { size, isAsked, walks: at > 0 })));
    }
    for (const { page } of [it.till, it.guarded]) {
      await page.setViewportSize(DESK);
      await choose(page, {});
    }
    assert.deepEqual(findings, []);
  });
}

test("every screen of the app is among those that are looked at", () => {
  const looked = SCREENS.map(([, address]) => addressOf(address, it.places).split("?")[0]);
  const all = screensOfTheApp();
  assert.ok(all.length > 50 && all.includes("/stock/many/give-back"), `${all}`);
  const unseen = all.filter((pattern) => !looked.some((path) => new RegExp(`^${pattern}$`).test(path)));
  assert.deepEqual(unseen, []);
});

async function chosen(page, pattern) {
  await reach(page, pattern);
  await page.keyboard.press("Enter");
}

// Slower than a scanner, whose code would be taken out of the field again.
async function typed(page, pattern, text) {
  await reach(page, pattern);
  await page.keyboard.type(text, { delay: 90 });
}

test("a sale with the keyboard alone", async () => {
  const { page } = it.till;
  await it.till.go("/sell");
  await settled(page);
  // A picture's stand-in is the first letter of the name.
  await chosen(page, /Tea/);
  await chosen(page, /^Pay /);
  await it.till.button("Done, money is in").waitFor();
  await chosen(page, /^Done, money is in/);
  await page.getByText(/Sale \d+ is saved/).waitFor();
});

test("a product made, its goods received and an order taken, with the keyboard alone", async () => {
  const { page } = it.till;
  await it.till.go("/products");
  await settled(page);
  await chosen(page, /^Add a product/);
  await page.waitForURL(/\/products\/new$/);
  await page.getByRole("textbox", { name: /^Name/ }).waitFor();
  await typed(page, /^Name/, "Honey");
  await typed(page, /^Price/, "4.20");
  await chosen(page, /^Save$/);
  await page.getByText("Honey is on offer").first().waitFor();
  await it.till.go("/stock");
  await settled(page);
  await chosen(page, /Honey/);
  await page.waitForURL(/\/stock\/[0-9a-f]+$/);
  await chosen(page, /^Receive$/);
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Quantity", { exact: true }).waitFor();
  await typed(page, /^Quantity$/, "7");
  await chosen(page, /^Receive$/);
  await dialog.waitFor({ state: "detached" });
  await page.getByRole("main").getByText("7", { exact: true }).first().waitFor();
  await it.till.go("/orders");
  await settled(page);
  await chosen(page, /\bOrder [0-9A-Z]/);
  await page.waitForURL(/\/orders\/[0-9a-f]+$/);
  await chosen(page, /^Accept$/);
  await page.getByText("The buyer is told").first().waitFor();
});
