// What the screens say, by the keys of their texts: for what is done in every language.

import { readFileSync } from "node:fs";

const kept = new Map();

function wordsOf(language) {
  if (!kept.has(language)) {
    const text = readFileSync(new URL(`../../../ui/i18n/${language}.txt`, import.meta.url), "utf8");
    const lines = text.split("\n").map((line) => line.split(/ = (.*)/s));
    kept.set(language, new Map(lines.filter((parts) => parts.length > 1).map(([key, words]) => [key, words])));
  }
  return kept.get(language);
}

// In the language of a page.
export async function say(page, key) {
  const language = await page.evaluate(() => document.documentElement.lang.slice(0, 2));
  const words = wordsOf(language).get(key);
  if (!words) throw new Error(`${language} has no ${key}`);
  return words;
}

// Presses what is called so; what is not in sight at this size is not meant.
export async function press(page, key, { within = page } = {}) {
  const name = await say(page, key);
  await within.getByRole("button", { name, exact: true }).filter({ visible: true }).first().click();
}
