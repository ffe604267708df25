// The keyboard alone: what it stands on, and the way to something by Tab. What is said of a field is its label.

import assert from "node:assert/strict";
import { comes } from "./seen.js";

// More than any screen has.
const TABS_MAX = 120;
const FOCUSABLE = "a[href], button, input, select, textarea, summary, [tabindex]";

const names = (page, selector) =>
  page.evaluate((selector) => {
    const isThere = (it) => it.matches(":focus") || (it.tabIndex >= 0 && !it.matches(":disabled") && it.checkVisibility());
    const name = (it) => it.getAttribute("aria-label") ?? it.labels?.[0]?.textContent ?? it.textContent;
    return [...document.querySelectorAll(selector)].filter(isThere).map((it) => name(it).trim().replace(/\s+/g, " "));
  }, selector);

// The name of what the keyboard stands on; none while that is the page.
export const focused = async (page) => (await names(page, ":focus"))[0] ?? "";

// By Tab, to whatever has this name, once it is there: a page that was just opened has not shown it yet.
export async function reach(page, pattern) {
  await comes(async () => (await names(page, FOCUSABLE)).some((name) => pattern.test(name)), true, `${pattern} does not come`);
  for (let tabs = 0; tabs < TABS_MAX; tabs += 1) {
    await page.keyboard.press("Tab");
    if (pattern.test(await focused(page))) return;
  }
  assert.fail(`${pattern} cannot be reached`);
}
