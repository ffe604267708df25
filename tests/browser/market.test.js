// From a stall that nobody knows to a buyer who sees it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Browser } from "./lib/browser.js";
import { keptOffline } from "./lib/kept.js";
import { Server } from "./lib/server.js";
import { Till, anyName } from "./lib/till.js";

// How long it really takes is measured; a busy machine gets some patience here.
const SHOWN_WITHIN_MS = 5000;

// When a text became visible in a page, by the clock that all pages of this machine share.
const seenAt = async (page, text) => {
  const handle = await page.waitForFunction(
    (wanted) => (document.body.innerText.includes(wanted) ? Date.now() : false),
    text,
    { polling: "raf" },
  );
  return handle.jsonValue();
};

test("a stall begun without a network is in the market as soon as it is connected", async () => {
  const server = await Server.begin();
  const seller = new Browser();
  const shopper = new Browser();
  try {
    await seller.start();
    const till = await Till.open(seller.context, server.url);
    await keptOffline(till.page);
    await server.kill();
    const [stall, tea] = [anyName("Stall"), anyName("Tea")];
    await till.openStall(stall);
    await till.addProduct(tea, "2.50", { picture: true });
    await server.start();

    await shopper.start();
    const market = await Till.open(shopper.context, server.url, "/market");
    await market.page.getByText("Online only").or(market.page.getByText(/Saved|Getting ready/)).first().waitFor();
    assert.equal(await market.page.getByText(tea).count(), 0);

    await till.connect("akinyi@example.org");
    const [connected, shown] = await Promise.all([seenAt(till.page, `${stall} is connected`), seenAt(market.page, tea)]);
    assert.ok(shown - connected <= SHOWN_WITHIN_MS, `${shown - connected} ms`);
    await market.page.waitForFunction(() => {
      const pictures = [...document.querySelectorAll("img[src^='/pictures/']")];
      return pictures.length > 0 && pictures.every((it) => it.complete && it.naturalWidth > 0);
    });
    await till.page.getByText("Saved here · all sent").first().waitFor();
    assert.deepEqual([...till.problems, ...market.problems], []);
  } finally {
    await seller.close();
    await shopper.close();
    await server.close();
  }
});
