// What a page comes to show. It answers a question from what it holds and shows more as it hears of it: asked once, too early, it
// says what was there before.

import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";

const WAIT_MS_MAX = 30_000;
const LOOK_EVERY_MS = 50;

const fits = (found, wanted) => (wanted instanceof RegExp ? wanted.test(found) : found === wanted);

// Asks until the answer is the wanted one; what never comes fails with what came instead.
export async function comes(ask, wanted, why) {
  const until = performance.now() + WAIT_MS_MAX;
  let found = await ask();
  while (!fits(found, wanted) && performance.now() < until) {
    await pause(LOOK_EVERY_MS);
    found = await ask();
  }
  if (wanted instanceof RegExp) assert.match(found, wanted, why);
  else assert.equal(found, wanted, why);
}

export const says = (locator, wanted) => comes(() => locator.textContent(), wanted);
