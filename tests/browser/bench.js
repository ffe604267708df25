// What a person waits for, in a real browser; one figure a line, for `cargo xtask bench web` and `bench app`. Every
// baseline is measured in the same run, in the same browser.

import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { Browser } from "./lib/browser.js";
import { keptOffline } from "./lib/kept.js";
import { PROGRAMS, WEB } from "./lib/places.js";
import { Server } from "./lib/server.js";
import { watchTaps } from "./lib/taps.js";
import { Till } from "./lib/till.js";

const VISITS = 5;
// Lighthouse's phone: a quarter of this processor, 150 ms there and back, 1.6 Mbit/s down.
const SLOWDOWN = 4;
const NETWORK = { offline: false, latency: 150, downloadThroughput: 1_600_000 / 8, uploadThroughput: 750_000 / 8 };
const PHONE = { viewport: { width: 360, height: 640 }, isMobile: true, hasTouch: true };

// Fewer only to try the script: the figures are those of this many.
const PRODUCTS = process.env.SOKO_BENCH_PRODUCTS ?? "100000";
const TAPS = 300;
const STARTS = 9;
const FETCH_MS_MAX = 600_000;

const sorted = (numbers) => [...numbers].sort((a, b) => a - b);
const median = (numbers) => sorted(numbers)[Math.floor(numbers.length / 2)];
const p99 = (numbers) => sorted(numbers)[Math.ceil(numbers.length * 0.99) - 1];
const rounded = (value) => Math.round(value * 10) / 10;
const say = (name, unit, value, baseline) =>
  console.log(
    JSON.stringify({ name, value: rounded(value), unit, baseline: rounded(baseline), ratio: Math.round((value / baseline) * 1000) / 1000 }),
  );

async function measured(work) {
  const server = await Server.begin({ demo: work === web });
  try {
    await work(server);
  } finally {
    await server.close();
  }
}

async function inBrowser(options, work) {
  const browser = new Browser({ whole: true, ...options });
  try {
    return await work(await browser.start(), browser);
  } finally {
    await browser.close();
  }
}

async function web(server) {
  const visits = [];
  for (let run = 0; run < VISITS; run += 1) visits.push(await inBrowser({ context: PHONE }, (context) => visit(context, server.url)));
  const middle = (key) => median(visits.map((it) => it[key]));
  say("web.first_visit_kb", "KiB", middle("kb"), middle("plainKb"));
  const [packed, plain] = engineKb();
  say("web.engine_kb", "KiB", packed, plain);
  say("web.fcp_ms", "ms", middle("fcp"), middle("bareFcp"));
  say("web.tti_ms", "ms", middle("tti"), middle("fetchMs"));
}

// Brotli, and as it runs.
function engineKb() {
  const files = readdirSync(WEB).filter((name) => /^(engine|worker)-.*\.br$/.test(name));
  const size = (name) => statSync(join(WEB, name)).size / 1024;
  const sum = (sizes) => sizes.reduce((all, one) => all + one, 0);
  return [sum(files.map(size)), sum(files.map((name) => size(name.replace(/\.br$/, ""))))];
}

async function slowly(context) {
  const page = await context.newPage();
  const tools = await context.newCDPSession(page);
  await tools.send("Network.enable");
  await tools.send("Network.emulateNetworkConditions", NETWORK);
  await tools.send("Emulation.setCPUThrottlingRate", { rate: SLOWDOWN });
  return { page, tools };
}

const firstPaint = (page) =>
  page.evaluate(async () => {
    for (;;) {
      const [first] = performance.getEntriesByName("first-contentful-paint");
      if (first) return first.startTime;
      await new Promise((done) => requestAnimationFrame(done));
    }
  });

