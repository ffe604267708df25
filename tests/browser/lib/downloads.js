// A file that a page hands out. Chromium hands out ten of them a second and drops the next one in silence: whoever waits for it
// presses again, as a person would.

import { readFile } from "node:fs/promises";

const WAIT_MS_MAX = 5_000;
const PRESSES_MAX = 4;

export async function downloaded(page, press) {
  for (let presses = 1; ; presses += 1) {
    const coming = page.waitForEvent("download", { timeout: WAIT_MS_MAX }).catch((why) => why);
    await press();
    const came = await coming;
    if (!(came instanceof Error)) return { name: came.suggestedFilename(), bytes: await readFile(await came.path()) };
    if (presses === PRESSES_MAX) throw came;
  }
}
