// Every screen for everybody: an automated check, the keyboard alone, large text, right to left.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { axeSource } from "./lib/places.js";
import { SCREENS, addressOf, choose, furnished, settled } from "./lib/screens.js";

const TABS_MAX = 120;
let it;
before(async () => {
  it = await furnished();
});
after(async () => {
  await it.browser.close();
  await it.server.close();
});

const DESK = { width: 1280, height: 800 };
const PHONE = { width: 360, height: 640 };

// The middle one cuts off in silence what is too wide for it.
const cutOff = (page) =>
  page.evaluate(() => {
    const parts = [document.documentElement, document.querySelector("main")];
    return Math.max(...parts.map((part) => part.scrollWidth - part.clientWidth));
  });

// How far a screen reaches beyond a phone's side, with its text this large.
async function over(page, size) {
  await page.setViewportSize(PHONE);
  await page.evaluate((theSize) => document.documentElement.style.setProperty("font-size", theSize), size);
  await settled(page);
  const found = await cutOff(page);
  await page.setViewportSize(DESK);
  return found;
}

async function serious(page) {
  await page.evaluate(axeSource());
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const worst = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  return worst.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 160)}`);
}

// One visit to each screen answers both questions: loading forty pages is most of the work. The languages with long words
// are looked at for their width alone.
for (const [language, theme, size, asks] of [
  ["en", "light", "200%", serious],
  ["ar", "dark", "100%", serious],
  ["sw", "light", "100%", () => []],
  ["fr", "light", "100%", () => []],
]) {
  const also = asks === serious ? "no serious finding, and " : "";
  test(`on every screen ${also}nothing cut off at a phone's side (${language}, ${theme}, text of ${size})`, async () => {
    const { page } = it.till;
    await page.setViewportSize(DESK);
    await choose(page, { language, theme });
    const findings = [];
    for (const [name, address] of SCREENS) {
      await it.till.go(addressOf(address, it.places));
      await settled(page);
      for (const finding of await asks(page)) findings.push(`${name}: ${finding}`);
      const beyond = await over(page, size);
      if (beyond > 1) findings.push(`${name}: ${beyond} px beyond the side`);
    }
    await choose(page, {});
    assert.deepEqual(findings, []);
  });
}

test("a sale with the keyboard alone", async () => {
  const { page } = it.till;
  await it.till.go("/sell");
  await settled(page);
  const reach = async (pattern) => {
    for (let tabs = 0; tabs < TABS_MAX; tabs += 1) {
      await page.keyboard.press("Tab");
      const name = await page.evaluate(() => {
        const at = document.activeElement;
        return at?.getAttribute("aria-label") ?? at?.textContent?.trim() ?? "";
      });
      if (pattern.test(name)) return page.keyboard.press("Enter");
    }
    assert.fail(`${pattern} cannot be reached`);
  };
  // A picture's stand-in is the first letter of the name.
  await reach(/Tea/);
  await reach(/^Pay /);
  await it.till.button("Done, money is in").waitFor();
  await reach(/^Done, money is in/);
  await page.getByText(/Sale \d+ is saved/).waitFor();
});
