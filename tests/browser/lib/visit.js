// A browser that was at the server once, and works on without it.

import assert from "node:assert/strict";
import { Browser } from "./browser.js";
import { keptOffline } from "./kept.js";
import { Server } from "./server.js";
import { Till, anyName } from "./till.js";

// `prepare` gets the browser's context before its first page opens; the other options are the browser's.
export async function afterOneVisit(work, { prepare, ...options } = {}) {
  const server = await Server.begin();
  const browser = new Browser(options);
  try {
    await browser.start();
    await prepare?.(browser.context);
    const till = await Till.open(browser.context, server.url);
    await keptOffline(till.page);
    await server.kill();
    await work(till, browser, server);
    assert.deepEqual(till.problems, []);
  } finally {
    await browser.close();
    await server.close();
  }
}

// A stall with tea and an open drawer; answers what the tea is called.
export async function opened(till, price) {
  const tea = anyName("Tea");
  await till.openStall("Mama Akinyi");
  await till.addProduct(tea, price);
  await till.openDrawer();
  return tea;
}
