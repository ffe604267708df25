// A first visit as a phone with a slow connection sees it. One figure a line, for `cargo xtask bench web`.

import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { Browser } from "./lib/browser.js";
import { WEB } from "./lib/places.js";
import { Server } from "./lib/server.js";

const RUNS = 5;
// Lighthouse's phone: a quarter of this processor, 150 ms there and back, 1.6 Mbit/s down.
const SLOWDOWN = 4;
const NETWORK = { offline: false, latency: 150, downloadThroughput: 1_600_000 / 8, uploadThroughput: 750_000 / 8 };

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
const say = (name, value, unit) => console.log(JSON.stringify({ name, value: Math.round(value * 10) / 10, unit }));

function packedKb(pattern) {
  const files = readdirSync(WEB).filter((name) => pattern.test(name));
  return files.reduce((sum, name) => sum + statSync(join(WEB, name)).size, 0) / 1024;
}

// Until the app itself shows what is offered and answers a tap; the engine has not been asked for by then.
async function visit(server) {
  const browser = new Browser({ context: { viewport: { width: 360, height: 640 }, isMobile: true, hasTouch: true } });
  try {
    const context = await browser.start();
    const page = await context.newPage();
    const tools = await context.newCDPSession(page);
    await tools.send("Network.enable");
    await tools.send("Network.emulateNetworkConditions", NETWORK);
    await tools.send("Emulation.setCPUThrottlingRate", { rate: SLOWDOWN });
    let received = 0;
    tools.on("Network.loadingFinished", ({ encodedDataLength }) => (received += encodedDataLength));
    await page.goto(`${server.url}/market`);
    const interactive = await page.waitForFunction(() => {
      const app = document.querySelector("main:not(.first-paint)");
      const offers = app?.querySelector("a[href^='/stall/']");
      return offers ? performance.now() : false;
    }, null, { polling: "raf" });
    const [first] = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint"));
    return { kb: received / 1024, fcp: first.startTime, tti: await interactive.jsonValue() };
  } finally {
    await browser.close();
  }
}

const server = await Server.begin({ demo: true });
try {
  const visits = [];
  for (let run = 0; run < RUNS; run += 1) visits.push(await visit(server));
  say("web.first_visit_kb", median(visits.map((it) => it.kb)), "KiB");
  say("web.engine_kb", packedKb(/^(engine|worker)-.*\.br$/), "KiB");
  say("web.fcp_ms", median(visits.map((it) => it.fcp)), "ms");
  say("web.tti_ms", median(visits.map((it) => it.tti)), "ms");
} finally {
  await server.close();
}