// Until the app itself shows what is offered and answers a tap; the engine has not been asked for by then. Beside it: a
// page of one line, and the same files when nothing is done with them.
async function visit(context, url) {
  const bare = await slowly(context);
  await bare.page.goto(`${url}/healthz`);
  const bareFcp = await firstPaint(bare.page);
  await bare.page.close();
  const { page, tools } = await slowly(context);
  let received = 0;
  tools.on("Network.loadingFinished", ({ encodedDataLength }) => (received += encodedDataLength));
  await page.goto(`${url}/market`);
  const interactive = await page.waitForFunction(
    () => {
      const app = document.querySelector("main:not(.first-paint)");
      return app?.querySelector("a[href^='/stall/']") ? performance.now() : false;
    },
    null,
    { polling: "raf" },
  );
  const [kb, fcp, tti] = [received / 1024, await firstPaint(page), await interactive.jsonValue()];
  const files = await page.evaluate(() => {
    const all = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
    return all.map(({ name, decodedBodySize }) => ({ name, bytes: decodedBodySize }));
  });
  await page.close();
  const again = await slowly(context);
  // The page of one line may fetch nothing by itself.
  await again.tools.send("Page.setBypassCSP", { enabled: true });
  await again.page.goto(`${url}/healthz`);
  const fetchMs = await again.page.evaluate(async (names) => {
    const began = performance.now();
    await Promise.all(names.map((name) => fetch(name, { cache: "no-store" }).then((it) => it.arrayBuffer())));
    return performance.now() - began;
  }, files.map((it) => it.name));
  return { kb, fcp, tti, bareFcp, fetchMs, plainKb: files.reduce((sum, it) => sum + it.bytes, 0) / 1024 };
}

async function app(server) {
  const invitation = execFileSync(join(PROGRAMS, "soko-bench"), ["furnish", server.url, PRODUCTS]).toString().trim();
  await inBrowser({}, async (context, browser) => {
    const till = await Till.open(context, server.url);
    await keptOffline(till.page);
    await till.join(invitation, "Bench");
    await till.openDrawer();
    // All products are here when nothing comes any more.
    await till.page.getByText("Saved here · all sent").first().waitFor({ timeout: FETCH_MS_MAX });
    const [memory, bareMemory] = await memories(context, browser);
    say("app.memory_mb", "MB", memory, bareMemory);
    const starts = [];
    const bareStarts = [];
    for (let run = 0; run < STARTS; run += 1) {
      bareStarts.push(await shown(till.page, `${server.url}/healthz`, "body"));
      starts.push(await shown(till.page, `${server.url}/sell`, "[aria-label=Products] button"));
    }
    say("app.cold_start_ms", "ms", median(starts), median(bareStarts));
    const taps = await tap(till.page);
    say("app.add_line.p99_ms", "ms", p99(taps.lines), p99(taps.bare));
  });
}

// From the address to the first product of the engine on the screen.
async function shown(page, url, what) {
  await page.goto(url);
  const handle = await page.waitForFunction((it) => (document.querySelector(it) ? performance.now() : false), what, { polling: "raf" });
  return handle.jsonValue();
}

// Page and worker live in one process; beside it that of a page without anything.
async function memories(context, browser) {
  const most = Math.max(...browser.renderers().map(residentMb));
  const before = new Set(browser.renderers());
  const bare = await context.newPage();
  await bare.goto("about:blank");
  const [own] = browser.renderers().filter((pid) => !before.has(pid));
  const least = residentMb(own ?? Math.min(...before));
  await bare.close();
  return [most, least];
}

const residentMb = (pid) => Number(readFileSync(`/proc/${pid}/status`, "utf8").match(/VmRSS:\s+(\d+)/)[1]) / 1024;

// From the tap to the frame that shows the line, in turns with the same for a page that only adds an element.
async function tap(page) {
  await page.evaluate(watchTaps);
  const cells = page.getByRole("list", { name: "Products" }).getByRole("button");
  const many = Math.min(await cells.count(), 12);
  for (let tapped = 0; tapped < TAPS; tapped += 1) {
    if (tapped > 0 && tapped % many === 0) await page.getByRole("button", { name: "Empty the cart" }).click();
    await cells.nth(tapped % many).click();
    await page.waitForFunction((wanted) => window.taps.lines.length > wanted, tapped);
    await page.locator("#bare-tap").click();
    await page.waitForFunction((wanted) => window.taps.bare.length > wanted, tapped);
  }
  return page.evaluate(() => window.taps);
}

const group = { web, app }[process.argv[2]];
if (!group) throw new Error("node bench.js web|app");
await measured(group);
