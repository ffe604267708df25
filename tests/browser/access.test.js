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

for (const [language, theme] of [
  ["en", "light"],
  ["ar", "dark"],
]) {
  test(`no serious finding on any screen (${language}, ${theme})`, async () => {
    const { page } = it.till;
    await choose(page, { language, theme });
    const findings = [];
    for (const [name, address] of SCREENS) {
      await it.till.go(addressOf(address, it.places));
      await settled(page);
      await page.evaluate(axeSource());
      const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
      for (const { id, impact, nodes } of violations) {
        if (impact === "serious" || impact === "critical") findings.push(`${name}: ${id}: ${nodes[0].html.slice(0, 160)}`);
      }
    }
    await choose(page, {});
    assert.deepEqual(findings, []);
  });
}

// The middle one cuts off in silence what is too wide for it.
const cutOff = (page) =>
  page.evaluate(() => {
    const parts = [document.documentElement, document.querySelector("main")];
    return Math.max(...parts.map((part) => part.scrollWidth - part.clientWidth));
  });

test("with text twice as large, nothing is cut off at the side", async () => {
  const { page } = it.till;
  await page.setViewportSize({ width: 360, height: 640 });
  const cut = [];
  for (const [name, address] of SCREENS) {
    await it.till.go(addressOf(address, it.places));
    await page.evaluate(() => document.documentElement.style.setProperty("font-size", "200%"));
    await settled(page);
    const over = await cutOff(page);
    if (over > 1) cut.push(`${name}: ${over} px`);
  }
  await page.setViewportSize({ width: 1280, height: 800 });
  assert.deepEqual(cut, []);
});

for (const language of ["sw", "fr", "ar"]) {
  test(`on a phone nothing is cut off at the side (${language})`, async () => {
    const { page } = it.till;
    await page.setViewportSize({ width: 360, height: 640 });
    await choose(page, { language });
    const cut = [];
    for (const [name, address] of SCREENS) {
      await it.till.go(addressOf(address, it.places));
      await settled(page);
      const over = await cutOff(page);
      if (over > 1) cut.push(`${name}: ${over} px`);
    }
    await page.setViewportSize({ width: 1280, height: 800 });
    await choose(page, {});
    assert.deepEqual(cut, []);
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
