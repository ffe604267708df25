// The keyboard alone: to whatever has a name, by Tab.

import assert from "node:assert/strict";
import { comes } from "./seen.js";

const TABS_MAX = 120;

// In the page: what a name is there. The same for what has the focus and for what could have it.
const NAMES = `(wanted) => {
  const named = (at) => (at?.getAttribute("aria-label") ?? at?.labels?.[0]?.textContent ?? at?.textContent ?? "").trim().replace(/\\s+/g, " ");
  if (wanted === "focus") return [named(document.activeElement)];
  return [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")].filter((at) => at.checkVisibility()).map(named);
}`;

const namesOf = (page, wanted) => page.evaluate(`(${NAMES})(${JSON.stringify(wanted)})`);

export const focused = async (page) => (await namesOf(page, "focus"))[0];

// A page that was loaded anew shows its steps as it hears of them: Tab is pressed only once there is something of that name.
export async function reach(page, pattern) {
  await comes(async () => (await namesOf(page, "all")).some((name) => pattern.test(name)), true, `nothing is called ${pattern}`);
  const passed = [];
  for (let tabs = 0; tabs < TABS_MAX; tabs += 1) {
    await page.keyboard.press("Tab");
    passed.push(await focused(page));
    if (pattern.test(passed.at(-1))) return;
  }
  assert.fail(`${pattern} cannot be reached, only ${passed.join(" | ")}`);
}
